"""The request in a mail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from comenq_core import InvalidRequest
from comenq_email.mail import MOST_LINES, MOST_PARTS, request_of

HEADERS = b"Subject: octo-org/site#7\r\nMessage-ID: <1@example.org>\r\n"


@pytest.mark.parametrize(
    ("rest", "body"),
    [
        (b"\r\nPlain.\r\n", "Plain."),
        (b"\r\nTwo\r\n\r\nparagraphs.\r\n\r\n", "Two\n\nparagraphs.\n"),
        (b"\r\n  Spaces \r\n and\tthe like. ", "  Spaces \n and\tthe like. "),
        (b"\r\nA lone \r and a lone \n.\r\n", "A lone \r and a lone \n."),
        ("\r\nÜber UTF-8.\r\n".encode(), "Über UTF-8."),
        (b"Content-Type: text/plain; charset=latin-1\r\n\r\n\xdcber.\r\n", "Über."),
        (b"Content-Transfer-Encoding: base64\r\n\r\nw5xiZXIuCg==\r\n", "Über."),
        (b"Content-Transfer-Encoding: Quoted-Printable\r\n\r\n=C3=9Cb=\r\ner.=20\r\n", "Über. "),
    ],
)
def test_a_text_is_decoded_as_the_mail_says(rest: bytes, body: str) -> None:
    """The comment is the text, with newlines as line breaks and none at the end."""
    assert request_of(HEADERS + rest).body == body


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        (["text/html", "text/plain"], "text/plain"),
        (["text/plain", "text/html", "text/plain; charset=utf-8"], "text/plain"),
        (["text/plain\r\nContent-Disposition: attachment", "text/plain"], "text/plain"),
    ],
)
def test_the_first_plain_part_is_the_comment(parts: Sequence[str], body: str) -> None:
    """Of a mail in parts, the first plain text that is not an attachment counts."""
    mail = HEADERS + b"Content-Type: multipart/mixed; boundary=next\r\n"
    for number, part in enumerate(parts):
        mail += f"\r\n--next\r\nContent-Type: {part}\r\n\r\n{number}: {body}".encode()
    mail += b"\r\n--next--\r\n"

    wanted = next(i for i, part in enumerate(parts) if part.split(";")[0] == "text/plain")
    assert request_of(mail).body == f"{wanted}: {body}"


def in_parts(number: int) -> bytes:
    """A mail with so many parts, the last of them the comment."""
    parts = [b"text/html"] * (number - 1) + [b"text/plain"]
    text = b"".join(b"--a\r\nContent-Type: %b\r\n\r\nx\r\n" % part for part in parts)
    return HEADERS + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + text + b"--a--\r\n"


def nested(number: int) -> bytes:
    """A mail with so many parts, each in the one before."""
    parts = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth)
        for depth in range(number)
    )
    return HEADERS + b"".join(parts) + b"\r\nx\r\n"


def test_a_mail_may_have_some_parts_and_many_lines() -> None:
    """What people send is far below the bounds."""
    assert request_of(in_parts(MOST_PARTS)).body == "x"
    assert len(request_of(HEADERS + b"\r\n" + b"x\r\n" * (MOST_LINES - 9)).body) > MOST_LINES


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (in_parts(MOST_PARTS + 1), "more than 20 parts"),
        (in_parts(10_000), "more than 20 parts"),
        (nested(MOST_PARTS + 1), "more than 20 parts"),
        (nested(12_000), "more than 20 parts"),
        (HEADERS + b"Content-Type: message/rfc822\r\n\r\n" * 20_000, "more than 20 parts"),
        (HEADERS + b"X: x\r\n" * 150_000 + b"\r\nx\r\n", "more than 50000 lines"),
        (HEADERS + b"\r\n" + b"\n" * 1_000_000, "more than 50000 lines"),
        (b"Subject: " + b"=?utf-8?q?o?=" * 9_999 + b"\r\n\r\nx", "longer than 1000 characters"),
        (HEADERS + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-9" * 90_000,
         "is not in the charset"),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_mail_that_would_take_long_to_read_is_refused(mail: bytes, reason: str) -> None:
    """Parts, nesting, lines, headers and decoders are bounded: no mail costs seconds."""
    with pytest.raises(InvalidRequest, match=reason):
        request_of(mail)


@pytest.mark.parametrize(
    ("mail", "path"),
    [
        (b"Message-ID: <1>\r\n\r\nx\r\n", "Subject"),
        (b"Subject: Re: o/r#1\r\nMessage-ID: <1>\r\n\r\nx\r\n", "Subject"),
        (b"Subject: o/r#0\r\nMessage-ID: <1>\r\n\r\nx\r\n", "pr_number"),
        (b"Subject: o/r#" + b"1" * 1_000 + b"\r\nMessage-ID: <1>\r\n\r\nx\r\n", "Subject"),
        (b"Subject: o/r#1\r\n\r\nx\r\n", "Message-ID"),
        (HEADERS + b"\r\n\r\n", "body"),
        (HEADERS + b"Content-Type: text/html\r\n\r\n<p>x</p>\r\n", "body"),
        (HEADERS + b"\r\n\xdcber\r\n", "body"),
        (HEADERS + b"Content-Type: text/plain; charset=none\r\n\r\nx\r\n", "body"),
        (HEADERS + b"Content-Type: text/plain; charset=hex\r\n\r\n41\r\n", "body"),
        (HEADERS + b"Content-Transfer-Encoding: base64\r\n\r\nw5x?iZXI\r\n", "body"),
        (HEADERS + b"Content-Transfer-Encoding: x-own\r\n\r\nx\r\n", "body"),
        (HEADERS + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n", "body"),
        (HEADERS + b"Content-Type: text/plain; " + b";" * 9_999 + b"\r\n\r\nx", "Content-Type"),
        (HEADERS + b"Content-Type: text/plain; charset*0*=\0''x\r\n\r\nx\r\n", ""),
    ],
)
def test_a_mail_that_cannot_be_read_is_refused(mail: bytes, path: str) -> None:
    """A mail without a clear request is refused, and the error names the header or the body."""
    with pytest.raises(InvalidRequest) as caught:
        request_of(mail)
    assert caught.value.path == path
