"""Makes the picture of a terminal for the README: scripts/screenshots runs this."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import pyte
from pyte.screens import Char

from comenq_core.testing.forge import Forge
from tests.cli.terminal import on_terminal
from tests.process.daemon import Daemon

__all__ = ["COMMANDS", "PICTURE", "draw", "type_in"]

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "terminal.svg"
BEFORE = (
    'comenq octo-org/site 123 "Looks good to me." --wait',
    'comenq octo-org/site 124 "Ready for review?"',
    'comenq octo-org/site 126 "Two links are broken: see the report."',
    'comenq octo-org/docs 17 "Please close this one." --hold',
)
COMMANDS = ('comenq octo-org/site 128 "Needs a test."', "comenq list")
COLUMNS = 100
MARGIN, CELL, LINE = 20.0, 8.4, 21.0
FONT = "14px ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace"
COLOURS = {"default": "#d7dce8", "red": "#ff8b8b", "green": "#8fd694", "brown": "#f2c97d",
           "blue": "#8ea2ff", "magenta": "#d5a6ff", "cyan": "#7fd4e0"}  # fmt: skip


def type_in(commands: tuple[str, ...], daemon: Daemon) -> str:
    """What a terminal shows when somebody types these commands, each after a prompt."""
    shown = ""
    environment = daemon.environment | {"TERM": "xterm-256color", "TZ": "UTC", "LANG": "C.UTF-8"}
    for command in commands:
        with on_terminal(
            command,
            env=environment,
            columns=COLUMNS,
            program=("sh", "-c"),
            directory=daemon.directory,
        ) as session:
            session.end()
        shown += f"\x1b[1m$ {command}\x1b[0m\r\n{session.seen}"
    return shown


def draw(shown: str) -> str:
    """What is shown as an SVG, which is dark everywhere, as most terminals are."""
    lines = shown.count("\n")
    screen = pyte.Screen(COLUMNS, lines + 1)
    pyte.Stream(screen).feed(shown)
    width, height = MARGIN * 2 + COLUMNS * CELL, MARGIN * 2 + lines * LINE
    words = "\n".join(
        word
        for line in range(lines)
        for word in _line([screen.buffer[line][column] for column in range(COLUMNS)], line)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">
<style>text {{ font: {FONT}; white-space: pre; }}</style>
<rect width="{width:g}" height="{height:g}" rx="10" fill="#171b26"/>
{words}
</svg>
"""


def _line(cells: list[Char], line: int) -> Iterator[str]:
    """The words of a line that look alike, each where it stands."""
    begin = 0
    for (colour, is_bold), run in groupby(cells, lambda cell: (cell.fg, cell.bold)):
        text = "".join(cell.data for cell in run)
        word = text.strip()
        if word:
            indent = begin + len(text) - len(text.lstrip())
            x, y = MARGIN + indent * CELL, MARGIN + (line + 0.7) * LINE
            weight = ' font-weight="600"' if is_bold else ""
            fill = COLOURS.get(colour, COLOURS["default"])
            yield (
                f'<text x="{x:g}" y="{y:g}" fill="{fill}"{weight}'
                f' textLength="{len(word) * CELL:g}">{escape(word, quote=False)}</text>'
            )
        begin += len(text)


def main() -> None:
    """Make it."""
    with Forge() as forge, Daemon(forge.url, cooldown_period_seconds=900) as daemon:
        daemon.start()
        type_in(BEFORE, daemon)
        PICTURE.write_text(draw(type_in(COMMANDS, daemon)))
    print(PICTURE)  # noqa: T201


if __name__ == "__main__":
    main()
