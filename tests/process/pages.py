"""Types what a page shows, and returns what comes of it as the page would write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.cli.terminal import on_terminal
from tests.process.daemon import Daemon

__all__ = ["DOCS", "ID", "NO_VARYING", "VARYING", "Session", "blocks", "plain", "sessions"]

DOCS = Path(__file__).parents[2] / "docs"
ID = re.compile(r"\b[0-9a-hjkmnp-tv-z]{12}\b")
# What is another time, another user or another disk each time, and how that makes columns wider.
VARYING = (
    (r"comenq: waiting for .*\n", ""),  # on a slow machine only
    (r"\d{4}-\d\d-\d\d(?= \d\d:\d\d)", "DATE"),
    (r"(DATE )?\d\d:\d\d(:\d\d)?", "TIME"),
    (r"by unix, \S+ \(uid \d+\)", "by USER"),
    (r"[\d,.]+ [kMGTP]B \(minimum", "SPACE (minimum"),
    (r", [\d,]+ inodes \(minimum 1,000\)", ""),
    (r"\(in \d+ min\)", "(in N min)"),
    (r"(?m)(?<=  )\d+ s(?=  |$)", "SECONDS"),
    (r"issuecomment-\d+", "issuecomment-N"),
    (r" +", " "),
)
NO_VARYING = ((r"in \d+ days", "in N days"), (r" +", " "))
"""For a page on times, whose dates are fixed."""


def blocks(page: Path) -> list[str]:
    """The indented blocks of a page, without their indentation."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", page.read_text(), re.MULTILINE)
    return [re.sub("^    ", "", block.strip("\n"), flags=re.MULTILINE) for block in found]


def sessions(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command that a page shows after ``$``, and what it shows of its output."""
    for block in blocks(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield command, shown


class Session:
    """Types what a page says, with the ids that jobs really have.

    Args:
        daemon: what is typed to.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ids: dict[str, str] = {}

    def do(self, command: str, shown: list[str]) -> list[str]:
        """Type a command; what it shows, as the page would write it."""
        if command.startswith("cat "):
            self._daemon.write(command.removeprefix("cat "), "\n".join([*shown, ""]))
        lines = self._typed(self._translated(command))
        if command.startswith("mv "):
            self._daemon.log.until(" spool drop_failed: ")
        self._ids |= dict(zip(found_in(shown), found_in(lines), strict=False))
        back = {theirs: ours for ours, theirs in self._ids.items()}
        return [ID.sub(lambda match: back.get(match[0], match[0]), line) for line in lines]

    def _typed(self, command: str) -> list[str]:
        env = self._daemon.environment | {
            "TERM": "dumb",
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
        }
        with on_terminal(
            command,
            env=env,
            columns=160,
            program=("sh", "-c"),
            directory=self._daemon.directory,
        ) as session:
            session.end()
        # An older jq colours what it prints on a terminal of any kind.
        seen = re.sub(r"\x1b\[[0-9;]*m", "", session.seen).replace("\r\n", "\n").rstrip("\n")
        return seen.split("\n") if seen else []

    def _translated(self, command: str) -> str:
        for ours, theirs in self._ids.items():
            command = re.sub(rf"\b{ours[:4]}({ours[4:5]})?\b", theirs[:6], command)
        return command


def found_in(lines: list[str]) -> list[str]:
    """The ids, in their order."""
    return ID.findall("\n".join(lines))


def plain(lines: list[str], varying: Iterable[tuple[str, str]] = VARYING) -> list[str]:
    """Without what is another each time."""
    text = "\n".join(lines)
    for pattern, word in varying:
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.split("\n")]
