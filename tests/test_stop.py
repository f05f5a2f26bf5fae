"""Telling a process to end."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator

import pytest

from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Stop
from comenq_core.testing.deadline import DEADLINE


@pytest.fixture
def flag() -> Iterator[StopFlag]:
    """A flag that is not set."""
    with StopFlag() as unset:
        yield unset


def readable(stop: Stop) -> bool:
    """Whether an event loop would wake up for the flag."""
    return bool(select.select([stop], [], [], 0)[0])


def test_an_unset_flag_ends_no_wait(flag: StopFlag) -> None:
    """A flag is at first not set, not readable, and ends no wait."""
    assert (flag.is_set(), flag.wait(0), readable(flag)) == (False, False, False)


def test_a_set_flag_stays_set(flag: StopFlag) -> None:
    """A flag that was set twice is set, readable and ends waits, again and again."""
    flag.set()
    flag.set()

    assert [(flag.is_set(), flag.wait(), readable(flag)) for _ in range(2)] == [(True,) * 3] * 2


def test_a_waiting_thread_is_woken(flag: StopFlag) -> None:
    """A thread that waits without a limit is woken when another one sets the flag."""
    threading.Timer(0.01, flag.set).start()

    assert flag.wait()


def test_a_signal_ends_the_wait_of_its_own_thread(flag: StopFlag) -> None:
    """A signal sets the flag even while the thread that handles it waits for it."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        flag.set_on(signal.SIGUSR1)
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert flag.wait()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_sets_the_flag_whatever_handles_it(flag: StopFlag) -> None:
    """A plugin that gives the signal a handler of its own does not keep the process from ending."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        flag.set_on(signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.raise_signal(signal.SIGUSR1)
        assert flag.wait(DEADLINE)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_another_signal_wakes_nothing(flag: StopFlag) -> None:
    """A signal that only a plugin handles neither sets the flag nor ends a wait for it."""
    before = [(one, signal.getsignal(one)) for one in (signal.SIGUSR1, signal.SIGUSR2)]
    try:
        flag.set_on(signal.SIGUSR1)
        signal.signal(signal.SIGUSR2, lambda *_: None)
        signal.raise_signal(signal.SIGUSR2)
        assert not flag.wait(0.1)
        assert not readable(flag)
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@pytest.mark.parametrize("wakeup", [True, False])
def test_signals_can_be_taken_back(flag: StopFlag, wakeup: bool) -> None:
    """What a plugin has ignored, blocked or taken for an event loop reaches the flag again."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        flag.set_on(signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        if wakeup:
            signal.set_wakeup_fd(-1)
        flag.take_signals_back()
        signal.raise_signal(signal.SIGUSR1)
        assert flag.wait(DEADLINE)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_forked_child_has_signals_of_its_own(flag: StopFlag) -> None:
    """A signal ends a child that a plugin has forked, and does not set its parent's flag."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        flag.set_on(signal.SIGUSR1)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.write(writer, b".")
            signal.pause()
            os._exit(0)
        os.read(reader, 1)
        os.close(reader)
        os.close(writer)
        os.kill(child, signal.SIGUSR1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGUSR1
        assert not readable(flag)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_very_long_wait_is_possible(flag: StopFlag) -> None:
    """A wait of a thousand years is no error."""
    threading.Timer(0.01, flag.set).start()

    assert flag.wait(1000 * 365 * 86_400.0)
