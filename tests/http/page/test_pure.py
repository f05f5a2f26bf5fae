"""What the page makes of texts, addresses, lists and days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.model import Attempt, CommentRequest, Entry, Job, Origin, State
from comenq_core.model.rights import Rights
from comenq_core.wire.messages import entry_to_json
from comenq_plugins.http.page.jobs import JobView, job_view, link
from comenq_plugins.http.page.listing import Offsets
from comenq_plugins.http.page.notices import notice
from comenq_plugins.http.page.texts import comment_request, edited_text, survives_a_form
from comenq_plugins.http.page.weeks import Day, chart, days_of

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
JOB = "0123456789ab"


def job(body: str = "One", **members: object) -> Job:
    """A job that arrived now."""
    request = CommentRequest(owner="octo-org", repo="site", pr_number=7, body=body)
    values = {"id": JOB, "request": request, "arrived": NOW, "origin": Origin(intake="unix")}
    return Job(**(values | members))  # type: ignore[arg-type]


def view(body: str = "One", **members: object) -> JobView:
    """The same, as the page shows it."""
    return job_view(entry_to_json(Entry(job=job(body, **members))), "ghe.example", NOW, Rights())


def test_the_pull_request_is_on_the_forge() -> None:
    """Its address is of the host that the daemon posts to."""
    assert view().target_url == "https://ghe.example/octo-org/site/pull/7"


def test_a_reply_leads_to_its_thread() -> None:
    """It names the thread, and its address is that of the thread's first comment."""
    request = CommentRequest(owner="octo-org", repo="site", pr_number=7, body="1", in_reply_to=5)
    shown = view(request=request)
    assert shown.target == "octo-org/site#7 (thread 5)"
    assert shown.target_url == "https://ghe.example/octo-org/site/pull/7#discussion_r5"


@pytest.mark.parametrize("state", [state for state in State if state is not State.HELD])
def test_only_a_text_that_can_be_released_has_a_digest(state: State) -> None:
    """The others have no use for one, and may be long and many."""
    digest = "8b12507783d5becacbf2ebe5b01a60024d8728a8f86dcc818bce699e8b3320bc"
    assert (view("One", state=state).was, view("One", state=State.HELD).was) == ("", digest)


def test_what_a_reviewer_was_asked_says_since_when() -> None:
    """The time beside an answer that is awaited is told to be its beginning."""
    review = {
        "reviewer": "rabbit",
        "state": "awaiting",
        "said": None,
        "asked": "2026-12-01T09:00:00Z",
        "url": None,
    }
    shown = job_view(
        {**entry_to_json(Entry(job=job())), "state": "posted", "review": review}, "", NOW, Rights()
    )
    assert shown.review
    assert shown.review.words == "rabbit has not answered yet, since"


def test_a_file_that_is_no_request_is_shown() -> None:
    """It has neither a pull request nor a text, and can be deleted."""
    shown = view(request=None, state=State.FAILED, reason="not JSON", settled=NOW)
    assert (shown.target, shown.title, shown.target_url) == ("(no request)", "(no text)", "")
    assert "delete" in shown.actions
    assert not shown.is_resolvable


@pytest.mark.parametrize("body", ["a" * 5_000, "a\n" * 100, "\u202e" * 5_000, "\n" * 5_000 + "x"])
def test_a_long_text_is_cut(body: str) -> None:
    """A list has its beginning, and says that there is more."""
    shown = view(body)
    assert shown.is_cut
    assert len(shown.text) <= 800 * len(r"\u202e")
    assert shown.text.count("\n") <= 12


def test_a_short_text_is_whole() -> None:
    """What fits is not cut."""
    shown = view("One\n\ntwo\n")
    assert (shown.text, shown.is_cut) == ("One\n\ntwo\n", False)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x", "http://[", None]
)
def test_only_addresses_of_the_web_are_links(url: str | None) -> None:
    """A browser is sent nowhere else."""
    assert link(url) == ""


