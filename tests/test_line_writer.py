"""Lines reach a log that stands still as far as it goes; nobody waits, and losses are told."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from comenq_core.process.line_writer import LIMIT_BYTES, LineWriter

LINE = b"%8d " + b"x" * 990 + b"\n"
SIZE = len(LINE % 0)
MORE_THAN_FITS = 4 * LIMIT_BYTES // SIZE


def tell(lost: int) -> bytes:
    """The line in the place of lost ones."""
    return b"lost %d\n" % lost


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A reader and a writer."""
    ends = os.pipe()
    yield ends
    for descriptor in ends:
        os.close(descriptor)


def lines_until(reader: int, end: bytes) -> list[bytes]:
    """The lines that arrive, up to the first that begins so."""
    lines: list[bytes] = []
    with open(reader, "rb", closefd=False) as stream:
        while not lines or not lines[-1].startswith(end):
            lines.append(stream.readline())
    return lines


def test_lines_that_nobody_reads_are_counted_in_their_place(pipe: tuple[int, int]) -> None:
    """Writing never waits; the reader that is back gets lines in order, and each gap's size."""
    reader, writer = pipe
    with closing(LineWriter(writer, tell)) as log:
        for number in range(MORE_THAN_FITS):
            log.write(LINE % number)

        number = lost = 0
        with open(reader, "rb", closefd=False) as stream:
            while number < MORE_THAN_FITS:
                line = stream.readline()
                gap = int(line.removeprefix(b"lost ")) if line.startswith(b"lost ") else 0
                assert gap or line == LINE % number
                number += gap or 1
                lost += gap

        assert number == MORE_THAN_FITS
        assert 0 < lost * SIZE <= MORE_THAN_FITS * SIZE - LIMIT_BYTES // 2


def test_lines_that_cannot_be_written_are_counted_in_their_place() -> None:
    """A line that the log refuses is told before the next one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, closing(LineWriter(theirs.fileno(), tell)) as log:
        log.write(b"before\n")
        log.write(b"x" * (LIMIT_BYTES // 2) + b"\n")
        log.write(b"afterwards\n")

        assert [ours.recv(99) for _ in range(3)] == [b"before\n", tell(1), b"afterwards\n"]


def test_lines_are_written_whole() -> None:
    """Lines that wait go together into a write, as many as a pipe takes without splitting it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, closing(LineWriter(theirs.fileno(), tell)) as log:
        for number in range(1000):
            log.write(LINE % number)

        packets: list[bytes] = []
        while sum(map(len, packets)) < 1000 * SIZE:
            packets.append(ours.recv(LIMIT_BYTES))

    assert b"".join(packets) == b"".join(LINE % number for number in range(1000))
    assert all(packet.endswith(b"\n") and len(packet) <= select.PIPE_BUF for packet in packets)
    assert len(packets) < 500


def test_a_log_that_must_not_block_is_waited_for(pipe: tuple[int, int]) -> None:
    """If the descriptor is set not to block, lines wait for its reader all the same."""
    reader, writer = pipe
    os.set_blocking(writer, False)
    with closing(LineWriter(writer, tell)) as log:
        for number in range(500):
            log.write(LINE % number)
        log.write(b"end\n")

        assert lines_until(reader, b"end")[:-1] == [LINE % number for number in range(500)]


def test_a_forked_child_writes_by_itself(pipe: tuple[int, int]) -> None:
    """What a forked child logs is written, although it ends at once and has no thread for it."""
    reader, writer = pipe
    with closing(LineWriter(writer, tell)) as log:
        child = os.fork()
        if not child:
            log.write(b"child\n")
            log.flush()
            os._exit(0)
        os.waitpid(child, 0)
        log.write(b"parent\n")

        assert lines_until(reader, b"parent") == [b"child\n", b"parent\n"]


ENDS = """
import sys
from comenq_core.process.log import Log, configure

configure("info")
for number in range({count}):
    Log("test").info("k", "S.", number=number)
"""


def ending(count: int) -> subprocess.Popen[bytes]:
    """A process that logs so many lines, and ends."""
    command = [sys.executable, "-c", ENDS.format(count=count)]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def test_a_process_that_ends_writes_what_waits() -> None:
    """Nothing is lost at the end of a process whose log is read."""
    with ending(2000) as process:
        assert process.stderr
        numbers = re.findall(rb"number=(\d+)", process.stderr.read())

    assert numbers == [b"%d" % number for number in range(2000)]


def test_a_process_whose_log_nobody_reads_ends() -> None:
    """A full pipe does not keep a process from ending, with its own exit status."""
    with ending(20_000) as process:
        assert process.wait() == 0
