"""A comment is posted by an account that serves its repository, and fails when none can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from comenq_core.testing.forge import Account
from tests.worker.answers import said
from tests.worker.rig import Rig, rig
from tests.worker.scenes import HOUR, posts, put, states, token_files

ORGS = {
    "token-a": Account(login="bot-a", sees=("orga/*",)),
    "token-b": Account(login="bot-b", sees=("orgb/*",)),
}
WRITERS = {
    "token-a": Account(login="bot-a", writes=("orga/*",)),
    "token-b": Account(login="bot-b", writes=("orgb/*",)),
}


@contextmanager
def with_tokens(directory: Path, accounts: Mapping[str, Account]) -> Iterator[Rig]:
    """A worker without a cooldown whose accounts are not bound to repositories."""
    files = token_files(directory, *accounts)
    settings: dict[str, Any] = {"github_token_files": files, "cooldown_period_seconds": 0.0}
    with rig(directory, github_token=None, **settings) as daemon:
        daemon.forge.set_accounts(accounts)
        yield daemon


@contextmanager
def with_tables(directory: Path, bound: Mapping[str, list[str]]) -> Iterator[Rig]:
    """A worker with tables ``[accounts.NAME]``, whose tokens see what they are for."""
    (directory / "tokens").mkdir()
    token_files(directory / "tokens", *bound)
    tables = {
        "accounts": {
            name: {"token_file": str(directory / "tokens" / name), "for": patterns}
            for name, patterns in bound.items()
        }
    }
    with rig(directory, github_token=None, tables=tables, cooldown_period_seconds=0.0) as daemon:
        daemon.forge.set_accounts({name: Account(login=f"bot-{name}") for name in bound})
        yield daemon


def pairs(daemon: Rig) -> set[tuple[str, str]]:
    """Owners, and who has commented there."""
    return {(comment.owner, comment.login) for comment in daemon.forge.comments}


@pytest.mark.parametrize("accounts", [ORGS, WRITERS], ids=["404", "403"])
def test_another_account_posts_it(tmp_path: Path, accounts: Mapping[str, Account]) -> None:
    """One gets a 404, or may not write there: the other posts, and no comment fails."""
    with with_tokens(tmp_path, accounts) as daemon:
        jobs = [put(daemon, f"org{owner}/r#1", f"{owner}{n}") for n in range(3) for owner in "ab"]
        daemon.run_for(HOUR)
        assert states(daemon, jobs) == ["posted"] * 6
        assert pairs(daemon) == {("orga", "bot-a"), ("orgb", "bot-b")}


def test_each_account_gets_one_attempt(tmp_path: Path) -> None:
    """A pull request that nobody sees costs each account one request, twice, minutes apart."""
    with with_tokens(tmp_path, ORGS) as daemon:
        job = put(daemon, "orgc/r#1", "lost")
        daemon.run_for(60)
        assert sorted(one.token for one in posts(daemon)) == ["token-a", "token-b"]
        assert daemon.job(job).state == "waiting"
        daemon.run_for(HOUR)
        assert sorted(one.token for one in posts(daemon)) == [
            "token-a",
            "token-a",
            "token-b",
            "token-b",
        ]
        assert daemon.job(job).state == "failed"


def test_a_comment_that_no_account_may_write_waits(tmp_path: Path) -> None:
    """Alone, it is sent again an hour later, and fails if it is the same then."""
    with with_tokens(tmp_path, WRITERS) as daemon:
        alone = put(daemon, "orgc/r#1", "alone")
        other = put(daemon, "orga/r#1", "other")
        daemon.run_for(60)
        assert states(daemon, [alone, other]) == ["waiting", "posted"]
        daemon.run_for(2 * HOUR)
        assert daemon.job(alone).state == "failed"
        assert "Resource not accessible" in daemon.job(alone).reason


def test_three_that_no_account_may_write_are_the_accounts_fault(tmp_path: Path) -> None:
    """A permission was taken away: the accounts wait and say so, and all keep their places."""
    nowhere = {token: replace(account, writes=()) for token, account in WRITERS.items()}
    with with_tokens(tmp_path, nowhere) as daemon:
        jobs = [put(daemon, f"org{owner}/r#1", owner) for owner in "abcde"]
        daemon.run_for(HOUR - 120)
        assert states(daemon, jobs) == ["waiting"] * 5
        records = daemon.store.pacing().values()
        assert {record.cause for record in records} == {"refusals"}
        assert all("Resource not accessible" in record.reason for record in records)
        daemon.forge.set_accounts({token: Account(login=token) for token in nowhere})
        daemon.run_for(HOUR)
        assert states(daemon, jobs) == ["posted"] * 5


def test_an_account_posts_only_where_it_is_for(tmp_path: Path) -> None:
    """The tables say it: no account is even tried elsewhere, in whatever case it is written."""
    with with_tables(tmp_path, {"a": ["orga/*"], "b": ["orgb/*", "me/tool"]}) as daemon:
        targets = ["orga/r#1", "OrgB/r#1", "orga/s#2", "ME/Tool#3", "orgb/r#1"]
        jobs = [put(daemon, target, target) for target in targets]
        daemon.run_for(60)
        assert states(daemon, jobs) == ["posted"] * 5
        assert len(posts(daemon)) == 5
        used = {(one.path.split("/")[2].lower(), one.token) for one in posts(daemon)}
        assert used == {("orga", "a"), ("orgb", "b"), ("me", "b")}


def test_a_request_chooses_its_account(tmp_path: Path) -> None:
    """``put --as``: of several that are for the repository, only that one posts."""
    with with_tables(tmp_path, {"a": ["o/*"], "b": ["o/*"]}) as daemon:
        jobs = [put(daemon, "o/r#1", f"comment {n}", account="b") for n in range(3)]
        daemon.run_for(60)
        assert states(daemon, jobs) == ["posted"] * 3
        assert {one.token for one in posts(daemon)} == {"b"}


def test_a_chosen_account_that_waits_holds_back_no_other_comment(tmp_path: Path) -> None:
    """The first in the queue waits for its account; the next is posted by another."""
    with with_tables(tmp_path, {"a": ["o/*"], "b": ["o/*"]}) as daemon:
        daemon.forge.answer_always(token="b", **said(401, "Bad credentials"))
        first = put(daemon, "o/r#1", "first", account="b")
        second = put(daemon, "o/r#2", "second")
        daemon.run_for(10 * 60)
        assert states(daemon, [first, second]) == ["waiting", "posted"]


def test_a_comment_that_nobody_serves_fails(tmp_path: Path) -> None:
    """Dropped as a file, it was not refused at the door: the reason names the accounts."""
    with with_tables(tmp_path, {"a": ["orga/*"], "b": ["orgb/*"]}) as daemon:
        job = put(daemon, "orgc/r#1", "lost")
        daemon.run_for(60)
        failed = daemon.job(job)
        assert (failed.state, posts(daemon)) == ("failed", [])
        assert "no account serves orgc/r; the accounts are a (for orga/*)" in failed.reason
