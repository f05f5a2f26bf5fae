"""What the daemon tells a service manager, and when."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.process.journald import is_journal, with_priorities
from comenq_core.supervisor.systemd import notify, sentence
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import SCRIPTS, Daemon
from tests.process.log import Log
from tests.service.manager import Manager


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A service manager that listens for whatever this test starts."""
    with tempfile.TemporaryDirectory(prefix="cq") as directory:
        path = Path(directory) / "notify"
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        with Manager(path) as made:
            yield made


class Service(Daemon):
    """A daemon that is told where its service manager is."""

    @property
    def environment(self) -> dict[str, str]:
        """As it is, with the variable."""
        return {**super().environment, "NOTIFY_SOCKET": os.environ["NOTIFY_SOCKET"]}


@pytest.fixture
def service(forge: Forge, manager: Manager) -> Iterator[Service]:
    """A daemon that was just started."""
    with Service(forge.url, cooldown_period_seconds=600) as made:
        made.spawn()
        yield made


def test_ready_means_that_both_processes_serve(manager: Manager, service: Service) -> None:
    """When READY=1 arrives, the socket acknowledges and the worker has its lock."""
    manager.until("READY=1")

    assert service.put("at once")
    with (service.queue / "worker.lock").open("rb+") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.full
def test_half_a_daemon_is_never_ready(manager: Manager, forge: Forge) -> None:
    """A daemon whose listener cannot have its socket ends without ever having said READY=1."""
    with Service(forge.url) as service:
        service.socket.parent.mkdir(mode=0o750)
        service.socket.mkdir()
        process = service.spawn()
        assert process.wait(DEADLINE) == 1
        notify("over")
        manager.until("over")

    assert "READY=1" not in manager.heard


@pytest.mark.full
def test_the_status_says_how_much_waits_and_until_when(manager: Manager, forge: Forge) -> None:
    """A daemon started with a queue says how long it is and when the next comment is posted."""
    with Service(forge.url, cooldown_period_seconds=600) as service:
        service.start()
        service.put("posted")
        service.log.until("job_done: ")
        for body in ("second", "third"):
            service.put(body)
        service.terminate()
        service.spawn()
        manager.until("STATUS=2 waiting, 0 failed; next post at 2")


@pytest.mark.full
def test_stopping_is_announced(manager: Manager, service: Service) -> None:
    """Asked to end, the daemon says so before it does."""
    manager.until("READY=1")

    assert service.terminate() == 0
    manager.until("STOPPING=1")


def test_the_watchdog_is_fed_until_supervisord_hangs(manager: Manager, service: Service) -> None:
    """The watchdog hears of supervisord's loop again and again, and of a stopped one nothing."""
    for _ in range(2):
        manager.until("WATCHDOG=1")

    service.supervisor.send_signal(signal.SIGSTOP)

    os.waitid(os.P_PID, service.supervisor.pid, os.WSTOPPED | os.WNOWAIT)
    notify("frozen")
    manager.until("frozen")
    service.kill()
    notify("killed")
    manager.heard.clear()
    manager.until("killed")
    assert manager.heard == ["killed"]


def test_no_service_manager_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a service manager, or with one that has gone, nothing happens."""
    for address in ("", "/nowhere/notify"):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        notify("READY=1")


def test_an_abstract_address_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that begins with @ is one in the abstract name space."""
    name = f"comenq-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        notify("READY=1", "STATUS=Fine.")
        assert manager.recv(100) == b"READY=1\nSTATUS=Fine."


WAITS: dict[str, object] = {
    "counts": {"waiting": 2, "failed": 1},
    "working": True,
    "paused": None,
    "next": {"id": "x", "eta_seconds": None},
}


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        ({"next": None}, "2 waiting, 1 failed."),
        ({"working": None, "next": None}, "2 waiting, 1 failed."),
        ({"working": False}, "2 waiting, 1 failed; no worker runs."),
        ({"paused": {"reason": "why"}}, "2 waiting, 1 failed; paused."),
        ({}, "2 waiting, 1 failed; no account can post."),
        (
            {"counts": {"waiting": 2, "failed": 1, "unconfirmed": 3}},
            "2 waiting, 1 failed, 3 unconfirmed; no account can post.",
        ),
    ],
)
def test_a_status_without_a_next_post(difference: dict[str, object], text: str) -> None:
    """Where no time can be told, the status says what it is that keeps the queue."""
    assert sentence(WAITS | difference) == text


@pytest.mark.parametrize(
    ("line", "priority"),
    [
        (b"2026-11-24T07:50:00.123Z debug worker x: y\n", b"<7>"),
        (b"2026-11-24T07:50:00.123Z info worker x: y\n", b"<6>"),
        (b"2026-11-24T07:50:00.123Z warning worker x: y\n", b"<4>"),
        (b"2026-11-24T07:50:00.123Z error worker x: y\n", b"<3>"),
        (b"Traceback (most recent call last):\n", b"<4>"),
        (b"2026Z strange worker\n", b"<4>"),
    ],
)
def test_a_line_has_the_priority_of_its_level(line: bytes, priority: bytes) -> None:
    """The journal is told each line's level; what has none is a warning."""
    assert with_priorities(line * 2) == (priority + line) * 2


def test_only_the_stream_that_is_named_is_the_journal(tmp_path: Path) -> None:
    """JOURNAL_STREAM, inherited by a process whose output goes elsewhere, counts for nothing."""
    with (tmp_path / "journal").open("w") as journal, (tmp_path / "other").open("w") as other:
        status = os.fstat(journal.fileno())
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert is_journal(journal.fileno(), environ)
        assert not is_journal(other.fileno(), environ)
        assert not is_journal(journal.fileno(), {})


@pytest.mark.full
def test_the_journal_gets_priorities_from_all_processes(forge: Forge) -> None:
    """With its output on the journal, each line of a daemon begins with its priority."""
    reader, writer = os.pipe()
    status = os.fstat(writer)
    stream = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    log = Log()
    with Daemon(forge.url) as daemon, open(reader) as lines:
        process = subprocess.Popen(
            [SCRIPTS / "comenqd", "--config", daemon.config],
            env={**daemon.environment, **stream},
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
        )
        os.close(writer)
        follower = log.follow(lines)
        try:
            log.until("^<6>.* info worker started: ", "^<6>.* info unix listening: ")
        finally:
            process.terminate()
            process.wait(DEADLINE)
            follower.join(DEADLINE)
    log.until("^<4>.* warning supervisor .*SIGTERM")
    assert all(line.startswith("<") for line in log.lines)
