"""`comenq` alone."""

from __future__ import annotations

import re
from pathlib import Path

from comenq_core.model import Failed
from tests.cli.command import environment, run
from tests.cli.conftest import Comenq
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served


def test_it_shows_where_the_queue_stands_and_what_to_type(comenq: Comenq, served: Served) -> None:
    """The counts, the next comment and what needs a person are followed by commands to type."""
    comenq("octo-org/site", "7", "text")
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, Failed(reason="it is locked"), ATTEMPT)
    done = comenq()
    assert (done.returncode, done.stderr) == (0, "")
    state, _, advice = done.stdout.partition("\n\n")
    assert [line.split(":")[0] for line in state.splitlines()] == ["queue", "next", "trouble"]
    assert 'comenq OWNER/REPO NUMBER "Looks good to me."' in advice
    assert "comenq --help" in advice


def test_without_a_daemon_it_says_so_and_what_to_type(directory: Path) -> None:
    """The exit status is 3, as of every command that reaches no daemon."""
    for words in ((), ("--socket", str(directory / "other.sock"))):
        done = run(*words, env=environment(directory / "no.sock"))
        assert done.returncode == 3
        assert "no daemon answers" in done.stderr
        assert "OWNER/REPO NUMBER" in done.stdout
        assert (words[1] if words else "no.sock") in done.stderr


def test_commands_that_are_told_reach_the_daemon_that_was_chosen(served: Served) -> None:
    """Where an option chooses the daemon, all that is told has it; else the environment does."""
    option = ("--socket", str(served.path))
    for chosen, env, told in (
        (option, environment(), f"comenq --socket {served.path} "),
        ((), environment(served.path), "comenq "),
    ):
        held = run(*chosen, "put", "o/r", "7", "text", "--hold", env=env).stdout
        assert re.search(rf" {told}release [0-9a-z]{{12}}$", held)
        assert run(*chosen, "pause", env=env).stdout.endswith(f" {told}resume\n")
        overview = run(*chosen, env=env).stdout
        assert f"(resume it with {told}resume)" in overview
        assert len(re.findall(rf"^[a-z ]+: +{told}", overview, re.MULTILINE)) == 6


def test_commands_that_are_told_name_the_daemon(directory: Path) -> None:
    """With --daemon, what is told has the option, also while that daemon is away."""
    env = environment(HOME=str(directory))
    told = run("--daemon", "work", env=env).stdout
    assert "comenq --daemon work list\n" in told
    env |= {"COMENQ_DAEMON": "work"}
    assert "comenq list\n" in run(env=env).stdout
