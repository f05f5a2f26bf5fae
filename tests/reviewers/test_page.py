"""docs/reviewers.md says what is."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

from comenq_core.model import Answer, Channel, ReadingKind
from comenq_core.settings import Settings
from comenq_plugins.reviewers import make_reviewers
from comenq_plugins.reviewers.profile import PROFILE_KEYS, RULE_KEYS
from tests.cli.command import environment, run
from tests.process.pages import DOCS, blocks, sessions
from tests.reviewers.reading import REVIEWERS

PAGE = DOCS / "reviewers.md"


def cells(title: str) -> list[list[str]]:
    """The rows below a heading of a table."""
    rows = PAGE.read_text().partition(f"\n{title}\n| --- |")[2].partition("\n\n")[0]
    return [row.strip("|").split(" | ") for row in rows.split("\n")[1:]]


def names(title: str) -> list[str]:
    """The words in code at the beginning of each row."""
    return [name for row in cells(title) for name in re.findall("`([^`]+)`", row[0])]


def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    """The page's own example, typed into a shell."""
    env = environment(HOME=str(tmp_path))
    file = tmp_path / "answer.md"
    for command, shown in sessions(PAGE):
        if command == "cat answer.md":
            file.write_text("\n".join(shown) + "\n")
            continue
        words = shlex.split(command.replace("answer.md", str(file)))[1:]
        assert run(*words, env=env).stdout.splitlines() == shown


def test_the_table_of_kinds_is_whole() -> None:
    """Each kind has its row."""
    assert sorted(names("| kind | the bot |")) == sorted(kind.value for kind in ReadingKind)


def test_the_table_of_reviewers_is_whole() -> None:
    """Each shipped profile, what addresses it, and its logins."""
    rows = cells("| reviewer | asked by the whole comment | account |")
    assert [row[0].strip(" `") for row in rows] == sorted(REVIEWERS)
    for name, triggers, logins in rows:
        reviewer = REVIEWERS[name.strip(" `")]
        for trigger in re.findall("`([^`]+)`", triggers):
            assert reviewer.addresses(
                trigger if " " in trigger or "/" in trigger else f"{trigger} x"
            )
        assert re.findall("`([^`]+)`", logins) == list(reviewer.logins)


def test_the_tables_of_keys_are_whole() -> None:
    """What a profile and a rule can say."""
    assert sorted(names("| key | |")) == sorted(PROFILE_KEYS)
    assert sorted(set(names("| key of a rule | |"))) == sorted(RULE_KEYS)


def test_the_example_of_a_table_is_one() -> None:
    """It describes a bot that is limited, and reviews."""
    (text,) = [block for block in blocks(PAGE) if block.startswith("[reviewers.")]
    made = make_reviewers(Settings(tables=tomllib.loads(text)))
    (napper,) = [one for one in made if one.name == "napper"]
    said = "I need a nap! Back in 5 minutes."
    reading = napper.read(Answer(login="acme-napper", channel=Channel.COMMENT, text=said))
    assert napper.addresses("@napper please review")
    assert reading.kind is ReadingKind.LIMITED
    assert reading.wait is not None
