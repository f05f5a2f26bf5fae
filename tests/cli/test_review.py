"""`comenq review`, on a terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from comenq_core.cli.comenq.filters import EVERYTHING, Filter, read_filter
from comenq_core.cli.exit_status import UsageError
from comenq_core.cli.text_width import width, wrapped
from comenq_core.client import Client
from comenq_core.model import Change, State
from tests.cli.command import environment
from tests.cli.conftest import Comenq
from tests.cli.terminal import Session, on_terminal
from tests.cli.test_edit import editor, kept
from tests.socket.serving import Served

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


def hold(served: Served, *bodies: str, number: int = 7) -> list[str]:
    """Queue held comments on a pull request; their ids."""
    target = {"owner": "octo-org", "repo": "site", "pr_number": number}
    with Client(str(served.path)) as client:
        messages = [
            {"op": "put", "hold": True, "request": {**target, "body": body}} for body in bodies
        ]
        return [reply["entry"]["id"] for reply in client.ask_many(messages)]


def states(served: Served, *ids: str) -> list[State]:
    """The states of these jobs."""
    return [served.store.get(job_id).state for job_id in ids]


def change_text(served: Served, job_id: str, body: str) -> None:
    """Somebody else edits a comment."""
    job = served.store.get(job_id)
    served.store.edit(job, replace(job.asked, body=body))


@contextmanager
def reviewing(
    served: Served, *words: str, columns: int = 80, variables: Mapping[str, str] | None = None
) -> Iterator[Session]:
    """A review on a terminal, which it leaves as it was."""
    env = environment(served.path, NO_COLOR="1", **(variables or {}))
    with on_terminal("review", *words, env=env, columns=columns, group=0) as session:
        before = session.settings()
        session.see(ENTER)
        yield session
        assert session.settings() == before
        assert session.seen.count(ENTER) == session.seen.count(LEAVE)


def quit_review(session: Session) -> str:
    """Quit; what is said on the screen that was there before."""
    session.press(b"q")
    assert session.end() == 0
    return session.seen.rpartition(LEAVE)[2].replace("\r\n", "\n")


# What is shown -----------------------------------------------------------------------------------


def test_the_comment_is_shown_as_show_does(comenq: Comenq, served: Served) -> None:
    """Who has queued it, its target and its text are on the screen, and what the keys do."""
    (job_id,) = hold(served, "first line\nsecond line")
    with reviewing(served) as session:
        session.see("q:quit")
        shown = comenq("show", job_id).stdout.split("\n")
        picture = session.picture()
        assert picture[0] == "held comment on octo-org/site#7 · 1 held"
        assert [line for line in shown if line.rstrip() not in picture] == []
        assert quit_review(session) == ""
    assert states(served, job_id) == [State.HELD]


def test_a_long_comment_scrolls(served: Served) -> None:
    """Its first lines are shown, and the others with the keys of a pager."""
    hold(served, "\n".join(f"line {number} of it" for number in range(100)))
    with reviewing(served) as session:
        session.see("more below")
        assert "line 99 of it" not in session.seen
        session.press(b"G")
        session.see("line 99 of it")
        session.press(b"g")
        session.see("line 0 of it")
        quit_review(session)


@pytest.mark.parametrize("columns", [20, 41, 200])
def test_no_line_is_wider_than_the_terminal(served: Served, columns: int) -> None:
    """Whatever the width, the text is wrapped, and the keys are there."""
    hold(served, "\N{GRINNING FACE} wide words " * 3)
    with reviewing(served, columns=columns) as session:
        session.see("pull request")
        session.see("\x1b[J")
        picture = session.picture(columns)
        assert "q:quit" in " ".join(picture)
        assert picture[0].startswith("held comment on oct"[: columns - 1])
        quit_review(session)


def test_what_a_text_says_to_the_terminal_is_shown(served: Served) -> None:
    """Control characters are escaped, so that a comment cannot hide a part of itself."""
    hold(served, "nice\x1b[2J\x1b[8mhidden\rover\u202etxt")
    with reviewing(served) as session:
        session.see(r"nice\x1b[2J\x1b[8mhidden\rover\u202etxt")
        quit_review(session)


def test_screen_follows_the_terminals_size(served: Served) -> None:
    """A resize wraps the text for the new size."""
    hold(served, "word " * 40)
    with reviewing(served) as session:
        session.see("q:quit")
        session.resize(30, 24)
        session.see(f"{'word ' * 6}".strip() + "\x1b[K")
        quit_review(session)


@pytest.mark.parametrize("text", ["x" * 2_000, "two words " * 200, "\u6f22" * 700, " " * 900 + "x"])
@pytest.mark.parametrize("columns", [3, 80])
def test_a_line_of_any_length_is_wrapped_whole(text: str, columns: int) -> None:
    """Nothing but blanks is lost, and no part is too wide: a long word is wrapped by parts."""
    lines = wrapped(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(width, lines)) <= columns


# What is done ------------------------------------------------------------------------------------


def test_comments_are_decided_on_one_by_one(served: Served) -> None:
    """Released, skipped, deleted after a question; then it ends, and says what was done."""
    first, second, third = hold(served, "one", "two", "three")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        session.press(b"r")
        session.see(f"released {first}")
        session.press(b"s")
        session.see("three\x1b[K")
        session.press(b"d")
        session.see(f"delete {third}? y/n")
        session.press(b"n")
        session.see("not deleted")
        session.press(b"d")
        session.see("y/n")
        session.press(b"y")
        assert session.end() == 0
        told = session.seen.rpartition(LEAVE)[2].split("\r\n")
    assert states(served, first, second, third) == [State.WAITING, State.HELD, State.DELETED]
    assert told == [
        f"released {first} · octo-org/site#7 · 1st in queue · now",
        f"deleted {third} · octo-org/site#7",
        "comenq: 1 comment skipped, and held as before",
        "",
    ]


def test_comments_that_arrive_come_last(served: Served) -> None:
    """What is held while it runs is counted, and comes in its turn."""
    hold(served, "one")
    with reviewing(served) as session:
        session.see("1 held")
        hold(served, "late", number=9)
        session.see("2 held")
        session.press(b"s")
        session.see("held comment on octo-org/site#9")
        quit_review(session)


def test_a_target_chooses_the_comments(served: Served) -> None:
    """Only those of the pull request are gone through."""
    hold(served, "one", number=1)
    hold(served, "two", number=2)
    with reviewing(served, "octo-org/site", "2") as session:
        session.see("two\x1b[K")
        session.press(b"s")
        assert session.end() == 0
        assert "one\x1b[K" not in session.seen


def test_a_comment_is_edited_and_shown_again(served: Served, directory: Path) -> None:
    """The editor has the terminal; what it saved is shown, and can be released."""
    (job_id,) = hold(served, "draft")
    with reviewing(served, variables=editor(directory, 'echo final > "$1"')) as session:
        session.see("draft")
        session.press(b"e")
        session.see("final")
        session.press(b"r")
        assert session.end() == 0
        assert f"edited {job_id} · octo-org/site#7 · held" in session.seen.rpartition(LEAVE)[2]
    job = served.store.get(job_id)
    assert (job.asked.body, job.state, kept(directory)) == ("final\n", State.WAITING, [])


@pytest.mark.parametrize("script", ["exit 3", 'echo mine > "$1"\nexit 3'])
def test_a_failed_editor_is_told_of(served: Served, directory: Path, script: str) -> None:
    """The message stays until Enter, and says where the text is; then the review goes on."""
    (job_id,) = hold(served, "draft")
    with reviewing(served, variables=editor(directory, script)) as session:
        session.see("draft")
        session.press(b"e")
        session.see("press Enter to go on")
        assert "the editor exited with status 3: the job keeps its text" in session.seen
        session.press(b"\n")
        session.see("draft")
        assert f"go on with comenq edit {job_id} -F " in session.seen
        quit_review(session)
    assert states(served, job_id) == [State.HELD]


def test_ctrl_z_in_the_editor_draws_nothing(served: Served, directory: Path) -> None:
    """While the editor has the terminal, a stop and a continuation are the shell's matter."""
    hold(served, "draft")
    for name in ("opened", "go"):
        os.mkfifo(directory / name)
    script = f"cd {directory}\n: > opened\n: < go"
    with reviewing(served, variables=editor(directory, script)) as session:
        session.see("draft")
        session.press(b"e")
        (directory / "opened").read_bytes()
        session.process.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, session.process.pid, os.WSTOPPED)
        session.process.send_signal(signal.SIGCONT)
        (directory / "go").write_bytes(b"")
        session.see("draft")
        assert session.seen.count(ENTER) == 2
        quit_review(session)


