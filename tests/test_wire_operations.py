"""Requests and operations: what clients may send, and what they are told when it is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from comenq_core.errors import InvalidRequest
from comenq_core.model import BODY_LIMIT, CommentRequest
from comenq_core.testing.strategies import requests
from comenq_core.wire.messages import Operation, read_operation, read_request
from comenq_core.wire.rfc3339 import format_time
from comenq_core.wire.schemas import OPERATION_SCHEMAS, REQUEST_SCHEMA

BARE: dict[str, Any] = {"owner": "octocat", "repo": "hello", "pr_number": 7, "body": "Hi"}
REQUEST = CommentRequest(owner="octocat", repo="hello", pr_number=7, body="Hi")
IDENTIFIED = [
    "show",
    "bump",
    "bust",
    "defer",
    "del",
    "hold",
    "release",
    "retry",
    "resolve",
    "undelete",
]


def operation(value: object) -> Operation:
    """The operation that a client asks for with this value."""
    return read_operation(json.dumps(value).encode())


def refusal(value: object) -> InvalidRequest:
    """The error that a value is answered with."""
    with pytest.raises(InvalidRequest) as caught:
        operation(value)
    return caught.value


def test_the_schema_is_a_schema() -> None:
    """What is published as a JSON Schema is one."""
    for schema in (REQUEST_SCHEMA, *OPERATION_SCHEMAS.values()):
        jsonschema.Draft202012Validator.check_schema(schema)


@given(requests())
def test_a_request_reads_as_it_was_meant(request: CommentRequest) -> None:
    """Every valid request, written by its members, reads back equal."""
    value: dict[str, Any] = {"owner": request.owner, "repo": request.repo, "body": request.body}
    value |= {"pr_number": request.pr_number, "if_open": request.if_open}
    if request.key is not None:
        value["key"] = request.key
    if request.account is not None:
        value["account"] = request.account
    if request.host is not None:
        value["host"] = request.host
    if request.in_reply_to is not None:
        value["in_reply_to"] = request.in_reply_to
    if request.not_before is not None:
        value["not_before"] = format_time(request.not_before)
    assert read_request(value) == request


def test_a_bare_request_is_a_put() -> None:
    """A request without an operation is read as a put."""
    assert operation(BARE) == Operation(op="put", request=REQUEST)


def test_put_carries_a_request_and_its_options() -> None:
    """A put has its request, and says whether it goes ahead or only where it is absent."""
    read = operation({"op": "put", "request": BARE, "ahead": True, "if_absent": True})
    assert read.request == REQUEST
    assert read.members == {"ahead": True, "if_absent": True}


@pytest.mark.parametrize("immediate", [True, False])
def test_the_rust_client_is_known_by_its_word_for_ahead(immediate: bool) -> None:
    """``immediate`` means ``ahead``, and that the reply needs the body, whatever its value."""
    read = operation({"op": "put", "request": BARE, "immediate": immediate})
    assert read == Operation(
        op="put", request=REQUEST, members={"ahead": immediate}, wants_body=True
    )
    assert not operation({"op": "put", "request": BARE, "ahead": immediate}).wants_body


@pytest.mark.parametrize("op", IDENTIFIED)
def test_an_operation_on_a_job_takes_its_id_or_a_beginning(op: str) -> None:
    """Operations on one job have its id, whole or shortened."""
    for job_id in ("7f3kq2m8x1ab", "7"):
        assert operation({"op": op, "id": job_id}) == Operation(op=op, members={"id": job_id})


@pytest.mark.parametrize(
    "value",
    [
        {"op": "list"},
        {"op": "list", "limit": 20, "state": ["held", "failed"], "repo": "octocat/hello"},
        {"op": "list", "offset": 500},
        {"op": "hist", "limit": 5, "offset": 0, "failed": True},
        {"op": "status"},
        {"op": "resolve", "id": "7f3k", "posted": "https://forge.example/1"},
        {"op": "flush"},
        {"op": "pause", "reason": "the forge is down"},
        {"op": "resume"},
        {"op": "ping"},
    ],
)
def test_other_operations_carry_their_members(value: dict[str, Any]) -> None:
    """Each operation has the members that were sent, and no others."""
    members = {name: item for name, item in value.items() if name != "op"}
    assert operation(value) == Operation(op=value["op"], members=members)


def test_a_limit_of_null_is_no_limit() -> None:
    """The Rust client sends null for no limit."""
    assert operation({"op": "hist", "limit": None}).members == {}


def test_an_unknown_operation_lists_the_known_nearest_first() -> None:
    """The error for a misspelt operation lists those that are known, the likely one first."""
    assert str(refusal({"op": "bmp"})).startswith("op: must be one of bump, put, list,")


@pytest.mark.parametrize("op", [None, 7, True, [], {}, "", "PUT", "put\n"])
def test_what_is_no_operation_is_refused(op: object) -> None:
    """An operation that is not exactly a known word is an error."""
    assert refusal({"op": op}).path == "op"


@pytest.mark.parametrize("value", [None, True, 1, "put", [], [BARE]])
def test_what_is_no_object_is_refused(value: object) -> None:
    """A value that is no object is no request."""
    assert str(refusal(value)) == "must be a JSON object with owner, repo, pr_number and body"


@pytest.mark.parametrize("name", list(BARE))
def test_a_missing_member_is_named_with_its_rule(name: str) -> None:
    """The error for a missing member names it, and says what it must be."""
    error = refusal({key: item for key, item in BARE.items() if key != name})
    rule = REQUEST_SCHEMA["properties"][name]["description"]
    assert str(error) == f"{name}: is missing; it must be {rule}"


def test_a_misspelt_member_is_told_before_the_missing_one() -> None:
    """A misspelt member is reported, not the one that is missing therefore."""
    value = {"owner": "octocat", "repo": "hello", "pr_nubmer": 7, "body": "Hi"}
    assert str(refusal(value)) == "pr_nubmer: is not known here; did you mean pr_number?"


def test_an_unknown_member_like_no_other_lists_the_known() -> None:
    """The error for an unknown member that is like no other lists those that are known."""
    assert "known are owner, repo," in str(refusal({**BARE, "zzz": 1}))


def test_an_unknown_member_is_escaped_and_cut() -> None:
    """An unknown member's name is escaped and shortened before it is shown."""
    text = str(refusal({**BARE, "\x1b[2J\n" + "x" * 10_000: 1}))
    assert text.startswith("\\x1b[2J\\nxxx")
    assert text.isprintable()
    assert len(text) < 300


