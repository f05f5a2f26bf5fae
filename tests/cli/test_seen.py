"""What a person has seen on a terminal is told to the daemon; what a program reads is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.client import Client
from comenq_core.model import Failed
from tests.cli.command import environment
from tests.cli.conftest import Comenq
from tests.cli.terminal import on_terminal
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served

Look = Callable[..., None]


@pytest.fixture(autouse=True)
def failed(served: Served) -> list[str]:
    """The ids of two failed jobs."""
    request = {"owner": "o", "repo": "r", "pr_number": 1, "body": "text"}
    with Client(str(served.path)) as client:
        ids = [reply["entry"]["id"] for reply in client.ask_many([request] * 2)]
    for _ in ids:
        job = served.store.claim("bot")
        assert job is not None
        served.store.settle(job, Failed(reason="it is locked"), ATTEMPT)
    return ids


@pytest.fixture
def look(served: Served) -> Look:
    """Runs the command on a terminal."""

    def run(*words: str) -> None:
        with on_terminal(*words, env=environment(served.path)) as session:
            assert session.end() == 0

    return run


def test_a_shown_job_is_seen(served: Served, failed: list[str], look: Look) -> None:
    """It is seen, and the others are not."""
    look("show", failed[0])
    assert served.store.counts().unseen == 1
    assert list(served.store.mark_seen(failed)) == [failed[1]]


@pytest.mark.parametrize(
    "words", [("hist",), ("hist", "--failed"), ("list", "--state", "failed")], ids=" ".join
)
def test_listed_jobs_are_seen(served: Served, look: Look, words: tuple[str, ...]) -> None:
    """All that a list has shown are seen."""
    look(*words)
    assert served.store.counts().unseen == 0


def test_what_a_list_leaves_out_is_not_seen(served: Served, look: Look) -> None:
    """Only the jobs on the screen are."""
    look("hist", "-n", "1")
    look("list")
    assert served.store.counts().unseen == 1


def test_what_a_program_reads_is_not_seen(
    served: Served, failed: list[str], look: Look, comenq: Comenq
) -> None:
    """Neither JSON, not even on a terminal, nor what goes into a pipe."""
    commands = (("show", failed[0]), ("hist",), ("list", "--state", "failed"))
    for words in commands:
        assert comenq(*words).returncode == 0
        look(*words, "--json")
    assert served.store.counts().unseen == 2
