"""A job's file: its first line is the request, and each further one an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.model import Attempt, CommentRequest, Job, State, Verdict
from comenq_core.model.identity import digest_of
from comenq_core.testing.strategies import attempts, jobs, requests, verdicts
from comenq_plugins.spool.dead_letters import NO_DIGEST
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.format.job_file import (
    Event,
    Retried,
    decode,
    encode_event,
    encode_job,
    events_in,
    may_be_in,
    may_have_number,
)
from comenq_plugins.spool.fs import durable
from tests.spool.rig import ME

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)

events = st.builds(Event, attempt=attempts(), verdict=verdicts()) | st.just(Retried())
fresh_jobs = jobs().map(
    lambda job: replace(
        job, state=State.WAITING, attempts=(), interruptions=0, settled=None, due=None,
        url="", comment_id=None, reason="",
    )
)  # fmt: skip


def name_of(job: Job, events: int = 0) -> Name:
    """The name of the job's file in ``new/``."""
    return Name(1, 0, job.id, digest_of(job.request) if job.request else NO_DIGEST, events)


def text_of(job: Job, told: list[Event | Retried]) -> bytes:
    """The job's file."""
    return encode_job(job) + b"".join(map(encode_event, told))


@given(fresh_jobs)
def test_a_job_is_read_as_it_was_written(job: Job) -> None:
    """Nothing of a request is lost or changed in its file."""
    assert decode(encode_job(job), name_of(job), State.WAITING) == job


@given(
    requests(), fresh_jobs, st.lists(events, max_size=2), st.sampled_from([str.lower, str.upper])
)
def test_no_job_of_a_repository_is_passed_over(
    request: CommentRequest, job: Job, told: list[Event | Retried], spell: Callable[[str], str]
) -> None:
    """A repository's name is found in the file in upper or lower case."""
    text = text_of(replace(job, request=request), told)
    assert may_be_in(text, spell(f"{request.owner}/{request.repo}"))


@given(requests(), fresh_jobs)
def test_no_job_is_passed_over_for_how_its_names_are_written(
    request: CommentRequest, job: Job
) -> None:
    """A name is found although JSON lets any character be escaped."""
    text = encode_job(replace(job, request=request))
    for name in (request.owner, request.repo):
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in name)
        text = text.replace(f'"{name}"'.encode(), f'"{escaped}"'.encode(), 1)
        assert may_be_in(text, f"{request.owner}/{request.repo}")


def test_a_job_that_names_no_such_repository_is_passed_over() -> None:
    """Without being decoded: both names have to be in the file whole."""
    request = CommentRequest(owner="octo-org", repo="site", pr_number=1, body="other site.js")
    text = encode_job(Job(id="7f3kq2m8x1ab", request=request, arrived=NOON, origin=ME))
    assert not may_be_in(text, "octo-org/site.js")
    assert not may_be_in(text, "other/site")
    assert may_be_in(text, "octo-org/site")


@given(requests(), fresh_jobs, st.lists(events, max_size=2))
def test_no_job_of_a_number_is_passed_over(
    request: CommentRequest, job: Job, told: list[Event | Retried]
) -> None:
    """A pull request's number is found in the file, also where JSON has its member escaped."""
    text = text_of(replace(job, request=request), told)
    assert may_have_number(text, request.pr_number)
    escaped = text.replace(b'"pr_number"', rb'"pr\u005fnumber"', 1)
    assert may_have_number(escaped, request.pr_number)


def test_a_job_that_has_another_number_is_passed_over() -> None:
    """Without being decoded: a number that begins alike is another one."""
    request = CommentRequest(owner="octo-org", repo="site", pr_number=77, body='{"pr_number": 7}')
    text = encode_job(Job(id="7f3kq2m8x1ab", request=request, arrived=NOON, origin=ME))
    assert may_have_number(text, 77)
    assert not any(may_have_number(text, number) for number in (7, 777, 1))


@given(fresh_jobs, st.lists(events, max_size=4))
def test_events_are_read_as_they_were_written(job: Job, told: list[Event | Retried]) -> None:
    """Every event is there, in its order, on one line each."""
    assert list(events_in(text_of(job, told))) == told
    assert text_of(job, told).count(b"\n") == 1 + len(told)


