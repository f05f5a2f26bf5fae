"""Reads the request in a mail. Pure.

The subject is ``owner/repo#123``. The comment is the first ``text/plain`` part that is not an
attachment, decoded as its headers say. What cannot be decoded is refused; nothing is guessed.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from itertools import count
from typing import Any

from comenq_core import CommentRequest, InvalidRequest

__all__ = ["request_of"]

SUBJECT = re.compile(r"([^\s/#]+)/([^\s/#]+)#([0-9]{1,10})")
# https://www.rfc-editor.org/rfc/rfc2045#section-6
ENCODINGS = {"7bit", "8bit", "binary", "quoted-printable", "base64"}
READ = {
    "subject",
    "message-id",
    "content-type",
    "content-disposition",
    "content-transfer-encoding",
}
"""The headers that are read; all others are ignored."""
LONGEST_HEADER = 1_000
MOST_PARTS = 20
"""Parts of a mail, those within others included; so nothing is nested more deeply either."""
MOST_LINES = 50_000
"""Lines of a mail; the parser asks of each whether it ends one of the parts around it."""
SLOW_CHARSETS = {"idna", "punycode"}
"""Charsets that no mail has; Python's decoders of them take quadratic time."""


def request_of(content: bytes) -> CommentRequest:
    """Read a mail.

    Args:
        content: the whole mail, as `RFC 5322 <https://www.rfc-editor.org/rfc/rfc5322>`_ has it.

    Raises:
        InvalidRequest: it has no request, or cannot be read; to send it again is useless.
    """
    if content.count(b"\n") > MOST_LINES:
        raise InvalidRequest("", f"the mail has more than {MOST_LINES} lines")
    try:
        mail = message_from_bytes(content, policy=_Bounded(message_factory=_counted()))
        assert isinstance(mail, EmailMessage)
        owner, repo, number = _target(str(mail.get("Subject", "")))
        body, key = _text(mail), _key(str(mail.get("Message-ID", "")))
    except (AttributeError, IndexError, RecursionError, ValueError) as error:
        # The standard library's parser raises each of these for some broken header.
        raise InvalidRequest("", f"the mail cannot be read ({type(error).__name__})") from error
    return CommentRequest(owner=owner, repo=repo, pr_number=number, body=body, key=key)


def _counted() -> Callable[..., EmailMessage]:
    """What makes the mail and its parts, until there are too many."""
    made = count()

    def make(**members: Any) -> EmailMessage:  # noqa: ANN401  (the parser's arguments)
        if next(made) > MOST_PARTS:
            raise InvalidRequest("body", f"the mail has more than {MOST_PARTS} parts")
        return EmailMessage(**members)

    return make


class _Bounded(EmailPolicy):
    """Refuses long headers: with one of a megabyte, the parser needs all memory."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, Any]:
        """Split one header; called for each of them, before they are parsed."""
        name, value = super().header_source_parse(list(sourcelines))
        if name.lower() in READ and len(value) > LONGEST_HEADER:
            raise InvalidRequest(name, f"is longer than {LONGEST_HEADER} characters")
        return name, value


def _target(subject: str) -> tuple[str, str, int]:
    found = SUBJECT.fullmatch(subject.strip())
    if not found:
        raise InvalidRequest("Subject", "must be a pull request, as in owner/repo#123")
    return found[1], found[2], int(found[3])


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    if part is None:
        raise InvalidRequest(
            "body", "there is no text/plain part: send plain text, not HTML or attachments alone"
        )
    encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    if encoding not in ENCODINGS:
        raise InvalidRequest("body", "its Content-Transfer-Encoding is not one of RFC 2045")
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or mail.defects or part.defects:
        raise InvalidRequest("body", "the mail's MIME structure or encoding is broken")
    text = _decoded(data, part.get_content_charset("utf-8"))
    # In a mail, every line ends with CR LF, the last one too.
    # https://www.rfc-editor.org/rfc/rfc2046#section-4.1.1
    return text.replace("\r\n", "\n").removesuffix("\n")


def _decoded(data: bytes, charset: str) -> str:
    try:
        if codecs.lookup(charset).name not in SLOW_CHARSETS:
            return data.decode(charset)
    except (LookupError, ValueError):
        pass
    raise InvalidRequest(
        "body", "is not in the charset that the mail names: send it as UTF-8, and say so"
    )


def _key(message_id: str) -> str:
    """The idempotency key: a mail that is delivered twice is one comment."""
    name = message_id.strip()
    if not name:
        raise InvalidRequest(
            "Message-ID",
            "is missing: without it, a mail that is delivered again would be posted twice",
        )
    # Hashed, since a Message-ID may be longer than a key; with a prefix, so that no other
    # program's key is the same by accident.
    return f"email:{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}"
