"""Strict JSON: what is read, what is refused, and what is told about it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.testing.strategies import texts
from comenq_core.wire.strict_json import DEPTH_LIMIT, DIGIT_LIMIT, encode, parse

ORDINARY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**DIGIT_LIMIT) + 1, max_value=10**DIGIT_LIMIT - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(), inner, max_size=4),
    max_leaves=20,
)


def refusal(data: bytes) -> InvalidRequest:
    """The error that a text is refused with."""
    with pytest.raises(InvalidRequest) as caught:
        parse(data)
    return caught.value


@given(ORDINARY)
def test_ordinary_documents_read_as_json_reads_them(value: object) -> None:
    """What is unambiguous means the same as to Python's own reader, spaced out or not."""
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert parse(text.encode()) == json.loads(text)


@given(ORDINARY)
def test_encoding_and_parsing_round_trip(value: object) -> None:
    """What `encode` writes, `parse` reads back equal."""
    assert parse(encode(value)) == value


@given(ORDINARY)
def test_an_encoded_value_is_one_line(value: object) -> None:
    """No newline gets into an encoded value, so that one line is one message."""
    assert b"\n" not in encode(value)


def test_encoding_is_compact_and_escapes_no_letters() -> None:
    """A value is written without spaces, and other scripts stay as they are."""
    assert encode({"a": ["é", "日本", 1]}) == '{"a":["é","日本",1]}'.encode()


def test_encoding_replaces_a_lone_surrogate() -> None:
    """Text that UTF-8 cannot hold gets a question mark, so that a reply is still sent."""
    assert encode("a\ud800b") == b'"a?b"'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """UTF-16, UTF-32 and a byte order mark are refused, whatever they say."""
    assert refusal('{"owner": "o"}'.encode(encoding)).path == ""


def test_a_byte_order_mark_is_named() -> None:
    """The message names a byte order mark, which no editor shows."""
    assert "byte order mark" in str(refusal('{"owner": "o"}'.encode("utf-8-sig")))


def test_bytes_that_are_not_utf8_are_located() -> None:
    """The first byte that is not UTF-8 is named by its place, counted from 1."""
    assert str(refusal(b'"ab\xff"')) == "the text is not UTF-8 at byte 4"


def test_a_surrogate_encoded_as_utf8_is_refused() -> None:
    """Half a pair, written as if it were UTF-8, is not UTF-8."""
    assert "not UTF-8" in str(refusal(b'"\xed\xa0\x80"'))


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "line 1, column 1"),
        (b"{", "line 1, column 2"),
        (b'{"a":1,}', "line 1, column"),
        (b'{"a":\n  tru}', "line 2, column 3"),
        (b"{} {}", "line 1, column 4"),
        (b"'a'", "line 1, column 1"),
        (b'"a\nb"', "line 1, column 3"),
        (b"01", "line 1, column 2"),
        (b"1_0", "line 1, column 2"),
        ("\uff11\uff12".encode(), "line 1, column 1"),
        (b"{}\x00", "line 1, column 3"),
        ("\u00a0{}".encode(), "line 1, column 1"),
    ],
)
def test_a_syntax_error_is_located(data: bytes, where: str) -> None:
    """What is not JSON is refused with the line and the column."""
    assert where in str(refusal(data))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a":1,"a":2}', ""),
        ('{"a":{"b":1,"b":1}}', "a"),
        ('[{"b":1,"\\u0062":1}]', "[0]"),
    ],
)
def test_a_member_given_twice_is_refused(text: str, path: str) -> None:
    """Two members of one name are refused, though written differently, with the object's path."""
    error = refusal(text.encode())
    assert (error.path, "more than once" in error.reason) == (path, True)


def test_the_name_of_a_member_given_twice_is_escaped_and_cut() -> None:
    """A hostile name cannot control a terminal or fill a log."""
    name = json.dumps("\x1b[1m\n" + "x" * 5000)
    text = str(refusal(f"{{{name}:1,{name}:2}}".encode()))
    assert "\\x1b[1m\\n" in text
    assert text.isprintable()
    assert len(text) < 200


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_finite_number_is_refused(number: str) -> None:
    """NaN, the infinities, and what overflows into one are refused, with the path."""
    assert refusal(f'{{"a":[0,{number}]}}'.encode()).path == "a[1]"


@pytest.mark.parametrize("digits", [DIGIT_LIMIT + 1, 4301, 1_000_000])
def test_a_long_integer_is_refused(digits: int) -> None:
    """An integer of more than 20 digits is refused, long before it costs anything."""
    assert refusal(f'{{"a":-{"9" * digits}}}'.encode()).path == "a"


@pytest.mark.parametrize("data", [b"[" * 33 + b"]" * 33, b'[{"a":' * 16 + b"{}" + b"}]" * 16])
def test_deep_nesting_is_refused(data: bytes) -> None:
    """More than 32 levels of lists and objects are refused."""
    assert str(refusal(data)) == "the text is nested deeper than 32"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_nesting_too_deep_to_be_read_is_refused(opening: str) -> None:
    """A million levels are refused like 33: they exhaust no stack."""
    assert str(refusal((opening * 1_000_000).encode())) == "the text is nested deeper than 32"


def test_the_deepest_nesting_allowed_is_read() -> None:
    """Exactly 32 levels are read."""
    assert parse(b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT)


def test_brackets_within_strings_are_no_nesting() -> None:
    """A body full of brackets, quotes and backslashes is a flat text."""
    body = '[{"\\' * 1000
    assert parse(json.dumps({"body": body}).encode()) == {"body": body}


def test_siblings_are_no_nesting() -> None:
    """Any number of lists beside each other is one level deeper than their parent."""
    assert parse(b"[" + b"[],{}," * 1000 + b"[]]")


def test_a_string_that_never_ends_is_refused() -> None:
    """A megabyte of escaped quotes without an end is refused."""
    assert "unterminated" in str(refusal(b'"' + b'\\"' * 500_000))


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\udc00\\ud800"])
def test_a_lone_surrogate_is_refused_with_its_path(half: str) -> None:
    """Half a surrogate pair is refused at the member that holds it."""
    assert refusal(f'{{"request":{{"body":"a{half}"}}}}'.encode()).path == "request.body"


def test_a_lone_surrogate_in_a_name_is_refused() -> None:
    """The names of members are texts too."""
    assert refusal(b'{"a":{"\\ud800":1}}').path == "a.\\ud800"


def test_a_whole_surrogate_pair_is_one_character() -> None:
    """An escaped pair reads as the character that it stands for."""
    assert parse(b'"\\ud83d\\ude00"') == "😀"


@given(texts(min_size=12, max_size=40))
def test_a_refusal_never_quotes_the_text(secret: str) -> None:
    """Whatever is wrong, the value at fault is not in the message."""
    quoted = json.dumps(secret)
    for text in (f"{quoted} x", f"[{quoted}", f"[{quoted}, NaN]", f'{{"a":{quoted},"a":0}}'):
        assert secret not in str(refusal(text.encode()))
