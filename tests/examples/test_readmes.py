"""The commands in the examples' READMEs print what the READMEs show."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from gitlab_stand_in import GitLab

from tests.plugins.page import sessions
from tests.plugins.test_page import STAMP
from tests.process.daemon import READY, Daemon
from tests.process.pages import ID, plain
from tests.service.wheelhouse import CHECKOUT

HOME = "/home/ada/comments"


class Reader:
    """Runs the commands of a README.

    Args:
        daemon: its directory and commands are used.
        names: names on the page, and what they are here.
    """

    def __init__(self, daemon: Daemon, names: dict[str, str]) -> None:
        self._daemon = daemon
        self._names = {HOME: str(daemon.directory), **names}

    def follow(self, page: Path) -> None:
        """Run every command, and find every line that the page shows."""
        for command, shown in sessions(page):
            said = normalized(self._do(command, self._here(shown)))
            missing = [line for line in normalized(self._here(shown)) if line not in said]
            assert not missing, (command, said)

    def _do(self, command: str, shown: str) -> str:
        name = command.removeprefix("cat ")
        if command.startswith("pip install "):
            return ""  # the environment was made so
        if command.startswith("cat ") and not (self._daemon.directory / name).exists():
            self._daemon.write(name, f"{shown}\n")
            return shown
        if command.startswith("export "):
            name, _, value = self._here(command).removeprefix("export ").partition("=")
            self._daemon.variables[name] = value
            return ""
        if command.startswith(("comenqd listen ", "comenqd --config ")):
            self._daemon.launch("sh", "-c", f"exec {command}")
            events = [re.escape(line.partition(" ")[2]) for line in shown.splitlines()]
            self._daemon.log.until(*(events or READY))
            return str(self._daemon.log)
        return self._run(command)

    def _run(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", self._here(command)],
            env=self._daemon.environment,
            cwd=self._daemon.directory,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}\n{self._daemon.log}"
        return done.stdout + done.stderr  # a terminal shows both

    def _here(self, text: str) -> str:
        for theirs, ours in self._names.items():
            text = text.replace(theirs, ours)
        return text


def normalized(text: str) -> list[str]:
    """The lines of an output, without what differs each time."""
    shown = re.sub(STAMP, "NOW", text).splitlines()
    return [ID.sub("ID", line) for line in plain(shown)] if shown else []


def test_a_mail_is_delivered_as_the_readme_shows(commands: Path) -> None:
    """The listener queues one mail and refuses the other."""
    with Daemon("http://127.0.0.1:9", commands) as daemon:
        Reader(daemon, {}).follow(CHECKOUT / "examples" / "comenq-email" / "README.md")


@pytest.mark.full
def test_a_note_is_posted_as_the_readme_shows(commands: Path) -> None:
    """The daemon posts a note, and the history has its URL."""
    with GitLab() as gitlab, Daemon("http://127.0.0.1:9", commands) as daemon:
        page = CHECKOUT / "examples" / "comenq-gitlab" / "README.md"
        Reader(daemon, {"https://gitlab.example": gitlab.url}).follow(page)
        assert [note.body for note in gitlab.notes] == ["Looks good."]
