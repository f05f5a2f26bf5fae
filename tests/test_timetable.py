"""When comments are posted, one after another."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from comenq_core.policy.timetable import Timetable, runs_before

ACCOUNTS = "abc"
SECONDS = st.integers(0, 10**6)
free = st.dictionaries(st.sampled_from(ACCOUNTS), SECONDS, min_size=1)
jobs = st.lists(
    st.tuples(SECONDS, st.sets(st.sampled_from(ACCOUNTS), min_size=1)), max_size=30
).map(lambda found: sorted(found, key=lambda job: job[0]))
gaps = st.integers(0, 10_000)


@given(free=free, jobs=jobs, gap=gaps)
def test_nothing_is_posted_before_it_is_due_or_an_account_is_free(
    free: dict[str, int], jobs: list[tuple[int, set[str]]], gap: int
) -> None:
    """Neither a job's time nor the wait of its accounts is cut short."""
    timetable = Timetable(free, gap)
    for due, accounts in jobs:
        at = timetable.post(due, accounts)
        able = accounts & set(free)
        assert (at is None) == (not able)
        assert at is None or at >= max(due, min(free[account] for account in able))


@given(wait=SECONDS, dues=st.lists(SECONDS, max_size=30).map(sorted), gap=gaps)
def test_posts_of_one_account_are_in_order_and_a_cooldown_apart(
    wait: int, dues: list[int], gap: int
) -> None:
    """Each comes no sooner than a cooldown after the one before, and no later than it has to."""
    timetable = Timetable({"a": wait}, gap)
    times = [timetable.post(due, "a") for due in dues]
    before: float = wait - gap
    for due, at in zip(dues, times, strict=True):
        assert at == max(due, before + gap)
        before = at or 0


@given(free=free, count=st.integers(2, 30), gap=gaps)
def test_several_accounts_share_the_queue(free: dict[str, int], count: int, gap: int) -> None:
    """Times follow the order of the queue, and each account posts once in a cooldown."""
    timetable = Timetable(free, gap)
    times = [timetable.post(0, ACCOUNTS) for _ in range(count)]
    assert all(one <= other for one, other in pairwise(times))  # type: ignore[operator]
    apart = zip(times, times[len(free) :], strict=False)
    assert all(later - first >= gap for first, later in apart)  # type: ignore[operator]


@given(wait=SECONDS, count=st.integers(0, 100), gap=gaps)
def test_jobs_that_are_not_looked_at_take_a_cooldown_each(wait: int, count: int, gap: int) -> None:
    """To pass over jobs of a single account is the same as to look at each of them."""
    timetable = Timetable({"a": wait}, gap)
    timetable.skip(count)
    assert timetable.post(0, "a") == wait + count * gap


@given(dues=st.lists(st.integers(1, 8_000), max_size=20).map(sorted), due=st.integers(1, 8_000))
def test_runs_are_as_good_as_looking_at_each_job(dues: list[int], due: int) -> None:
    """No estimate is later than by all jobs, and where all are due together, none is earlier."""
    gap, due = 900, max([due, *dues])
    runs = runs_before(len(dues), due, dues.__getitem__, gap)
    assert sum(count for _, count in runs) == len(dues)
    by_runs, by_all = Timetable({"a": 0}, gap), Timetable({"a": 0}, gap)
    for first, count in runs:
        by_runs.post(first, "a")
        by_runs.skip(count - 1)
    for one in dues:
        by_all.post(one, "a")
    estimate, exact = by_runs.post(due, "a"), by_all.post(due, "a")
    assert estimate is not None
    assert exact is not None
    assert due <= estimate <= exact
    assert estimate == exact or due - dues[0] > gap


@given(count=st.integers(0, 100_000), before=st.integers(0, 100_000))
def test_few_jobs_are_looked_at(count: int, before: int) -> None:
    """However many jobs there are, a few show which are due together."""
    seen = set()

    def due_at(place: int) -> float:
        seen.add(place)
        return 0.0 if place < before else 5_000.0

    runs = runs_before(before + count, 5_000, due_at, 900)
    assert (5_000.0, count) in runs or not count
    assert len(seen) <= 40
