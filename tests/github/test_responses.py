"""What an answer means: the table of docs/github.md, row by row, and what holds for any answer."""

import json
import typing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import (
    Outcome,
    Posted,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_plugins.github.http.rate_limit import WAIT_LIMIT
from comenq_plugins.github.http.responses import Reply, outcome

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CREATED = {"id": 7, "html_url": "https://github.com/o/r/pull/1#issuecomment-7"}
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


def outcome_of(status: int, body: object = None, **headers: str) -> Outcome:
    """What an answer means; headers are written with underscores."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome(Reply(status=status, headers=names, body=data), NOW)


def saying(message: str) -> dict[str, str]:
    """GitHub's JSON for an error."""
    return {"message": message, "documentation_url": "https://docs.github.com"}


def test_created() -> None:
    """A 201 with an id and an address is posted, and both are in the outcome."""
    assert outcome_of(201, CREATED) == Posted(
        comment_id=7, url=str(CREATED["html_url"]), status=201
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        [],
        {"id": 7},
        {**CREATED, "id": "7"},
        {**CREATED, "id": True},
        {**CREATED, "html_url": "javascript:alert(1)"},
        {**CREATED, "html_url": "https://github.com/\x1b[2J"},
    ],
)
def test_created_without_proof(body: object) -> None:
    """A 201 that lacks an id or an address is no proof of a comment."""
    assert isinstance(outcome_of(201, body), Unknown)


@pytest.mark.parametrize("status", [200, 202, 204, 206, 300, 303, 304])
def test_other_success(status: int) -> None:
    """Any other status below 400 is no success, even with a comment in it."""
    assert isinstance(outcome_of(status, CREATED), Unknown)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1),
        ("120", 120),
        ("0", 1),
        ("Tue, 24 Nov 2026 08:05:00 GMT", 300),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 1),
    ],
    ids=["second", "seconds", "none", "date", "past"],
)
def test_retry_after(status: int, text: str, seconds: int) -> None:
    """Retry-After gives the wait, in seconds or as a date; it is never less than a second."""
    found = outcome_of(status, saying("wait"), retry_after=text)
    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "٣", "5, 7", "9" * 30])
def test_malformed_retry_after(text: str) -> None:
    """A Retry-After that cannot be read is a minute."""
    found = outcome_of(429, saying("wait"), retry_after=text)
    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=60)
    assert "Retry-After cannot be read" in found.message


@pytest.mark.parametrize("text", ["86401", "99999999999999999999", "Fri, 24 Nov 2051 08:00:00 GMT"])
def test_absurd_retry_after(text: str) -> None:
    """A Retry-After beyond a day is a day, and the message says so."""
    found = outcome_of(429, saying("wait"), retry_after=text)
    assert isinstance(found, Throttled)
    assert found.wait == WAIT_LIMIT
    assert "waiting 24 hours" in found.message


@pytest.mark.parametrize("status", [403, 429])
def test_primary_limit(status: int) -> None:
    """With no requests left, the wait is until a second after the reset."""
    reset = str(int(NOW.timestamp()) + 100)
    found = outcome_of(
        status,
        saying("API rate limit exceeded for user ID 1."),
        x_ratelimit_remaining="0",
        x_ratelimit_reset=reset,
    )
    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=101)


def test_reset_in_the_past() -> None:
    """A reset in the past is no negative wait."""
    reset = str(int(NOW.timestamp()) - 100)
    found = outcome_of(403, saying("limit"), x_ratelimit_remaining="0", x_ratelimit_reset=reset)
    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=1)


def test_github_clock_counts() -> None:
    """A reset is measured on GitHub's own clock, where the answer shows it."""
    theirs = NOW + timedelta(hours=1)
    found = outcome_of(
        403,
        saying("limit"),
        date=f"{theirs:%a, %d %b %Y %H:%M:%S} GMT",
        x_ratelimit_remaining="0",
        x_ratelimit_reset=str(int(theirs.timestamp()) + 60),
    )
    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=61)


@pytest.mark.parametrize("status", [403, 429])
def test_secondary_limit(status: int) -> None:
    """A secondary limit without Retry-After names no time: the primary reset means nothing."""
    reset = str(int(NOW.timestamp()) + 3000)
    found = outcome_of(
        status, saying(SECONDARY), x_ratelimit_remaining="4000", x_ratelimit_reset=reset
    )
    assert isinstance(found, Throttled)
    assert found.wait is None
    assert "secondary rate limit" in found.message


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, saying("You have triggered an abuse detection mechanism. Please wait.")),
        (403, saying("Maximum number of login attempts exceeded. Please try again later.")),
        (422, {**saying("Validation Failed"), "errors": [{"code": "abuse"}]}),
        (422, {**saying("Validation Failed"), "errors": ["was submitted too quickly"]}),
        (422, {**saying("Failed"), "errors": [{"message": "was submitted too quickly"}]}),
        (429, b""),
    ],
    ids=["older", "logins", "abuse", "quickly", "quickly-message", "bare"],
)
def test_limits_by_text(status: int, body: object) -> None:
    """A limit is recognised by GitHub's texts and codes as well."""
    found = outcome_of(status, body)
    assert isinstance(found, Throttled)
    assert found.wait is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Unable to create comment because issue is locked."),
        (403, "Resource not accessible by personal access token"),
        (404, "Not Found"),
        (410, "This issue was deleted"),
        (422, "Validation Failed"),
        (400, "Problems parsing JSON"),
        (451, "Repository access blocked"),
    ],
)
def test_refused(status: int, message: str) -> None:
    """A refusal is final, and carries GitHub's own message and the status."""
    found = outcome_of(status, saying(message))
    assert isinstance(found, Refused)
    assert message in found.message
    assert found.status == status