@pytest.mark.parametrize(("key", "state"), [(b"R", State.WAITING), (b"D", State.DELETED)])
def test_a_pull_request_is_decided_on_at_once(served: Served, key: bytes, state: State) -> None:
    """The texts of all its comments are shown before the question; others are left alone."""
    ids = hold(served, "one", "two")
    (other,) = hold(served, "other", number=8)
    with reviewing(served) as session:
        session.see("one\x1b[K")
        session.press(key)
        session.see("2 comments on octo-org/site#7? y/n")
        session.press(b"n")
        session.see("nothing is ")
        assert states(served, *ids) == [State.HELD, State.HELD]
        session.press(key)
        session.see("y/n")
        session.press(b"G")
        session.see("two\x1b[K")
        session.press(b"y")
        session.see("2 comments ")
        quit_review(session)
    assert states(served, *ids, other) == [state, state, State.HELD]


# What others do meanwhile ------------------------------------------------------------------------


@pytest.mark.parametrize(("keys", "question"), [(b"r", None), (b"R", "y/n")])
def test_what_was_not_scrolled_to_is_not_released(
    served: Served, keys: bytes, question: str | None
) -> None:
    """Until the end of the text was on the screen, neither key releases a comment."""
    ids = hold(served, "\n".join(f"line {number} of it" for number in range(100)))
    with reviewing(served) as session:
        session.see("more below")
        for scrolled, told in ((b"", "scroll to the end first"), (b"G", LEAVE)):
            if question is None:
                session.press(scrolled + keys)
            else:
                session.press(keys)
                session.see(question)
                session.press(scrolled + b"y")
            session.see(told)
            assert states(served, *ids) == [State.HELD if not scrolled else State.WAITING]
        assert session.end() == 0


