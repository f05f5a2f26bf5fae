"""Which lane a comment is in, when a lane opens, and what the settings make of that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import ComenqError
from comenq_core.migrate import move
from comenq_core.model import CommentRequest, Division, Lane, LaneRecord, Scope
from comenq_core.plugins import registry
from comenq_core.plugins.lanes import division
from comenq_core.policy.lanes import LanePolicy, Quota, begun, ended, rebased, until_open
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore

BOT = Lane(reviewer="bot", scope="octo")


def policy(scope: Scope = Scope.OWNER) -> LanePolicy:
    """One reviewer, with a cooldown of its own."""
    quota = Quota(reviewer="bot", addresses="@bot go".__eq__, scope=scope, cooldown=600)
    return LanePolicy(quotas=[quota], cooldown=900, jitter=0, attempt_limit=30)


def request(body: str = "@bot go", owner: str = "Octo") -> CommentRequest:
    """A comment on some pull request."""
    return CommentRequest(owner=owner, repo="Hello", pr_number=1, body=body)


@pytest.mark.parametrize(
    ("scope", "expected", "recorded"),
    [
        (Scope.OWNER, "octo", "octo"),
        (Scope.REPOSITORY, "octo/hello", "octo/hello"),
        (Scope.ACCOUNT, "", "ada"),
        (Scope.EVERYTHING, "", ""),
    ],
)
def test_a_lane_is_what_shares_a_quota(scope: Scope, expected: str, recorded: str) -> None:
    """A trigger's lane has its reviewer and the scope; the account is known when it is posted."""
    rules = policy(scope)
    lane = rules.lane_of(request())
    assert lane == Lane(reviewer="bot", scope=expected)
    assert rules.with_account(lane, "ada") == Lane(reviewer="bot", scope=recorded)
    assert rules.without_account(rules.with_account(lane, "ada"), "ada") == lane


def test_space_around_a_trigger_does_not_count() -> None:
    """The whole comment is compared, without what is white at its ends."""
    assert policy().lane_of(request("\n @bot go \n")) == BOT
    assert policy().lane_of(request("@bot go, please")) == Lane()


def test_the_lane_of_everybody_else_is_each_accounts_own() -> None:
    """A record of another account closes nothing."""
    rules = policy()
    lane = rules.with_account(Lane(), "ada")
    assert lane == Lane(scope="ada")
    assert rules.without_account(lane, "ada") == Lane()
    assert rules.without_account(lane, "bob") is None


def test_a_lane_is_closed_while_an_attempt_may_go_on_and_for_its_cooldown() -> None:
    """After a crash, the attempt counts as having lasted as long as it can."""
    clock = FakeClock()
    record = begun(None, BOT, "7f3kq2m8x1ab", clock(), 30, 5)
    assert until_open(record, clock(), policy()) == 635
    assert until_open(ended(record, clock()), clock(), policy()) == 605


def test_a_blocked_lane_does_not_open_by_itself() -> None:
    """It opens by nothing but a record that says so."""
    record = LaneRecord(lane=BOT, is_blocked=True)
    assert until_open(record, FakeClock()(), policy()) == math.inf


def test_a_lane_is_held_until_its_time() -> None:
    """The later of hold and cooldown counts."""
    clock = FakeClock()
    held = LaneRecord(lane=BOT, held_until=clock().wall + timedelta(seconds=90))
    assert until_open(held, clock(), policy()) == 90
    assert until_open(replace(held, at=clock()), clock(), policy()) == 600
    clock.advance(91)
    assert until_open(held, clock(), policy()) == 0


def test_a_lane_of_no_reviewer_in_the_settings_has_no_cooldown() -> None:
    """Its record may be there from earlier."""
    clock = FakeClock()
    record = LaneRecord(lane=Lane(reviewer="gone", scope="octo"), at=clock())
    assert until_open(record, clock(), policy()) == 0


def test_a_clock_that_went_back_keeps_no_lane_closed_for_ever() -> None:
    """After a restart of the machine, the cooldown begins again, once."""
    clock = FakeClock()
    record = LaneRecord(lane=BOT, at=clock())
    clock.set_wall(clock().wall - timedelta(days=300))
    clock.reboot()
    assert until_open(rebased(record, clock()), clock(), policy()) == 600


def test_other_settings_have_other_keys() -> None:
    """What a store has kept of a lane does not outlive the settings that it comes from."""
    settings = Settings(reviewers=("bot",))
    other = replace(settings, tables={"reviewers": {"bot": {"scope": "everything"}}})
    keys = {division(one, policy()).key_of(BOT) for one in (settings, other)}
    assert len(keys) == 2
    assert Division().key_of(BOT) == b""


@pytest.mark.parametrize(
    ("names", "tables", "message"),
    [
        (("coderabit",), {}, "reviewers: there is no reviewer coderabit; did you mean coderabbit?"),
        ((), {"coderabbit": {"scope": "team"}}, "scope: expected one of owner, repository"),
        ((), {"coderabbit": {"cooldown": -1}}, "cooldown: expected a number of seconds from 0"),
    ],
)
def test_wrong_settings_are_explained(
    names: tuple[str, ...], tables: Mapping[str, object], message: str
) -> None:
    """The error names the reviewer, or the key, and what was expected."""
    settings = Settings(reviewers=names or tuple(tables), tables={"reviewers": tables})
    with pytest.raises(ComenqError, match=message):
        registry.load().lane_policy(settings)


def test_a_table_says_how_a_reviewers_lanes_are_divided() -> None:
    """Its scope and its cooldown take the place of the profile's."""
    table = {"scope": "repository", "cooldown": 60}
    settings = Settings(reviewers=("coderabbit",), tables={"reviewers": {"coderabbit": table}})
    rules = registry.load().lane_policy(settings)
    assert rules
    lane = rules.lane_of(request("@coderabbitai review"))
    assert lane == Lane(reviewer="coderabbit", scope="octo/hello")
    assert rules.cooldown_of(lane) == 60


def test_a_move_takes_the_records_of_lanes_along() -> None:
    """An attempt that was going on has ended; a hold is kept."""
    clock = FakeClock()
    source, target = MemoryStore(clock), MemoryStore(clock)
    until = clock().wall + timedelta(hours=1)
    held = LaneRecord(lane=BOT, at=clock(), held_until=until, reason="limited", refused=3)
    going_on = LaneRecord(lane=Lane(scope="ada"), at=clock(), job="7f3kq2m8x1ab", max_remaining=30)
    for record in (held, going_on):
        source.save_lane(record, expect=None)
    clock.advance(40)
    move(source, target)
    moved = target.lanes()
    assert moved[BOT] == held
    assert (moved[going_on.lane].job, moved[going_on.lane].max_remaining) == ("", 0)
    move(source, target)
    assert target.lanes() == moved
