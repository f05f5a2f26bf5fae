"""Many comments at once, one a line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from comenq_core.cli.comenq.line_reader import IDLE, LINE_LIMIT, Line, Lines
from comenq_core.testing.deadline import DEADLINE
from tests.cli.commanding import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.cli.pretender import pretending
from tests.socket.serving import REQUEST, Served, until


def _lines(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def _numbered(count: int) -> bytes:
    return _lines(*({**REQUEST, "pr_number": number + 1} for number in range(count)))


def _numbers(served: Served) -> list[int]:
    return [job.asked.pr_number for job in served.store.pending()]


def test_each_line_is_queued(comenq: Comenq, served: Served, directory: Path) -> None:
    """All lines of a file, in their order, over one connection and in batches."""
    file = directory / "many.jsonl"
    file.write_bytes(_numbered(1_000))
    done = comenq("put", "--jsonl", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, "queued 1,000 comments\n", "")
    assert _numbers(served) == list(range(1, 1_001))
    assert len(served.store.batches) < 1_000


def test_standard_input_may_lack_the_last_newline(comenq: Comenq, served: Served) -> None:
    """Blank lines do not count, and the last one needs no end."""
    done = comenq("put", "--jsonl", "-", stdin=b"\n" + _numbered(2) + b"  \n" + _numbered(1)[:-1])
    assert (done.returncode, done.stdout) == (0, "queued 3 comments\n")
    assert _numbers(served) == [1, 2, 1]


def test_nothing_to_queue_is_no_error(comenq: Comenq) -> None:
    """An empty file queues nothing, and that is said."""
    done = comenq("put", "--jsonl", "/dev/null")
    assert (done.returncode, done.stdout) == (0, "queued 0 comments\n")


def test_refused_lines_are_told_and_the_others_queued(comenq: Comenq, served: Served) -> None:
    """Each refusal has its line and its reason, whether client or daemon refuse; exit 1."""
    lines = [
        _lines(REQUEST),
        b"nonsense\n",
        _lines({**REQUEST, "pr_number": 0}),
        b"\n",
        _lines({"op": "pause", "reason": "a trap"}),
        _lines([REQUEST]),
        _lines({**REQUEST, "colour": "red"}),
        b'{"owner":"a","owner":"b"}\n',
        b'"' + b"x" * (LINE_LIMIT + 70_000) + b'"\n',
        _lines(REQUEST),
    ]
    done = comenq("put", "--jsonl", "-", stdin=b"".join(lines))
    told = done.stderr.splitlines()
    assert sorted(line.split(": ")[1] for line in told[:-1]) == [
        f"line {number}" for number in (2, 3, 5, 6, 7, 8, 9)
    ]
    assert "line 3: pr_number: must be a whole number" in done.stderr
    assert "line 7: colour: is not known here" in done.stderr
    assert told[-1] == "comenq: 7 comments refused"
    assert (done.returncode, done.stdout) == (1, "queued 2 comments\n")
    assert _numbers(served) == [7, 7]
    assert served.store.paused() is None


def test_jobs_are_printed_as_json(comenq: Comenq) -> None:
    """With --json, each queued job is a line, with the number of the line that it comes from."""
    done = comenq("put", "--jsonl", "-", "--json", stdin=b"nonsense\n" + _numbered(2))
    jobs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(job["line"], job["pr_number"], job["state"]) for job in jobs] == [
        (2, 1, "waiting"),
        (3, 2, "waiting"),
    ]


def test_lines_that_wait_already_are_not_doubled(comenq: Comenq, served: Served) -> None:
    """With --if-absent, a file can be sent again."""
    for _ in range(2):
        assert comenq("put", "--jsonl", "-", "--if-absent", stdin=_numbered(3)).returncode == 0
    assert _numbers(served) == [1, 2, 3]


@pytest.mark.parametrize("words", [["o/r", "1"], ["--now"], ["--key", ""], ["--wait"], ["-e"]])
def test_what_is_said_of_one_comment_is_refused(comenq: Comenq, words: list[str]) -> None:
    """Options that would have to be the same for all lines exit 2."""
    done = comenq("put", "--jsonl", "-", *words, stdin=_numbered(1))
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 2), ("/", 1)])
def test_unreadable_file_is_told(comenq: Comenq, path: str, status: int) -> None:
    """What cannot be read is named."""
    done = comenq("put", "--jsonl", path)
    assert done.returncode == status
    assert f"{path}: cannot be read" in done.stderr


def test_no_daemon_is_told(directory: Path) -> None:
    """Without a daemon nothing is queued, and nothing more is said."""
    env = environment(directory / "no.sock")
    done = run("put", "--jsonl", "-", env=env, stdin=_numbered(3))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("comenq: no daemon answers")


def _faithless(path: Path, answers: int, last: bytes = b"") -> AbstractContextManager[str]:
    """A daemon that acknowledges a few, says a last word, and hangs up."""

    def behave(connection: socket.socket) -> None:
        received = b""
        while received.count(b"\n") < 10:
            received += connection.recv(65_536)
        connection.sendall(_lines(*[{"outcome": "ok", "entry": {"id": "x"}}] * answers))
        connection.sendall(last)

    return pretending(path, behave)


def test_lines_without_an_answer_are_listed(directory: Path) -> None:
    """When the connection ends, it is told which lines may or may not be queued."""
    with _faithless(directory / "c.sock", answers=2):
        env = environment(directory / "c.sock")
        done = run("put", "--jsonl", "-", env=env, stdin=b"nonsense\n\n" + _numbered(10))
    assert (done.returncode, done.stdout) == (1, "queued 2 comments\n")
    assert done.stderr.splitlines() == [
        "comenq: line 1: the text is not JSON at column 1: expecting value",
        "comenq: 1 comment refused",
        "comenq: not acknowledged, so perhaps queued and perhaps not: line 5-12",
        "comenq: the daemon closed the connection without a reply",
    ]


def test_reason_for_hanging_up_is_told(directory: Path) -> None:
    """What a stopping daemon says stands for the first line that it has not taken."""
    last = _lines({"outcome": "error", "code": "stopping", "message": "the daemon stops"})
    with _faithless(directory / "c.sock", answers=9, last=last):
        env = environment(directory / "c.sock")
        done = run("put", "--jsonl", "-", env=env, stdin=_numbered(12))
    assert done.stderr.splitlines()[:3] == [
        "comenq: line 10: the daemon stops",
        "comenq: 1 comment refused",
        "comenq: not acknowledged, so perhaps queued and perhaps not: line 11-12",
    ]


def _begin(served: Served) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, "put", "--jsonl", "-"],
        env=environment(served.path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _has(served: Served, numbers: list[int]) -> bool:
    return _numbers(served) == numbers


def test_slow_lines_are_queued_as_they_come(served: Served) -> None:
    """A program that thinks between two lines is waited for, and what it has said is queued."""
    with _begin(served) as process:
        assert process.stdin is not None
        for wanted in ([7], [7, 7]):
            process.stdin.write(_lines(REQUEST))
            process.stdin.flush()
            until(partial(_has, served, wanted))
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, err) == (0, b"queued 2 comments\n", b"")


def test_interruption_leaves_nothing_unreported(served: Served) -> None:
    """Ctrl-C tells what was not acknowledged."""
    served.store.acceptor.clear()
    with _begin(served) as process:
        assert process.stdin is not None
        process.stdin.write(_numbered(3))
        process.stdin.flush()
        until(served.store.entered.is_set)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (130, b"queued 0 comments\n")
    assert err.decode().splitlines() == [
        "comenq: not acknowledged, so perhaps queued and perhaps not: line 1-3",
        "comenq: not sent: what comes after line 3",
    ]


def test_lines_take_bounded_memory(directory: Path) -> None:
    """Of a line without end, no more is kept than shows that it is too long."""
    file = directory / "long"
    file.write_bytes(b"x" * (3 * LINE_LIMIT) + b"\nnext")
    descriptor = os.open(file, os.O_RDONLY)
    try:
        lines = list(Lines("long", descriptor).burst())
    finally:
        os.close(descriptor)
    assert [(line.number, len(line.text)) for line in lines] == [(1, LINE_LIMIT + 1), (2, 4)]


def test_burst_ends_when_the_lines_pause() -> None:
    """What has come is given before the rest is waited for."""
    assert 0 < IDLE < 5
    reader, writer = os.pipe()
    try:
        os.write(writer, b"one\ntw")
        lines = Lines("pipe", reader)
        assert lines.are_more()
        assert list(lines.burst()) == [Line(1, b"one", 4)]
        os.write(writer, b"o\n")
        os.close(writer)
        assert list(lines.burst()) == [Line(2, b"two", 8)]
        assert not lines.are_more()
    finally:
        os.close(reader)
