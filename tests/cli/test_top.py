"""`comenq top`, on a terminal."""

from __future__ import annotations

import os
import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from comenq_core.cli.comenq import top_queue
from comenq_core.cli.comenq.keys import named
from comenq_core.cli.comenq.top_queue import TopQueue
from comenq_core.cli.comenq.window import Window
from comenq_core.client import Client
from comenq_core.model import Pacing, State, Unconfirmed
from tests.cli.command import environment, run
from tests.cli.conftest import Comenq
from tests.cli.terminal import Session, on_terminal
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served


def _pace(served: Served, **record: object) -> None:
    first = Pacing(account="octocat", at=served.store.now())
    served.store.save_pacing(replace(first, **record), expect=None)  # type: ignore[arg-type]


def _put(served: Served, number: int) -> list[str]:
    with Client(str(served.path)) as client:
        target = {"owner": "octo-org", "repo": "site", "pr_number": 7}
        replies = client.ask_many({**target, "body": f"comment {n}"} for n in range(number))
        return [reply["entry"]["id"] for reply in replies]


@contextmanager
def _watching(served: Served, *words: str, columns: int = 80) -> Iterator[Session]:
    env = environment(served.path, NO_COLOR="1")
    with on_terminal(*words, env=env, columns=columns) as session:
        before = session.settings()
        session.see("\x1b[?1049h")
        session.see("q:quit")
        assert session.settings() != before
        yield session
        assert session.settings() == before
        assert session.seen.count("\x1b[?1049h") == session.seen.count("\x1b[?1049l")
        assert session.seen.endswith("\x1b[?25h\x1b[?1049l")


def _quit(session: Session) -> None:
    session.press(b"q")
    assert session.end() == 0


@pytest.mark.parametrize("words", [("top",), ("status", "--watch")])
def test_top_runs_until_q(comenq: Comenq, served: Served, words: tuple[str, ...]) -> None:
    """Top shows changes live, and restores the terminal when it quits."""
    with _watching(served, *words) as session:
        comenq("octo-org/site", "7", "hello")
        session.see("octo-org/site#7")
        session.press(b"q")
        assert session.end() == 0


def test_top_names_unconfirmed_comments(served: Served) -> None:
    """What only a person can tell is said live, too."""
    _put(served, 1)
    job = served.store.claim("octocat")
    assert job is not None
    served.store.settle(job, Unconfirmed(reason="why"), ATTEMPT)
    with _watching(served, "top") as session:
        session.see(f"{job.id} for octo-org/site#7 is unconfirmed since")
        session.press(b"q")
        assert session.end() == 0


@pytest.mark.parametrize(("signal", "status"), [(2, 130), (15, 143), (1, 129)])
def test_signals_restore_the_terminal(served: Served, signal: int, status: int) -> None:
    """Ctrl-C, SIGTERM and SIGHUP end top, and it restores the terminal."""
    with _watching(served, "top") as session:
        session.process.send_signal(signal)
        assert session.end() == status


