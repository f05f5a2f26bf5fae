"""What is told of a trigger that will hardly lead to a review, when it is queued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from comenq_core.model import CommentRequest, Pacing
from comenq_core.model.serving import serving
from comenq_core.protocols import Reviewer, TriggerAdviser

__all__ = ["TriggerNotes"]

_BOT = "[bot]"


class TriggerNotes:
    """Finds what is wrong with triggers; a comment that is none gets no note.

    Args:
        reviewers: those in use.
        accounts: the posting accounts and their repositories, where they are known.
    """

    def __init__(
        self, reviewers: Sequence[Reviewer], accounts: Mapping[str, Sequence[str]]
    ) -> None:
        self._reviewers = reviewers
        self._accounts = accounts

    def on(self, request: CommentRequest, records: Mapping[str, Pacing]) -> tuple[str, ...]:
        """The notes, each in words.

        Args:
            request: the comment.
            records: the pacing records, which know the accounts' names at the forge.
        """
        if request.in_reply_to is not None:
            return ()
        text = request.body.strip()
        if any(reviewer.addresses(text) for reviewer in self._reviewers):
            return tuple(self._on_trigger(request, text, records))
        return tuple(
            f"a trigger of {reviewer.name} has to be the whole comment: with more words in it, this"
            " is a conversation, and hardly leads to a review"
            for reviewer in self._reviewers
            if isinstance(reviewer, TriggerAdviser) and reviewer.nearly_addresses(text)
        )

    def _on_trigger(
        self, request: CommentRequest, text: str, records: Mapping[str, Pacing]
    ) -> Iterator[str]:
        reviewer = next(one for one in self._reviewers if one.addresses(text))
        if not (isinstance(reviewer, TriggerAdviser) and reviewer.ignores_bots):
            return
        names = serving(request, self._accounts) or list(records)
        logins = [records[name].login if name in records else "" for name in names]
        if logins and all(login.endswith(_BOT) for login in logins):
            yield (
                f"{reviewer.name} ignores what bots write, and {', '.join(logins)} is one: it will"
                " hardly review"
            )
