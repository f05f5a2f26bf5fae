"""What waits in the queue of the Rust comenq, in both of its forms, is read here.

The released version keeps segments of the crate yaque: items one after another, each with a header
that has its length and the parities of that. The unreleased branches keep a JSON file for each
comment. Each comment gets a key, so that the same comment is known again when it is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from comenq_core.errors import InvalidRequest
from comenq_core.model import CommentRequest
from comenq_core.model.request import check_times
from comenq_core.wire.messages import read_request
from comenq_core.wire.strict_json import parse

__all__ = ["Position", "Unreadable", "Waiting", "read_entries", "read_position", "read_segment"]

HEADER_SIZE = 4
SEGMENT_END = b"\xff" * HEADER_SIZE
LENGTH_BITS = 26
# The bits above the length: bit 26 is the parity of the length under the first mask, and so on.
PARITY_MASKS = (0x3FFFFFF, 0x2AAAD5B, 0x333366D, 0x3C3C78E, 0x3FC07F0, 0x3FFF800)


class Position(NamedTuple):
    """Where the next item to be taken begins; what is before it was posted."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A comment that waits.

    Args:
        request: the comment, with the key that it has whenever it is read.
    """

    request: CommentRequest


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What may be a comment, and cannot be taken over.

    Args:
        where: its file, and its place there.
        reason: why not.
    """

    where: str
    reason: str


def read_position(metadata: bytes) -> Position:
    """Read ``recv-metadata``: two numbers of eight bytes."""
    return Position(int.from_bytes(metadata[:8], "big"), int.from_bytes(metadata[8:], "big"))


def read_segment(number: int, data: bytes, offset: int) -> Iterator[Waiting | Unreadable]:
    """Read what waits in the segment ``NUMBER.q`` from an offset on.

    The key of an item is made of all that is before it in its segment, where nothing is ever
    changed: so it is the same in a copy of the queue, and another one in another queue.
    """
    digest = hashlib.sha256(data[:offset])
    while offset < len(data) and data[offset : offset + HEADER_SIZE] != SEGMENT_END:
        where = f"{number}.q, byte {offset}"
        start = offset + HEADER_SIZE
        length = _length(data[offset:start])
        if not length:
            yield Unreadable(where, "this header is damaged: what follows in this file is not read")
            return
        if start + length > len(data):
            yield Unreadable(where, "this comment is cut off")
            return
        digest.update(data[offset : start + length])
        offset = start + length
        key = f"rust-comenq/{number}.q/{offset}/{digest.hexdigest()[:16]}"
        try:
            yield Waiting(replace(read_request(parse(data[start:offset])), key=key))
        except InvalidRequest as error:
            yield Unreadable(where, str(error))


def _length(header: bytes) -> int | None:
    """The length of an item; ``None`` if its header is damaged."""
    value = int.from_bytes(header, "big")
    length = value & ((1 << LENGTH_BITS) - 1)
    parities = [(length & mask).bit_count() % 2 for mask in PARITY_MASKS]
    expected = sum(parity << bit for bit, parity in enumerate(parities))
    is_whole = len(header) == HEADER_SIZE and value >> LENGTH_BITS == expected
    return length if is_whole else None


class _Entry(NamedTuple):
    """A comment of the branches' queue; entries are posted in this order."""

    order: int
    enqueued_at: int
    id: str
    request: CommentRequest
    claim: str | None


def read_entries(
    files: Mapping[str, bytes], completion: bytes | None
) -> Iterator[Waiting | Unreadable]:
    """Read the files in ``entries/``, in the order of posting.

    Args:
        files: their contents by their names.
        completion: the record of a comment that was posted and whose file may still be there.

    Raises:
        InvalidRequest: the record of completion cannot be read.
    """
    done = _members(completion, id=str) if completion is not None else {}
    entries = []
    for name, data in sorted(files.items()):
        try:
            entries.append(_entry(data))
        except InvalidRequest as error:
            yield Unreadable(f"entries/{name}", str(error))
    yield from _waiting(entries, done)


def _waiting(entries: Iterable[_Entry], done: Mapping[str, Any]) -> Iterator[Waiting | Unreadable]:
    for entry in sorted(entries, key=lambda entry: entry[:3]):
        if entry.id == done.get("id") and done.get("claim_token") in (None, entry.claim):
            continue
        if entry.claim is None:
            yield Waiting(entry.request)
            continue
        target = entry.request.target
        yield Unreadable(
            f"entries/{entry.id}.json",
            f"the Rust daemon was posting it: look at {target}, and queue it if it is not there",
        )


def _entry(data: bytes) -> _Entry:
    members = _members(data, id=str, order=int, enqueued_at=int)
    key = f"rust-comenq/{members['id'][:32]}/{members['enqueued_at']}"
    not_before = _not_before(members.get("not_before", 0))
    request = replace(read_request(members.get("request")), key=key, not_before=not_before)
    check_times(request)
    return _Entry(members["order"], members["enqueued_at"], members["id"], request,
                  members.get("claim_token"))  # fmt: skip


def _members(data: bytes, **kinds: type) -> dict[str, Any]:
    """The members of a JSON object, of which these have these types."""
    value = parse(data)
    if not isinstance(value, dict):
        raise InvalidRequest("", "must be a JSON object")
    for name, kind in kinds.items():
        if type(value.get(name)) is not kind:
            raise InvalidRequest(name, f"must be {'a text' if kind is str else 'a whole number'}")
    return value


def _not_before(seconds: object) -> datetime | None:
    """The time in Unix seconds, of which 0 is none."""
    if type(seconds) is not int:
        raise InvalidRequest("not_before", "must be a whole number")
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, ValueError, OSError):
        raise InvalidRequest("not_before", "is no time that a calendar has") from None
