"""`comenq explain`, which needs no daemon."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comenq_core.cli.comenq import explain
from comenq_core.cli.comenq.main import main
from comenq_core.errors import SettingsError
from comenq_core.testing.forge import Forge
from tests.cli.command import environment, run

LIMIT = (
    "> [!WARNING]\n> ## Review limit reached\n>\n> Next included review available in 5 minutes.\n"
)
PULL = "https://github.com/o/r/pull/7"


@pytest.fixture
def forge() -> Iterator[Forge]:
    """Serve a stand-in, on which there are no reviews."""
    with Forge() as running:
        running.answer_always(method="GET", path="/reviews", status=200, body=[])
        yield running


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment without a configuration."""
    return environment(HOME=str(tmp_path))


def explained(*words: str, env: dict[str, str], stdin: str = "") -> dict[str, Any]:
    """The object that ``--json`` prints."""
    done = run("explain", "--json", *words, env=env, stdin=stdin.encode())
    assert (done.returncode, done.stderr) == (0, "")
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    return value


def refused(*words: str, env: dict[str, str]) -> str:
    """What a wrong command line is answered."""
    done = run("explain", *words, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_a_file_is_explained(env: dict[str, str], tmp_path: Path) -> None:
    """The verdict, whose it is, the wait, the line and the rule."""
    (tmp_path / "answer.md").write_text(LIMIT)
    done = run("explain", str(tmp_path / "answer.md"), env=env)
    assert done.stdout.splitlines() == [
        "verdict   limited: it reviews nothing for a while",
        "reviewer  coderabbit",
        "wait      0:05:00",
        "reason    Review limit reached",
        "rule      limit-heading",
    ]


def test_json_is_one_object(env: dict[str, str]) -> None:
    """With a kind, the seconds of the wait, the reason and the rule."""
    assert explained("-", "--reviewer", "coderabbit", env=env, stdin=LIMIT) == {
        "kind": "limited",
        "wait_seconds": 300,
        "reason": "Review limit reached",
        "rule": "limit-heading",
    }


def test_what_is_no_answer_has_no_rule(env: dict[str, str]) -> None:
    """Nothing that is not known is made up."""
    found = explained("-", "--login", "coderabbitai", env=env, stdin="Thank you!")
    assert found == {"kind": "other", "wait_seconds": None, "reason": "", "rule": None}


def test_a_login_decides_whose_answer_it_is(env: dict[str, str]) -> None:
    """A name that only looks like a bot's is a person's."""
    ours = explained("-", "--login", "coderabbitai[bot]", env=env, stdin=LIMIT)
    theirs = explained("-", "--login", "coderabbitai-x", env=env, stdin=LIMIT)
    assert (ours["kind"], theirs["kind"]) == ("limited", "other")


def test_a_channel_is_where_it_appeared(env: dict[str, str]) -> None:
    """A reaction is known by its name."""
    found = explained("-", "--channel", "reaction", "--reviewer", "codex", env=env, stdin="+1")
    assert found["kind"] == "reviewed"


def test_an_author_need_not_be_told_where_it_makes_no_difference(env: dict[str, str]) -> None:
    """Several bots mean the same by a sign."""
    found = explained("-", "--channel", "reaction", env=env, stdin="eyes")
    assert found["kind"] == "accepted"


def test_an_author_that_matters_has_to_be_told(env: dict[str, str]) -> None:
    """The message says what it could mean, and what to add."""
    text = "## Reviewer's Guide\n\n## Code Review by Qodo\n"
    done = run("explain", "-", env=env, stdin=text.encode())
    assert done.returncode == 2
    assert "other by sourcery" in done.stderr
    assert "reviewed by qodo" in done.stderr
    assert "add --reviewer or --login" in done.stderr
    assert explained("-", "--reviewer", "qodo", env=env, stdin=text)["kind"] == "reviewed"


def test_a_reviewer_of_the_settings_is_known(env: dict[str, str], tmp_path: Path) -> None:
    """Its table stands in the configuration."""
    config = tmp_path / ".config/comenqd/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        '[reviewers.napper]\nlogins = ["napper"]\n'
        '[reviewers.napper.rules.nap]\nkind = "paused"\nlines = ["nap time"]\n'
    )
    config.chmod(0o600)
    found = explained("-", "--login", "napper", env=env, stdin="Nap time.")
    assert (found["kind"], found["rule"]) == ("paused", "nap")


@pytest.mark.parametrize("is_hidden", [True, False], ids=["directory", "file"])
def test_a_configuration_that_is_not_ours_to_read_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_hidden: bool
) -> None:
    """The machine's daemon has one; the defaults count, and a note says so."""

    def refuse(*_: object) -> None:
        denied = PermissionError(13, "Permission denied")
        raise denied if is_hidden else SettingsError("cannot be read") from denied

    monkeypatch.setattr(explain, "load", refuse)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LIMIT.encode())))
    words = ["explain", "--json", "--reviewer", "coderabbit", "-"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "the defaults are used" in told.err


def test_an_unknown_reviewer_is_refused(env: dict[str, str]) -> None:
    """With the nearest name."""
    assert "did you mean coderabbit?" in refused("-", "--reviewer", "coderabit", env=env)


def test_what_a_bot_writes_cannot_control_the_terminal(env: dict[str, str]) -> None:
    """The reason is escaped."""
    text = "Sorry \x1b[2J no review"
    done = run("explain", "-", "--reviewer", "codex", env=env, stdin=text.encode())
    assert "\\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_comment_at_an_address_is_explained(env: dict[str, str], forge: Forge) -> None:
    """Its login and its channel are the forge's word."""
    comment = forge.add_comment("o", "r", 7, body=LIMIT, login="coderabbitai[bot]")
    env = {**env, "COMENQD_GITHUB_API_URL": forge.url, "COMENQD_GITHUB_TOKEN": "canary"}
    found = explained(f"{PULL}#issuecomment-{comment.id}", env=env)
    assert (found["kind"], found["wait_seconds"]) == ("limited", 300)


def test_the_latest_answer_on_a_pull_request_is_explained(
    env: dict[str, str], forge: Forge
) -> None:
    """People who write after the bot do not count."""
    for login, body in (
        ("coderabbitai[bot]", "Review triggered."),
        ("coderabbitai[bot]", LIMIT),
        ("octocat", "Review triggered."),
    ):
        forge.add_comment("o", "r", 7, body=body, login=login)
    env = {**env, "COMENQD_GITHUB_API_URL": forge.url, "COMENQD_GITHUB_TOKEN": "canary"}
    assert explained(PULL, env=env)["kind"] == "limited"
    assert explained(PULL, "--reviewer", "codex", env=env)["kind"] == "other"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/o/r/pull/7",
        "https://github.com@example.org/o/r/pull/7",
        "https://github.com.example.org/o/r/pull/7",
        "https://github.com/o/r/issues/7",
        "https://github.com/o/r/pull/7/../../../user",
        "https://github.com/o/r/pull/7?token=1",
        "https://github.com/o/r",
    ],
)
def test_another_address_is_refused(env: dict[str, str], forge: Forge, url: str) -> None:
    """Nothing is sent for it."""
    env = {**env, "COMENQD_GITHUB_API_URL": forge.url, "COMENQD_GITHUB_TOKEN": "canary"}
    assert "expected the address of a comment, a review or a pull request" in refused(url, env=env)
    assert not forge.requests


def test_an_address_tells_login_and_channel(env: dict[str, str]) -> None:
    """They cannot be given for one."""
    assert "an address tells them itself" in refused(PULL, "--login", "x", env=env)
