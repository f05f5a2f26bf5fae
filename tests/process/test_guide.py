"""docs/guide.md shows what was really typed, and what really came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from comenq_core.testing.forge import Forge
from tests.cli.terminal import on_terminal
from tests.process.daemon import Daemon

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
ID = re.compile(r"\b[0-9a-hjkmnp-tv-z]{12}\b")
# What is another time, another user or another disk each time, and how that makes columns wider.
VARYING = (
    (r"\d{4}-\d\d-\d\d(?= \d\d:\d\d)", "DATE"),
    (r"(DATE )?\d\d:\d\d(:\d\d)?", "TIME"),
    (r"by unix, \S+ \(uid \d+\)", "by USER"),
    (r"[\d,.]+ [kMGTP]B \(minimum", "SPACE (minimum"),
    (r", [\d,]+ inodes \(minimum 1,000\)", ""),
    (r"(?<=  )\d s(?=  )", "SECONDS"),
    (r"issuecomment-\d+", "issuecomment-N"),
    (r" +", " "),
)


def sessions() -> Iterator[tuple[str, list[str]]]:
    """Each command that the guide shows, and what it shows of its output."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", GUIDE.read_text(), re.MULTILINE)
    for block in blocks:
        lines = [line.removeprefix("    ") for line in block.strip("\n").split("\n")]
        for part in re.split(r"^\$ ", "\n".join(lines), flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield command, shown


class Session:
    """Types what the guide says, with the ids that jobs really have.

    Args:
        daemon: what is typed to.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ids: dict[str, str] = {}

    def do(self, command: str, shown: list[str]) -> list[str]:
        """Type a command; what it shows, as the guide would write it."""
        if command.startswith("cat "):
            self._daemon.write(command.removeprefix("cat "), "\n".join([*shown, ""]))
        lines = self._typed(self._translated(command))
        if command.startswith("mv "):
            self._daemon.log.until(" spool drop_failed: ")
        self._ids |= dict(zip(found_in(shown), found_in(lines), strict=False))
        back = {theirs: ours for ours, theirs in self._ids.items()}
        return [ID.sub(lambda match: back.get(match[0], match[0]), line) for line in lines]

    def _typed(self, command: str) -> list[str]:
        env = self._daemon.environment | {"TERM": "dumb", "TZ": "UTC", "LANG": "C.UTF-8"}
        with on_terminal(
            command,
            env=env,
            columns=160,
            program=("sh", "-c"),
            directory=self._daemon.directory,
        ) as session:
            session.end()
        return session.seen.replace("\r\n", "\n").rstrip("\n").split("\n") if session.seen else []

    def _translated(self, command: str) -> str:
        for ours, theirs in self._ids.items():
            command = re.sub(rf"\b{ours[:4]}({ours[4:5]})?\b", theirs[:6], command)
        return command


def found_in(lines: list[str]) -> list[str]:
    """The ids, in their order."""
    return ID.findall("\n".join(lines))


def plain(lines: list[str]) -> list[str]:
    """Without what is another each time."""
    text = "\n".join(lines)
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.split("\n")]


def test_the_guide_shows_what_happens(forge: Forge) -> None:
    """Typed one after the other to a new daemon, its commands show what it says they show."""
    with Daemon(forge.url, cooldown_period_seconds=900) as daemon:
        session = Session(daemon.start())
        for command, shown in sessions():
            assert (command, plain(session.do(command, shown))) == (command, plain(shown))
