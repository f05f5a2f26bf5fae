"""Cutting a stream into lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_plugins.unix_socket.framing import Lines, LineTooLong

texts = st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"."))


def _pop_all(lines: Lines) -> list[bytes]:
    return list(iter(lines.pop, None))


@given(wanted=st.lists(texts), cuts=st.lists(st.integers(0, 200)), is_ended=st.booleans())
def test_lines_come_out_however_the_stream_is_cut(
    wanted: list[bytes], cuts: list[int], is_ended: bool
) -> None:
    """Each line that is not blank comes out once, in order, wherever the stream is cut."""
    stream = b"\n".join(wanted) if is_ended else b"".join(line + b"\n" for line in wanted)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    lines = Lines(20)
    found = []
    for start, end in pairwise(edges):
        lines.feed(stream[start:end])
        found += _pop_all(lines)
    if is_ended:
        lines.end()
    assert found + _pop_all(lines) == [line for line in wanted if line.strip()]
    assert not lines


def test_unfinished_line_is_kept_until_the_end() -> None:
    """Bytes without a newline are no line until the stream has ended."""
    lines = Lines(10)
    lines.feed(b"abc")
    assert lines.pop() is None
    lines.end()
    assert lines.pop() == b"abc"


@pytest.mark.parametrize("ending", [b"", b"\n", b"\nmore\n"])
def test_line_over_the_limit_is_refused(ending: bytes) -> None:
    """A line of the limit is read; one byte more is an error, whether it is complete or not."""
    lines = Lines(10)
    lines.feed(b"x" * 10 + b"\n" + b"x" * 11 + ending)
    assert lines.pop() == b"x" * 10
    with pytest.raises(LineTooLong):
        lines.pop()
