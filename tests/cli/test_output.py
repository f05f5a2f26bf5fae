"""What was done is what is said, whatever becomes of the output."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from comenq_core.cli.output import guarded
from comenq_core.errors import StoreError
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.socket.serving import Served


def _into_full_disk(served: Served, *words: str) -> subprocess.CompletedProcess[str]:
    with open("/dev/full", "wb") as full:
        return subprocess.run(
            [*PROGRAM, *words],
            env=environment(served.path),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=DEADLINE,
            check=False,
        )


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_is_done_stays_done_on_a_full_disk(served: Served, options: list[str]) -> None:
    """A queued comment is exit status 0, and standard error has the line that was not written."""
    done = _into_full_disk(served, "put", "o/r", "1", "text", *options)
    [job] = served.store.pending()
    assert done.returncode == 0
    assert "the output cannot be written: No space left on device; it is: " in done.stderr
    assert job.id in done.stderr


def test_a_change_stays_done_on_a_full_disk(served: Served, comenq: Comenq) -> None:
    """A held job is exit status 0 although the output cannot be written."""
    comenq("o/r", "1", "text")
    [job] = served.store.pending()
    assert _into_full_disk(served, "hold", job.id).returncode == 0
    assert [job.state for job in served.store.pending()] == ["held"]


def test_many_comments_are_all_queued_into_a_closed_pipe(served: Served, comenq: Comenq) -> None:
    """The reader of the replies may end early: every line is queued all the same."""
    lines = b"".join(
        b'{"owner":"o","repo":"r","pr_number":%d,"body":"x"}\n' % number for number in range(1, 51)
    )
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        done = subprocess.run(
            [*PROGRAM, "put", "--jsonl", "-", "--json"],
            env=environment(served.path),
            input=lines,
            stdout=theirs,
            stderr=subprocess.PIPE,
            timeout=DEADLINE,
            check=False,
        )
    finally:
        os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(served.store.pending()) == len(lines.splitlines())


@pytest.mark.parametrize("words", [["list"], ["status"], ["--help"]])
def test_a_result_that_cannot_be_written_fails_the_command(
    served: Served, words: list[str]
) -> None:
    """Who asks for a list and cannot get it is told so in one line, with exit status 1."""
    run("o/r", "1", "text", env=environment(served.path))
    done = _into_full_disk(served, *words)
    assert done.returncode == 1
    assert done.stderr == "comenq: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-2"])
def test_what_a_locale_does_not_have_is_escaped(served: Served, encoding: str) -> None:
    """Whatever the encoding of the output, the commands print, and their exit status is theirs."""
    env = environment(served.path, PYTHONIOENCODING=encoding)
    done = run("o/r", "1", "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \N{SNOWMAN}", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    [job] = served.store.pending()
    shown = run("show", job.id, env=env)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "\\u2603" in shown.stdout


def test_no_standard_output_at_all(served: Served) -> None:
    """A comment is queued where the shell closed standard output and standard error."""
    script = f"{PROGRAM[0]} o/r 1 text >&- 2>&-"
    done = subprocess.run(
        ["sh", "-c", script], env=environment(served.path), timeout=DEADLINE, check=False
    )
    assert done.returncode == 0
    assert len(served.store.pending()) == 1


def test_an_error_is_told_with_the_programs_name(capsys: pytest.CaptureFixture[str]) -> None:
    """The text says all: there is no traceback, and exit status 1."""

    def fail() -> int:
        raise StoreError("the disk is gone")

    assert guarded("comenqd", fail) == 1
    assert capsys.readouterr().err == "comenqd: the disk is gone\n"


def test_what_nobody_foresaw_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A fault of the program is told with its place, in one line, with exit status 1."""

    def fault() -> int:
        raise TypeError("two\nlines")

    assert guarded("comenq", fault) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(
        r"comenq: this is a fault of the program, please report it: "
        r"TypeError: two\\nlines \(.*test_output\.py:[0-9]+\)\n",
        said,
    )
