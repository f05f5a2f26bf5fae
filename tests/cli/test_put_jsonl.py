"""Queueing many comments, one per line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from comenq_core.cli.comenq.line_reader import IDLE, LINE_LIMIT, LineReader, NumberedLine
from comenq_core.model import Done
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.cli.fake_daemon import fake_daemon, read_to_end
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import REQUEST, Served, until


def _lines(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def _numbered(count: int) -> bytes:
    return _lines(*({**REQUEST, "pr_number": number + 1} for number in range(count)))


def _numbers(served: Served) -> list[int]:
    return [job.asked.pr_number for job in served.store.pending()]


def test_each_line_is_queued(comenq: Comenq, served: Served, directory: Path) -> None:
    """All lines of a file are queued in order, in batches."""
    file = directory / "many.jsonl"
    file.write_bytes(_numbered(1_000))
    done = comenq("put", "--jsonl", str(file))
    assert (done.returncode, done.stderr) == (0, "comenq: queued 1,000 comments\n")
    assert done.stdout.split() == [job.id for job in served.store.pending()]
    assert _numbers(served) == list(range(1, 1_001))
    assert len(served.store.batches) < 1_000


def test_standard_input_may_lack_the_last_newline(comenq: Comenq, served: Served) -> None:
    """Blank lines are ignored, and the last line needs no newline."""
    done = comenq("put", "--jsonl", "-", stdin=b"\n" + _numbered(2) + b"  \n" + _numbered(1)[:-1])
    assert (done.returncode, done.stderr) == (0, "comenq: queued 3 comments\n")
    assert _numbers(served) == [1, 2, 1]


def test_empty_file_is_no_error(comenq: Comenq) -> None:
    """An empty file queues nothing, and the command says so."""
    done = comenq("put", "--jsonl", "/dev/null")
    assert (done.returncode, done.stderr) == (0, "comenq: queued 0 comments\n")


def test_refused_lines_are_reported_and_the_others_queued(comenq: Comenq, served: Served) -> None:
    """Each refused line is reported in its turn, with its reason, and the command exits with 1."""
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
    assert [line.split(": ")[1] for line in told[:-2]] == [
        f"line {number}" for number in (2, 3, 5, 6, 7, 8, 9)
    ]
    assert "line 3: pr_number: must be a whole number" in done.stderr
    assert "line 7: colour: is not known here" in done.stderr
    assert told[-2:] == ["comenq: 7 comments refused", "comenq: queued 2 comments"]
    assert (done.returncode, done.stdout.split()) == (1, [job.id for job in served.store.pending()])
    assert _numbers(served) == [7, 7]
    assert served.store.paused() is None


def test_jobs_are_printed_as_json(comenq: Comenq) -> None:
    """With --json, each queued job is printed with the number of its line."""
    done = comenq("put", "--jsonl", "-", "--json", stdin=b"nonsense\n" + _numbered(2))
    jobs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(job["line"], job["pr_number"], job["state"]) for job in jobs] == [
        (2, 1, "waiting"),
        (3, 2, "waiting"),
    ]


def test_waiting_lines_are_not_queued_twice(comenq: Comenq, served: Served) -> None:
    """With --if-absent, sending a file again queues nothing."""
    for _ in range(2):
        assert comenq("put", "--jsonl", "-", "--if-absent", stdin=_numbered(3)).returncode == 0
    assert _numbers(served) == [1, 2, 3]


def test_time_is_for_lines_without_one(comenq: Comenq, served: Served) -> None:
    """With --after, a line that names no time of its own is not posted before."""
    own = "2099-12-01T09:00:00Z"
    lines = _lines(REQUEST, {**REQUEST, "not_before": own})
    assert comenq("put", "--jsonl", "-", "--after", "2h", stdin=lines).returncode == 0
    assert comenq("put", "--jsonl", "-", "--after", "soon", stdin=lines).returncode == 2
    times = [job.asked.not_before for job in served.store.pending()]
    now = datetime.now(UTC)
    assert [time and time.year for time in times] == [(now + timedelta(hours=2)).year, 2099]


def test_all_lines_can_be_held(comenq: Comenq, served: Served) -> None:
    """With --hold, no line is posted before somebody releases it; --wait says so at once."""
    done = comenq("put", "--jsonl", "-", "--hold", "--wait", stdin=_numbered(2))
    assert (done.returncode, done.stdout) == (5, "")
    assert [job.state for job in served.store.pending()] == ["held", "held"]
    assert done.stderr.count(": held: to let it be posted: comenq release ") == 2


def test_rerun_after_mending_doubles_nothing(comenq: Comenq, served: Served) -> None:
    """With --key-from, a field of each line is its key, so that what is queued stays single."""
    good, bad = {**REQUEST, "row": 1}, {**REQUEST, "row": "b", "pr_number": 0}
    words = ["put", "--jsonl", "-", "--key-from", "row"]
    first = comenq(*words, stdin=_lines(good, bad))
    assert (first.returncode, _numbers(served)) == (1, [7])
    second = comenq(*words, stdin=_lines(good, {**bad, "pr_number": 8}))
    assert (second.returncode, _numbers(served)) == (0, [7, 8])
    assert second.stdout.split()[0] == first.stdout.strip()
    assert [job.asked.key for job in served.store.pending()] == ["1", "b"]


def test_line_without_a_key_is_refused(comenq: Comenq, served: Served) -> None:
    """With --key-from, a line is refused whose field is missing, no key, or not its only key."""
    lines = [
        REQUEST,
        *({**REQUEST, "row": row} for row in (None, "", True, [1])),
        {**REQUEST, "row": "a", "key": "b"},
    ]
    done = comenq("put", "--jsonl", "-", "--key-from", "row", stdin=_lines(*lines))
    assert (done.returncode, _numbers(served)) == (1, [])
    wanted = [f"comenq: line {number}: row: must be a text" for number in range(1, 6)]
    told = done.stderr.splitlines()
    assert [line.split(" or ")[0] for line in told[:5]] == wanted
    assert told[5] == "comenq: line 6: key: is given twice: by the line, and by --key-from row"
    assert comenq("put", "o/r", "1", "text", "--key-from", "row").returncode == 2


def test_a_member_of_the_request_can_be_the_key(comenq: Comenq, served: Served) -> None:
    """With --key-from, a field that is a member of the request stays one."""
    assert (
        comenq("put", "--jsonl", "-", "--key-from", "pr_number", stdin=_numbered(2)).returncode == 0
    )
    found = [(job.asked.key, job.asked.pr_number) for job in served.store.pending()]
    assert found == [("1", 1), ("2", 2)]


def test_all_lines_are_waited_for(comenq: Comenq, served: Served) -> None:
    """With --wait, only URLs go to standard output; a refused line is told in the exit status."""
    timed_out = comenq("put", "--jsonl", "-", "--wait", "--timeout", "0s", stdin=_numbered(2))
    assert (timed_out.returncode, timed_out.stdout) == (4, "")
    url = "https://github.com/octo-org/site/pull/1#issuecomment-1"
    for _ in range(2):
        job = served.store.claim("bot")
        assert job is not None
        served.store.settle(job, Done(url=url, comment_id=1), ATTEMPT)
    lines = _lines(*({**REQUEST, "key": str(number)} for number in range(2)))
    assert comenq("put", "--jsonl", "-", stdin=lines).returncode == 0
    for number in range(2, 4):
        job = served.store.claim("bot")
        assert job is not None
        served.store.settle(job, Done(url=f"{url}{number}", comment_id=number), ATTEMPT)
    done = comenq("put", "--jsonl", "-", "--wait", stdin=lines + b"nonsense\n")
    assert (done.returncode, done.stdout) == (1, f"{url}2\n{url}3\n")


@pytest.mark.parametrize("words", [["o/r", "1"], ["--now"], ["--key", ""], ["-e"]])
def test_options_for_one_comment_are_refused(comenq: Comenq, words: list[str]) -> None:
    """Options for a single comment exit with 2."""
    done = comenq("put", "--jsonl", "-", *words, stdin=_numbered(1))
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 2), ("/", 1)])
def test_unreadable_file_is_reported(comenq: Comenq, path: str, status: int) -> None:
    """A file that cannot be read is named."""
    done = comenq("put", "--jsonl", path)
    assert done.returncode == status
    assert f"{path}: cannot be read" in done.stderr


def test_missing_daemon_is_reported(directory: Path) -> None:
    """Without a daemon the command exits with 3 and prints no other report."""
    env = environment(directory / "no.sock")
    done = run("put", "--jsonl", "-", env=env, stdin=_numbered(3))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("comenq: no daemon answers")


def _is_ping(connection: socket.socket, received: bytes) -> bool:
    """Whether the client asks if the daemon knows what clients call themselves; it is answered."""
    if is_ping := b'"ping"' in received:
        connection.sendall(_lines({"outcome": "ok"}))
    return is_ping


def _closing_daemon(path: Path, answers: int, last: bytes = b"") -> AbstractContextManager[str]:
    """A daemon that acknowledges a few requests, sends a last message, and closes.

    The first connection asks whether it knows what clients call themselves.
    """

    def behave(connection: socket.socket) -> None:
        received = connection.recv(65_536)
        if _is_ping(connection, received):
            return
        while received.count(b"\n") < 10 and (more := connection.recv(65_536)):
            received += more
        connection.sendall(_lines(*[{"outcome": "ok", "entry": {"id": "x"}}] * answers))
        connection.sendall(last)

    return fake_daemon(path, behave, clients=2)


def test_lines_without_a_reply_are_listed(directory: Path) -> None:
    """When the connection ends, the lines that may or may not be queued are listed."""
    with _closing_daemon(directory / "c.sock", answers=2):
        env = environment(directory / "c.sock")
        done = run("put", "--jsonl", "-", env=env, stdin=b"nonsense\n\n" + _numbered(10))
    assert (done.returncode, done.stdout) == (5, "x\nx\n")
    assert done.stderr.splitlines() == [
        "comenq: line 1: the text is not JSON at column 1: expecting value",
        "comenq: 1 comment refused",
        "comenq: not acknowledged, and may or may not be queued: line 5-12",
        "comenq: queued 2 comments",
        "comenq: the daemon closed the connection without a reply",
    ]


def test_reason_for_closing_is_reported(directory: Path) -> None:
    """The message of a stopping daemon is reported for the first line without a reply."""
    last = _lines({"outcome": "error", "code": "stopping", "message": "the daemon stops"})
    with _closing_daemon(directory / "c.sock", answers=9, last=last):
        env = environment(directory / "c.sock")
        done = run("put", "--jsonl", "-", env=env, stdin=_numbered(12))
    assert done.stderr.splitlines()[:3] == [
        "comenq: line 10: the daemon stops",
        "comenq: 1 comment refused",
        "comenq: not acknowledged, and may or may not be queued: line 11-12",
    ]


def _begin(path: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, "put", "--jsonl", "-", *words],
        env=environment(path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _has(served: Served, numbers: list[int]) -> bool:
    return _numbers(served) == numbers


def test_slow_lines_are_queued_as_they_come(served: Served) -> None:
    """Lines that come slowly are queued as they come."""
    with _begin(served.path) as process:
        assert process.stdin is not None
        for wanted in ([7], [7, 7]):
            process.stdin.write(_lines(REQUEST))
            process.stdin.flush()
            until(partial(_has, served, wanted))
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out.count(b"\n")) == (0, 2)
    assert err == b"comenq: queued 2 comments\n"


@pytest.mark.parametrize(("words", "told"), [([], []), (["--wait"], ["comenq: queued: x"])])
def test_daemon_that_goes_between_lines_was_not_missing(
    directory: Path, words: list[str], told: list[str]
) -> None:
    """Once a line is queued, the exit status is not 3, and --wait tells the ids of queued lines."""
    path = directory / "c.sock"
    has_ended = threading.Event()

    def behave(connection: socket.socket) -> None:
        if _is_ping(connection, connection.recv(65_536)):
            return
        path.unlink()
        connection.sendall(_lines({"outcome": "ok", "entry": {"id": "x", "state": "waiting"}}))
        read_to_end(connection)
        has_ended.set()

    with fake_daemon(path, behave, clients=2), _begin(path, *words) as process:
        assert process.stdin is not None
        process.stdin.write(_numbered(1))
        process.stdin.flush()
        assert has_ended.wait(DEADLINE)
        _, err = process.communicate(_numbered(1), timeout=DEADLINE)
    assert process.returncode == 1
    first, *others = err.decode().splitlines()
    assert first == "comenq: not sent: the lines after line 1"
    assert others[: len(told) + 1] == [*told, "comenq: queued 1 comment"]


def test_interruption_is_reported(served: Served) -> None:
    """Ctrl-C reports the lines that were not acknowledged or not sent."""
    served.store.block()
    with _begin(served.path) as process:
        assert process.stdin is not None
        process.stdin.write(_numbered(3))
        process.stdin.flush()
        until(served.store.entered.is_set)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines() == [
        "comenq: not acknowledged, and may or may not be queued: line 1-3",
        "comenq: not sent: the lines after line 3",
        "comenq: queued 0 comments",
    ]


def test_lines_take_bounded_memory(directory: Path) -> None:
    """Of a line that is too long, only so much is kept as shows that."""
    file = directory / "long"
    file.write_bytes(b"x" * (3 * LINE_LIMIT) + b"\nnext")
    descriptor = os.open(file, os.O_RDONLY)
    try:
        lines = list(LineReader("long", descriptor).burst())
    finally:
        os.close(descriptor)
    assert [(line.number, len(line.text)) for line in lines] == [(1, LINE_LIMIT + 1), (2, 4)]


def test_burst_ends_when_the_lines_pause() -> None:
    """Complete lines are returned before the reader waits for the rest."""
    assert 0 < IDLE < 5
    reader, writer = os.pipe()
    try:
        os.write(writer, b"one\ntw")
        lines = LineReader("pipe", reader)
        assert lines.are_more()
        assert list(lines.burst()) == [NumberedLine(1, b"one", 4)]
        os.write(writer, b"o\n")
        os.close(writer)
        assert list(lines.burst()) == [NumberedLine(2, b"two", 8)]
        assert not lines.are_more()
    finally:
        os.close(reader)
