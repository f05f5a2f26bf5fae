"""What is said on a merge request, as GitLab's JSON shows it. Pure.

https://docs.gitlab.com/api/notes/#merge-requests
https://docs.gitlab.com/api/emoji_reactions/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from comenq_core.model import Channel, Remark

__all__ = ["reactions", "remarks"]

# GitLab's names of two reactions, and those that reviewers know.
_NAMES = {"thumbsup": "+1", "thumbsdown": "-1"}


def remarks(notes: Sequence[object], page: str) -> Sequence[Remark]:
    """The notes of people and bots, without those that GitLab writes itself.

    Args:
        notes: as they are listed.
        page: the merge request's address for people.
    """
    return [
        Remark(
            id=f"note {note['id']}",
            channel=Channel.COMMENT if note["created_at"] == note["updated_at"] else Channel.EDIT,
            login=_username(note.get("author")),
            text=str(note.get("body")),
            changed=datetime.fromisoformat(str(note["updated_at"])),
            url=f"{page}#note_{note['id']}",
            comment_id=note["id"],
        )
        for note in notes
        if isinstance(note, dict) and not note.get("system")
    ]


def reactions(awards: Sequence[object]) -> Sequence[Remark]:
    """The reactions to a note, or to the description."""
    return [
        Remark(
            id=f"award {award['id']}",
            channel=Channel.REACTION,
            login=_username(award.get("user")),
            text=_NAMES.get(str(award["name"]), str(award["name"])),
            changed=datetime.fromisoformat(str(award["created_at"])),
        )
        for award in awards
        if isinstance(award, dict)
    ]


def _username(user: object) -> str:
    return str(user.get("username")) if isinstance(user, Mapping) else ""
