"""Records as JSON: what a store keeps and what replies show."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    Attempt,
    CommentRequest,
    Entry,
    Job,
    Origin,
    Pacing,
    Pause,
    Requeued,
    State,
    Verdict,
)
from comenq_core.testing.strategies import (
    attempts,
    jobs,
    moments,
    pacings,
    pauses,
    texts,
    verdicts,
)
from comenq_core.wire.codec import from_json, to_json, verdict_from_json
from comenq_core.wire.messages import UNKNOWN_ETA, entry_to_json, history_to_json
from comenq_core.wire.rfc3339 import format_time, parse_time
from comenq_core.wire.strict_json import encode, parse

ARRIVED = datetime(2026, 11, 24, 8, tzinfo=UTC)
JOB = Job(
    id="7f3kq2m8x1ab",
    request=CommentRequest(owner="octocat", repo="hello", pr_number=7, body="Hi"),
    arrived=ARRIVED,
    origin=Origin(intake="unix", uid=1000),
)


def through_bytes(value: object) -> object:
    """The value, written and read again."""
    return parse(encode(value))


@given(jobs())
def test_jobs_round_trip(job: Job) -> None:
    """A job reads back equal."""
    assert from_json(Job, through_bytes(to_json(job))) == job


@given(attempts())
def test_attempts_round_trip(attempt: Attempt) -> None:
    """An attempt reads back equal."""
    assert from_json(Attempt, through_bytes(to_json(attempt))) == attempt


@given(verdicts())
def test_verdicts_round_trip(verdict: Verdict) -> None:
    """A verdict reads back equal, and of the same kind."""
    assert verdict_from_json(through_bytes(to_json(verdict))) == verdict


@given(pacings())
def test_pacing_records_round_trip(pacing: Pacing) -> None:
    """A pacing record reads back equal: a store compares it when it is replaced."""
    assert from_json(Pacing, through_bytes(to_json(pacing))) == pacing


@given(pauses())
def test_pauses_round_trip(pause: Pause) -> None:
    """A pause reads back equal."""
    assert from_json(Pause, through_bytes(to_json(pause))) == pause


@given(moments())
def test_times_round_trip(moment: datetime) -> None:
    """A time reads back equal."""
    assert parse_time(format_time(moment)) == moment


@given(st.lists(moments(), min_size=2, max_size=2))
def test_times_sort_as_text(pair: list[datetime]) -> None:
    """Texts of times sort as the times do."""
    assert sorted(pair) == sorted(pair, key=format_time)


def test_times_are_written_in_utc_with_microseconds() -> None:
    """Times are RFC 3339 in UTC, with six digits and a Z."""
    assert to_json(JOB)["arrived"] == "2026-11-24T08:00:00.000000Z"


def test_a_jobs_json_has_every_member() -> None:
    """A job is written with all its fields, empty ones among them."""
    assert list(to_json(JOB)) == [field.name for field in fields(Job)]


@given(job=jobs(), name=texts(min_size=1).map(lambda text: f"x-{text}"), extra=texts())
def test_unknown_members_are_passed_over(job: Job, name: str, extra: str) -> None:
    """Members that a later version has added are ignored."""
    value = to_json(job)
    value["origin"] = {**value["origin"], name: extra}
    assert from_json(Job, through_bytes({**value, name: extra})) == job


def test_members_with_defaults_may_be_missing() -> None:
    """Members that an earlier version did not write have their defaults."""
    value = to_json(JOB)
    short = {name: value[name] for name in ("id", "request", "arrived", "origin")}
    assert from_json(Job, short) == JOB


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": "short"}, "id"),
        ({"id": None}, "id"),
        ({"arrived": "yesterday"}, "arrived"),
        ({"state": "lost"}, "state"),
        ({"state": ["waiting"]}, "state"),
        ({"interruptions": True}, "interruptions"),
        ({"interruptions": 1.0}, "interruptions"),
        ({"comment_id": 1.5}, "comment_id"),
        ({"attempts": {}}, "attempts"),
        ({"attempts": [{}]}, "attempts[0]"),
        ({"origin": None}, "origin"),
        ({"origin": {"intake": "unix", "uid": "root"}}, "origin.uid"),
        ({"request": {"owner": "a b"}}, "request"),
        ({"request": {"owner": "-", "repo": "r", "pr_number": 1, "body": "b"}}, "request.owner"),
    ],
)
def test_a_damaged_job_is_refused_by_path(change: dict[str, object], path: str) -> None:
    """A damaged job is an error that says where it is damaged."""
    with pytest.raises(InvalidRequest) as caught:
        from_json(Job, {**to_json(JOB), **change})
    assert caught.value.path == path


@pytest.mark.parametrize("value", [None, [], "done", {}, {"verdict": "won"}, {"verdict": ["kept"]}])
def test_what_is_no_verdict_is_refused(value: object) -> None:
    """A value without a known kind is no verdict."""
    with pytest.raises(InvalidRequest):
        verdict_from_json(value)


def test_a_verdict_names_its_kind() -> None:
    """The member ``verdict`` tells the kinds apart."""
    assert to_json(Requeued(reason="quiet")) == {"verdict": "requeued", "reason": "quiet"}


def test_an_entry_has_what_every_client_reads() -> None:
    """An entry has the members that the protocol names, and the job's own."""
    attempt = Attempt(started=ARRIVED, ended=ARRIVED, account="a", outcome="unknown", counted=True)
    entry = Entry(job=replace(JOB, attempts=(attempt,)), position=3, eta_seconds=41.2)
    value = entry_to_json(entry)
    protocol = {"id": "7f3kq2m8x1ab", "eta_seconds": 42, "owner": "octocat", "repo": "hello"}
    protocol |= {
        "pr_number": 7,
        "body": "Hi",
        "position": 3,
        "state": "waiting",
        "attempt_count": 1,
    }
    protocol |= {"arrived": "2026-11-24T08:00:00.000000Z", "due": None}
    origin = {"intake": "unix", "uid": 1000, "pid": None, "via": None, "token": None}
    protocol |= {"origin": origin}
    assert protocol.items() <= value.items()
    assert value["attempts"] == [to_json(attempt)]


