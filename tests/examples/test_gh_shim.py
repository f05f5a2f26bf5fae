"""An agent's gh, whose comments are queued."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from tests.cli.checkouts import Checkout
from tests.cli.command import environment
from tests.service.wheelhouse import CHECKOUT
from tests.socket.serving import Served, serving, short_directory

SHIM = CHECKOUT / "examples" / "gh-shim" / "gh_shim.py"
REAL_GH = shutil.which("gh")
FAKE_GH = '#!/bin/sh\nprintf "<%s> " gh "$@"\n'
VIEWING_GH = '#!/bin/sh\necho "$*" >&2\necho https://github.com/octo-org/site/pull/7\n'


class Agent:
    """Types gh in a checkout.

    Args:
        directory: where everything is.
        served: the daemon.
    """

    def __init__(self, directory: Path, served: Served) -> None:
        self.checkout = Checkout(directory / "site", origin="git@github.com:octo-org/site.git")
        self._served = served
        self._shim = directory / "shim"
        self._shim.mkdir()
        (self._shim / "gh").symlink_to(SHIM)
        self._others = directory / "others"
        self._others.mkdir()

    def install_gh(self, script: str) -> None:
        """Have this script be the real gh."""
        gh = self._others / "gh"
        gh.write_text(script)
        gh.chmod(0o755)

    def type(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run gh with these words."""
        own = [self._shim, self._others, Path(sysconfig.get_path("scripts"))]
        env = environment(self._served.path, **self.checkout.variables)
        env["PATH"] = os.pathsep.join([*map(str, own), env["PATH"]])
        return subprocess.run(
            ["gh", *words],
            env=env,
            cwd=self.checkout.path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def queued(self) -> list[tuple[str, str]]:
        """The targets and the texts of what is queued."""
        return [(job.asked.target, job.asked.body) for job in self._served.store.pending()]


@pytest.fixture
def agent() -> Iterator[Agent]:
    """An agent with a daemon, and a gh that prints what it is asked for."""
    with short_directory() as directory, serving(directory / "c.sock") as served:
        made = Agent(directory, served)
        made.install_gh(FAKE_GH)
        yield made


@pytest.mark.parametrize(
    ("words", "queued"),
    [
        (["pr", "comment", "7", "--body", "Hi"], ("octo-org/site#7", "Hi")),
        (["pr", "comment", "7", "-bHi"], ("octo-org/site#7", "Hi")),
        (["pr", "comment", "--body=Hi", "#7"], ("octo-org/site#7", "Hi")),
        (["pr", "comment", "7", "-b", "---\nHi"], ("octo-org/site#7", "---\nHi")),
        (["pr", "comment", "7", "-F", "-"], ("octo-org/site#7", "piped")),
        (["pr", "comment", "-R", "o/r", "7", "-b", "Hi"], ("o/r#7", "Hi")),
        (["pr", "-R=o/r", "comment", "7", "-b", "Hi"], ("o/r#7", "Hi")),
        (["pr", "comment", "https://github.com/o/r/pull/7", "-b", "Hi"], ("o/r#7", "Hi")),
    ],
)
def test_comment_is_queued(agent: Agent, words: list[str], queued: tuple[str, str]) -> None:
    """What gh would post is queued, byte for byte, and the answer is comenq's."""
    done = agent.type(*words, stdin="piped")
    assert (done.returncode, done.stderr, agent.queued()) == (0, "", [queued])
    assert done.stdout.startswith("queued ")


def test_branch_is_looked_up_by_gh(agent: Agent) -> None:
    """The name of a branch becomes the address of its pull request."""
    agent.install_gh(VIEWING_GH)
    done = agent.type("pr", "comment", "fix/logo", "-R", "octo-org/site", "-b", "Hi")
    assert done.stderr == "pr view fix/logo --repo octo-org/site --json url --jq .url\n"
    assert agent.queued() == [("octo-org/site#7", "Hi")]


@pytest.mark.parametrize(
    "words",
    [
        ["pr", "comment", "7", "--edit-last", "-b", "Hi"],
        ["pr", "comment", "7"],
        ["pr", "comment", "7", "-b"],
        ["pr", "view", "7"],
        ["issue", "comment", "7", "-b", "Hi"],
        ["api", "-X", "POST", "a b", ""],
        [],
    ],
)
def test_everything_else_goes_on_to_gh(agent: Agent, words: list[str]) -> None:
    """The real gh gets the same words, and nothing is queued."""
    told = "".join(f"<{word}> " for word in ["gh", *words])
    assert (agent.type(*words).stdout, agent.queued()) == (told, [])


def test_refusal_is_the_agents_to_read(agent: Agent) -> None:
    """Where gh would take the first remote, the agent is told the candidates."""
    agent.checkout.git("remote", "add", "fork", "git@github.com:ada/site.git")
    done = agent.type("pr", "comment", "7", "-b", "Hi")
    assert (done.returncode, agent.queued()) == (2, [])
    assert "add -R OWNER/REPO" in done.stderr


@pytest.mark.skipif(not REAL_GH, reason="there is no gh here")
def test_real_gh_is_found_and_answers(agent: Agent) -> None:
    """The real gh does what it does without comenq."""
    agent.install_gh(f'#!/bin/sh\nexec {REAL_GH} "$@"\n')
    assert agent.type("--version").stdout.startswith("gh version")
    assert agent.type("browse", "--no-browser").stdout == "https://github.com/octo-org/site\n"
    assert "Add a comment to a GitHub pull request" in agent.type("pr", "comment", "--help").stdout
