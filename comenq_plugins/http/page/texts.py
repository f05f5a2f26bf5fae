"""Texts that go through a form: browsers change the ends of lines. Pure."""

from __future__ import annotations

import re

from comenq_core.errors import InvalidRequest
from comenq_core.limits import names_in, number_in, split_target
from comenq_core.model import CommentRequest

__all__ = ["comment_request", "edited_text", "survives_a_form"]


def survives_a_form(text: str) -> bool:
    """Whether a browser sends a text back as it is, but for the kind of its ends of lines."""
    kinds = set(re.findall("\r\n|\n|\r", text))
    return len(kinds) <= 1 and "\r" not in kinds and "\0" not in text


def edited_text(sent: str, before: str) -> str:
    """What a form has sent, with the ends of lines of the text that was edited."""
    text = sent.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in before else text


def comment_request(target: str, body: str, key: str | None) -> CommentRequest:
    """A new comment.

    Args:
        target: the pull request, as ``OWNER/REPO#NUMBER`` or its address.
        body: the text, as a form has sent it.
        key: an idempotency key.

    Raises:
        InvalidRequest: the target is none, or the text cannot be posted.
    """
    slug, digits, host = split_target(target.strip())
    names, number = names_in(slug), number_in(digits or "")
    if names is None or number is None:
        raise InvalidRequest(
            "pull request",
            "expected OWNER/REPO#NUMBER, such as octo-org/site#7, or the pull request's address",
        )
    return CommentRequest(
        owner=names[0],
        repo=names[1],
        pr_number=number,
        body=edited_text(body, ""),
        host=host,
        key=key,
    )