def test_a_text_that_was_changed_is_not_released_unseen(served: Served) -> None:
    """The old text stays until a key is pressed, which shows the new one and does no more."""
    (job_id,) = hold(served, "harmless")
    with reviewing(served) as session:
        session.see("harmless")
        change_text(served, job_id, "harmful")
        session.see(f"the text of {job_id} was changed: any key shows the new one")
        assert "harmful" not in session.seen
        session.press(b"r")
        session.see("harmful")
        assert states(served, job_id) == [State.HELD]
        session.press(b"r")
        assert session.end() == 0
    assert states(served, job_id) == [State.WAITING]


def test_a_key_that_is_pressed_twice_counts_once(served: Served) -> None:
    """What was typed before a comment was shown does not release it."""
    first, second = hold(served, "one", "two")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        session.press(b"rrr")
        session.see("two\x1b[K")
        quit_review(session)
    assert states(served, first, second) == [State.WAITING, State.HELD]


def test_of_all_comments_only_those_that_were_read_are_released(served: Served) -> None:
    """A text that changes while its question waits is held as before, and shown."""
    first, second = hold(served, "one", "two")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        session.press(b"R")
        session.see("y/n")
        change_text(served, second, "changed")
        (late,) = hold(served, "late")
        session.press(b"y")
        session.see(f"1 comment released, but the text of job {second} was changed since")
        quit_review(session)
    assert states(served, first, second, late) == [State.WAITING, State.HELD, State.HELD]


def test_a_comment_that_went_is_told_of(served: Served) -> None:
    """Somebody else has released it: the next key goes on to the next comment."""
    first, second = hold(served, "one", "two")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        served.store.change(first, Change.RELEASE)
        session.see(f"{first} is waiting by now: any key goes on")
        session.press(b"d")
        session.see("two\x1b[K")
        served.store.forget(second, "so")
        session.see(f"{second} is gone: any key goes on")
        session.press(b"r")
        assert session.end() == 0
        assert "Traceback" not in session.seen


