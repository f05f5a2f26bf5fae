"""The pace is never broken: not by a crash, a restart, or a clock that is set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import (
    ONE_PROCESS,
    Blocked,
    Cause,
    Fault,
    Instant,
    Outcome,
    Pacing,
    Posted,
    Posts,
    Refused,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.policy import pacing, recording
from comenq_core.policy.pacing import PacingPolicy

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
seconds = st.floats(0, 1e6, allow_nan=False)
steps = st.floats(-1e6, 1e6, allow_nan=False)
paces = st.builds(PacingPolicy, cooldown=seconds, jitter=seconds, attempt_limit=seconds)
outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Posted, comment_id=st.integers(1), url=st.just("u")),
    st.builds(
        Throttled,
        wait=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
        message=st.just("slow down"),
    ),
    *(st.builds(kind, message=st.just("no")) for kind in (Unknown, Refused, Unauthorized, Blocked)),
)


def at(ticks: float, step: float = 0.0, boot: str = "b") -> Instant:
    """The instant ``ticks`` seconds after noon, on a wall clock that is wrong by ``step``."""
    return Instant(wall=NOON + timedelta(seconds=ticks + step), boot=boot, ticks=ticks)


def begun(pace: PacingPolicy, jitter: float = 0.0) -> Pacing:
    """The record of an attempt that begins at noon."""
    return pacing.before_attempt(None, "me", "job", at(0), pace, jitter)


@given(pace=paces, outcome=outcomes, lasted=seconds, passed=seconds, step=steps, jitter=seconds)
def test_posts_stay_a_cooldown_apart(
    pace: PacingPolicy, outcome: Outcome, lasted: float, passed: float, step: float, jitter: float
) -> None:
    """Waiting as computed never posts early, however the wall clock is set."""
    record = recording.after_attempt(begun(pace, jitter), outcome, at(lasted), "credential", pace)
    wait = pacing.until_post(record, at(lasted + passed, step), pace)
    assert passed + wait >= (pace.cooldown + jitter) * (1 - 1e-9) - 1e-6


@given(pace=paces, lasted=seconds, passed=seconds)
def test_a_crash_in_an_attempt_shortens_nothing(
    pace: PacingPolicy, lasted: float, passed: float
) -> None:
    """The record made before an attempt keeps the cooldown from the latest end it can have."""
    lasted = min(lasted, pace.attempt_limit)
    wait = pacing.until_post(begun(pace), at(lasted + passed), pace)
    assert passed + wait >= pace.cooldown * (1 - 1e-9) - 1e-6


@given(pace=paces, back=seconds, asked=seconds)
def test_after_a_reboot_a_clock_that_went_back_starts_the_wait_again(
    pace: PacingPolicy, back: float, asked: float
) -> None:
    """Where only the wall clock is left and it went back, the whole wait is kept."""
    throttled = Throttled(wait=timedelta(seconds=asked), message="slow down")
    record = recording.after_attempt(begun(pace), throttled, at(0), "credential", pace)
    later = at(0, step=-back, boot="another")
    assert pacing.until_post(record, later, pace) >= pace.cooldown
    assert pacing.until_request(record, later) == record.backoff


@given(pace=paces, off=seconds, back=seconds, boot=st.sampled_from(["b", "another", ""]))
def test_a_wait_by_this_boots_clock_is_as_long_and_ends(
    pace: PacingPolicy, off: float, back: float, boot: str
) -> None:
    """However the wall clock was set, the wait is not shortened, and it ends."""
    record = recording.after_attempt(begun(pace), Unknown(message="502"), at(0), "credential", pace)
    now = at(off, step=-back, boot=boot)
    rebased = pacing.rebased(record, now)
    wait = pacing.until_post(record, now, pace)
    assert abs(pacing.until_post(rebased, now, pace) - wait) < 1e-3
    assert pacing.until_post(rebased, at(off + wait + 1, step=-back, boot=boot), pace) == 0


@given(pace=paces, off=seconds, step=steps)
def test_where_the_boot_is_unknown_a_clock_that_was_set_shortens_nothing(
    pace: PacingPolicy, off: float, step: float
) -> None:
    """However the wall clock was set between two processes, the wait is not short, and it ends."""
    ended = at(0, boot=f"{ONE_PROCESS}one")
    record = Pacing(account="me", at=ended)
    now = at(off, step, boot=f"{ONE_PROCESS}two")

    wait = pacing.until_post(record, now, pace)

    assert off + wait >= pace.cooldown * (1 - 1e-9) - 1e-6
    rebased = pacing.rebased(record, now)
    later = at(off + wait + 1, step, boot=f"{ONE_PROCESS}two")
    assert pacing.until_post(rebased, later, pace) == 0


def test_where_the_boot_is_unknown_a_reboot_leaves_the_wall_clock() -> None:
    """A clock since boot that shows less than before belongs to another boot: the wait goes on."""
    before, after = f"{ONE_PROCESS}one", f"{ONE_PROCESS}two"
    record = Pacing(account="me", at=at(5_000, boot=before))
    now = Instant(wall=NOON + timedelta(seconds=5_100), boot=after, ticks=20)
    assert pacing.elapsed(record.at, now) == 100


def test_a_boot_that_cannot_be_the_same_is_another() -> None:
    """Where the clock since boot went back, the wait starts again, and once, whatever the name."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=0)
    record = Pacing(account="me", at=at(100_000))
    now = at(10)
    rebased = pacing.rebased(record, now)
    assert pacing.until_post(rebased, now, pace) == 900
    assert pacing.until_post(rebased, at(910), pace) == 0


