"""Hypothesis strategies for comenq's records, for property tests of plugins, too."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from comenq_core.limits import ACCOUNT_PATTERN, HOST_PATTERN, VIA_PATTERN
from comenq_core.model import (
    KEY_LIMIT,
    MAX_COMMENT_ID,
    MAX_NUMBER,
    Attempt,
    Candidate,
    Checking,
    CommentRequest,
    Done,
    Failed,
    Instant,
    Job,
    Origin,
    Pacing,
    Pause,
    Posts,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Verdict,
)

__all__ = [
    "attempts",
    "bodies",
    "instants",
    "jobs",
    "moments",
    "pacings",
    "pauses",
    "requests",
    "texts",
    "verdicts",
]

_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_BASE_32 = "0123456789abcdefghjkmnpqrstvwxyz"
_SECONDS = st.floats(min_value=0, max_value=10**9)
_COUNTS = st.integers(min_value=0, max_value=2**53)
_FORGE_IDS = st.integers(min_value=1, max_value=2**63) | st.text(_ALPHANUMERIC, min_size=1)


def texts(*, min_size: int = 0, max_size: int = 200) -> st.SearchStrategy[str]:
    """Any Unicode that UTF-8 can hold: control characters, right-to-left, emoji, newlines."""
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=min_size, max_size=max_size)


def moments() -> st.SearchStrategy[datetime]:
    """Aware datetimes of this century, to the microsecond, at any offset."""
    offsets = st.integers(min_value=-14 * 60, max_value=14 * 60).map(
        lambda minutes: timezone(timedelta(minutes=minutes))
    )
    return st.datetimes(
        min_value=datetime.fromisoformat("2000-01-02"),
        max_value=datetime.fromisoformat("2099-12-30"),
        timezones=offsets,
    )


def bodies() -> st.SearchStrategy[str]:
    """Bodies that a comment may have."""
    return texts(min_size=1).filter(str.strip)


def requests() -> st.SearchStrategy[CommentRequest]:
    """Requests, with and without conditions."""
    return st.builds(
        CommentRequest,
        owner=st.text(_ALPHANUMERIC, min_size=1, max_size=39),
        repo=st.text(f"{_ALPHANUMERIC}-_", min_size=1, max_size=100),
        pr_number=st.integers(min_value=1, max_value=MAX_NUMBER),
        body=bodies(),
        not_before=st.none() | moments(),
        key=st.none() | texts(min_size=1, max_size=KEY_LIMIT),
        if_open=st.booleans(),
        account=st.none() | st.from_regex(ACCOUNT_PATTERN, fullmatch=True),
        host=st.none() | st.from_regex(HOST_PATTERN, fullmatch=True),
        in_reply_to=st.none() | st.integers(min_value=1, max_value=MAX_COMMENT_ID),
    )


def instants() -> st.SearchStrategy[Instant]:
    """Moments as two clocks show them."""
    return st.builds(Instant, wall=moments(), boot=texts(), ticks=_SECONDS)


def attempts() -> st.SearchStrategy[Attempt]:
    """Attempts of any outcome."""
    return st.builds(
        Attempt,
        started=moments(),
        ended=moments(),
        account=texts(),
        outcome=texts(),
        message=texts(),
        status=st.none() | st.integers(min_value=100, max_value=599),
        counted=st.booleans(),
        fault=texts(),
        login=texts(),
        comment_id=st.none() | _FORGE_IDS,
    )


def jobs() -> st.SearchStrategy[Job]:
    """Jobs in any state; those of refused files have no request."""
    return st.builds(
        Job,
        id=st.text(_BASE_32, min_size=12, max_size=12),
        request=st.none() | requests(),
        arrived=moments(),
        origin=st.builds(
            Origin,
            intake=texts(),
            uid=_optional_number(),
            pid=_optional_number(),
            via=st.none() | st.from_regex(VIA_PATTERN, fullmatch=True),
            token=st.none() | st.from_regex(ACCOUNT_PATTERN, fullmatch=True),
        ),
        state=st.sampled_from(State),
        due=st.none() | moments(),
        attempts=st.lists(attempts(), max_size=3).map(tuple),
        interruptions=st.integers(min_value=0, max_value=9),
        settled=st.none() | moments(),
        url=texts(),
        comment_id=st.none() | _FORGE_IDS,
        reason=texts(),
        candidates=_candidates(),
    )


def verdicts() -> st.SearchStrategy[Verdict]:
    """Verdicts of every kind."""
    return st.one_of(
        st.builds(Done, url=texts(), comment_id=st.none() | _FORGE_IDS, reason=texts()),
        st.builds(RetryAt, due=moments(), reason=texts()),
        st.builds(Requeued, reason=texts()),
        st.builds(Checking, check_at=moments(), reason=texts()),
        st.builds(Failed, reason=texts()),
        st.builds(Unconfirmed, reason=texts(), candidates=_candidates()),
    )


def pacings() -> st.SearchStrategy[Pacing]:
    """Pacing records."""
    return st.builds(
        Pacing,
        account=texts(),
        at=instants(),
        max_remaining=_SECONDS,
        jitter=_SECONDS,
        backoff=_SECONDS,
        reason=texts(),
        job=texts(),
        cause=texts(),
        failures=st.integers(min_value=0, max_value=99),
        unanswered=st.integers(min_value=0, max_value=99),
        refusal=texts(),
        refused_targets=texts(),
        rejected_credential=texts(),
        login=texts(),
        posts=st.builds(Posts, success=_COUNTS, api_error=_COUNTS, timeout=_COUNTS),
    )


def pauses() -> st.SearchStrategy[Pause]:
    """The operator's pauses."""
    return st.builds(Pause, since=moments(), reason=texts(), by=_optional_number())


def _candidates() -> st.SearchStrategy[tuple[Candidate, ...]]:
    found = st.builds(Candidate, url=texts(), comment_id=_FORGE_IDS)
    return st.lists(found, max_size=3).map(tuple)


def _optional_number() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(min_value=0, max_value=2**32)