@pytest.mark.parametrize("op", sorted(OPERATION_SCHEMAS))
def test_every_operation_refuses_unknown_members(op: str) -> None:
    """Every operation refuses a member that it does not know."""
    required = {"request": BARE, "id": "7f3k", "reason": "so"}
    known = OPERATION_SCHEMAS[op]["properties"]
    value = {name: item for name, item in required.items() if name in known}
    assert refusal({"op": op, **value, "zzz": 1}).path == "zzz"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("owner", ["", "-a", "a b", "a/b", "a\n", "\n", "é", "a" * 40, ".", 7, None]),
        ("repo", ["", ".", "..", "..\n", "a\n", "a/b", "a%2e", "a?b", "a#b", "r" * 101, True, []]),
        ("pr_number", [0, -1, 1.0, 1.5, True, "7", " 1_0 ", "\uff11\uff12", 2**31, 10**19, None]),
        ("body", ["", " \n\t", 7, None, ["Hi"], "x" * (BODY_LIMIT + 1), "é" * BODY_LIMIT]),
        ("not_before", ["", "tomorrow", "2026-12-01", "2026-12-01T09:00:00", 7, None]),
        ("key", ["", "k" * 201, 7, None]),
        ("if_open", [0, 1, "true", None]),
        ("account", ["", "a b", "-a", "a\n", "a" * 65, 7, None]),
        ("host", ["", "a b", "-a", "a\n", "a/b", "a@b", "a:x", "a" * 254, 7, None]),
    ],
)
def test_a_wrong_member_is_named_by_its_path(name: str, bad: list[object]) -> None:
    """A wrong value of any member is an error with its path, in a bare request and in a put."""
    for item in bad:
        assert refusal({**BARE, name: item}).path == name
        error = refusal({"op": "put", "request": {**BARE, name: item}})
        assert error.path == f"request.{name}"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"op": "list", "limit": 0}, "limit"),
        ({"op": "list", "limit": 1.0}, "limit"),
        ({"op": "list", "limit": True}, "limit"),
        ({"op": "list", "state": "held"}, "state"),
        ({"op": "list", "offset": -1}, "offset"),
        ({"op": "list", "state": ["held", "lost"]}, "state[1]"),
        ({"op": "list", "repo": "octocat"}, "repo"),
        ({"op": "list", "repo": "octocat/.."}, "repo"),
        ({"op": "hist", "failed": 1}, "failed"),
        ({"op": "show", "id": ""}, "id"),
        ({"op": "show", "id": "abc\n"}, "id"),
        ({"op": "show", "id": "../../etc"}, "id"),
        ({"op": "show"}, "id"),
        ({"op": "resolve", "posted": "https://forge.example/1"}, "id"),
        ({"op": "resolve", "id": "7", "posted": ""}, "posted"),
        ({"op": "resolve", "id": "7", "posted": None}, "posted"),
        ({"op": "resolve", "id": "7", "posted": "x" * 2_001}, "posted"),
        ({"op": "pause"}, "reason"),
        ({"op": "pause", "reason": "x" * 501}, "reason"),
        ({"op": "put"}, "request"),
        ({"op": "put", "request": []}, "request"),
        ({"op": "put", "request": BARE, "ahead": 1}, "ahead"),
    ],
)
def test_a_wrong_member_of_an_operation_is_named(value: object, path: str) -> None:
    """A wrong member of an operation is an error with its path."""
    assert refusal(value).path == path


