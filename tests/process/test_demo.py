"""scripts/demo as a newcomer runs it, and as one interrupts it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from tests.process import reaper

DEMO = Path(__file__).parents[2] / "scripts" / "demo"


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where the demo makes its own directory."""
    path = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def start(directory: Path, *words: str) -> subprocess.Popen[str]:
    """Start the demo with the Python of the tests, so that nothing is installed."""
    # pytest tells its workers of 80 columns, which would break lines.
    own = {"COMENQ_PYTHON": sys.executable, "TMPDIR": str(directory), "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, reaper.__file__, DEMO, *words],
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_demo_shows_two_comments_on_their_way(directory: Path) -> None:
    """Both ways in are shown, the queue, both requests and both URLs; nothing is left behind."""
    demo = start(directory)
    shown, _ = demo.communicate(timeout=DEADLINE)

    assert demo.returncode == 0, shown
    assert len(re.findall(r"\n    \$ mv .*\.json .*/queue/new/\n", shown)) == 1
    assert len(re.findall(r"\n    \$ comenq octo-org/site 123 ", shown)) == 1
    assert len(re.findall(r"\n    \w{12} .* waiting ", shown)) == 1
    assert len(re.findall(r"\n    POST /repos/octo-org/site/issues/123/comments ", shown)) == 2
    assert len(re.findall(r"https://github.com/octo-org/site/pull/123#issuecomment-", shown)) == 2
    assert list(directory.iterdir()) == []


@pytest.mark.full
def test_the_demo_shows_a_review_that_is_asked_for_twice(directory: Path) -> None:
    """The bot's limit is shown, then its review; nothing is left behind."""
    demo = start(directory, "review")
    shown, _ = demo.communicate(timeout=DEADLINE)

    assert demo.returncode == 0, shown
    assert "coderabbit limited until" in shown, shown
    assert "octo-org: held, opens" in shown, shown
    assert len(re.findall(r"\n    .* reviewed .*#pullrequestreview-", shown)) == 1, shown
    assert "2 triggers, 1 review, 1 refusal" in shown, shown
    assert list(directory.iterdir()) == []


@pytest.mark.full
@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("comenq queues comments", signal.SIGTERM),
        (r"\$ python -m comenq_core\.testing\.forge", signal.SIGINT),
        (r"\$ comenqd --config", signal.SIGTERM),
        (r"\$ mv ", signal.SIGINT),
        (r"\$ comenq octo-org", signal.SIGTERM),
        (r"\$ comenq status", signal.SIGINT),
        (" is over", signal.SIGHUP),
        ("That is all", signal.SIGTERM),
    ],
)
def test_an_interrupted_demo_leaves_nothing(
    directory: Path, moment: str, number: signal.Signals
) -> None:
    """Whenever it is interrupted, it stops what it had started and removes its directory."""
    with start(directory) as demo:
        assert demo.stdout
        assert any(re.search(moment, line) for line in demo.stdout)
        demo.send_signal(number)
        rest = demo.stdout.read()

    assert demo.returncode == 128 + number, rest
    assert list(directory.iterdir()) == []


@pytest.mark.full
def test_a_demo_whose_reader_has_gone_leaves_nothing(directory: Path) -> None:
    """As in `scripts/demo | head -1`: it stops as soon as it notices."""
    with start(directory) as demo:
        assert demo.stdout
        demo.stdout.readline()

    assert demo.returncode == 1
    assert list(directory.iterdir()) == []
