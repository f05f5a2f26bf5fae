"""What reaches the disk before the client's reply, as the kernel saw it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from comenq_core.model import Failed, Unconfirmed, Verdict
from comenq_core.testing.deadline import DEADLINE
from tests.spool.rig import attempt, claim, open_at, put

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None or sys.platform != "linux",
    reason="strace is needed to see the system calls",
)

TRACED = (
    "trace=write,pwrite64,fsync,fdatasync,syncfs,rename,renameat,renameat2,sendto,sendmsg,writev"
)
UNFINISHED = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)$")
WHOLE = re.compile(r"(\d+) +(\w+\(.*)$")


class Call(NamedTuple):
    """A system call: when it began and ended, in lines of the trace, and what strace wrote."""

    began: int
    ended: int
    text: str


def calls_in(trace: str) -> list[Call]:
    """The calls of all threads, in the order in which they ended."""
    calls, begun = [], {}
    for number, line in enumerate(trace.splitlines()):
        if match := UNFINISHED.match(line):
            begun[match[1]] = (number, match[2])
        elif match := RESUMED.match(line):
            start, head = begun.pop(match[1])
            calls.append(Call(start, number, head + match[2]))
        elif match := WHOLE.match(line):
            calls.append(Call(number, number, match[2]))
    return calls


class Listener:
    """The real listener under strace.

    Args:
        fill: fills its spool first, and returns the ids of its jobs.
    """

    def __init__(self, fill: Callable[[Path], list[str]] = lambda _: []) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
        self.ids = fill(self.directory / "queue")
        self.socket = self.directory / "run" / "comenq.sock"
        self.new = self.directory / "queue" / "new"
        config = self.directory / "config.toml"
        config.write_text(
            f'queue_path = "{self.directory}/queue"\nsocket_path = "{self.socket}"\n'
            "[spool]\nmin_free_bytes = 0\nmin_free_inodes = 0\n"
        )
        config.chmod(0o600)
        self._trace = self.directory / "trace"
        self._process = subprocess.Popen(
            ["strace", "-f", "-y", "-qq", "-s", "100000", "-e", TRACED, "-o", self._trace,
             sys.executable, "-m", "comenq_core.cli.comenqd.main", "listen", "--config", config],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )  # fmt: skip
        self._said: list[str] = []
        self._is_ready = threading.Event()
        self._reader = threading.Thread(target=self._listen_to_it)
        self._reader.start()

    def _listen_to_it(self) -> None:
        assert self._process.stderr
        with self._process.stderr as stream:
            for line in stream:
                self._said.append(line)
                if " listening: " in line:
                    self._is_ready.set()
        self._is_ready.set()

    def wait_until_ready(self) -> None:
        """Wait until it listens, or fail with its output."""
        assert self._is_ready.wait(DEADLINE)
        assert self._process.poll() is None, "".join(self._said)

    def put(self, *bodies: str) -> list[str]:
        """Queue comments over one connection, all sent at once; the ids that come back."""
        request = {"owner": "o", "repo": "r", "pr_number": 1}
        return self.ask(*({**request, "body": body} for body in bodies))

    def ask(self, *messages: Mapping[str, object]) -> list[str]:
        """Send messages over one connection, all at once; the ids of the jobs that come back."""
        lines = map(json.dumps, messages)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(str(self.socket))
            client.sendall("\n".join([*lines, ""]).encode())
            client.shutdown(socket.SHUT_WR)
            with client.makefile() as replies:
                return [json.loads(reply)["entry"]["id"] for reply in replies]

    def end(self) -> list[Call]:
        """Stop it; its system calls."""
        strace = self._process.pid
        listener = int(Path(f"/proc/{strace}/task/{strace}/children").read_text())
        os.kill(listener, signal.SIGTERM)
        self._process.wait(DEADLINE)
        return calls_in(self._trace.read_text())

    def close(self) -> None:
        """Kill it, and delete its files."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        shutil.rmtree(self.directory)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that takes requests, under strace."""
    listener = Listener()
    try:
        listener.wait_until_ready()
        yield listener
    finally:
        listener.close()


def one(calls: Sequence[Call], pattern: str) -> Call:
    """The one call that matches the pattern, and succeeded."""
    found = [call for call in calls if re.match(pattern, call.text)]
    assert len(found) == 1, f"{len(found)} calls like {pattern}"
    return found[0]


def assert_in_order(calls: Sequence[Call], job_id: str, new: Path) -> None:
    """Write, fsync (or a syncfs), rename, fsync of the directory, and only then the reply."""
    write = one(calls, rf'write\(\d+<[^>]*/tmp/[^>]*{job_id}[^>]*>, ".*= [1-9]\d*$')
    draft = re.match(r"write\(\d+<([^>]*)>", write.text)
    assert draft
    sync = re.compile(rf"fsync\(\d+<{re.escape(draft[1])}>\) += 0$|syncfs\(\d+<[^>]*>\) += 0$")
    moved = rf'"{re.escape(draft[1])}", (\w+, )?"{re.escape(str(new))}/[^"]*{job_id}[^"]*"'
    rename = one(calls, rf"rename\w*\((\w+<[^>]*>, )?{moved}.*\) += 0$")
    reply = one(calls, rf'(sendto|sendmsg|write|writev)\(\d+<\w*(socket|UNIX).*\\"{job_id}\\"')
    directory = re.compile(rf"fsync\(\d+<{re.escape(str(new))}>\) += 0$")
    assert between(write, rename, calls, sync), job_id
    assert between(rename, reply, calls, directory), job_id


