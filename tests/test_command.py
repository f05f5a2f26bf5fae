"""An operator's command is run to its end, in a bounded time and space."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from comenq_core.process.command import OUTPUT_LIMIT, run
from comenq_core.testing.deadline import DEADLINE


@pytest.mark.parametrize(
    ("words", "fault", "output"),
    [
        (["cat"], "", "hello"),
        (["true"], "", ""),
        (["sh", "-c", "echo one; echo two >&2; exit 7"], "failed with exit status 7", "one\ntwo"),
        (["sh", "-c", "kill -9 $$"], "was ended by signal 9", ""),
        (["no-such-command-here"], "there is no such command", ""),
    ],
)
def test_the_result_is_the_exit_status_and_the_output(
    words: Sequence[str], fault: str, output: str
) -> None:
    """Standard input is the text, and what is printed on either stream is kept."""
    result = run(words, b"hello\n", DEADLINE)
    assert (result.fault, result.output) == (fault, output)


def test_input_that_is_not_read_is_no_fault() -> None:
    """A command may ignore a text that is longer than a pipe holds."""
    assert run(["true"], b"x" * 300_000, DEADLINE).fault == ""


def test_much_output_is_read_and_dropped() -> None:
    """A command that prints megabytes on one line ends, and only the beginning is kept."""
    result = run(["head", "-c", "5000000", "/dev/zero"], b"", DEADLINE)
    assert result.fault == ""
    assert len(result.output) == OUTPUT_LIMIT


def test_what_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    """When the time is up, no process of the command is left."""
    os.mkfifo(tmp_path / "never")
    result = run(["sh", "-c", f"cat {tmp_path}/never; true"], b"", 0.5)
    assert result.fault == "took longer than 0.5 s and was killed"
    with pytest.raises(OSError, match="No such device or address"):
        os.open(tmp_path / "never", os.O_WRONLY | os.O_NONBLOCK)