def test_a_refused_value_is_not_quoted() -> None:
    """However long a wrong value is, the message has only the rule."""
    error = refusal({**BARE, "body": ["a secret " * 1000]})
    assert (
        str(error) == f"body: must be a text of 1 to {BODY_LIMIT} bytes of UTF-8 that is not blank"
    )


def test_a_body_is_limited_in_bytes_as_the_forge_counts() -> None:
    """The longest body of two-byte letters is accepted; one letter more is refused."""
    longest = "é" * (BODY_LIMIT // 2)
    assert read_request({**BARE, "body": longest}).body == longest
    assert refusal({**BARE, "body": longest + "é"}).path == "body"


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T09:00:00Z",
        "2026-12-01t09:00:00z",
        "2026-12-01 09:00:00.000Z",
        "2026-12-01T10:00:00+01:00",
        "2026-11-30T23:30:00.0000000-09:30",
        "2026-12-01T09:00:00-00:00",
    ],
)
def test_times_are_instants(text: str) -> None:
    """Every form that RFC 3339 has for an instant reads as that instant."""
    expected = datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert read_request({**BARE, "not_before": text}).not_before == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T09:00:00",
        "2026-12-01T09:00Z",
        "2026-12-01",
        "20261201T090000Z",
        "2026-W49-2T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T09:00:00+24:00",
        "2026-12-01T09:00:00+01",
        "2026-12-01T09:00:00Z\n",
        "\uff12\uff10\uff12\uff16-12-01T09:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_with_an_offset_is_refused(text: str) -> None:
    """Other forms of ISO 8601, and instants out of range, are errors."""
    error = refusal({**BARE, "not_before": text})
    assert str(error) == ("not_before: must be a time with its offset, as in 2026-12-01T09:00:00Z")


@pytest.mark.parametrize("path", ["", "request."])
def test_a_time_that_means_never_is_refused(path: str) -> None:
    """A request or a put for the year 9999 is refused, with the way to hold a comment."""
    far = {**BARE, "not_before": "9999-12-31T23:59:59Z"}
    error = refusal({"op": "put", "request": far} if path else far)
    assert str(error).startswith(f"{path}not_before: must be from the year 1970 to 2499; ")
    assert str(error).endswith(" hold it: comenq put --hold")


def test_a_list_takes_no_more_states_than_there_are() -> None:
    """A long list of states is refused by its length, before its members are looked at."""
    with pytest.raises(InvalidRequest, match=r"state: must be a list of at most \d+ states"):
        read_operation(b'{"op":"list","state":[' + b'"no",' * 100_000 + b'"no"]}')
