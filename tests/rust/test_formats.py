"""The formats of the Rust comenq's queue are read without guessing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from comenq_core.wire.rust_queue import Unreadable, Waiting, read_segment
from tests.rust.released import SEGMENT_END, header, item

TEXTS = st.text(min_size=1, max_size=40).filter(str.strip)


@given(st.lists(TEXTS, max_size=5), st.binary(max_size=20))
def test_segment_is_read_to_its_end(texts: list[str], after: bytes) -> None:
    """Every comment is read byte for byte, with a key of its own, and nothing after the end."""
    data = b"".join(map(item, texts)) + SEGMENT_END
    found = [one for one in read_segment(7, data + after, 0) if isinstance(one, Waiting)]
    assert [one.request.body for one in found] == texts
    assert len({one.request.key for one in found}) == len(texts)


@given(st.lists(TEXTS, min_size=2, max_size=5), st.data())
def test_key_does_not_depend_on_where_reading_begins(texts: list[str], data: st.DataObject) -> None:
    """Once some comments were posted, the others still have the keys that they had."""
    items = [item(text) for text in texts]
    taken = data.draw(st.integers(0, len(items)))
    segment, offset = b"".join(items), sum(map(len, items[:taken]))
    assert list(read_segment(7, segment, offset)) == list(read_segment(7, segment, 0))[taken:]


@given(st.integers(1, 200), st.integers(0, 31))
def test_flipped_bit_of_a_header_is_noticed(length: int, bit: int) -> None:
    """Whichever bit of a header is wrong, the item is not read."""
    wrong = int.from_bytes(header(length), "big") ^ 1 << bit
    (found,) = read_segment(0, wrong.to_bytes(4, "big") + b" " * (1 << 12), 0)
    assert isinstance(found, Unreadable)
    assert "header is damaged" in found.reason


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    """Whatever is in a file, reading it ends."""
    assert all(isinstance(one, (Waiting, Unreadable)) for one in read_segment(0, data, 0))
