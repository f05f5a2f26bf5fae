"""Profiles: those that are shipped, and what the settings make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comenq_core.errors import SettingsError
from comenq_core.model import Answer, Channel, ReadingKind
from comenq_core.protocols import Reviewer, TriggerAdviser
from comenq_core.settings import Settings
from comenq_plugins.reviewers import make_reviewers
from comenq_plugins.reviewers.shipped import shipped
from tests.reviewers.reading import REVIEWERS

NAMES = sorted(path.stem for path in Path(__file__).with_name("answers").glob("*.toml"))
RULE = {"kind": "limited", "lines": ["nap time"]}


def with_tables(**tables: Any) -> dict[str, Reviewer]:
    """The reviewers of settings with these tables."""
    settings = Settings(tables={"reviewers": tables})
    return {one.name: one for one in make_reviewers(settings)}


def kind_of(reviewer: Reviewer, text: str) -> ReadingKind:
    """What a reviewer makes of a comment of its own."""
    answer = Answer(login=reviewer.logins[0], channel=Channel.COMMENT, text=text)
    return reviewer.read(answer).kind


def test_these_are_shipped() -> None:
    """Each bot that can be asked by a comment, and whose answers have been seen."""
    assert sorted(REVIEWERS) == sorted(shipped()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_login_belongs_to_one_reviewer(name: str) -> None:
    """Whose answer it is never depends on the order of the profiles."""
    answer = Answer(login=REVIEWERS[name].logins[0], channel=Channel.COMMENT, text="")
    assert [one.name for one in REVIEWERS.values() if one.wrote(answer)] == [name]


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("@coderabbitai review", "coderabbit"),
        ("@CodeRabbitAI  full review\n", "coderabbit"),
        ("@codex review", "codex"),
        ("bugbot run", "bugbot"),
        ("@cursor review", "bugbot"),
        ("/gemini review", "gemini"),
        ("@greptile review", "greptile"),
        ("@sourcery-ai review", "sourcery"),
        ("/review", "qodo"),
        ("@claude have a look at the locks", "claude"),
        ("@coderabbitai review.", "coderabbit"),
        ("@coderabbitai review the locks", None),
        ("@coderabbitai review. Mind the locks.", None),
        ("@greptileai! What is this?", None),
        ("@coderabbitai pause", None),
        ("Please, @codex review", None),
        ("Looks good.", None),
    ],
)
def test_a_trigger_addresses_its_reviewer(comment: str, name: str | None) -> None:
    """The whole comment is compared."""
    assert [one.name for one in REVIEWERS.values() if one.addresses(comment)] == (
        [name] if name else []
    )


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("@coderabbitai review please look", "coderabbit"),
        ("@coderabbitai review. Mind the locks.", "coderabbit"),
        ("Looks good.\n\n@CodeRabbitAI full review", "coderabbit"),
        ("Please, @codex review", "codex"),
        ("@coderabbitai review", None),
        ("@claude have a look at the locks", None),
        ("@coderabbitai-fan reviews", None),
        ("@coderabbitai reviewed it", None),
        ("see docs/review", None),
        ("Looks good.", None),
    ],
)
def test_a_trigger_with_more_words_is_nearly_one(comment: str, name: str | None) -> None:
    """It stands somewhere in a comment that is no trigger."""
    advisers = {name: one for name, one in REVIEWERS.items() if isinstance(one, TriggerAdviser)}
    found = [one for one, adviser in advisers.items() if adviser.nearly_addresses(comment)]
    assert (sorted(advisers), found) == (NAMES, [name] if name else [])


def test_some_reviewers_ignore_bots() -> None:
    """Their triggers have to be posted by a person's account."""
    ignoring = [
        name
        for name, one in REVIEWERS.items()
        if isinstance(one, TriggerAdviser) and one.ignores_bots
    ]
    assert sorted(ignoring) == ["bugbot", "claude"]


def test_a_table_adds_a_reviewer() -> None:
    """A bot that comenq does not know is described in the settings."""
    reviewers = with_tables(
        napper={"logins": ["napper"], "triggers": ["@napper go"], "rules": {"nap": RULE}}
    )
    assert sorted(reviewers) == sorted([*NAMES, "napper"])
    assert reviewers["napper"].addresses("@napper go")
    assert kind_of(reviewers["napper"], "Nap time.") is ReadingKind.LIMITED


def test_a_table_replaces_parts_of_a_shipped_profile() -> None:
    """Its keys count instead of the shipped ones; rules are added, or replaced by name."""
    mine = {"logins": ["rabbit"], "rules": {"nap": RULE, "failed": RULE}}
    rabbit = with_tables(coderabbit=mine)["coderabbit"]
    assert rabbit.logins == ["rabbit"]
    assert rabbit.addresses("@coderabbitai review")
    assert kind_of(rabbit, "Nap time!") is ReadingKind.LIMITED
    assert kind_of(rabbit, "## Review failed") is ReadingKind.NOT_UNDERSTOOD
    assert kind_of(REVIEWERS["coderabbit"], "## Review failed") is ReadingKind.FAILED


def test_the_name_that_is_meant_is_told() -> None:
    """A table whose name is almost that of a reviewer describes no reviewer of its own."""
    with pytest.raises(SettingsError, match="no such reviewer; did you mean coderabbit"):
        with_tables(coderabit={"cooldown": 60})
    assert with_tables(coderabit={"logins": ["coderabit"]})["coderabit"].logins == ["coderabit"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"trigers": ["x"]}, "[reviewers.mine]: trigers: there is no such setting; did you mean"),
        ({"logins": []}, "[reviewers.mine]: logins: a reviewer needs"),
        ({"logins": "me"}, "[reviewers.mine]: logins: expected a list of texts"),
        ({"waits": ["soon"]}, "[reviewers.mine]: waits: 'soon': expected {duration} in it"),
        ({"rules": []}, "[reviewers.mine]: rules: expected a table"),
        ({"rules": {"r": 1}}, "[reviewers.mine]: rules.r: expected a table"),
        ({"rules": {"r": {}}}, "[reviewers.mine]: rules.r: kind: expected one of limited, "),
        ({"rules": {"r": {"kind": "late"}}}, "rules.r: kind: expected one of"),
        ({"rules": {"r": {"kind": "limited"}}}, "rules.r: lines: a rule for a limit needs them"),
        ({"rules": {"r": {"kind": "failed", "line": []}}}, "rules.r: line: there is no such"),
        (
            {"rules": {"r": {"kind": "failed", "lines": ["a {b}"]}}},
            "rules.r: lines: 'a {b}': {b} is not known",
        ),
        ({"rules": {"r": {"kind": "failed", "channels": ["air"]}}}, "rules.r: channels: expected"),
    ],
)
def test_a_wrong_table_is_refused(table: dict[str, Any], said: str) -> None:
    """The message names the reviewer, the key and the rule."""
    with pytest.raises(SettingsError) as error:
        with_tables(mine={"logins": ["me"], **table})
    assert said in str(error.value)


def test_a_reviewer_has_to_be_a_table() -> None:
    """So has every entry of the table of reviewers."""
    with pytest.raises(SettingsError, match="expected a table"):
        with_tables(mine=1)
