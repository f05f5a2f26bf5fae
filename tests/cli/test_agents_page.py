"""What docs/agents.md and the skill tell people and agents to type can be typed."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from textwrap import indent

import pytest

from comenq_core.cli.comenq.commands import resolve
from comenq_core.cli.comenq.parser import command_parser
from tests.cli.command import ROOT

PAGE = (ROOT / "docs" / "agents.md").read_text()
SKILL_FILE = ROOT / "examples" / "skill" / "comenq" / "SKILL.md"
SKILL = SKILL_FILE.read_text()
# What stands on the pages for what a user puts there.
MEANT = {"OWNER/REPO": "octo-org/site", "NUMBER": "7", "ID": "7f3k"}
COMMAND = re.compile(r"^ {4,}(?:\$ |[a-z]+ mcp add comenq -- )?(comenq .+)$", re.MULTILINE)
FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(?:[a-z]+ mcp add comenq -- )?(comenq [^`]+)`")


def commands(text: str) -> list[str]:
    """The commands in blocks and in sentences, up to a pipe."""
    indented = FENCED.sub(lambda block: indent(block[1], "    "), text)
    found = [*COMMAND.findall(indented), *INLINE.findall(text)]
    return list(dict.fromkeys(re.split(r" [|;]| && ", one)[0] for one in found))


def parse(words: list[str]) -> None:
    """Parse a command line as `comenq` does."""
    name, rest = resolve(words)
    command_parser(name).parse_intermixed_args(rest)


def blocks(text: str, start: str) -> Iterator[str]:
    """The indented blocks that begin with this text, without their indentation."""
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE):
        plain = re.sub("^    ", "", block.strip("\n"), flags=re.MULTILINE)
        if plain.startswith(start):
            yield plain


def started(text: str) -> Iterator[list[str]]:
    """The command lines that configuration files on the page give to an agent."""
    for block in blocks(text, "{"):
        (servers,) = json.loads(block).values()
        yield [servers["comenq"]["command"], *servers["comenq"]["args"]]
    for block in blocks(text, "[mcp_servers"):
        server = tomllib.loads(block)["mcp_servers"]["comenq"]
        yield [server["command"], *server["args"]]
    for line in re.findall(r"--add-mcp '(\{.*\})'", text):
        server = json.loads(line)
        yield [server["command"], *server["args"]]


@pytest.mark.parametrize("line", dict.fromkeys([*commands(PAGE), *commands(SKILL)]))
def test_commands_can_be_typed(line: str) -> None:
    """Each command on the page, and in the skill, has options and arguments that there are."""
    for word, meant in MEANT.items():
        line = re.sub(rf"\b{word}\b", meant, line)
    parse(shlex.split(line)[1:])


def test_commands_are_found() -> None:
    """The tests above have those in blocks, in sentences, in tables, and behind ``--``."""
    found = commands(PAGE)
    assert "comenq mcp --repo octo-org/site --hold" in found
    assert "comenq del ID" in found
    assert "comenq OWNER/REPO NUMBER -F FILE --key KEY" in found
    assert "comenq wait ID --until answered --timeout 1h" in commands(SKILL)


def test_configuration_files_start_the_server() -> None:
    """Each file that the page shows is of its format, and starts ``comenq mcp``."""
    lines = list(started(PAGE))
    assert len(lines) == 4
    for program, *words in lines:
        assert (program, words[0]) == ("comenq", "mcp")
        parse(words)


def test_skill_has_the_common_format() -> None:
    """The front matter keeps the rules of https://agentskills.io/specification."""
    matter = re.match(r"---\n(.*?)\n---\n\n", SKILL, re.DOTALL)
    assert matter is not None
    lines = matter[1].splitlines()
    # Plain scalars on one line each: the same in every reader of YAML.
    assert all(re.fullmatch(r"[a-z-]+: [A-Za-z][^#:]*", line) for line in lines)
    fields = dict(line.split(": ") for line in lines)
    assert set(fields) <= {"name", "description", "license", "compatibility", "metadata"}
    assert re.fullmatch(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*", fields["name"])
    assert fields["name"] == SKILL_FILE.parent.name
    assert 1 <= len(fields["description"]) <= 1024
    assert len(fields["compatibility"]) <= 500
    assert len(SKILL.splitlines()) < 500
