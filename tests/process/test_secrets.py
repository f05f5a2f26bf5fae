"""The token goes to the forge and nowhere else."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from comenq_core.supervisor.launch import conf_file
from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, TOKEN, Daemon
from tests.process.processes import kill, session_members

REPLIES = ('{"op":"status"}', '{"op":"list"}', '{"op":"hist"}', '{"op":"nonsense"}')


def in_proc(pid: int) -> Iterator[tuple[str, bytes]]:
    """What the kernel shows of a process; an environment that may not be read shows nothing."""
    for name in ("cmdline", "environ"):
        with suppress(PermissionError):
            yield f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes()


def in_files(daemon: Daemon) -> Iterator[tuple[str, bytes]]:
    """Every file of the daemon's but the token's own."""
    for path in daemon.directory.rglob("*"):
        if path.is_file() and path.name != "token":
            yield str(path), path.read_bytes()


def ctl(daemon: Daemon, *words: str) -> bytes:
    """What supervisorctl says."""
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisorctl", "-c", conf_file("supervisord.conf"),
         *words],
        cwd=daemon.socket.parent / "supervisor",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )  # fmt: skip
    return done.stdout


def everything(daemon: Daemon) -> Iterator[tuple[str, bytes]]:
    """Every place where the token could show, each with a name."""
    for pid in session_members(daemon.supervisor.pid):
        yield from in_proc(pid)
    yield from in_files(daemon)
    yield from ((text, repr(daemon.say(text)).encode()) for text in REPLIES)
    yield from ((word, ctl(daemon, word)) for word in ("status", "avail", "pid"))
    yield "check", daemon.comenqd("check").encode()
    yield "the log", str(daemon.log).encode()


def test_the_token_is_nowhere(forge: Forge) -> None:
    """Not in arguments, environments, files, log, replies or supervisorctl, also after a 401."""
    with Daemon(forge.url, log_level="debug") as daemon:
        daemon.start().put("posted with it")
        daemon.log.until(r"job_done: ")
        forge.answer_next(status=401)
        daemon.put("refused")
        daemon.log.until(r"outcome=unauthorized")

        seen = dict(everything(daemon))

        assert [place for place, text in seen.items() if TOKEN.encode() in text] == []
        assert b"listener" in seen["status"]
        assert b"401" in seen['{"op":"status"}']
        assert all(TOKEN in request.headers["authorization"] for request in forge.posts)


def test_a_token_from_the_environment_is_in_no_environment(forge: Forge) -> None:
    """No process shows it, and a worker that is started again still has it."""
    with Daemon(forge.url, github_token_file=None) as daemon:
        daemon.variables["COMENQD_GITHUB_TOKEN"] = TOKEN
        daemon.start()
        kill(daemon.pid("worker"))
        daemon.log.until(READY[0])
        daemon.put("posted with it")
        forge.wait_for_comments(1)

        shown = dict(
            place for pid in session_members(daemon.supervisor.pid) for place in in_proc(pid)
        )

    assert len([place for place in shown if place.startswith("cmdline")]) == 3
    assert [place for place, text in shown.items() if TOKEN.encode() in text] == []
    assert all(TOKEN in request.headers["authorization"] for request in forge.posts)


@pytest.fixture
def cores() -> Iterator[None]:
    """Let processes that are started now leave core files, as far as this user may."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if before[1] == 0:
        pytest.skip("no process may leave a core file here")
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("listener", marks=pytest.mark.full),
        "worker",
        pytest.param("supervisord", marks=pytest.mark.full),
    ],
)
def test_no_process_with_secrets_leaves_a_core(cores: None, daemon: Daemon, program: str) -> None:
    """The kernel is to write no core file of it, whatever the daemon's own limit is."""
    pid = daemon.supervisor.pid if program == "supervisord" else daemon.pid(program)
    limits = Path(f"/proc/{pid}/limits").read_text()

    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
