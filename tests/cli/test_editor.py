"""The editor, on a terminal of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM, environment
from tests.cli.terminal import Session, on_terminal
from tests.socket.serving import Served

Terminal = Callable[..., AbstractContextManager[Session]]

EDITOR = """
import signal, sys
path = sys.argv[1]
pressed = []
signal.signal(signal.SIGINT, lambda *_: pressed.append("Ctrl-C"))
draft = open(path).read()
print("the draft is", draft.strip() or "empty", sys.stdin.isatty(), sys.stdout.isatty(), flush=True)
keys = input()
open(path, "w").write(f"{draft}typed {keys} {pressed}\\n")
"""


@pytest.fixture
def terminal(served: Served, directory: Path) -> Terminal:
    """Runs a shell's command line on a terminal that controls it, with an editor that tells."""
    setsid = shutil.which("setsid")
    if setsid is None:
        pytest.skip("there is no setsid, which makes a terminal the controlling one")
    editor = directory / "editor"
    editor.write_text(f"#!{sys.executable}\n{EDITOR}")
    editor.chmod(stat.S_IRWXU)
    env = environment(served.path, EDITOR=str(editor), TMPDIR=str(directory))

    def run(line: str) -> AbstractContextManager[Session]:
        line = line.replace("comenq", shlex.quote(PROGRAM[0]))
        return on_terminal(line, env=env, program=(setsid, "--ctty", "sh", "-c"))

    return run


@pytest.mark.parametrize("words", ["-e", "-F - -e"])
def test_text_that_is_piped_in_is_the_draft(terminal: Terminal, served: Served, words: str) -> None:
    """The editor starts with it, and has the terminal for its keys and its screen."""
    with terminal(f"echo piped | comenq o/r 1 {words} | cat") as session:
        session.see("the draft is piped True True")
        session.press(b"keys\n")
        assert session.end() == 0
    assert [job.asked.body for job in served.store.pending()] == ["piped\ntyped keys []\n"]


def test_interrupt_is_the_editors(terminal: Terminal, served: Served) -> None:
    """Ctrl-C in the editor reaches it, and ends neither it nor the command."""
    with terminal("exec comenq o/r 1 -e") as session:
        session.see("the draft is empty True True")
        session.press(b"\x03")
        session.see("^C")
        session.press(b"keys\n")
        assert session.end() == 0
    assert [job.asked.body for job in served.store.pending()] == ["typed keys ['Ctrl-C']\n"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_tells_where_the_comment_is(
    served: Served, directory: Path, number: signal.Signals
) -> None:
    """What ends the command while the editor is open leaves the file, and a line that names it."""
    opened = directory / "opened"
    os.mkfifo(opened)
    editor = directory / "editor"
    editor.write_text(f"#!/bin/sh\necho $1 > {opened}\nread _ < {opened}\n")
    editor.chmod(stat.S_IRWXU)
    env = environment(served.path, EDITOR=str(editor), TMPDIR=str(directory))
    with subprocess.Popen(
        [*PROGRAM, "o/r", "1", "my draft", "-e"], env=env, stderr=subprocess.PIPE, text=True
    ) as process:
        path = Path(opened.read_text().strip())
        process.send_signal(number)
        assert process.stderr
        told = process.stderr.readline()
        opened.write_text("close\n")
    assert process.returncode == -number
    assert path.read_text() == "my draft"
    assert (
        told
        == f"comenq: your comment is kept in {path}: queue it with -F {path}; -e edits it first\n"
    )