def between(first: Call, last: Call, calls: Sequence[Call], pattern: re.Pattern[str]) -> bool:
    """Whether a call that matches began after the first, and ended before the last."""
    return any(
        first.ended < call.began and call.ended < last.began
        for call in calls
        if pattern.match(call.text)
    )


def test_lone_job_costs_two_syncs(listener: Listener) -> None:
    """A single job costs one sync for its bytes and one for its name."""
    (job_id,) = listener.put("alone")
    calls = listener.end()
    write = one(calls, rf'write\(\d+<[^>]*/tmp/[^>]*{job_id}[^>]*>, ".*= [1-9]\d*$')
    reply = one(calls, rf'(sendto|sendmsg|write|writev)\(\d+<\w*(socket|UNIX).*\\"{job_id}\\"')
    syncs = [call for call in calls if re.match(r"(fsync|fdatasync|syncfs)\(", call.text)]
    assert sum(write.began < sync.began < reply.began for sync in syncs) == 2


def test_nothing_is_acknowledged_before_it_is_on_the_disk(listener: Listener) -> None:
    """Every job of single clients, of many at once, and of one with many requests is durable."""
    ids = listener.put("alone") + listener.put("alone again")
    with ThreadPoolExecutor(32) as clients:
        for together in clients.map(listener.put, [f"together {n}" for n in range(64)]):
            ids += together
    ids += listener.put("several", "at", "once")
    calls = listener.end()
    assert len(set(ids)) == 69
    for job_id in ids:
        assert_in_order(calls, job_id, listener.new)


def test_changes_share_what_makes_them_durable(listener: Listener) -> None:
    """Each move is followed by a sync of both directories before its reply, shared by many."""
    ids = listener.put(*map(str, range(40)))
    assert listener.ask(*({"op": "hold", "id": job_id} for job_id in ids)) == ids
    calls = listener.end()
    hold = listener.new.parent / "hold"
    syncs = {
        path: re.compile(rf"fsync\(\d+<{re.escape(str(path))}>\) += 0$")
        for path in (hold, listener.new)
    }
    for job_id in ids:
        rename = one(calls, rf'rename\w*\(.*"{re.escape(str(hold))}/[^"]*{job_id}[^"]*".*\) += 0$')
        replies = rf'(sendto|sendmsg|write|writev)\(\d+<\w*(socket|UNIX).*\\"{job_id}\\"'
        reply = [call for call in calls if re.match(replies, call.text)][-1]
        for sync in syncs.values():
            assert between(rename, reply, calls, sync), job_id
    assert sum(bool(syncs[hold].match(call.text)) for call in calls) < len(ids) / 2


def fill(path: Path) -> list[str]:
    """A spool with jobs that a retry puts into new/ and into cur/, from two directories."""
    verdicts: tuple[Verdict, ...] = (
        Failed(reason="locked"),
        Unconfirmed(reason="alike"),
        Failed(reason="502 too often"),
    )
    with closing(open_at(path)) as store:
        ids = [job.id for job in put(store, "failed", "unconfirmed", "lost")]
        with store.lock():
            for verdict, outcome in zip(verdicts, ("refused", "x", "unknown"), strict=True):
                store.settle(claim(store), verdict, replace(attempt(store), outcome=outcome))
    return ids


def test_a_retry_is_durable_in_its_file_before_it_is_in_a_name() -> None:
    """Write, fsync, rename, fsync of what gains the name, then of what loses it, then the reply."""
    with closing(Listener(fill)) as listener:
        listener.wait_until_ready()
        ids, queue = listener.ids, re.escape(str(listener.directory / "queue"))
        assert listener.ask(*({"op": "retry", "id": job_id} for job_id in ids)) == ids
        calls = listener.end()
    ways = (("failed", "new"), ("unconfirmed", "cur"), ("failed", "cur"))
    for job_id, (loses, gains) in zip(ids, ways, strict=True):
        old, new = (rf'{queue}/{name}/[^">]*{job_id}[^">]*' for name in (loses, gains))
        write = one(calls, rf'write\(\d+<{old}>, ".*retried.*= [1-9]\d*$')
        rename = one(calls, rf'rename\w*\((\w+<[^>]*>, )?"{old}", .*"{new}".*\) += 0$')
        reply = one(calls, rf'(sendto|sendmsg|write|writev)\(\d+<\w*(socket|UNIX).*\\"{job_id}\\"')
        assert between(write, rename, calls, re.compile(rf"fsync\(\d+<{old}>\) += 0$")), job_id
        gained = first_after(rename, calls, rf"fsync\(\d+<{queue}/{gains}>\) += 0$")
        lost = first_after(rename, calls, rf"fsync\(\d+<{queue}/{loses}>\) += 0$")
        assert gained.ended < lost.began, job_id
        assert lost.ended < reply.began, job_id


def first_after(call: Call, calls: Sequence[Call], pattern: str) -> Call:
    """The first call that matches and began after that one."""
    later = sorted(one for one in calls if one.began > call.ended)
    return next(one for one in later if re.match(pattern, one.text))
