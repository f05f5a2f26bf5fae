"""The recipes of docs/cookbook.md that other programs run, run by those programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon
from tests.process.pages import DOCS, blocks

PAGE = DOCS / "cookbook.md"
WORDS = {"owner": "octo-org", "repo": "site", "pr_number": 123}


def recipe(part: str) -> str:
    """The block of the page that has this part."""
    (found,) = (block for block in blocks(PAGE) if part in block)
    return found


def run(daemon: Daemon, *command: str, **environ: str) -> None:
    """Run a command where the daemon's files are."""
    subprocess.run(
        command,
        env=daemon.environment | environ,
        cwd=daemon.directory,
        timeout=DEADLINE,
        check=True,
    )


def shell(daemon: Daemon, command: str, **environ: str) -> None:
    """Run a line as cron, CI and people do: with a shell."""
    run(daemon, "sh", "-c", command, **environ)


def keys(daemon: Daemon) -> list[str]:
    """The keys of what waits for the pull request of the recipes."""
    listed = [json.loads(line) for line in daemon.comenq("list", "--json").splitlines()]
    assert all(WORDS.items() <= job.items() for job in listed)
    return [job["key"] for job in listed]


@pytest.fixture
def paused(daemon: Daemon) -> Daemon:
    """A daemon whose queue is paused, with a report to queue beside it."""
    daemon.comenq("pause", "test")
    daemon.write("report.md", "All is well.\n")
    return daemon


def test_at_most_once_a_day(paused: Daemon) -> None:
    """The first recipe queues the report, and the same day not again."""
    for _ in range(2):
        shell(paused, recipe("# at most once a day"))
    (key,) = keys(paused)
    assert re.fullmatch(r"report-\d{4}-\d\d-\d\d", key)


@pytest.mark.full
def test_cron(paused: Daemon) -> None:
    """The line for cron, which makes newlines of ``%``, queues one reminder a day."""
    times, line = recipe("reminder-123").split("  ", 1)
    assert times == "0 9 * * 1-5"
    assert not re.search(r"(?<!\\)%", line)
    line = line.replace("\\%", "%").replace("/usr/local/bin", str(paused.scripts))
    for _ in range(2):
        shell(paused, line, PATH="/usr/bin:/bin")
    (key,) = keys(paused)
    assert re.fullmatch(r"reminder-123-\d{4}-\d\d-\d\d", key)


def test_ci(paused: Daemon) -> None:
    """The step's command queues the report for the pull request of the event, once a run."""
    step = recipe("GITHUB_REPOSITORY")
    command = step.partition("  run: ")[2]
    variables = {
        "GITHUB_REPOSITORY": "octo-org/site",
        "NUMBER": "123",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
    }
    for _ in range(2):
        shell(paused, command, **variables)
    assert keys(paused) == ["report-77-1"]


@pytest.mark.skipif(not shutil.which("make"), reason="the recipe is for make")
@pytest.mark.full
def test_make(paused: Daemon) -> None:
    """The rule queues the report once, until the report changes."""
    paused.write("Makefile", f"{recipe('report.queued: report.md')}\n")
    command = re.findall("`(make .*?)`", PAGE.read_text())
    for _ in range(2):
        shell(paused, command[0])
    assert len(keys(paused)) == 1


def test_one_after_the_other(daemon: Daemon, forge: Forge) -> None:
    """The second comment is queued once the first is posted, for an hour later."""
    shell(daemon, recipe("First."))
    assert [comment.body for comment in forge.comments] == ["First."]
    (job,) = [json.loads(line) for line in daemon.comenq("list", "--json").splitlines()]
    assert job["body"] == "Second."
    assert job["not_before"]
