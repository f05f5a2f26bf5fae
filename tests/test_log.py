"""Log lines: one event, one line, one write; what came from outside is escaped."""

from __future__ import annotations

import logging
import logging.config
import os
import re
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.process import log as log_module
from comenq_core.process.log import Log, configure
from comenq_core.text import VALUE_LIMIT, nearest, printable

HOSTILE = 'a\nb\r\x00\x1b[31m\u2028\u202e"quoted" \\n \ud800 end'


class Sink:
    """Where a test logs to: a packet socket, so that each write arrives as one packet."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self.stream = os.fdopen(theirs.detach(), "w")

    def writes(self) -> list[str]:
        """What has been written, write by write."""
        assert log_module._sink
        log_module._sink.flush()
        found = []
        with suppress(BlockingIOError):
            while packet := self._ours.recv(1 << 20):
                found.append(packet.decode())
        return found

    def close(self) -> None:
        """Release both ends."""
        self._ours.close()
        self.stream.close()


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is configured, before and after."""
    monkeypatch.setattr(log_module, "_sink", None)
    yield
    if log_module._sink:
        log_module._sink.end()


@pytest.fixture
def sink(unset: None) -> Iterator[Sink]:
    """Log at level info to a sink."""
    with closing(Sink()) as sink:
        configure("info", sink.stream)
        yield sink


@given(st.text())
def test_printable_text_is_one_line_without_controls(text: str) -> None:
    """Any text becomes one that can be printed on one line."""
    assert printable(text).isprintable()


def test_error_of_the_system_is_shown_in_its_words() -> None:
    """Its number is for programs; the file that it is about is kept."""
    assert printable(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"
    assert printable(OSError(2, "No such file", "/x")) == "No such file: '/x'"
    assert printable(OSError("its own words")) == "its own words"


@given(st.text(), st.integers(min_value=0, max_value=50))
def test_printable_text_is_bounded(text: str, limit: int) -> None:
    """No more than ``limit`` characters are shown, none as more than ten, and the rest counted."""
    shown = printable(text, limit)
    assert len(shown) <= 10 * limit + len(f"… ({len(text)} characters)")
    assert shown.endswith(f"… ({len(text)} characters)") == (len(text) > limit)


@given(st.text(), st.text())
def test_different_texts_are_shown_differently(one: str, other: str) -> None:
    """Escaping is unambiguous, since the backslash is escaped too."""
    assert (printable(one) == printable(other)) == (one == other)


def test_an_escape_is_told_from_the_text_that_looks_like_it() -> None:
    """A newline is not shown as a backslash and an n would be."""
    assert printable("\n") != printable("\\n")


@given(st.text(st.characters(categories=["L", "N"])))
def test_letters_of_any_script_are_shown_as_they_are(text: str) -> None:
    """Only what could deceive is escaped."""
    assert printable(text) == text


def test_an_event_is_one_line_in_one_write(sink: Sink) -> None:
    """Each event reaches the log whole, so that lines of several processes never mix."""
    log = Log("worker")
    log.info("posted", "The comment is posted.", job="7f3k", status=201)
    lines = sink.writes()
    log.error("failed", "It is not.", reason="x" * 100_000)
    lines += sink.writes()
    assert len(lines) == 2
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


def test_a_line_has_time_level_source_key_sentence_and_context(sink: Sink) -> None:
    """The form that operators' tools rely on."""
    Log("worker").info("posted", "The comment is posted.", job="7f3k", status=201, url=None)
    (line,) = sink.writes()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info worker posted: The comment is posted\."
        r" job=7f3k status=201\n",
        line,
    )


def test_outside_text_cannot_forge_a_line(sink: Sink) -> None:
    """Newlines, escape sequences, NULs and direction marks are escaped wherever they stand."""
    Log("worker").warning("refused", HOSTILE, reason=HOSTILE)
    (line,) = sink.writes()
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_a_value_cannot_forge_another_value(sink: Sink) -> None:
    """A value with spaces is quoted, and its own quotes are none."""
    Log("worker").info("k", "S.", reason='x" job="other')
    (line,) = sink.writes()
    assert line.endswith("reason=\"x' job='other\"\n")


def test_a_long_value_is_cut(sink: Sink) -> None:
    """A body of a megabyte does not fill the log."""
    Log("worker").info("k", "S.", body="b" * 1_000_000)
    (line,) = sink.writes()
    assert len(line) < VALUE_LIMIT + 200


def test_events_below_the_level_are_not_written(sink: Sink) -> None:
    """The setting ``log_level`` decides what is written."""
    log = Log("worker")
    log.debug("k", "A detail.")
    configure("error", sink.stream)
    log.warning("k", "A warning.")
    assert sink.writes() == []


def test_lost_lines_are_an_event(sink: Sink) -> None:
    """What takes the place of lines that were lost has the form of every line."""
    handler = configure("info", sink.stream)
    handler.pass_on(b"x\n" * 1_000_000)
    Log("worker").info("k", "S.")
    told, line = sink.writes()
    assert re.fullmatch(r"\S+Z warning log lines_lost: .* lines=1000000\n", told)
    assert " worker k: " in line


def test_a_closed_log_is_no_error(unset: None) -> None:
    """A reader that has gone away does not end the daemon."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        handler = configure("info", stream)
        os.close(reader)
        Log("worker").info("k", "This is not read.")
        handler.flush()


def _take_handlers_away() -> None:
    for name in ("comenq", "comenq.worker"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = False


SILENCERS: Mapping[str, Callable[[], object]] = {
    "dictConfig": lambda: logging.config.dictConfig({"version": 1}),
    "disable": lambda: logging.disable(logging.CRITICAL),
    "setLevel": lambda: logging.getLogger("comenq").setLevel(logging.CRITICAL),
    "setLevel of one": lambda: logging.getLogger("comenq.worker").setLevel(logging.CRITICAL),
    "no handlers": _take_handlers_away,
    "a filter": lambda: logging.getLogger("comenq.worker").addFilter(lambda _: False),
    "shutdown": logging.shutdown,
}
"""What libraries do to `logging`, for the whole process."""


def test_a_plugin_that_sets_up_logging_hides_no_event() -> None:
    """Events are written whatever a library does to the loggers of the process."""
    script = textwrap.dedent("""
        import os, sys
        from comenq_core.process.log import Log, configure
        from tests.test_log import SILENCERS
        log = Log("worker")
        for name, silence in SILENCERS.items():
            if not os.fork():
                configure("info")
                silence()
                log.info("k", name)
                sys.exit()
            os.wait()
    """)
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    seen = re.findall(r" info worker k: (.*)$", told.stderr, re.MULTILINE)
    assert seen == list(SILENCERS)


def test_the_nearest_word_is_a_likely_one() -> None:
    """A misspelt word has a nearest one; one that is like none has none, however long it is."""
    known = ["cooldown_period_seconds", "socket_path"]
    assert nearest("cooldown_period_secs", known) == "cooldown_period_seconds"
    assert nearest("q" * 1_000_000, known) is None


def test_a_part_of_a_word_stands_for_the_word() -> None:
    """What begins a known word, or is in it, counts more than what resembles one."""
    known = ["--github-token-file", "--token-file", "--follow", "--cooldown-period-seconds"]
    assert nearest("--cooldown", known) == "--cooldown-period-seconds"
    assert nearest("--period", known) == "--cooldown-period-seconds"
    assert nearest("--token", known) == "--token-file"
    assert nearest("ow", known) is None
