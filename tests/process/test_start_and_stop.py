"""How a daemon starts and stops, and what it does when it cannot start or reach the forge."""

from __future__ import annotations

import re
import socket

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon
from tests.process.processes import session_members


@pytest.mark.full
def test_sigterm_ends_everything_with_0(daemon: Daemon) -> None:
    """Asked to end, the daemon exits with 0 and leaves no process and no socket behind."""
    assert daemon.terminate() == 0
    assert not session_members(daemon.supervisor.pid)
    assert not daemon.socket.exists()


def test_sigterm_lets_a_post_be_settled(daemon: Daemon, forge: Forge) -> None:
    """A post in flight is waited for and recorded before the daemon exits, with 0."""
    forge.answer_next(delay=3)
    daemon.put("in flight")
    forge.wait_for_requests(1, method="POST")

    assert daemon.terminate() == 0

    asked, settled = daemon.log.place("received SIGTERM"), daemon.log.place("worker job_done: ")
    assert asked < settled
    assert len(forge.comments) == 1
    assert len(list((daemon.queue / "done").iterdir())) == 1


def test_a_forge_that_is_down_at_first_is_waited_for() -> None:
    """A comment whose forge refuses connections is posted, once, when it has come up."""
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with Daemon(f"http://127.0.0.1:{port}") as daemon:
            daemon.start()
            daemon.put("late")
            daemon.log.until(r"job_requeued: .* outcome=unavailable")
            with Forge(port=port) as forge:
                (comment,) = forge.wait_for_comments(1)
                daemon.log.until(r"job_done: ")

    assert comment.body == "late"
    assert len(forge.posts) == 1


@pytest.mark.full
def test_a_second_daemon_on_the_same_socket_is_refused(daemon: Daemon, forge: Forge) -> None:
    """It ends at once with 1 and says which socket is taken; the first one serves on."""
    with Daemon(forge.url, socket_path=str(daemon.socket)) as second:
        process = second.spawn()
        assert process.wait(DEADLINE) == 1
        second.log.until(f"another daemon .*{daemon.socket}")

    daemon.put("still here")
    assert forge.wait_for_comments(1)[0].body == "still here"


def started(daemon: Daemon, program: str) -> int:
    """How often a program was started."""
    return sum(f"spawned: '{program}'" in line for line in daemon.log.lines)


@pytest.mark.full
def test_a_second_daemon_on_the_same_spool_is_refused(daemon: Daemon, forge: Forge) -> None:
    """With a socket of its own, it ends with 1 as soon as its worker finds the spool taken."""
    with Daemon(forge.url, queue_path=str(daemon.queue)) as second:
        assert second.spawn().wait(DEADLINE) == 1
        second.log.until(r"error worker locked: .*another worker .*end its daemon")
        assert started(second, "worker") == 1

    daemon.put("still here")
    assert forge.wait_for_comments(1)[0].body == "still here"


@pytest.mark.full
def test_a_spool_that_others_may_write_ends_the_daemon_at_once(forge: Forge) -> None:
    """A fault that only a person can repair is not retried: the daemon says so, and ends with 1."""
    with Daemon(forge.url) as daemon:
        daemon.queue.mkdir()
        daemon.queue.chmod(0o777)
        assert daemon.spawn().wait(DEADLINE) == 1
        daemon.log.until(r"error \w+ store_failed: .*others can write here", r"supervisor fatal: ")
        assert max(started(daemon, program) for program in ("listener", "worker")) == 1


@pytest.mark.full
def test_a_socket_path_that_is_no_socket_ends_the_daemon_at_once(forge: Forge) -> None:
    """An intake that can never open is not retried, and no worker runs without it."""
    with Daemon(forge.url) as daemon:
        daemon.socket.parent.mkdir(mode=0o750)
        daemon.socket.mkdir()
        assert daemon.spawn().wait(DEADLINE) == 1
        daemon.log.until(r"error listener invalid_settings: socket_path: .* is no socket")
        assert started(daemon, "listener") == 1


@pytest.mark.full
def test_a_daemon_after_a_killed_one_says_so_in_its_own_words(forge: Forge) -> None:
    """What a killed supervisord has left behind is removed without a line unlike the others."""
    with Daemon(forge.url) as daemon:
        daemon.start()
        daemon.kill()
        daemon.start()
        daemon.terminate()
    assert all(re.match(r"\S+Z [a-z]+ [a-z]+ \w+: ", line) for line in daemon.log.lines)


@pytest.mark.full
def test_a_second_worker_on_the_same_spool_is_refused(daemon: Daemon, forge: Forge) -> None:
    """It ends with 1 and says who has the spool, whatever socket it belongs to."""
    with Daemon(forge.url, queue_path=str(daemon.queue)) as second:
        process = second.spawn("work")
        assert process.wait(DEADLINE) == 1
        second.log.until(
            rf"locked: {daemon.queue}/.* another worker \(pid {daemon.pid('worker')}\)"
        )