def test_an_attempt_that_another_machine_may_be_making_is_left_alone() -> None:
    """A clock without a boot is shared: its owner corrects the record when the attempt is over."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    record = replace(begun(pace), at=at(0, boot=""))
    assert pacing.rebased(record, at(0, step=-1, boot="")) == record


@given(pace=paces, outcome=outcomes, passed=seconds)
def test_what_the_forge_asks_for_never_shortens_the_wait(
    pace: PacingPolicy, outcome: Outcome, passed: float
) -> None:
    """A post waits for the cooldown and for the forge, whichever is longer."""
    record = recording.after_attempt(begun(pace), outcome, at(0), "credential", pace)
    post = pacing.until_post(record, at(passed), pace)
    assert post >= pacing.until_request(record, at(passed))


def test_a_changed_cooldown_takes_effect_at_once() -> None:
    """The record holds when the attempt ended, not until when to wait."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    posted = Posted(comment_id=1, url="u")
    record = recording.after_attempt(begun(pace), posted, at(10), "credential", pace)
    assert pacing.until_post(record, at(70), pace) == 840
    assert pacing.until_post(record, at(70), replace(pace, cooldown=60)) == 0


def test_a_boot_that_slept_is_counted_by_its_own_clock() -> None:
    """Within one boot the wall clock does not matter."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=0)
    record = recording.after_attempt(begun(pace), Posted(comment_id=1, url="u"), at(0), "c", pace)
    assert pacing.until_post(record, at(600, step=-3600), pace) == 300
    assert pacing.until_post(record, at(600, step=86_400), pace) == 300


def test_throttles_in_a_row_wait_twice_as_long_each_time_up_to_an_hour() -> None:
    """A secondary limit that names no time is met with 60 s, doubling, at most an hour."""
    pace, waits = PacingPolicy(cooldown=0, jitter=0, attempt_limit=0), []
    record = begun(pace)
    for _ in range(8):
        throttled = Throttled(wait=None, message="secondary limit")
        record = recording.after_attempt(record, throttled, at(0), "credential", pace)
        waits.append(record.backoff)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_a_success_ends_the_doubling() -> None:
    """After a post that went through, the next throttle starts at 60 s again."""
    pace = PacingPolicy(cooldown=0, jitter=0, attempt_limit=0)
    throttled = Throttled(wait=None, message="secondary limit")
    record = recording.after_attempt(begun(pace), throttled, at(0), "credential", pace)
    record = recording.after_attempt(
        record, Posted(comment_id=1, url="u"), at(0), "credential", pace
    )
    record = recording.after_attempt(record, throttled, at(0), "credential", pace)
    assert record.backoff == 60


@given(pace=paces, lasted=seconds, passed=seconds, jitter=seconds)
def test_a_skip_costs_a_moment_and_no_cooldown(
    pace: PacingPolicy, lasted: float, passed: float, jitter: float
) -> None:
    """After a skip the account may post again in a second: it has asked, and posted nothing."""
    skipped = Skipped(message="the pull request is closed")
    record = recording.after_attempt(begun(pace, jitter), skipped, at(lasted), "credential", pace)
    now, left = at(lasted + passed), max(0.0, 1.0 - passed)
    assert abs(pacing.until_post(record, now, pace) - left) < 1e-6
    assert abs(pacing.until_request(record, now) - left) < 1e-6


def test_a_skip_ends_a_row_of_failures() -> None:
    """The forge has answered, so the next throttle starts at 60 s again."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=0)
    throttled = Throttled(wait=None, message="secondary limit")
    record = recording.after_attempt(begun(pace), throttled, at(0), "credential", pace)
    record = recording.after_attempt(record, Skipped(message="closed"), at(0), "credential", pace)
    assert recording.after_attempt(record, throttled, at(0), "credential", pace).failures == 1