@given(fresh_jobs, st.lists(events, max_size=2), events, st.data())
def test_a_torn_tail_is_no_event(
    job: Job, told: list[Event | Retried], last: Event | Retried, data: st.DataObject
) -> None:
    """However much of its last line a crash has left, the file says the same as before."""
    tail = encode_event(last)
    cut = data.draw(st.integers(min_value=0, max_value=len(tail) - 1))
    torn = text_of(job, told) + tail[:cut]
    assert list(events_in(torn)) == told
    whole = decode(text_of(job, told), name_of(job, len(told)), State.WAITING)
    assert decode(torn, name_of(job, len(told)), State.WAITING) == whole


@given(fresh_jobs, st.lists(events, max_size=2), events)
def test_an_event_counts_when_the_name_says_so(
    job: Job, told: list[Event | Retried], unsettled: Event | Retried
) -> None:
    """An event that was written before a crash, and not settled, is not part of the job yet."""
    text = text_of(job, [*told, unsettled])
    before = decode(text_of(job, told), name_of(job, len(told)), State.WAITING)
    assert decode(text, name_of(job, len(told)), State.WAITING) == before


@given(fresh_jobs, st.lists(attempts(), min_size=1, max_size=3), verdicts())
def test_a_retry_keeps_the_attempts_and_counts_none(
    job: Job, made: list[Attempt], verdict: Verdict
) -> None:
    """A job that an operator queued again has its attempts; none counts."""
    told: list[Event | Retried] = [Event(attempt=a, verdict=verdict) for a in made]
    text = text_of(job, [*told, Retried()])
    again = decode(text, name_of(job, len(told) + 1), State.WAITING)
    assert [a.message for a in again.attempts] == [a.message for a in made]
    assert (again.attempt_count, again.reason) == (0, "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    job=fresh_jobs,
    told=st.lists(events, max_size=2),
    left=st.binary(max_size=200),
    event=events,
    again=st.integers(0, 3),
)
def test_append_is_idempotent(
    job: Job,
    told: list[Event | Retried],
    left: bytes,
    event: Event | Retried,
    again: int,
    tmp_path: Path,
) -> None:
    """Appending gives the same file, whatever a failure has left after the settled lines."""
    path = tmp_path / "journal"
    path.write_bytes(text_of(job, told) + left)
    for _ in range(1 + again):
        durable.append(str(path), 1 + len(told), encode_event(event))
    assert path.read_bytes() == text_of(job, [*told, event])


@pytest.mark.parametrize("text", [b"", b"\n", b"{}\n", b"\0" * 300, b'{"id":"7f3kq2m8x1ab"', b"[]"])
def test_a_file_that_does_not_begin_with_a_job_is_damaged(text: bytes) -> None:
    """Any other first line is an error."""
    with pytest.raises(InvalidRequest):
        decode(text, Name(1, 0, "7f3kq2m8x1ab", "00000000"), State.WAITING)


@given(fresh_jobs, st.lists(events, min_size=1, max_size=3))
def test_a_file_that_has_lost_events_is_damaged(job: Job, told: list[Event | Retried]) -> None:
    """Settled events are acknowledged, so a file without them is no earlier state of the job."""
    with pytest.raises(InvalidRequest, match="event"):
        decode(text_of(job, told[:-1]), name_of(job, len(told)), State.WAITING)


@given(fresh_jobs)
def test_a_file_belongs_to_the_job_that_its_name_says(job: Job) -> None:
    """One job's file under another one's name is an error."""
    other = name_of(job)._replace(id="0" * 12 if job.id != "0" * 12 else "1" * 12)
    with pytest.raises(InvalidRequest, match="another"):
        decode(encode_job(job), other, State.WAITING)


def test_append_does_not_follow_a_symbolic_link(tmp_path: Path) -> None:
    """Nothing is appended to a file elsewhere."""
    (tmp_path / "target").write_bytes(b"{}\n")
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(OSError, match="symbolic links"):
        durable.append(str(tmp_path / "link"), 1, b"{}\n")
