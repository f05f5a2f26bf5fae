"""What is said on a pull request, as GitHub's JSON shows it. Pure.

https://docs.github.com/en/rest/issues/comments
https://docs.github.com/en/rest/pulls/reviews
https://docs.github.com/en/rest/reactions/reactions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from comenq_core.model import Channel, Remark
from comenq_plugins.github.http.comments import address_in, instant_in, login_in

__all__ = ["ReadRemarks", "comments", "reactions", "reviews"]

ReadRemarks = Callable[[Sequence[object], str], Sequence[Remark] | None]
"""Reads a page of a list, whose request was sent with a secret; ``None`` if it cannot be read."""

_Value = Mapping[str, object]


def comments(values: Sequence[object], secret: str) -> Sequence[Remark] | None:
    """The comments of a page."""

    def one(value: _Value) -> Remark | None:
        created, changed = instant_in(value, "created_at"), instant_in(value, "updated_at")
        channel = Channel.COMMENT if changed == created else Channel.EDIT
        return _remark(value, "comment", channel, changed, secret)

    return _all(values, one)


def reviews(values: Sequence[object], secret: str) -> Sequence[Remark] | None:
    """The reviews of a page, without those that nobody but their author can see yet."""

    def one(value: _Value) -> Remark | None:
        submitted = instant_in(value, "submitted_at")
        return _remark(value, "review", Channel.REVIEW, submitted, secret)

    def is_pending(value: object) -> bool:
        return isinstance(value, dict) and value.get("state") == "PENDING"

    return _all([value for value in values if not is_pending(value)], one)


def reactions(values: Sequence[object], secret: str) -> Sequence[Remark] | None:
    """The reactions of a page."""

    def one(value: _Value) -> Remark | None:
        created = instant_in(value, "created_at")
        return _remark(value, "reaction", Channel.REACTION, created, secret)

    return _all(values, one)


def _all(
    values: Sequence[object], read: Callable[[_Value], Remark | None]
) -> Sequence[Remark] | None:
    found = [read(value) if isinstance(value, dict) else None for value in values]
    known = [remark for remark in found if remark is not None]
    return known if len(known) == len(found) else None


def _remark(
    value: _Value, kind: str, channel: Channel, changed: datetime | None, secret: str
) -> Remark | None:
    number, commit = value.get("id"), value.get("commit_id")
    text = value.get("content") if channel is Channel.REACTION else value.get("body")
    if type(number) is not int or changed is None:
        return None
    return Remark(
        id=f"{kind} {number}",
        channel=channel,
        login=login_in(value, secret),
        text=text if isinstance(text, str) else "",
        changed=changed,
        url=address_in(value, secret),
        commit=commit if isinstance(commit, str) else "",
        comment_id=number if kind == "comment" else None,
    )