def test_what_came_of_posts_is_counted() -> None:
    """The numbers grow from attempt to attempt; a skipped job is no post."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=60)
    record = None
    for outcome in (
        Posted(comment_id=1, url="u"),
        Unknown(message="no answer"),
        Unknown(message="502", status=502),
        Refused(message="locked", status=403),
        Skipped(message="closed"),
        Posted(comment_id=2, url="u"),
    ):
        record = pacing.before_attempt(record, "octocat", "job", at(0), pace, 0)
        record = recording.after_attempt(record, outcome, at(0), "credential", pace)
    assert record is not None
    assert record.posts == Posts(success=2, api_error=2, timeout=1)


def test_no_back_off_is_longer_than_a_day() -> None:
    """An absurd Retry-After is cut at 24 hours."""
    throttled = Throttled(wait=timedelta(days=400), message="slow down")
    pace = PacingPolicy(cooldown=0, jitter=0, attempt_limit=0)
    record = recording.after_attempt(begun(pace), throttled, at(0), "credential", pace)
    assert record.backoff == 86_400


def test_a_look_up_that_is_throttled_only_lengthens_the_back_off() -> None:
    """A look-up is no attempt: the cooldown stays as it was."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=0)
    record = recording.after_attempt(begun(pace), Unknown(message="502"), at(0), "credential", pace)
    throttled = Throttled(wait=timedelta(seconds=50), message="slow down")
    after = recording.after_lookup(record, "me", throttled, at(100), "token", pace)
    assert pacing.until_request(after, at(100)) == 50
    assert pacing.until_post(after, at(100), pace) == 800


