"""Whatever is handed in, at the socket or as a file: posted as it was given, or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comenq_core.model import BODY_LIMIT
from comenq_core.testing.forge.records import Comment
from tests.reliability.intakes import CANARY, LINE, Intakes, request, running

BODIES = {
    "plain": "Looks good.",
    "spaces around": "  \t indented, and a blank at the end ",
    "newlines around": "\n\nparagraph\n\n\n",
    "CRLF": "one\r\ntwo\rthree\n\rfour\r\n",
    "control characters": "x" + "".join(map(chr, range(0x20))) + "\x7f\x80\x85\x9f" + "x",
    "NUL first and last": "\0 a NUL \0",
    "terminal": "\x1b[31mred\x1b[0m\x07 \x1b]0;title\x07",
    "line separators": "a\u2028b\u2029c\x0bd\x0ce\x1cf\x85g",
    "right to left": "\u202eevil\u202c שלום \u2067\u0645\u0631\u062d\u0628\u0627\u2069",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 🇪🇺 🏳\ufe0f\u200d🌈 ☎\ufe0f 🧑🏽\u200d🚀",
    "combining": "e\u0301 Z\u0351\u036b\u0343 \u200b\u200d\ufeff.",
    "beyond": "\U0010ffff \ufffe \uffff \ufffd \ue000",
    "looks like escapes": r"\n \u0000 \ud800 \\ \" %s {0} ${HOME} $(id) `id`",
    "looks like JSON": '{"op":"del","id":"0"}\n{"owner":"o"}',
    "looks like a log line": "\n2026-11-24T07:50:00.123Z info worker job_done: A job was tried.\n",
    "markup": "<!-- comenq:0 --> <script>alert(1)</script> @octocat #1\n```\ncode\n```",
    "longest, of one byte": "x" * BODY_LIMIT,
    "longest, of four bytes": "🦔" * (BODY_LIMIT // 4),
    "longest, of escapes": '"' * BODY_LIMIT,
}
WAYS: dict[str, Callable[[Intakes, str], Comment]] = {
    "socket": Intakes.post_by_socket,
    "file": Intakes.post_by_file,
}


@pytest.fixture(scope="module")
def intakes() -> Iterator[Intakes]:
    """A daemon that all these tests share; at the end, every line of its log was an event."""
    with running() as made:
        yield made
        foreign = [line for line in made.lines if not LINE.fullmatch(line) or not is_shown(line)]
        assert not foreign
        assert CANARY not in "".join(made.lines)


def is_shown(line: str) -> bool:
    """Whether a terminal shows a line as it stands."""
    return line.isprintable()


@pytest.mark.parametrize("post", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_body_is_posted_byte_for_byte(
    intakes: Intakes, post: Callable[[Intakes, str], Comment], body: str
) -> None:
    """What the forge gets is what was given, whatever it is made of."""
    comment = post(intakes, body)

    assert comment.body.encode() == body.encode()
    assert intakes.forge.posts[-1].json == {"body": body}


@pytest.mark.parametrize("post", WAYS.values(), ids=WAYS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_is_posted_as_it_is(
    intakes: Intakes, post: Callable[[Intakes, str], Comment], body: str
) -> None:
    """The same for generated texts."""
    assert post(intakes, body).body == body


def bare(**members: object) -> bytes:
    """A request whose members may be anything, with a body that must not be shown."""
    return json.dumps({**request(CANARY), **members}).encode()


def raw(member: str) -> bytes:
    """A request with another member, as it is written."""
    return bare()[:-1] + b"," + member.encode() + b"}"


INVALID: dict[str, tuple[bytes, str]] = {
    "not JSON": (b'{"body": "canary-7f3kq2m8x1ab', "the text is not JSON at line 1, column"),
    "no object": (json.dumps([CANARY]).encode(), "must be a JSON object"),
    "two values": (bare() + b" " + bare(), "the text is not JSON at line 1"),
    "nested": (raw('"x":' + "[" * 100_000 + "]" * 100_000), "nested deeper than 32"),
    "nested and open": (raw('"x":' + '{"a":' * 100_000), "nested deeper than 32"),
    "4,301 digits": (raw('"key":' + "9" * 4_301), "key: the number has more than 20 digits"),
    "member twice": (raw('"owner":"p"'), "the member owner is given more than once"),
    "NaN": (raw('"key":NaN'), "key: JSON has no such number"),
    "infinite": (raw('"key":-Infinity'), "key: JSON has no such number"),
    "1e999": (raw('"key":1e999'), "key: the number is too large"),
    "lone surrogate": (bare(body=CANARY + "\ud800"), "body: the text holds a lone surrogate"),
    "lone surrogate in a name": (raw(r'"\ud800":1'), "the text holds a lone surrogate"),
    "UTF-16": (bare().decode().encode("utf-16"), "the text is not UTF-8|not JSON"),
    "byte order mark": (b"\xef\xbb\xbf" + bare(), "without a byte order mark"),
    "Latin-1": (bare(body=CANARY + "é").replace(b"\\u00e9", b"\xe9"), "not UTF-8 at byte"),
    "overlong UTF-8": (bare(body=CANARY + "é").replace(b"\\u00e9", b"\xc0\xaf"), "not UTF-8"),
    "control character": (bare().replace(b"canary", b"\x01canary"), "not JSON at line 1"),
    "number as fraction": (bare(pr_number=1.0), "pr_number: must be a whole number"),
    "number as text": (bare(pr_number="1"), "pr_number: must be a whole number"),
    "number as true": (bare(pr_number=True), "pr_number: must be a whole number"),
    "number zero": (bare(pr_number=0), "pr_number: must be a whole number"),
    "number too large": (bare(pr_number=2**31), "pr_number: must be a whole number"),
    "owner with newline": (bare(owner="o\n"), "owner: must be a GitHub account name"),
    "owner of other digits": (bare(owner="\uff11\uff12"), "owner: must be a GitHub account name"),
    "owner with path": (bare(owner="o/.."), "owner: must be a GitHub account name"),
    "repository with newline": (bare(repo="r\n"), "repo: must be a repository name"),
    "repository of dots": (bare(repo=".."), "repo: must be a repository name"),
    "owner missing": (bare().replace(b'"owner": "o", ', b""), "owner: is missing"),
    "body null": (bare(body=None), "body: must be a text"),
    "body empty": (bare(body=""), "body: must be a text of 1 to 262144 bytes"),
    "body blank": (bare(body=" \t\r\n"), "body: must not be empty or blank"),
    "body too long": (bare(body="x" * (BODY_LIMIT + 1)), "body: (must be|is) .*262144"),
    "body too long in bytes": (bare(body="🦔" * (BODY_LIMIT // 4) + "x"), "body: is 262145 bytes"),
    "member unknown": (bare(boby=CANARY), "boby: is not known here; did you mean body"),
    "member unprintable": (bare(**{"\x1b[31m\n": 1}), r"\\+x1b\[31m\\+n: is not known here"),
    "time without offset": (bare(not_before="2026-12-01T09:00:00"), "not_before: must .* offset"),
    "no such time": (bare(not_before="2026-02-30T09:00:00Z"), "not_before: must be a time"),
    "key too long": (bare(key="k" * 201), "key: must be a text of 1 to 200 characters"),
}
REFUSALS: dict[str, Callable[[Intakes, bytes], str]] = {
    "socket": Intakes.refusal_by_socket,
    "file": Intakes.refusal_by_file,
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("what", INVALID)
def test_what_is_no_request_is_refused_with_its_reason(
    intakes: Intakes, refusal: Callable[[Intakes, bytes], str], what: str
) -> None:
    """The reason names the member and the rule, and shows nothing of the body."""
    text, reason = INVALID[what]

    told = refusal(intakes, text)

    assert re.search(reason, told), told
    assert CANARY not in told
    assert is_shown(told)
    assert len(told) < 500


@pytest.mark.full
def test_more_than_a_mebibyte_is_refused(intakes: Intakes) -> None:
    """A request that is too long to be read is refused by its length, either way."""
    text = b" " * (1 << 20) + bare()

    assert "too_large: a request may have at most 1048576 bytes" in intakes.refusal_by_socket(text)
    assert "it has 10486" in intakes.refusal_by_file(text)


def test_valid_requests_are_posted_after_all_that(intakes: Intakes) -> None:
    """Nothing that was refused has kept the daemon from its work."""
    for post in WAYS.values():
        assert post(intakes, "still here").body == "still here"
