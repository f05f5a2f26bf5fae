"""On a terminal: colours, width, and no wait for standard input."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from comenq_core.cli.text_width import width
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment
from tests.cli.conftest import Comenq
from tests.cli.terminal import on_terminal
from tests.socket.serving import Served

Terminal = Callable[..., tuple[int, str]]


@pytest.fixture
def terminal(served: Served) -> Terminal:
    """Runs the command on a terminal of 60 columns; returns its status and its screen."""

    def run(*words: str, **variables: str) -> tuple[int, str]:
        with on_terminal(*words, env=environment(served.path, **variables), columns=60) as session:
            status = session.end()
        return status, session.seen.replace("\r\n", "\n")

    return run


def test_missing_comment_is_reported_at_once(terminal: Terminal) -> None:
    """Without a comment, the command fails instead of waiting for the keyboard."""
    status, screen = terminal("o/r", "1")
    assert status == 2
    assert "no comment is given" in screen


def test_table_fits_the_terminal(terminal: Terminal, comenq: Comenq) -> None:
    """No line is wider than the screen; the comment is cut short."""
    comenq("octo-org/site", "7", "\N{GRINNING FACE} a very long comment " * 10)
    _, screen = terminal("list", NO_COLOR="1")
    lines = screen.splitlines()
    assert len(lines) == 2
    assert max(map(width, lines)) <= 60
    assert "…" in lines[1]
    assert "octo-org/site#7" in lines[1]


def test_colours_are_for_terminals(terminal: Terminal, comenq: Comenq) -> None:
    """Colours are for a terminal, without NO_COLOR and not dumb; a pipe gets none."""
    comenq("o/r", "1", "text")
    assert "\x1b[" in terminal("list")[1]
    assert "\x1b[" not in terminal("list", NO_COLOR="1")[1]
    assert "\x1b[" not in terminal("list", TERM="dumb")[1]
    assert "\x1b[" not in comenq("list").stdout


def test_closed_pipe_is_no_crash(served: Served, comenq: Comenq) -> None:
    """If its reader closes the pipe, the command ends without a traceback."""
    comenq("o/r", "1", "text")
    ours, theirs = os.pipe()
    os.close(ours)
    with subprocess.Popen(
        [*PROGRAM, "list"], env=environment(served.path), stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        _, complaint = process.communicate(timeout=DEADLINE)
    assert complaint == b""