def test_a_forge_that_is_down_until_later_is_asked_nothing_before() -> None:
    """An ambiguous answer to a post or a look-up that names a time is a back-off as well."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=0)
    down = Unknown(message="503", status=503, wait=timedelta(seconds=1200))
    record = recording.after_attempt(begun(pace), down, at(0), "credential", pace)
    assert recording.must_persist_backoff(down)
    assert pacing.until_request(record, at(0)) == pacing.until_post(record, at(0), pace) == 1200

    looked_up = recording.after_lookup(record, "me", down, at(1000), "credential", pace)
    assert pacing.until_request(looked_up, at(1000)) == 2400
    assert looked_up.failures == record.failures + 1


def after(pace: PacingPolicy, *outcomes: Outcome) -> Pacing:
    """The record after these attempts, each made as soon as it may be, at noon."""
    record: Pacing | None = None
    for outcome in outcomes:
        started = pacing.before_attempt(record, "me", "job", at(0), pace, 0)
        record = recording.after_attempt(started, outcome, at(0), "credential", pace)
    assert record is not None
    return record


PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=0)
POSTED = Posted(comment_id=1, url="u")
DOWN = Unknown(message="502", status=502)


def test_the_same_demand_again_waits_longer_whatever_it_names() -> None:
    """A forge that asks for one second again and again is given a minute, then two."""
    second = Throttled(wait=timedelta(seconds=1), message="slow down")
    assert [after(PACE, *[second] * times).backoff for times in (1, 2, 3)] == [1, 60, 120]


@given(pace=paces, passed=seconds, jitter=seconds)
def test_what_never_left_the_machine_costs_the_short_back_off(
    pace: PacingPolicy, passed: float, jitter: float
) -> None:
    """After a refused connection the next attempt waits five seconds, and not for the cooldown."""
    refused = Unavailable(message="connection refused")
    record = recording.after_attempt(begun(pace, jitter), refused, at(0), "credential", pace)
    assert abs(pacing.until_post(record, at(passed), pace) - max(0.0, 5 - passed)) < 1e-6
    assert pacing.until_post(pacing.flushed(record), at(passed), pace) == 0


def test_a_question_that_failed_for_one_pull_request_delays_no_other() -> None:
    """Where the pull request could not be read, the account goes on after a moment."""
    failed = Unavailable(message="502", fault=Fault.PULL_REQUEST)
    record = after(PACE, failed)
    assert pacing.until_post(record, at(0), PACE) == pytest.approx(1)
    assert not record.cause


def test_the_second_post_in_a_row_without_an_answer_is_an_outage() -> None:
    """Then the forge is asked a question before the next post, after a wait that grows."""
    assert not pacing.must_ask(after(PACE, DOWN))
    record = after(PACE, DOWN, DOWN, DOWN)
    assert record.cause == Cause.OUTAGE
    assert pacing.must_ask(record)
    assert [after(PACE, *[DOWN] * times).backoff for times in (2, 3, 4)] == [5, 10, 20]
    assert after(PACE, *[DOWN] * 20).backoff == 900
    assert pacing.until_request(record, at(0)) == 0  # a look-up may be what ends it


def test_an_outage_ends_with_an_answered_question_and_grows_with_another_failure() -> None:
    """An answer allows the next post; no answer makes the wait longer."""
    record = after(PACE, DOWN, DOWN)
    over = recording.after_question(record, None, at(10), "credential")
    assert (over.cause, over.backoff) == ("", 0)
    assert pacing.until_post(over, at(10), PACE) == 890
    still = recording.after_question(record, DOWN, at(10), "credential")
    assert still.cause == Cause.OUTAGE
    assert still.backoff == 10 + 10


def test_flushing_ends_neither_the_cooldown_nor_what_the_forge_asked_for() -> None:
    """It ends the back-offs that comenq has chosen itself."""
    outage = pacing.flushed(after(PACE, *[DOWN] * 20))
    assert outage.backoff == 0
    assert pacing.until_post(outage, at(0), PACE) == 900
    throttled = after(PACE, Throttled(wait=timedelta(hours=1), message="slow down"))
    assert pacing.flushed(throttled) == throttled
    rejected = after(PACE, Unauthorized(message="bad credentials"))
    assert pacing.flushed(rejected) == rejected


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (Unauthorized(message="bad credentials"), Cause.UNAUTHORIZED),
        (Blocked(message="not a supported version"), Cause.BLOCKED),
    ],
)
def test_what_stops_an_account_is_asked_about_once_an_hour(outcome: Outcome, cause: Cause) -> None:
    """A pause ends by itself: after an hour comes a question, and after another hour the next."""
    record = after(PACE, outcome)
    assert record.cause == cause
    assert pacing.must_ask(record)
    assert pacing.until_post(record, at(0), PACE) == 3600
    assert isinstance(outcome, Unauthorized | Blocked)
    still = recording.after_question(record, outcome, at(3600), "credential")
    assert pacing.until_post(still, at(3600), PACE) == 3600
    over = recording.after_question(record, None, at(3600), "credential")
    assert not pacing.must_ask(over)
    assert pacing.until_post(over, at(3600), PACE) == 0
    assert not pacing.must_ask(pacing.resumed(record))


def test_two_credentials_of_one_login_share_a_cooldown() -> None:
    """They are one account to the forge; what stops one credential does not stop the other."""
    other = replace(after(PACE, replace(POSTED, login="Octocat")), account="token-2")
    assert pacing.is_same_account(other, "octocat")
    assert not pacing.is_same_account(other, "")
    assert until_turn_beside(other) == 800
    rejected = after(PACE, Unauthorized(message="bad credentials"))
    assert until_turn_beside(replace(rejected, account="token-2", login="octocat")) == 800
    limited = after(PACE, Throttled(wait=timedelta(hours=1), message="slow down"))
    assert until_turn_beside(replace(limited, account="token-2", login="octocat")) == 3500


def until_turn_beside(other: Pacing) -> float:
    """Seconds that octocat's unused account waits at 100 s because of another one."""
    return pacing.until_turn("default", "octocat", {other.account: other}, at(100), PACE)


def test_after_a_kill_the_cooldown_counts_from_the_comment() -> None:
    """The look-up tells when the comment was created, which is when the attempt ended."""
    pace = replace(PACE, attempt_limit=30)
    record = pacing.before_attempt(None, "me", "job", at(0), pace, 0)
    assert pacing.until_post(record, at(20), pace) == 910
    created = recording.created_at(record, at(3).wall, at(20))
    assert pacing.until_post(created, at(20), pace) == 884  # to the second, on the safe side
    early = recording.created_at(record, at(-3600).wall, at(20))
    assert pacing.until_post(early, at(20), pace) == 880  # not before the attempt began


def test_an_account_without_a_record_may_post_at_once() -> None:
    """The very first post need not wait."""
    pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
    assert pacing.until_post(None, at(0), pace) == 0
    assert pacing.until_request(None, at(0)) == 0
