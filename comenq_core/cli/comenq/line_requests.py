"""Makes the lines of ``comenq put --jsonl`` requests."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import fields
from typing import Any

from comenq_core.cli.comenq.line_reader import LINE_LIMIT
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.times import not_before
from comenq_core.errors import InvalidRequest
from comenq_core.model.request import CommentRequest
from comenq_core.wire.strict_json import parse

__all__ = ["LineRequests"]

Message = dict[str, Any]

MEMBERS = frozenset(field.name for field in fields(CommentRequest))


class LineRequests:
    """Makes a line a request, with what the command line says of all lines.

    Args:
        args: the command line.

    Raises:
        UsageError: its time cannot be read.
    """

    def __init__(self, args: Namespace | PlainArgs) -> None:
        is_timed = args.after is not None or args.at is not None
        self._not_before = not_before(args.after, args.at) if is_timed else None
        self._key_from = args.key_from
        self._follow = args.follow
        options = {"if_absent": args.if_absent, "hold": args.hold}
        self._options = {name: True for name, is_chosen in options.items() if is_chosen}

    def message(self, text: bytes) -> Message:
        """The message for the daemon.

        Raises:
            InvalidRequest: the line cannot be one.
        """
        request = _parsed(text)
        if self._key_from is not None:
            request["key"] = _key(request, self._key_from)
        if self._not_before is not None:
            # What the line says of itself comes first.
            request.setdefault("not_before", self._not_before)
        if not self._follow:
            request.setdefault("follow", False)
        return {"op": "put", "request": request, **self._options} if self._options else request


def _parsed(text: bytes) -> Message:
    if len(text) > LINE_LIMIT:
        raise InvalidRequest("", f"the line is longer than {LINE_LIMIT} bytes")
    try:
        request = parse(text)
    except InvalidRequest as error:
        # The parser sees one line of the file at a time, and calls each of them line 1.
        reason = error.reason.replace(" at line 1,", " at")
        raise InvalidRequest(error.path, reason) from None
    if not isinstance(request, dict):
        raise InvalidRequest("", "must be a JSON object with owner, repo, pr_number and body")
    if "op" in request:
        raise InvalidRequest("op", "is unknown: a line is a comment")
    return request


def _key(request: Message, field: str) -> str:
    """The value of a field, which leaves the request if it is no member of one."""
    value = request.get(field) if field in MEMBERS else request.pop(field, None)
    if field != "key" and "key" in request:
        raise InvalidRequest("key", f"is given twice: by the line, and by --key-from {field}")
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise InvalidRequest(field, "must be a text or a whole number: it is to be the key")
    return str(value)
