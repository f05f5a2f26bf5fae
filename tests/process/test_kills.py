"""Whatever is killed, the daemon restarts, and no comment is lost or posted twice."""

from __future__ import annotations

import os
import signal

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, Daemon
from tests.process.processes import kill, session_members, wait_for_end


def bodies(forge: Forge, count: int) -> list[str]:
    """What is on the pull requests, once it is so many comments."""
    return [comment.body for comment in forge.wait_for_comments(count)]


@pytest.mark.parametrize(
    "killed",
    [
        pytest.param(["listener"], marks=pytest.mark.full),
        pytest.param(["worker"], marks=pytest.mark.full),
        ["listener", "worker"],
    ],
)
def test_killed_processes_come_back(daemon: Daemon, forge: Forge, killed: list[str]) -> None:
    """After kill -9 of the listener, of the worker or of both, comments are taken and posted."""
    old = {program: daemon.pid(program) for program in killed}
    ready = {"worker": READY[0], "listener": READY[1]}

    for program in killed:
        kill(old[program])

    daemon.log.until(*(ready[program] for program in killed))
    assert all(daemon.pid(program) != old[program] for program in killed)
    daemon.put("after it")
    assert bodies(forge, 1) == ["after it"]


def test_a_worker_killed_in_its_post_leaves_one_comment(forge: Forge) -> None:
    """After kill -9 amid a post, a look-up finds the comment, and the next one is posted."""
    forge.answer_next(delay=600)
    # As far as its successor knows, the dead worker's attempt lasted as long as one can.
    with Daemon(forge.url, github_api_timeout_secs=5) as daemon:
        daemon.start()
        first = daemon.put("first")
        forge.wait_for_requests(1, method="POST")

        kill(daemon.pid("worker"))
        second = daemon.put("second")

        assert bodies(forge, 2) == ["first", "second"]
        daemon.log.until(rf"job_done: .*job={first} ", rf"job_done: .*job={second} ")
    assert len(forge.posts) == 2


@pytest.mark.full
def test_a_killed_daemon_takes_its_processes_along(daemon: Daemon, forge: Forge) -> None:
    """After kill -9 of supervisord nothing is left that could post, and a new daemon serves."""
    orphans = daemon.pid("listener"), daemon.pid("worker")
    session = daemon.supervisor.pid

    with wait_for_end(*orphans):
        daemon.supervisor.kill()

    assert not session_members(session)
    daemon.start().put("after it")
    assert bodies(forge, 1) == ["after it"]


def test_a_new_daemon_waits_for_the_post_of_a_killed_one(daemon: Daemon, forge: Forge) -> None:
    """The worker of a killed supervisor finishes its post; its successor waits, then posts."""
    forge.answer_next(delay=3)
    daemon.put("first")
    forge.wait_for_requests(1, method="POST")

    orphan = daemon.pid("worker")
    with wait_for_end(orphan):
        daemon.supervisor.kill()
        daemon.supervisor.wait(DEADLINE)
        # Its post lasts until the other one is seen to wait. Stopped before it was an orphan, it
        # would get a SIGHUP: https://man7.org/linux/man-pages/man3/exit.3p.html
        os.kill(orphan, signal.SIGSTOP)
        daemon.spawn()
        daemon.log.until(READY[1], r"warning worker waiting: .*another worker")
        daemon.put("second")
        os.kill(orphan, signal.SIGCONT)
    waiting = daemon.pid("worker")

    daemon.log.until(READY[0])
    assert daemon.pid("worker") == waiting
    assert bodies(forge, 2) == ["first", "second"]
    daemon.log.until(r"job_done: ")
    assert len(list((daemon.queue / "done").iterdir())) == 2