def test_error_restores_the_terminal(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Top shows an error of the daemon, and restores the terminal when it quits."""
    with _watching(served, "top") as session:
        monkeypatch.setattr(served.store, "counts", lambda: 1 / 0)
        session.see("the daemon met an error of its own")
        session.press(b"q")
        assert session.end() == 0


def test_countdown_goes_down(comenq: Comenq, served: Served) -> None:
    """The countdown follows the daemon's clock."""
    _pace(served, backoff=3600)
    with _watching(served, "top") as session:
        session.see("may post in 1:00:00")
        served.store._clock.advance(1_000)  # type: ignore[attr-defined]
        session.see("may post in 43:20")
        session.press(b"q")
        session.end()


def test_daemon_that_stops_is_reported(served: Served) -> None:
    """When the daemon stops, top says that none answers, and keeps running."""
    with _watching(served, "top") as session:
        served.finish()
        session.see("no daemon answers")
        session.press(b"q")
        assert session.end() == 0


def test_suspension_restores_the_screen(served: Served) -> None:
    """Ctrl-Z leaves the alternate screen, and SIGCONT returns to it."""
    with _watching(served, "top") as session:
        session.process.send_signal(signal.SIGTSTP)
        session.see("\x1b[?1049l")
        os.waitid(os.P_PID, session.process.pid, os.WSTOPPED)
        session.process.send_signal(signal.SIGCONT)
        session.see("\x1b[?1049h")
        session.press(b"q")
        assert session.end() == 0


def test_top_needs_a_terminal(comenq: Comenq, served: Served) -> None:
    """Without a terminal, or on a dumb one, top suggests comenq status."""
    done = comenq("top")
    assert (done.returncode, done.stdout) == (2, "")
    assert "comenq status" in done.stderr
    with on_terminal("top", env=environment(served.path, TERM="dumb")) as session:
        assert session.end() == 2


# Keys --------------------------------------------------------------------------------------------


def test_keys_hold_and_release_the_selected_job(served: Served) -> None:
    """The key h holds the selected job, and r releases it; each says so."""
    first, second = _put(served, 2)
    with _watching(served, "top") as session:
        session.press(b"\x1b[B")
        session.see(f"> {second}")
        session.press(b"h")
        session.see(f"held {second}")
        assert [job.state for job in served.store.pending()] == [State.WAITING, State.HELD]
        session.press(b"r")
        session.see(f"released {second}")
        assert [job.id for job in served.store.pending()] == [first, second]
        _quit(session)


def test_keys_move_the_selected_job(served: Served) -> None:
    """The key l makes the selected job the last, and f the last one the first."""
    first, second, third = _put(served, 3)
    with _watching(served, "top") as session:
        session.press(b"l")
        session.see(f"moved back {first}")
        assert [job.id for job in served.store.pending()] == [second, third, first]
        session.press(b"Gf")
        session.see("bumped ")
        assert [job.id for job in served.store.pending()] == [first, second, third]
        _quit(session)


@pytest.mark.parametrize(
    ("answer", "said", "left"), [(b"y", "deleted ", 1), (b"n", "not deleted", 2)]
)
def test_delete_asks_first(served: Served, answer: bytes, said: str, left: int) -> None:
    """The key d names the job and asks; only y deletes it."""
    first, _ = _put(served, 2)
    with _watching(served, "top", columns=40) as session:
        session.press(b"d")
        session.see(f"delete {first}? y/n")
        session.press(answer)
        session.see(said)
        assert len(served.store.pending()) == left
        _quit(session)


def test_key_pauses_and_resumes(served: Served) -> None:
    """The key p pauses the queue, and then resumes it."""
    with _watching(served, "top") as session:
        session.press(b"p")
        session.see("the queue is paused")
        assert served.store.paused() is not None
        session.press(b"p")
        session.see("the queue is resumed")
        assert served.store.paused() is None
        _quit(session)


def test_job_is_shown_whole_and_scrolls(served: Served) -> None:
    """The key s shows what comenq show does, wrapped; q returns to the queue."""
    body = "\n".join(f"line {number} {'word ' * 20}" for number in range(20))
    run("octo-org/site", "7", body, env=environment(served.path))
    with _watching(served, "top", columns=40) as session:
        session.press(b"s")
        session.see("q:back")
        assert "pull request:  octo-org/site#7" in session.picture(40)
        assert " more below" in session.picture(40)[-2]
        session.press(b"\x1b[F")
        session.see("line 19 word")
        session.press(b"q")
        session.see("q:quit")
        _quit(session)


def test_job_that_cannot_be_changed_says_why(served: Served) -> None:
    """A refusal is shown below the queue, which stays."""
    _put(served, 1)
    with _watching(served, "top") as session:
        session.press(b"r")
        session.see("only a job that is held allows that")
        _quit(session)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_long_queue_scrolls(served: Served, columns: int) -> None:
    """It says how many rows are below, and none at the end; no line is wider than the screen."""
    ids = _put(served, 60)
    with _watching(served, "top", columns=columns) as session:
        rows = [line for line in session.picture(columns) if "octo" in line or "#7" in line]
        assert f"  … {60 - len(rows)} more below" in session.picture(columns)
        assert rows[0].startswith(f"> {ids[0]}")
        assert session.picture(columns)[0].startswith("comenq ")
        session.press(b"G")
        session.see(f"> {ids[-1]}")
        session.press(b"\x1b[5~g")
        session.see(f"> {ids[0]}")
        _quit(session)


def test_screen_follows_the_terminals_size(served: Served) -> None:
    """A resize draws the screen for the new size, also where nothing else would draw it."""
    run("octo-org/site", "7", "word " * 40, env=environment(served.path))
    with _watching(served, "top") as session:
        session.resize(60, 15)
        session.see("d:delete p:pause\x1b[K")
        session.press(b"s")
        session.see("q:back")
        session.resize(30, 15)
        session.see(f"{'word ' * 6}".strip() + "\x1b[K")
        session.press(b"q")
        _quit(session)


@pytest.mark.parametrize("keys", [b"s", b"d"])
def test_sigterm_restores_the_terminal_wherever_it_comes(served: Served, keys: bytes) -> None:
    """Also while a job is shown, or while a question waits."""
    _put(served, 1)
    with _watching(served, "top") as session:
        session.press(keys)
        session.see("q:back" if keys == b"s" else "y/n")
        session.process.send_signal(signal.SIGTERM)
        assert session.end() == 143


# Without a terminal ------------------------------------------------------------------------------


def test_keys_of_terminals_have_names() -> None:
    """Cursor keys have names in both modes, several may come at once, and others are harmless."""
    assert named(b"\x1b[A\x1bOB\x1b[6~q") == ["up", "down", "page down", "q"]
    assert named(b"\r\x1b") == ["enter", "escape"]
    assert named(b"\x1b[1;5C") == ["\x1b[1;5C"]
    assert named("é".encode())[0] not in {"q", "d"}


def test_window_keeps_the_selected_row_on_the_screen() -> None:
    """It scrolls as little as it has to, and stays within the list."""
    window = Window()
    window.fit(3, 10)
    for key, first, selected in (
        ("up", 0, 0), ("down", 0, 1), ("page down", 2, 4), ("end", 7, 9), ("down", 7, 9),
        ("k", 7, 8), ("g", 0, 0),
    ):  # fmt: skip
        assert window.press(key)
        assert (window.first, window.selected) == (first, selected)
    assert window.below == 7
    assert not window.press("h")
    window.press("end")
    window.fit(5, 4)
    assert (window.first, window.selected, window.below) == (0, 3, 0)
    window.fit(1, 0)
    assert (window.first, window.selected) == (0, 0)


def test_text_scrolls_by_lines() -> None:
    """Down shows the next line of a text, and nothing is selected in it."""
    window = Window()
    window.fit(3, 10)
    assert window.scroll("down")
    assert window.first == 1
    assert window.scroll("up")
    assert window.first == 0
    assert window.scroll("page down")
    assert window.first == 3
    assert not window.scroll("q")


def test_long_queue_is_not_read_again_for_each_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10,000 jobs a few screens are read, and again only when other rows are to be shown."""
    asked: list[tuple[int, int]] = []

    def listed(_args: object, *, limit: int, offset: int) -> list[dict[str, Any]]:
        asked.append((offset, limit))
        return [{"id": str(row)} for row in range(offset, min(offset + limit, 10_000))]

    monkeypatch.setattr(top_queue, "listed", listed)
    monkeypatch.setattr(
        top_queue, "ask", lambda *_, **__: {"status": {"counts": {"waiting": 10_000}}}
    )
    queue = TopQueue(Namespace())
    queue.refresh(0, 20)
    assert asked == [(0, 60)]
    for first in range(41):
        assert queue.rows(first, 20)[0]["id"] == str(first)
    assert asked == [(0, 60)]
    assert queue.total == 10_000
    assert queue.rows(9_980, 20)[-1]["id"] == "9999"
    assert asked[1:] == [(9_960, 60)]
    assert (queue.find("9970"), queue.find("3")) == (9_970, None)
