"""What an operator asks of a running daemon's supervisor."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from comenq_core.testing.forge import Forge
from tests import preloaded
from tests.preloaded import SCRIPTS
from tests.process.daemon import READY, Daemon

RUNNING = (r"worker entered RUNNING", r"listener entered RUNNING")


@contextmanager
def running(forge: Forge) -> Iterator[Daemon]:
    """A daemon whose programs supervisord takes to be running."""
    with Daemon(forge.url) as made:
        made.spawn()
        made.log.until(*RUNNING, *READY)
        yield made


@pytest.fixture(scope="module")
def shared() -> Iterator[Daemon]:
    """A running daemon that several tests share."""
    with Forge() as forge, running(forge) as made:
        yield made


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Daemon]:
    """A running daemon for one test."""
    with running(forge) as made:
        yield made


def ask(daemon: Daemon, *words: str) -> tuple[int, str]:
    """Run comenqd beside a daemon, with its configuration; return exit status and output."""
    done = preloaded.run(
        [SCRIPTS / "comenqd", "--config", daemon.config, *words],
        env=daemon.environment,
        stderr=subprocess.STDOUT,
    )
    return done.returncode, done.stdout


def test_ctl_shows_both_programs(shared: Daemon) -> None:
    """Without words, `comenqd ctl` tells that listener and worker run, and exits with 0."""
    status, text = ask(shared, "ctl")

    assert status == 0
    assert [line.split()[:2] for line in text.splitlines()] == [
        ["listener", "RUNNING"],
        ["worker", "RUNNING"],
    ]


@pytest.mark.full
def test_ctl_restarts_one_program(daemon: Daemon, forge: Forge) -> None:
    """`comenqd ctl restart worker` ends the worker, starts another, and leaves the listener."""
    listener, worker = daemon.pid("listener"), daemon.pid("worker")

    assert ask(daemon, "ctl", "restart", "worker")[0] == 0

    assert daemon.pid("listener") == listener
    assert daemon.pid("worker") != worker
    daemon.put("after it")
    assert forge.wait_for_comments(1)[0].body == "after it"


def test_ctl_fails_as_supervisorctl_does(shared: Daemon) -> None:
    """The exit status of supervisorctl is that of `comenqd ctl`."""
    assert ask(shared, "ctl", "signal", "NONE", "worker")[0] == 1


@pytest.mark.parametrize("command", ["ctl", "reload"])
def test_a_daemon_that_does_not_run_is_not_asked(forge: Forge, command: str) -> None:
    """Where no daemon runs, a command says so, and how to start one."""
    with Daemon(forge.url) as daemon:
        status, text = ask(daemon, command)

        assert status == 1
        assert f"no daemon serves {daemon.socket}: start it with comenqd" in text


def test_reload_loses_no_job_and_reads_the_configuration(daemon: Daemon, forge: Forge) -> None:
    """Jobs that wait during a reload are posted after it, as the changed file says."""
    with Forge() as other:
        daemon.comenq("pause")
        for body in ("first", "second"):
            daemon.put(body)
        daemon.change(github_api_url=other.url)

        assert ask(daemon, "reload")[0] == 0
        daemon.log.until(*READY)
        daemon.comenq("resume")

        assert [c.body for c in other.wait_for_comments(2)] == ["first", "second"]
    assert not forge.comments


@pytest.mark.full
def test_a_wrong_configuration_is_not_reloaded(shared: Daemon) -> None:
    """A reload that would end in a daemon that cannot run is refused, and nothing restarts."""
    before = shared.pid("listener"), shared.pid("worker")
    shared.change(cooldown_period_seconds="soon")

    status, text = ask(shared, "reload")

    shared.change(cooldown_period_seconds=0)
    assert status == 1
    assert "cooldown_period_seconds: expected a number" in text
    assert (shared.pid("listener"), shared.pid("worker")) == before
    assert [line.split()[1] for line in ask(shared, "ctl")[1].splitlines()] == ["RUNNING"] * 2


@pytest.mark.parametrize(
    "swept",
    [
        pytest.param("run/supervisor/supervisor.sock", marks=pytest.mark.full),
        pytest.param("run/supervisor", marks=pytest.mark.full),
        "run",
    ],
)
def test_a_swept_control_socket_is_made_again(daemon: Daemon, swept: str) -> None:
    """`comenqd ctl` works again when its socket, or a directory above it, was removed."""
    for _ in range(2):
        path = daemon.directory / swept
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        daemon.log.until("warning supervisor address_lost: ")

        assert ask(daemon, "ctl")[0] == 0
    private = daemon.directory / "run" / "supervisor"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE((private / "supervisor.sock").stat().st_mode) == 0o600
    assert daemon.terminate() == 0
    assert not (private / "supervisor.sock").exists()


def test_a_control_socket_that_cannot_be_made_is_told(daemon: Daemon) -> None:
    """While something is in its way, the log says so once; then `comenqd ctl` works again."""
    private = daemon.directory / "run" / "supervisor"
    shutil.rmtree(private)
    private.touch()
    daemon.log.until("error supervisor not_listening: .*cannot be made")
    private.unlink()
    daemon.log.until("warning supervisor address_lost: ")
    assert ask(daemon, "ctl")[0] == 0
    assert str(daemon.log).count("supervisor not_listening") == 1
