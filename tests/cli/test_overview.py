"""`comenq` alone."""

from __future__ import annotations

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
        assert "comenq OWNER/REPO NUMBER" in done.stdout
        assert (words[1] if words else "no.sock") in done.stderr
