"""`comenq del` asks before it deletes several jobs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.cli.command import environment
from tests.cli.conftest import Comenq
from tests.cli.terminal import on_terminal
from tests.socket.serving import Served


@pytest.fixture(autouse=True)
def jobs(comenq: Comenq) -> None:
    """Two jobs are waiting."""
    for number in ("1", "2"):
        comenq("octo-org/site", number, "text")


def _typed(served: Served, words: Sequence[str], answer: bytes) -> int:
    with on_terminal("del", *words, env=environment(served.path)) as session:
        session.see("Delete 2 jobs? [y/N] ")
        session.press(answer)
        return session.end()


@pytest.mark.parametrize("answer", [b"\n", b"n\n", b"what\n", b"\x04"])
def test_anything_but_yes_deletes_nothing(served: Served, answer: bytes) -> None:
    """Without a yes every job stays, and the exit status is 1."""
    assert _typed(served, ["--all"], answer) == 1
    assert len(served.store.pending()) == 2


@pytest.mark.parametrize("answer", [b"y\n", b"YES\n"])
def test_yes_deletes_them(served: Served, answer: bytes) -> None:
    """After a yes they are deleted; ids are asked about as --all is."""
    ids = [job.id for job in served.store.pending()]
    assert _typed(served, ids, answer) == 0
    assert len(served.store.pending()) == 0


@pytest.mark.parametrize("several", [True, False])
def test_option_or_a_single_job_is_not_asked_about(served: Served, several: bool) -> None:
    """With --yes, or for one job, nothing is asked."""
    words = ["--all", "--yes"] if several else [served.store.pending()[0].id]
    with on_terminal("del", *words, env=environment(served.path)) as session:
        assert session.end() == 0
    assert "?" not in session.seen
    assert len(served.store.pending()) == (0 if several else 1)


def test_program_is_not_asked(comenq: Comenq, served: Served) -> None:
    """Without a terminal nobody could answer, so the jobs are deleted."""
    assert comenq("del", "--all").returncode == 0
    assert len(served.store.pending()) == 0
