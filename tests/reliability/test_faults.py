"""What goes wrong around the daemon: told once, harmless, and over when it is over."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from comenq_core.testing.forge import Forge
from tests.reliability.disks import fill, remount, small_disk
from tests.reliability.report import report
from tests.reliability.unsupervised import Program, Unsupervised
from tests.reliability.usage import cpu_seconds, descriptors, wait_for_wake_up
from tests.socket.serving import Talker

REQUEST = {"owner": "o", "repo": "r", "pr_number": 1}
LOUD = re.compile(" (warning|error) (?!queue paused: )")
NO_FLOOR = {"spool.min_free_bytes": 0, "spool.min_free_inodes": 0}


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Unsupervised]:
    """A daemon that is not started yet."""
    with Unsupervised(forge.url) as made:
        yield made


def refusal(daemon: Unsupervised) -> dict[str, object]:
    """What a client is answered that is not acknowledged."""
    with Talker(daemon.socket) as client:
        reply = client.ask({**REQUEST, "body": "refused"})
    assert reply["outcome"] == "error", reply
    return reply


def complaints(*programs: Program) -> list[str]:
    """The lines of the logs that an operator would be woken by."""
    return [line for program in programs for line in program.log.lines if LOUD.search(line)]


def assert_serves(daemon: Unsupervised, forge: Forge, *bodies: str) -> None:
    """The next comment is queued and posted; so are those that were queued before, once each."""
    daemon.put("afterwards")
    forge.wait_for_comments(len(bodies) + 1)
    assert sorted(one.body for one in forge.comments) == sorted([*bodies, "afterwards"])


def meet_fault(worker: Program) -> None:
    """Wait until the worker has met a fault, and then met it again a few times."""
    worker.log.until(" error worker fault: ")
    for _ in range(2):
        wait_for_wake_up(worker.pid)


FULL = {
    "bytes": ("1m", 2_000, NO_FLOOR, 4_096, 1_000),
    "inodes": ("64m", 200, NO_FLOOR, 0, 1_000),
    "floor of bytes": ("32m", 5_000, {}, 1 << 20, 20),
    "floor of inodes": ("64m", 1_500, {}, 0, 700),
}


@pytest.mark.parametrize(
    "what",
    [
        "bytes",
        "floor of bytes",
        pytest.param("inodes", marks=pytest.mark.full),
        pytest.param("floor of inodes", marks=pytest.mark.full),
    ],
)
def test_full_disk_is_told_and_recovers(what: str, forge: Forge) -> None:
    """Nothing is acknowledged, the client and the log are told, and room is all that it takes."""
    size, inodes, settings, each, count = FULL[what]
    with Unsupervised(forge.url, **settings) as daemon, small_disk(daemon.queue, size, inodes):
        listener, worker = daemon.listen(), daemon.work()
        worker.process.send_signal(signal.SIGSTOP)
        daemon.put("before")
        fill(daemon.queue / "filler", size=each, count=count)

        for _ in range(200):
            assert refusal(daemon)["code"] == "disk_full"
        advice = "make room" if settings is NO_FLOOR else "free some"
        assert advice in daemon.comenq("o/r", "1", "refused", status=1)
        worker.process.send_signal(signal.SIGCONT)
        if settings is NO_FLOOR:
            meet_fault(worker)
            # What was not sent needs no look-up.
            assert not [one for one in forge.requests if "comments" in one.path]
        else:
            forge.wait_for_comments(1)

        shutil.rmtree(daemon.queue / "filler")
        assert_serves(daemon, forge, "before")
        (told,) = complaints(listener)
        report(f"faults: disk full ({what}), 201 requests refused; the log says:\n  {told}")
        assert " error queue refusing: " in told
        assert "code=disk_full" in told
        assert len(complaints(worker)) == (settings is NO_FLOOR), str(worker.log)


@pytest.mark.full
def test_full_queue_is_told_and_has_room_again(forge: Forge) -> None:
    """At max_pending clients are refused; when a job leaves, the next one is taken."""
    with Unsupervised(forge.url, max_pending=3) as daemon:
        listener = daemon.listen()
        ids = [daemon.put(str(number)) for number in range(3)]
        for _ in range(50):
            assert refusal(daemon)["code"] == "queue_full"
        assert "max_pending is 3" in daemon.comenq("o/r", "1", "refused", status=1)
        daemon.comenq("del", ids[0])

        daemon.put("afterwards")

        (told,) = complaints(listener)
        assert "code=queue_full" in told


@pytest.mark.full
def test_failing_disk_acknowledges_nothing(daemon: Unsupervised, forge: Forge) -> None:
    """While fsync fails, clients get an error and nothing is queued; then all is well again."""
    listener = daemon.listen()
    with traced(listener, "inject=fsync:error=EIO"):
        for _ in range(20):
            reply = refusal(daemon)
            assert reply["code"] == "store_failed"
            assert "Input/output error" in str(reply["message"])
        assert "nothing was acknowledged" in daemon.comenq("o/r", "1", "refused", status=1)

    worker = daemon.work()
    assert_serves(daemon, forge)
    (told,) = complaints(listener)
    assert "Input/output error" in told
    assert not complaints(worker)


def test_failing_disk_stops_the_worker_before_it_posts(daemon: Unsupervised, forge: Forge) -> None:
    """While the pace cannot be recorded nothing is posted; then it is posted, once."""
    daemon.listen()
    worker = daemon.work()
    with traced(worker, "inject=fsync:error=EIO"):
        daemon.put("before")
        meet_fault(worker)
        assert not forge.posts

    assert_serves(daemon, forge, "before")
    assert len(complaints(worker)) == 1, str(worker.log)


@pytest.mark.full
def test_job_that_cannot_be_read_blocks_no_other(daemon: Unsupervised, forge: Forge) -> None:
    """The next one is posted; the unreadable one is told of, kept, and posted once it is read."""
    daemon.listen()
    daemon.comenq("pause", "the disk goes bad")
    bad = daemon.put("bad block")
    daemon.put("good")
    (path,) = daemon.queue.glob(f"new/*{bad}*")
    worker = daemon.work()
    with traced(worker, "inject=read:error=EIO", f"--trace-path={path}"):
        daemon.comenq("resume")
        worker.log.until(f" error spool unreadable: .*{bad}")
        forge.wait_for_comments(1)
        assert [one.body for one in forge.comments] == ["good"]

    worker.stop()
    worker = daemon.work()
    assert_serves(daemon, forge, "good", "bad block")
    assert not complaints(worker)


@contextmanager
def traced(program: Program, rule: str, *more: str) -> Iterator[None]:
    """Have strace interfere with a running program for the length of a ``with`` block."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-o", os.devnull, "-e", rule, *more]
    tracer = subprocess.Popen([*command, "-p", str(program.pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    with tracer, tracer.stderr:
        first = tracer.stderr.readline()
        try:
            if "attached" not in first:
                pytest.skip(f"strace cannot be used here: {first.strip()}")
            yield
        finally:
            tracer.terminate()


def test_lost_spool_is_told_and_its_return_is_noticed(daemon: Unsupervised, forge: Forge) -> None:
    """While the spool is away all is refused; when it is back, nothing has to be restarted."""
    listener, worker = daemon.listen(), daemon.work()
    daemon.comenq("pause", "the disk is about to be changed")
    daemon.put("before")
    away = daemon.queue.with_name("away")
    daemon.queue.rename(away)
    for _ in range(20):
        assert refusal(daemon)["code"] == "store_failed"
    assert str(daemon.queue) in daemon.comenq("o/r", "1", "refused", status=1)
    meet_fault(worker)

    away.rename(daemon.queue)
    daemon.comenq("resume")

    assert_serves(daemon, forge, "before")
    assert [len(complaints(program)) for program in (listener, worker)] == [1, 1]


@pytest.mark.parametrize("name", ["new", pytest.param("cur", marks=pytest.mark.full)])
def test_lost_directory_is_made_again(name: str, daemon: Unsupervised, forge: Forge) -> None:
    """A directory of the spool that was removed costs what was in it, and no more."""
    daemon.listen()
    worker = daemon.work()
    daemon.put("before")
    worker.log.until(" job_done: ")
    shutil.rmtree(daemon.queue / name)

    assert_serves(daemon, forge, "before")
    assert (daemon.queue / name).is_dir()


@pytest.mark.full
def test_job_whose_file_vanishes_amid_its_post_blocks_no_other(
    daemon: Unsupervised, forge: Forge
) -> None:
    """A file that vanishes from cur/ while its comment is posted is told, and the next goes out."""
    forge.answer_next(delay=1.0, method="POST")
    daemon.listen()
    worker = daemon.work()
    daemon.put("before")
    forge.wait_for_requests(1, method="POST")
    (claimed,) = (daemon.queue / "cur").iterdir()
    claimed.unlink()

    assert_serves(daemon, forge, "before")
    (told,) = complaints(worker)
    assert " error worker unsettled: " in told


@pytest.mark.full
def test_disk_that_turns_read_only_is_told(daemon: Unsupervised, forge: Forge) -> None:
    """While nothing can be written, clients get an error; then all is well again."""
    with small_disk(daemon.queue, "32m", 5_000):
        listener = daemon.listen()
        remount(daemon.queue, "ro")
        for _ in range(20):
            assert "Read-only file system" in str(refusal(daemon)["message"])
        remount(daemon.queue, "rw")

        daemon.work()
        assert_serves(daemon, forge)
        (told,) = complaints(listener)
        assert "Read-only file system" in told


LOGGED = {
    "listen": (b" unix listening: ",),
    "work": (b" worker started: ",),
    "": (b" unix listening: ", b" worker started: "),
}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("listen", marks=pytest.mark.full),
        pytest.param("work", marks=pytest.mark.full),
        pytest.param("", id="everything"),
    ],
)
def test_closed_log_stops_no_process(command: str, daemon: Unsupervised, forge: Forge) -> None:
    """A process whose log is closed keeps running, and exits with 0 when it is asked to."""
    reader, writer = os.pipe()
    program = daemon.run(command, stdout=writer, stderr=writer)
    os.close(writer)
    said = b""
    while not all(word in said for word in LOGGED[command]):
        more = os.read(reader, 65_536)
        assert more, said
        said += more
    os.close(reader)
    for missing in {"listen": [daemon.work], "work": [daemon.listen], "": []}[command]:
        missing()

    assert_serves(daemon, forge)

    assert program.is_alive
    assert program.stop() == 0


def test_log_that_stands_still_stops_nothing(daemon: Unsupervised, forge: Forge) -> None:
    """While nobody reads a full log, comments are taken and posted, and SIGTERM ends the daemon."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    program = daemon.run("", stdout=writer, stderr=writer)
    os.close(writer)
    with open(reader, "rb") as log:
        waited_for = set(LOGGED[""])
        while waited_for:
            line = log.readline()
            waited_for -= {word for word in waited_for if word in line}
        bodies = [str(number) for number in range(40)]
        for body in bodies:
            daemon.put(body)
        forge.wait_for_comments(len(bodies))

        assert program.stop() == 0
        assert sorted(one.body for one in forge.comments) == sorted(bodies)


@pytest.mark.full
def test_lack_of_descriptors_is_told_and_recovers(daemon: Unsupervised, forge: Forge) -> None:
    """Without a descriptor to spare clients wait: told, without spinning, not for ever."""
    daemon.work()
    listener = daemon.listen()
    daemon.put("before")
    allowed = descriptors(listener.pid) + 10
    resource.prlimit(listener.pid, resource.RLIMIT_NOFILE, (allowed, allowed))
    worked = cpu_seconds(listener.pid)
    with ExitStack() as stack:
        clients = [stack.enter_context(Talker(daemon.socket)) for _ in range(20)]
        listener.log.until(" error unix not_accepting: ")
        assert clients[1].ask({**REQUEST, "body": "refused"})["code"] == "store_failed"
        # An idle client is timed out after five seconds: ten attempts to accept.
        assert clients[0].reply()["code"] == "timeout"
    worked = cpu_seconds(listener.pid) - worked

    report(f"faults: 20 clients, {allowed} descriptors; {worked:.2f} s of the processor in 5 s")
    assert worked < 1
    assert_serves(daemon, forge, "before")
    told = " ".join(complaints(listener))
    assert told.count(" refusing: ") == 1
    # When the first of them have left, there is room for some of the others, and then none again.
    assert 1 <= told.count(" not_accepting: ") <= 2, told
