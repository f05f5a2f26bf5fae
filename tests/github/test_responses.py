"""What an answer means: the table of docs/github.md, row by row, and what holds for any answer."""

import json
import typing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import (
    Blocked,
    Fault,
    Outcome,
    Posted,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_plugins.github.http.rate_limit import WAIT_LIMIT
from comenq_plugins.github.http.refusals import LIMIT_TEXTS
from comenq_plugins.github.http.responses import Reply, outcome

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PAGE = "https://github.com/o/r/pull/1"
CREATED = {"id": 7, "html_url": f"{PAGE}#issuecomment-7"}
LOCATION = "https://api.github.com/repos/o/r/issues/comments/7"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


def outcome_of(status: int, body: object = None, **headers: str) -> Outcome:
    """What an answer means; headers are written with underscores."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcome(Reply(status=status, headers=names, body=data), NOW, PAGE)


def fault_of(status: int, body: object = None, **headers: str) -> tuple[type, Fault]:
    """What a refusal is, and on whom it is booked."""
    found = outcome_of(status, body, **headers)
    assert isinstance(found, Refused | Blocked)
    return type(found), found.fault


def saying(message: str) -> dict[str, str]:
    """GitHub's JSON for an error."""
    return {"message": message, "documentation_url": "https://docs.github.com"}


def test_created() -> None:
    """A 201 with an id and an address is posted, and both are in the outcome."""
    assert outcome_of(201, CREATED) == Posted(
        comment_id=7, url=str(CREATED["html_url"]), status=201
    )


def test_whose_and_when() -> None:
    """A 201 says whose the comment is, and when it was created, which is told by our clock."""
    theirs = NOW + timedelta(hours=1)
    body = {**CREATED, "user": {"login": "app[bot]"}, "created_at": "2026-11-24T08:59:58Z"}
    found = outcome_of(201, body, date=f"{theirs:%a, %d %b %Y %H:%M:%S} GMT")
    assert isinstance(found, Posted)
    assert (found.login, found.created) == ("app[bot]", NOW - timedelta(seconds=2))


@pytest.mark.parametrize(
    "body", [{"user": {"login": "\x1b[2J"}}, {"user": None}, {"created_at": "now"}], ids=str
)
def test_without_whose_and_when(body: dict[str, object]) -> None:
    """A name that is none, and a time that is none, are not known."""
    found = outcome_of(201, {**CREATED, **body})
    assert isinstance(found, Posted)
    assert (found.login, found.created) == ("", None)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": 7, "html', {"id": 8}], ids=str)
@pytest.mark.parametrize("location", [LOCATION, "/repositories/9/issues/comments/7?x=1"])
def test_created_with_location(body: object, location: str) -> None:
    """A 201 whose body is lost is posted if its Location is a comment's address."""
    found = outcome_of(201, body, location=location)
    assert isinstance(found, Posted)
    assert (found.comment_id, found.url) == (7, f"{PAGE}#issuecomment-7")


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/login",
        "/issues/comments/7/edit",
        "/issues/comments/x",
        "https://[",
        f"{LOCATION}8" * 9,
    ],
)
def test_created_elsewhere(location: str) -> None:
    """A Location that is no comment's address proves nothing."""
    found = outcome_of(201, b"", location=location)
    assert isinstance(found, Unknown)
    assert found.status == 201


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
    """A 201 that lacks an id or an address is no proof of a comment, and its status is kept."""
    found = outcome_of(201, body)
    assert isinstance(found, Unknown)
    assert found.status == 201


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


@pytest.mark.parametrize("ago", [0, 1, 100])
def test_reset_in_the_past(ago: int) -> None:
    """A limit whose reset is over names no time: comenq's own wait, which grows, counts."""
    reset = str(int(NOW.timestamp()) - ago)
    found = outcome_of(403, saying("limit"), x_ratelimit_remaining="0", x_ratelimit_reset=reset)
    assert isinstance(found, Throttled)
    assert found.wait is None


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


