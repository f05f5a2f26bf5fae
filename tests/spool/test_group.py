"""Threads that ask at the same time: what they ask for is done together, and each has its own."""

from __future__ import annotations

import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.spool.group_commit import GroupCommit, _Part
from tests.spool.crowd import until_waiting


class OperatorActions:
    """Does what it is asked for as soon as the test lets it, and tells which came together."""

    def __init__(self) -> None:
        self.groups: list[Sequence[int]] = []
        self.may_go_on = threading.Event()
        self.commit: GroupCommit[int, str] = GroupCommit(self.carry_out)

    def carry_out(self, asked: Sequence[int]) -> Sequence[str | BaseException]:
        """Return the numbers as texts; for a negative one, an error."""
        self.groups.append(asked)
        assert self.may_go_on.wait(DEADLINE)
        if 0 in asked:
            raise OSError(5, "Input/output error")
        return [str(one) if one > 0 else ValueError(one) for one in asked]


def asked_of(desk: OperatorActions, first: int, *others: int) -> list[Future[str]]:
    """What comes of them: the first has the desk to itself, and meanwhile the others gather."""
    with ThreadPoolExecutor(1 + len(others)) as threads:
        answers = [threads.submit(desk.commit.do, first)]
        while not desk.groups:
            assert not answers[0].done()
        answers += [threads.submit(desk.commit.do, one) for one in others]
        until_waiting(len(others))
        desk.may_go_on.set()
    return answers


def test_what_gathers_meanwhile_is_done_together() -> None:
    """Five that ask while one is at work are the next group, and each gets its own answer."""
    desk = OperatorActions()
    answers = asked_of(desk, 1, 2, 3, 4, 5, 6)
    assert [answer.result() for answer in answers] == ["1", "2", "3", "4", "5", "6"]
    assert [sorted(together) for together in desk.groups] == [[1], [2, 3, 4, 5, 6]]


def test_who_is_refused_is_refused_alone() -> None:
    """An error that is one thread's own reaches no other of its group."""
    answers = asked_of(OperatorActions(), 1, 2, -3, 4)
    assert [answer.exception() is None for answer in answers] == [True, True, False, True]


def test_a_failure_reaches_the_whole_group_and_no_other() -> None:
    """When the disk fails, all that it was asked for together has failed."""
    desk = OperatorActions()
    answers = asked_of(desk, 1, 0, 3)
    assert answers[0].result() == "1"
    for answer in answers[1:]:
        with pytest.raises(OSError, match="Input/output"):
            answer.result()


def test_it_goes_on_after_a_failure() -> None:
    """Whoever asks next is not left waiting for one that is gone."""
    desk = OperatorActions()
    desk.may_go_on.set()
    with pytest.raises(OSError, match="Input/output"):
        desk.commit.do(0)
    assert desk.commit.do(7) == "7"


def test_who_was_served_with_others_waits_for_them_to_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They come a moment later, and would otherwise wait until the first of them is done."""
    desk = OperatorActions()
    asked_of(desk, 1, 2, 3)
    with ThreadPoolExecutor(2) as threads:
        late = iter((5, 6))

        def let_one_come(_seconds: float) -> None:
            for one in islice(late, 1):
                threads.submit(desk.commit.do, one)
                until_waiting(one - 4)

        monkeypatch.setattr(time, "sleep", let_one_come)
        assert desk.commit.do(4) == "4"
    assert desk.groups[-1] == [4, 5, 6]


def test_who_was_served_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread has its answer as soon as the disk allows."""
    desk = OperatorActions()
    desk.may_go_on.set()
    desk.commit.do(1)
    monkeypatch.delattr(time, "sleep")
    assert desk.commit.do(2) == "2"


def test_who_is_interrupted_while_others_gather_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Ctrl-C before anything was begun ends that one request, and the next one has its turn."""
    desk = OperatorActions()
    asked_of(desk, 1, 2, 3)
    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.commit.do(4)
    monkeypatch.undo()
    assert desk.commit.do(5) == "5"
    assert desk.groups[-1] == [5]


def interrupt(_seconds: float) -> None:
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def test_who_is_interrupted_while_waiting_leaves_nobody_waiting() -> None:
    """A Ctrl-C in the main thread is no other thread's affair: the next one has its turn."""
    desk = OperatorActions()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(desk.commit.do, 1)
        while not desk.groups:
            assert not first.done()
        pressed = threads.submit(interrupt_who_waits)
        with pytest.raises(KeyboardInterrupt):
            desk.commit.do(2)
        pressed.result()
        desk.may_go_on.set()
    assert desk.commit.do(3) == "3"


def test_who_is_interrupted_as_its_turn_comes_gives_it_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Ctrl-C at the moment at which the main thread was to lead stops nobody else."""
    desk = OperatorActions()

    def wait_and_be_interrupted(part: _Part[int, str]) -> None:
        desk.may_go_on.set()
        wait(part)
        interrupt(0)

    wait = _Part.wait
    with ThreadPoolExecutor(1) as threads:
        threads.submit(desk.commit.do, 1)
        while not desk.groups:
            pass
        monkeypatch.setattr(_Part, "wait", wait_and_be_interrupted)
        with pytest.raises(KeyboardInterrupt):
            desk.commit.do(2)
    monkeypatch.undo()
    assert desk.commit.do(3) == "3"


def interrupt_who_waits() -> None:
    """Press Ctrl-C as soon as the main thread waits."""
    until_waiting(1)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


class Wish:
    """Something to ask for that can be told to be gone."""


def fail(_asked: Sequence[Wish]) -> Sequence[BaseException | None]:
    """Do nothing of it."""
    raise ValueError


@pytest.mark.parametrize(
    "carry_out",
    [lambda asked: [None] * len(asked), lambda asked: [ValueError() for _ in asked], fail],
    ids=["done", "refused", "failed"],
)
def test_nothing_is_kept_of_what_was_asked_for(
    carry_out: Callable[[Sequence[Wish]], Sequence[BaseException | None]],
) -> None:
    """Comments do not pile up until the garbage is collected, whatever has come of them."""
    commit: GroupCommit[Wish, None] = GroupCommit(carry_out)
    wish = Wish()
    is_there = weakref.ref(wish)
    gc.disable()
    try:
        with suppress(ValueError):
            commit.do(wish)
        del wish
        assert is_there() is None
    finally:
        gc.enable()
