"""A checkout for tests, whose git and gh know nothing of the developer's settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from comenq_core.testing.deadline import DEADLINE

__all__ = ["Checkout"]


class Checkout:
    """A new repository with one commit.

    Args:
        directory: where it is; it does not exist yet.
        remotes: the addresses of its remotes, by their names.
    """

    def __init__(self, directory: Path, **remotes: str) -> None:
        self.path = directory
        home = directory.with_name(f"{directory.name}-home")
        home.mkdir(parents=True)
        self.variables = {
            "HOME": f"{home}",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": f"{directory.parent}",
            "GH_CONFIG_DIR": f"{home}",
            "GH_TOKEN": "x",
            "NO_COLOR": "1",
        }
        directory.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        self.git(*person, "commit", "--quiet", "--allow-empty", "--message=x")
        for name, url in remotes.items():
            self.git("remote", "add", name, url)

    def git(self, *words: str) -> None:
        """Run git in it."""
        self._run("git", *words).check_returncode()

    def gh(self, *words: str, **variables: str) -> str:
        """What gh prints in it, without its error message."""
        return self._run("gh", *words, **variables).stdout.strip()

    def _run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.path,
            env={"PATH": os.environ["PATH"], **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