@pytest.mark.parametrize("status", [403, 422, 429])
@pytest.mark.parametrize("text", LIMIT_TEXTS)
@pytest.mark.parametrize("template", ["<html><p>You {}.</p>", "you {}", '{{"error": "{}"}}'])
def test_limits_in_pages(status: int, text: str, template: str) -> None:
    """A limit is recognised in HTML, in plain text, and in other JSON as well."""
    found = outcome_of(status, template.format(text.capitalize()).encode())
    assert isinstance(found, Throttled)
    assert found.wait is None
    assert text in found.message.lower()


OTHER_API = 'Bad Request: The version you specified in the "X-GitHub-API-Version" request header'
NOT_VERIFIED = "At least one email address must be verified to do that"
IP_LIST = "the `o` organization has an IP allow list enabled, and your IP address is not permitted"
OAUTH = "the `o` organization has enabled OAuth App access restrictions"
SAML = "Resource protected by organization SAML enforcement."
REFUSALS = {
    (Refused, Fault.COMMENT): [
        (403, "Unable to create comment because issue is locked."),
        (403, "Repository was archived so is read-only."),
        (403, "Repository access blocked"),
        (410, "This issue was deleted"),
        (410, "Issues are disabled for this repo"),
        (422, "Validation Failed"),
        (422, "Invalid request.\n\nFor 'properties/body', nil is not a string."),
        (451, "Repository access blocked"),
    ],
    (Refused, Fault.PULL_REQUEST): [(404, "Not Found")],
    (Refused, Fault.ACCOUNT): [
        (403, "Resource not accessible by personal access token"),
        (403, "Resource not accessible by integration"),
        (403, SAML),
        (403, OAUTH),
        (403, "`o` forbids access via a personal access token (classic)."),
        (403, "As an Enterprise Managed User, you cannot access this content"),
        (403, "Must have admin rights to Repository."),
        (403, "An owner of this repository has limited the ability to comment"),
        (422, "User is blocked"),
    ],
    (Blocked, Fault.ACCOUNT): [
        (403, "Sorry. This installation owned by o suspended your access at 2026-03-02."),
        (403, "This installation has been suspended"),
        (403, "Sorry. Your account was suspended."),
        (403, "Your account has been flagged."),
        (403, IP_LIST),
        (403, NOT_VERIFIED),
    ],
    (Blocked, Fault.ROUTE): [
        (400, OTHER_API),
        (400, '"2022-11-28" is not a supported version.'),
        (410, "The API version is not supported."),
        (403, "Request forbidden by administrative rules."),
        (415, "Unsupported 'Accept' header: 'text/html'."),
        (404, "no Route matched with those values"),
    ],
    (Refused, Fault.UNCLEAR): [
        (400, "Problems parsing JSON"),
        (403, "You can't perform that action at this time."),
        (403, "Repository is locked for migration"),
        (409, "Conflict"),
        (422, "Unprocessable Entity"),
        (418, "I'm a teapot"),
        (403, ""),
    ],
}


@pytest.mark.parametrize(
    ("expected", "status", "message"),
    [(expected, *words) for expected, cases in REFUSALS.items() for words in cases],
)
def test_refused(expected: tuple[type, Fault], status: int, message: str) -> None:
    """A refusal is booked on whom its words are about, and carries them and the status."""
    found = outcome_of(status, saying(message))
    assert isinstance(found, Refused | Blocked)
    assert (type(found), found.fault) == expected
    assert message[:40].replace("\n", "\\n") in found.message
    assert found.status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>blocked by policy",
        b"default backend - 404",
        b"[]",
        {"error": "no"},
        {"message": 7},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422, 451])
def test_not_the_api(status: int, body: object) -> None:
    """A 4xx that is not the API's JSON comes from the way there, and is about no comment."""
    assert fault_of(status, body) == (Blocked, Fault.ROUTE)


def test_page_is_quoted() -> None:
    """What a page on the way is about is shown, and not all of it."""
    page = b"<html><head><title>Sign in to Example</title></head><body>" + 9000 * b"x"
    found = outcome_of(403, page)
    assert "answered 403: Sign in to Example (" in found.message
    assert "xxx" not in found.message