@given(st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])))
def test_a_text_survives_a_form(text: str) -> None:
    """What a browser sends back of it, with its own ends of lines, is the same text."""
    for before in (text, text.replace("\n", "\r\n")):
        assert survives_a_form(before)
        sent = before.replace("\r\n", "\n").replace("\n", "\r\n")
        assert edited_text(sent, before) == before


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb\nc", "a\0b"])
def test_what_a_form_would_change_is_not_edited_in_one(text: str) -> None:
    """Lone carriage returns, mixed ends of lines and nulls do not survive."""
    assert not survives_a_form(text)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("octo-org/site#7", None),
        (" octo-org/site#7 ", None),
        ("https://github.com/octo-org/site/pull/7", "github.com"),
        ("https://github.com/octo-org/site/pull/7/files#diff", "github.com"),
        ("github.com/octo-org/site/issues/7", "github.com"),
        ("https://www.GitHub.com:443/octo-org/site/pulls/7", "github.com"),
        ("octo-org/site.git#07", None),
    ],
)
def test_a_pull_request_is_named(target: str, host: str | None) -> None:
    """As people write it, or by its address, which names the forge."""
    request = comment_request(target, "One", None)
    assert (request.target, request.host) == ("octo-org/site#7", host)


@pytest.mark.parametrize(
    "target", ["", "octo-org", "octo-org/site", "o/r#0", "o/r#9999999999", "ftp://x/o/r/pull/7"]
)
def test_what_names_none_is_refused(target: str) -> None:
    """The error says what is expected."""
    with pytest.raises(InvalidRequest, match="OWNER/REPO#NUMBER"):
        comment_request(target, "One", None)


def test_offsets_of_lists_are_kept_apart() -> None:
    """The address of another part of one list keeps the parts of the others."""
    offsets = Offsets.read({"queue": "40", "history": "x", "held": "-1", "other": "3"})
    assert str(offsets) == "queue=40"
    assert offsets.at("history", 10) == "queue=40&history=10"
    assert offsets.at("queue", 0) == ""


def test_a_notice_is_one_of_ours() -> None:
    """Another code says nothing, and names no job."""
    assert notice({"notice": "hold", "job": JOB})[1] == JOB
    assert notice({"notice": "other", "job": JOB}) == ("", "")
    assert notice({"notice": "hold", "job": "<b>"})[1] == ""


def test_days_count_what_happened_on_them() -> None:
    """A comment that waited for two days was waiting at the end of both, and was posted then."""
    posted = job(
        state=State.POSTED,
        arrived=NOW - timedelta(days=2),
        settled=NOW,
        attempts=(
            Attempt(started=NOW, ended=NOW, account="main", outcome="throttled", fault="forge"),
            Attempt(started=NOW, ended=NOW, account="main", outcome="posted"),
        ),
    )
    days = days_of([posted], {date(2026, 12, 1): 3.0}, 3, date(2026, 12, 1), 4)
    assert [one.waiting for one in days] == [0, 1, 1, 3]
    assert (days[-1].posted, days[-1].refused) == (1, 1)
    assert [one.posted for one in days[:-1]] == [0, 0, 0]


@given(st.lists(st.tuples(*[st.integers(0, 10**6)] * 3), min_size=1, max_size=40))
def test_the_plot_stays_in_its_frame(numbers: list[tuple[int, int, int]]) -> None:
    """Whatever happened, nothing is drawn outside."""
    days = [
        Day(date=date(2026, 1, 1) + timedelta(days=at), posted=one, refused=two, waiting=three)
        for at, (one, two, three) in enumerate(numbers)
    ]
    drawn = chart(days)
    assert all(bar.posted + bar.refused <= drawn.base - drawn.bars_top + 0.2 for bar in drawn.bars)
    points = [point.split(",") for point in drawn.line.split()]
    assert all(drawn.left <= float(x) <= drawn.right for x, _ in points)
    assert all(drawn.line_top <= float(y) <= drawn.line_base for _, y in points)
