"""What is said on a pull request, and what of it is new. Pure.

The times of these records are the forge's own, as it wrote them: they are compared with one
another, and a clock that is corrected in between must not make an old remark look changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from comenq_core.model.answer import Answer, Channel
from comenq_core.model.record import Record

__all__ = ["LOOKBACK", "Conversation", "Remark", "Sighting", "Snapshot", "Validator"]

LOOKBACK = timedelta(minutes=15)
"""How old a comment may be that a first reading shows, unless it is to begin earlier."""

_COMMENTS = (Channel.COMMENT, Channel.EDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Record):
    """A comment, a review or a reaction on a pull request.

    Args:
        id: what no other remark of the pull request has, such as ``comment 17``.
        channel: where it appeared; `Channel.EDIT` for a comment that has been changed.
        login: who wrote it, as the forge says.
        text: what it says, as it was written; of a reaction, its name.
        changed: when it was written, or last changed.
        url: where people read it, if it has an address of its own.
        commit: the head of the pull request that a review is of; ``""`` where that is not known.
        comment_id: the forge's own id of a comment; ``None`` for anything else.
    """

    id: str
    channel: Channel
    login: str
    text: str
    changed: datetime
    url: str = ""
    commit: str = ""
    comment_id: int | str | None = None

    @property
    def answer(self) -> Answer:
        """The remark, for a reviewer to read."""
        return Answer(login=self.login, channel=self.channel, text=self.text)

    @property
    def sighting(self) -> Sighting:
        """What is kept of it, to tell whether it was changed."""
        digest = sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return Sighting(id=self.id, changed=self.changed, digest=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting(Record):
    """A remark that was seen.

    Args:
        id: the remark's.
        changed: the remark's.
        digest: the first 16 hexadecimal digits of its text's SHA-256.
    """

    id: str
    changed: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator(Record):
    """Tells the forge what is known already, so that it need not send it again.

    Args:
        part: which question it belongs to; the poster's own words.
        tag: what the forge gave with its answer, such as an entity tag.
    """

    part: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(Record):
    """What a forge showed of a pull request.

    Args:
        since: comments that were written or changed at or after this instant are shown.
        now: the time by the forge's clock.
        head: the commit that the pull request would merge.
        is_open: whether it is open.
        remarks: those that are shown; what is known not to have changed can be left out.
        validators: what to hand in with the next question; none where the forge has no such thing.
    """

    since: datetime
    now: datetime
    head: str
    is_open: bool
    remarks: tuple[Remark, ...] = ()
    validators: tuple[Validator, ...] = ()

    @property
    def lately(self) -> Conversation:
        """The same, as if it had been read no further back than `LOOKBACK`."""
        since = max(self.since, (self.now - LOOKBACK).replace(microsecond=0))
        shown = [
            one for one in self.remarks if one.channel not in _COMMENTS or one.changed >= since
        ]
        return replace(self, since=since, remarks=tuple(shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Record):
    """What was seen of a pull request so far. It is kept as JSON, before anything is done with it.

    One without sightings asks a first reading to begin at ``since``.

    Args:
        since: as in the first `Conversation`; it stays the same, as do the questions.
        head: as in the latest `Conversation`.
        is_open: as in the latest `Conversation`.
        sightings: one of each remark that was seen, in the latest of its texts.
        validators: as in the latest `Conversation`.
    """

    since: datetime
    head: str
    is_open: bool
    sightings: tuple[Sighting, ...] = ()
    validators: tuple[Validator, ...] = ()

    @classmethod
    def of(cls, conversation: Conversation) -> Snapshot:
        """What was seen, where nothing was seen before."""
        first = cls(since=conversation.since, head="", is_open=conversation.is_open)
        return first.after(conversation)

    def after(self, conversation: Conversation) -> Snapshot:
        """What was seen, once this was seen as well."""
        seen = {one.id: one for one in self.sightings}
        seen |= {one.id: one.sighting for one in conversation.remarks}
        return replace(
            self,
            head=conversation.head,
            is_open=conversation.is_open,
            sightings=tuple(seen.values()),
            validators=conversation.validators,
        )

    def news(self, conversation: Conversation) -> tuple[Remark, ...]:
        """The remarks that are new or changed, the latest last.

        A changed remark has another text or another time: a bot that writes the same once more
        has said it again.
        """
        seen = {one.id: one for one in self.sightings}
        fresh = [one for one in conversation.remarks if seen.get(one.id) != one.sighting]
        shown = [_edited(one) if one.id in seen else one for one in fresh]
        return tuple(sorted(shown, key=lambda one: one.changed))

    def tag(self, part: str) -> str:
        """The tag of a question, or ``""``."""
        return next((one.tag for one in self.validators if one.part == part), "")


def _edited(remark: Remark) -> Remark:
    is_comment = remark.channel is Channel.COMMENT
    return replace(remark, channel=Channel.EDIT) if is_comment else remark