def test_too_large_for_a_proxy() -> None:
    """A proxy's limit of length meets long comments only, and is booked on nobody yet."""
    assert fault_of(413, b"<html>413 Request Entity Too Large") == (Refused, Fault.UNCLEAR)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x_github_sso": "required; url=https://github.com/orgs/o/sso?authorization_request=ABC"}],
    ids=["bare", "address"],
)
def test_single_sign_on(headers: dict[str, str]) -> None:
    """A refusal by SAML names the address that mends it, and the page that explains it."""
    page = "https://docs.github.com/articles/authenticating-with-saml"
    found = outcome_of(403, {"message": SAML, "documentation_url": page}, **headers)
    assert isinstance(found, Refused)
    assert found.fault is Fault.ACCOUNT
    assert f"see {page}" in found.message
    assert ("/orgs/o/sso?authorization_request=ABC" in found.message) == bool(headers)


def test_single_sign_on_by_its_header() -> None:
    """The header alone says that it is SAML."""
    assert fault_of(403, saying("No"), x_github_sso="required; url=https://github.com/x") == (
        Refused,
        Fault.ACCOUNT,
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https:// x", "https://\x1b[2J"])
def test_addresses_are_checked(url: str) -> None:
    """What is no address is not shown as one."""
    found = outcome_of(
        403, {"message": SAML, "documentation_url": url}, x_github_sso=f"required; url={url}"
    )
    assert "see " not in found.message
    assert "authorize the token at " not in found.message


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


def test_unauthorized() -> None:
    """A rejected credential is recognised with any headers."""
    found = outcome_of(401, saying("Bad credentials"), x_ratelimit_remaining="59")
    assert isinstance(found, Unauthorized)
    assert "Bad credentials" in found.message


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


def test_proxy_password() -> None:
    """A proxy that wants a password has sent nothing on."""
    assert isinstance(outcome_of(407, b""), Unavailable)


def test_messages_are_printable_and_short() -> None:
    """GitHub's words are shown on one line, escaped and cut."""
    found = outcome_of(404, saying("\x1b[31mNot\nFound" + "!" * 5000))
    assert found.message.isprintable()
    assert len(found.message) < 600


SECRET = "ghp_canary0123456789"


def test_secret_is_not_shown() -> None:
    """The token is taken out of all that is shown, whatever the answer repeats."""
    body = {"message": f"for {SECRET}", "documentation_url": f"https://x/{SECRET}"}
    headers = {"x-github-sso": f"required; url=https://x/{SECRET}"}
    headers["x-accepted-github-permissions"] = SECRET
    reply = Reply(status=403, headers=headers, body=json.dumps(body).encode(), secret=SECRET)
    found = outcome(reply, NOW)
    assert SECRET not in f"{found!r} {reply!r} {reply.message} {reply.summary}"
    assert "for ***" in found.message


@pytest.mark.parametrize("secret", ["url", "id", "html_url", "github", "message", "limit", "7"])
def test_secret_that_is_a_word(secret: str) -> None:
    """A token that is a word of the answer changes neither its meaning nor its addresses."""
    made = Reply(status=201, headers={}, body=json.dumps(CREATED).encode(), secret=secret)
    assert outcome(made, NOW) == Posted(comment_id=7, url=str(CREATED["html_url"]), status=201)
    limited = Reply(
        status=403, headers={}, body=json.dumps(saying(SECONDARY)).encode(), secret=secret
    )
    assert isinstance(outcome(limited, NOW), Throttled)


def test_secret_in_an_address() -> None:
    """A comment's address that gives a token away is replaced by one that does not."""
    body = {**CREATED, "html_url": f"https://x/{SECRET}", "user": {"login": SECRET}}
    reply = Reply(status=201, headers={}, body=json.dumps(body).encode(), secret=SECRET)
    assert outcome(reply, NOW, PAGE) == Posted(
        comment_id=7, url=f"{PAGE}#issuecomment-7", status=201
    )


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