def test_missing_permission() -> None:
    """A 403 says which permission would have been enough."""
    found = outcome_of(
        403,
        saying("Resource not accessible by personal access token"),
        x_accepted_github_permissions="issues=write; pull_requests=write",
    )
    assert isinstance(found, Refused)
    assert "issues=write; pull_requests=write" in found.message


def test_reasons_of_a_refusal() -> None:
    """A 422 says what was wrong, not only that validation failed."""
    errors = [{"resource": "IssueComment", "message": "Body is too long"}]
    found = outcome_of(422, {**saying("Validation Failed"), "errors": errors})
    assert isinstance(found, Refused)
    assert "Validation Failed; Body is too long" in found.message


@pytest.mark.parametrize("status", [404, 410, 422])
def test_last_request_of_the_hour(status: int) -> None:
    """A refusal stays one when it was the last request that the limit allowed."""
    found = outcome_of(status, saying("No"), x_ratelimit_remaining="0", x_ratelimit_reset="1")
    assert isinstance(found, Refused)


@pytest.mark.parametrize("status", [404, 410, 422])
def test_refused_without_words(status: int) -> None:
    """A refusal needs no words."""
    assert isinstance(outcome_of(status, b""), Refused)


@pytest.mark.parametrize(
    ("status", "message"), [(401, "Bad credentials"), (403, "Sorry. Your account was suspended.")]
)
def test_unauthorized(status: int, message: str) -> None:
    """A rejected credential is recognised with any headers."""
    found = outcome_of(status, saying(message), x_ratelimit_remaining="59")
    assert isinstance(found, Unauthorized)
    assert message in found.message


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599, 777])
def test_unknown(status: int) -> None:
    """After a server's failure it is not known whether the comment was posted."""
    found = outcome_of(status, saying("oops"))
    assert isinstance(found, Unknown)
    assert found.wait is None


def test_unknown_with_a_wait() -> None:
    """A server that is down and says for how long gets no request for as long."""
    found = outcome_of(503, saying("maintenance"), retry_after="1200")
    assert isinstance(found, Unknown)
    assert found.wait == timedelta(seconds=1200)


def test_html_refusal() -> None:
    """A 403 in HTML comes from a proxy on the way, and is no verdict on the comment."""
    assert isinstance(outcome_of(403, b"<html>blocked by policy"), Unknown)


def test_proxy_password() -> None:
    """A proxy that wants a password has sent nothing on."""
    assert isinstance(outcome_of(407, b""), Unavailable)


def test_messages_are_printable_and_short() -> None:
    """GitHub's words are shown on one line, escaped and cut."""
    found = outcome_of(404, saying("\x1b[31mNot\nFound" + "!" * 5000))
    assert found.message.isprintable()
    assert len(found.message) < 600


headers = st.dictionaries(
    st.sampled_from(
        ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date", "location"]
    ),
    st.text(max_size=40) | st.integers().map(str) | st.sampled_from(["0", "60"]),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "errors", "id", "html_url", "code"]), inner, max_size=3
        )
    ),
    max_leaves=10,
)
bodies = st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode())


@given(status=st.integers(0, 999), headers=headers, body=bodies)
def test_any_answer(status: int, headers: dict[str, str], body: bytes) -> None:
    """Any answer has an outcome; only a 201 is posted; messages are printable; waits bounded."""
    found = outcome(Reply(status=status, headers=headers, body=body), NOW)
    assert isinstance(found, typing.get_args(Outcome))
    assert status == 201 or not isinstance(found, Posted)
    assert found.message.isprintable()
    if isinstance(found, Throttled) and found.wait is not None:
        assert timedelta(seconds=1) <= found.wait <= WAIT_LIMIT


@given(status=st.integers(500, 599), headers=headers, body=bodies)
def test_any_server_error(status: int, headers: dict[str, str], body: bytes) -> None:
    """A 5xx is unknown with any headers and body."""
    assert isinstance(outcome(Reply(status=status, headers=headers, body=body), NOW), Unknown)


@given(seconds=st.integers(1, 86_400))
def test_any_retry_after(seconds: int) -> None:
    """A wait of up to a day is kept to the second, given as a number or as a date."""
    until = NOW + timedelta(seconds=seconds)
    for text in (str(seconds), f"{until:%a, %d %b %Y %H:%M:%S} GMT"):
        found = outcome_of(429, None, retry_after=text)
        assert isinstance(found, Throttled)
        assert found.wait == timedelta(seconds=seconds)
