"""How a daemon ends, and what it does when it cannot begin or reaches nobody."""

from __future__ import annotations

import socket

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon
from tests.process.log import DEADLINE
from tests.process.processes import session_members


def test_sigterm_ends_everything_with_0(daemon: Daemon) -> None:
    """Asked to end, the daemon exits with 0 and leaves no process and no socket behind."""
    assert daemon.terminate() == 0
    assert not session_members(daemon.supervisor.pid)
    assert not daemon.socket.exists()


def test_sigterm_lets_a_post_be_settled(daemon: Daemon, forge: Forge) -> None:
    """A post in flight is waited for and recorded before the daemon exits, with 0."""
    forge.answer_next(delay=3)
    daemon.put("in flight")
    forge.wait_for_requests(1, timeout=60, method="POST")

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
            daemon.put("patience")
            daemon.log.until(r"job_kept: .* outcome=unavailable")
            with Forge(port=port) as forge:
                (comment,) = forge.wait_for_comments(1, timeout=60)
                daemon.log.until(r"job_done: ")

    assert comment.body == "patience"
    assert len(forge.posts) == 1


def test_a_second_daemon_on_the_same_socket_is_refused(daemon: Daemon, forge: Forge) -> None:
    """It ends at once with 1 and says which socket is taken; the first one serves on."""
    with Daemon(forge.url, socket_path=str(daemon.socket)) as second:
        process = second.spawn()
        assert process.wait(DEADLINE) == 1
        second.log.until(f"another daemon .*{daemon.socket}")

    daemon.put("still here")
    assert forge.wait_for_comments(1, timeout=60)[0].body == "still here"


def test_a_second_worker_on_the_same_spool_is_refused(daemon: Daemon, forge: Forge) -> None:
    """It ends with 1 and says who has the spool, whatever socket it belongs to."""
    with Daemon(forge.url, queue_path=str(daemon.queue)) as second:
        process = second.spawn("work")
        assert process.wait(DEADLINE) == 1
        second.log.until(
            rf"locked: {daemon.queue}/.* another worker \(pid {daemon.pid('worker')}\)"
        )
