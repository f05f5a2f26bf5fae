"""The page about the server says what the server does."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser

from comenq_core.cli.comenq.mcp import command
from tests.cli.command import ROOT

PAGE = (ROOT / "docs" / "mcp.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|", re.MULTILINE)


def test_every_tool_is_on_the_page() -> None:
    """The table of tools has each tool with its arguments, the optional ones in brackets."""
    on_record = json.loads((ROOT / "tests" / "mcp" / "tools.json").read_text())
    wanted = {}
    for tool in on_record:
        schema = tool["inputSchema"]
        names, required = schema["properties"], schema["required"]
        wanted[tool["name"]] = {name if name in required else f"[{name}]" for name in names}
    found = {name: _arguments(words) for name, words in ROW.findall(PAGE)}
    assert found == wanted


def _arguments(words: str) -> set[str]:
    listed = words.partition(":")[0].replace("`", "")
    return {word for word in listed.replace(" ", "").split(",") if word}


def test_every_option_is_on_the_page() -> None:
    """The table of bounds has each option of the command."""
    parser = ArgumentParser(add_help=False)
    command.configure(parser)
    options = {action.option_strings[0] for action in parser._actions}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE))