@pytest.mark.parametrize(
    ("seconds", "shown", "is_known"),
    [(None, UNKNOWN_ETA, False), (0.0, 0, True), (-3.5, 0, True), (0.1, 1, True)],
)
def test_an_estimate_is_whole_seconds_or_unknown(
    seconds: float | None, shown: int, is_known: bool
) -> None:
    """An estimate is rounded up, so that it is never early; an unknown one is marked as such."""
    value = entry_to_json(Entry(job=JOB, eta_seconds=seconds))
    assert (value["eta_seconds"], value["eta_known"]) == (shown, is_known)


def test_an_entrys_body_is_sent_once() -> None:
    """An entry has the body once."""
    assert encode(entry_to_json(Entry(job=JOB))).count(b'"Hi"') == 1


def test_history_tells_of_success() -> None:
    """A posted job has its URL, its time in Unix seconds, and no error."""
    settled = ARRIVED + timedelta(seconds=90)
    url = "https://forge.example/1"
    value = history_to_json(replace(JOB, state=State.POSTED, settled=settled, url=url))
    protocol = {"id": "7f3kq2m8x1ab", "posted_at": 1_795_507_290, "success": True, "error": None}
    protocol |= {"url": url, "owner": "octocat", "repo": "hello", "pr_number": 7}
    protocol |= {"state": "posted", "latency_seconds": 90.0}
    assert protocol.items() <= value.items()


@pytest.mark.parametrize("state", [State.FAILED, State.SKIPPED])
def test_history_tells_of_what_was_not_posted(state: State) -> None:
    """A failed or skipped job has its reason as the error."""
    value = history_to_json(replace(JOB, state=state, settled=ARRIVED, reason="locked"))
    assert (value["success"], value["error"]) == (False, "locked")


def test_history_tells_of_an_invalid_file() -> None:
    """A dropped file that was no request has empty texts for a target, and has its reason."""
    refused = replace(JOB, request=None, state=State.FAILED, settled=ARRIVED, reason="not JSON")
    value = history_to_json(refused)
    assert (value["owner"], value["body"], value["error"]) == ("", "", "not JSON")


@given(jobs())
def test_every_reply_can_be_encoded(job: Job) -> None:
    """Every job can be shown as a line of JSON."""
    for shown in (entry_to_json(Entry(job=job)), history_to_json(job)):
        assert json.loads(encode(shown)) == shown
