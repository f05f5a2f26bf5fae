"""Writes what the released Rust comenq writes: items of a segment, and the position in it."""

from __future__ import annotations

import json
from pathlib import Path

from comenq_core.wire.rust_queue import PARITY_MASKS

__all__ = ["SEGMENT_END", "header", "item", "move_position"]

SEGMENT_END = b"\xff\xff\xff\xff"


def header(length: int) -> bytes:
    """The header of an item: its length, and the parities of that."""
    value = length
    for bit, mask in enumerate(PARITY_MASKS):
        value |= (length & mask).bit_count() % 2 << 26 + bit
    return value.to_bytes(4, "big")


def item(body: str, *, raw: bytes | None = None) -> bytes:
    """A comment as an item, or one with another content."""
    request = {"owner": "o", "repo": "r", "pr_number": 1, "body": body}
    data = json.dumps(request).encode() if raw is None else raw
    return header(len(data)) + data


def move_position(directory: Path, segment: int, offset: int) -> None:
    """Say which item is the next."""
    data = segment.to_bytes(8, "big") + offset.to_bytes(8, "big")
    (directory / "recv-metadata").write_bytes(data)