def test_who_is_quicker_wins(served: Served) -> None:
    """A change that the daemon refuses is told of, and the comment shown as it is."""
    (job_id,) = hold(served, "one")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        session.press(b"d")
        session.see("y/n")
        change_text(served, job_id, "two")
        session.press(b"y")
        session.see("two\x1b[K")
        session.see(f"the text of job {job_id} was changed since it was read")
        quit_review(session)
    assert states(served, job_id) == [State.HELD]


def test_a_daemon_that_stops_is_told_of(served: Served) -> None:
    """The comment stays on the screen, and the review goes on once a daemon answers."""
    hold(served, "one")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        served.finish()
        session.see("no daemon answers")
        assert "one" in session.picture()
        quit_review(session)


# How it ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "status"), [(2, 130), (15, 143), (1, 129)])
@pytest.mark.parametrize("key", [b"", b"d", b"R"])
def test_signals_restore_the_terminal(served: Served, number: int, status: int, key: bytes) -> None:
    """Ctrl-C, SIGTERM and SIGHUP end it, also while a question waits; what was done is told."""
    first, second = hold(served, "one", "two")
    with reviewing(served) as session:
        session.see("one\x1b[K")
        session.press(b"r")
        session.see("two\x1b[K")
        if key:
            session.press(key)
            session.see("y/n")
        session.process.send_signal(number)
        assert session.end() == status
        assert f"released {first}" in session.seen.rpartition(LEAVE)[2]
    assert states(served, second) == [State.HELD]


def test_end_of_input_ends_it(served: Served, directory: Path) -> None:
    """Without a keyboard nothing is decided."""
    (job_id,) = hold(served, "one")
    with reviewing(served, variables=editor(directory, "exit 3")) as session:
        session.see("one\x1b[K")
        session.press(b"e")
        session.see("press Enter to go on")
        session.press(b"\x04")
        assert session.end() == 130
    assert states(served, job_id) == [State.HELD]


def test_nothing_held_is_no_error(comenq: Comenq, served: Served) -> None:
    """It says so, and draws no screen."""
    comenq("octo-org/site", "7", "waits")
    for words, said in (((), "no comment is held"), (("o/r",), "no held comment matches")):
        with on_terminal("review", *words, env=environment(served.path)) as session:
            assert session.end() == 0
            assert session.seen == f"comenq: {said}\r\n"


def test_without_a_terminal_it_names_the_list(comenq: Comenq, served: Served) -> None:
    """A pipe cannot be asked; nor can a dumb terminal."""
    hold(served, "one")
    done = comenq("review")
    assert (done.returncode, done.stdout) == (2, "")
    assert "use comenq list --state held instead" in done.stderr
    with on_terminal("review", env=environment(served.path, TERM="dumb")) as session:
        assert session.end() == 2


# Where it is told of -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["list", "status"])
def test_who_sees_held_comments_learns_of_it(comenq: Comenq, served: Served, command: str) -> None:
    """On a terminal, one line names the command; through a pipe, and without held ones, none."""
    hint = "comenq: 2 held: go through them with comenq review"
    with on_terminal(command, env=environment(served.path)) as session:
        session.end()
        assert hint not in session.seen
    hold(served, "one", "two")
    with on_terminal(command, env=environment(served.path)) as session:
        session.end()
        assert session.seen.count(hint) == 1
    assert "review" not in comenq(command).stderr


def test_targets_have_the_usual_forms() -> None:
    """A repository, a pull request in each form of ``--pr``, or in two words."""
    site = Filter("octo-org/site", 7)
    assert read_filter([]) == EVERYTHING
    assert read_filter(["octo-org/site"]) == Filter("octo-org/site")
    for words in (
        ["octo-org/site", "7"],
        ["octo-org/site", "#7"],
        ["octo-org/site#7"],
        ["https://github.com/octo-org/site/pull/7"],
    ):
        assert read_filter(words) == site
    assert read_filter(["#7"]) == Filter(None, 7)
    for words in (["site"], ["a/b/c"], ["octo-org/site", "7", "8"], ["0"], ["\x1b[2J"]):
        with pytest.raises(UsageError, match="neither OWNER/REPO nor a pull request"):
            read_filter(words)
