"""Tokens from settings to requests: replaced, used in turn, throttled and rejected one by one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.forge import Account
from comenq_plugins.github.auth import tokens
from tests.worker.rig import COOLDOWN, Rig, rig

BAD = {"message": "Bad credentials"}


def private(path: Path, token: str, mode: int = 0o600) -> str:
    """Put a token into a file; return its path."""
    path.touch(0o600)
    path.chmod(0o600)
    path.write_text(f"{token}\n")
    path.chmod(mode)
    return str(path)


def used(daemon: Rig) -> list[str]:
    """The tokens of the posts and look-ups so far; not of the questions whose they are."""
    return [one.token for one in daemon.forge.requests if "comments" in one.path]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A token file."""
    return Path(private(tmp_path / "token", "old"))


@pytest.fixture
def filed(tmp_path: Path, file: Path) -> Iterator[Rig]:
    """A worker whose token is in a file."""
    with rig(tmp_path, github_token=None, github_token_file=str(file)) as made:
        yield made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Rig]:
    """A worker with two accounts, ``one`` and ``two``."""
    files = tuple(private(tmp_path / name, name) for name in ("one", "two"))
    with rig(tmp_path, github_token=None, github_token_files=files) as made:
        logins = {"one": "one", "two": "two", "better": "one"}
        made.forge.set_accounts({token: Account(login=login) for token, login in logins.items()})
        yield made


def test_two_tokens_of_one_account_share_its_cooldown(two: Rig) -> None:
    """One account must not post at the pace of two, whoever made its tokens."""
    two.forge.set_accounts({token: Account(login="octocat") for token in ("one", "two")})
    for number in range(3):
        two.put(str(number))
    two.run()
    assert two.bodies == ["0"]
    two.run_for(COOLDOWN - 1)
    assert two.bodies == ["0"]
    two.run_for(1)
    assert two.bodies == ["0", "1"]


def test_a_changed_token_file_lets_a_rejected_account_post_again(filed: Rig, file: Path) -> None:
    """Without a restart, the requeued job is posted with the new token."""
    filed.forge.answer_next(status=401, body=BAD)
    job = filed.put()
    filed.run_for(2 * COOLDOWN)
    assert used(filed) == ["old"]
    private(file, "new")
    filed.run()
    assert used(filed) == ["old", "new"]
    assert filed.job(job).state == "posted"


def test_a_new_token_is_no_way_around_the_cooldown(filed: Rig, file: Path) -> None:
    """A rejected attempt counts for the pace, so the next comes a cooldown later."""
    filed.forge.answer_next(status=401, body=BAD)
    filed.put()
    filed.run()
    private(file, "new")
    filed.run_for(COOLDOWN - 1)
    assert used(filed) == ["old"]
    filed.run_for(1)
    assert used(filed) == ["old", "new"]


def test_a_file_that_can_be_read_again_lets_the_account_post_again(filed: Rig, file: Path) -> None:
    """While the token file is gone nothing is sent; when it is back, the job is posted."""
    file.unlink()
    job = filed.put()
    filed.run_for(10 * COOLDOWN)
    assert used(filed) == []
    assert str(file) in filed.pacing.reason
    private(file, "back")
    filed.run()
    assert used(filed) == ["back"]
    assert filed.job(job).state == "posted"


def test_a_token_is_taken_from_the_credentials_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``${CREDENTIALS_DIRECTORY}`` is where systemd says it is."""
    directory = tmp_path / "credentials"
    directory.mkdir()
    private(directory / "github_token", "systemd's", mode=0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    place = "${CREDENTIALS_DIRECTORY}/github_token"
    with rig(tmp_path, github_token=None, github_token_file=place) as daemon:
        daemon.put()
        daemon.run()
        assert used(daemon) == ["systemd's"]


def test_a_token_is_taken_from_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is asked again a minute after a 401, and what it prints then is used."""
    answers = tmp_path / "answers"
    answers.write_text("first\nsecond\n")
    program = (
        f"p = open({str(answers)!r}, 'r+'); token, *rest = p.read().split();"
        "p.seek(0); p.truncate(); p.write(' '.join(rest or [token])); print(token)"
    )
    command = shlex.join([sys.executable, "-c", program])
    with rig(tmp_path, github_token=None, github_token_command=command) as daemon:
        monkeypatch.setattr(tokens, "since_boot", lambda: daemon.clock().ticks)
        daemon.forge.answer_next(status=401, body=BAD)
        daemon.put()
        daemon.run_for(COOLDOWN)
        assert used(daemon) == ["first", "second"]
        assert daemon.bodies == ["hello"]


def test_two_accounts_post_in_turn_each_at_its_own_pace(two: Rig) -> None:
    """In each cooldown both post, one after the other, in the order of the jobs."""
    for number in range(5):
        two.put(str(number))
    two.run()
    assert two.bodies == ["0", "1"]
    two.run_for(COOLDOWN - 1)
    assert two.bodies == ["0", "1"]
    two.run_for(1)
    assert two.bodies == ["0", "1", "2", "3"]
    assert used(two) == ["one", "two", "one", "two"]


def test_the_account_that_was_unused_for_longest_is_next(two: Rig) -> None:
    """Jobs that come one by one are posted in turn as well."""
    for _ in range(4):
        two.put()
        two.run_for(3 * COOLDOWN)
    assert used(two) == ["one", "two", "one", "two"]


def test_a_throttled_account_does_not_stop_the_other(two: Rig) -> None:
    """The other posts the job; the back-off lasts as long as GitHub said, also after a kill."""
    two.forge.answer_next(status=429, headers={"Retry-After": "9000"})
    for number in range(12):
        two.put(str(number))
    two.run()
    assert two.bodies == ["0"]
    two.start()
    two.run_for(10 * COOLDOWN - 1)
    assert used(two) == ["one", *["two"] * 10]
    assert two.bodies == [str(number) for number in range(10)]
    two.run_for(1)
    assert sorted(used(two)[11:]) == ["one", "two"]


def test_a_rejected_account_does_not_stop_the_other(two: Rig, tmp_path: Path) -> None:
    """One bad token stops its own account alone, until it is replaced."""
    two.forge.answer_next(status=401, body=BAD)
    for number in range(4):
        two.put(str(number))
    two.run_for(COOLDOWN)
    assert used(two) == ["one", "two", "two"]
    private(tmp_path / "one", "better")
    two.run()
    assert used(two) == ["one", "two", "two", "better"]
    assert two.bodies == ["0", "1", "2"]


def test_a_job_is_looked_up_by_the_account_that_attempted_it(two: Rig) -> None:
    """Only that account would have posted the comment; the other account posts on."""
    two.put("first")
    two.run()
    two.forge.answer_next(status=502, accept=True)
    two.put("second")
    two.run()
    two.run_for(10)
    assert used(two)[:2] == ["one", "two"]
    assert set(used(two)[2:]) == {"two"}
    assert two.bodies == ["first", "second"]
