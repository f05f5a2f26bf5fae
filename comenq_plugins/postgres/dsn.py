"""What a connection string says, and errors that repeat no part of its password. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import quote

from psycopg import Error
from psycopg.pq import Conninfo

from comenq_core.errors import SettingsError
from comenq_core.text import printable

__all__ = ["redacted", "require_plain"]

_URI = re.compile(r"postgres(?:ql)?://([^?]*)")
# libpq ends the password at the first "@", and finds none after a "/".
_PLAIN = re.compile(r"(?:[^@/]*@)?[^@]*")
_MISPLACED = {
    "user": re.compile("[;=]"),
    "dbname": re.compile("[;=]"),
    "host": re.compile("[;=]|[^,]@"),
    "hostaddr": re.compile(r"[^\w:.,%]"),
    "port": re.compile("[^0-9, ]"),
}
_QUOTED = re.compile(r"""(?<!\w)(["'])(.*?)\1""")
_NAME = re.compile(r"[\w.:/-]*")
_SECRET = b"*"


def require_plain(dsn: str, place: str) -> None:
    """Refuse a string in which part of a password would be taken for something else.

    Args:
        dsn: libpq's connection string.
        place: where it stands, for the message, which never quotes it.

    Raises:
        SettingsError: it cannot be read, or not as it is meant.
    """
    try:
        options = Conninfo.parse(dsn.encode())
    except (Error, ValueError):
        raise SettingsError(
            f"{place} dsn: expected what libpq understands, such as"
            " postgresql://comenq@db.example/comenq"
        ) from None
    uri = _URI.match(dsn)
    if uri and not _PLAIN.fullmatch(uri[1]):
        raise SettingsError(
            f"{place} dsn: in the user and the password of a URI, write @ as %40, / as %2F, : as"
            " %3A, ? as %3F and % as %25"
        )
    for option in options:
        name, value = option.keyword.decode(), (option.val or b"").decode(errors="replace")
        if name in _MISPLACED and _MISPLACED[name].search(value):
            raise SettingsError(
                f"{place} dsn: the {name} has characters that none has; separate the parts by"
                " blanks, or in a URI write special characters of the password as %40 for @,"
                " %2F for / and so on"
            )


def redacted(text: str, dsn: str) -> str:
    """The first line of an error, without the passwords that are known.

    What is quoted in it is shown only if it looks like a name: in a service's file, too, part of a
    password can stand where a host is expected.
    """
    line = text.strip().partition("\n")[0]
    for secret in _secrets(dsn):
        line = line.replace(secret, "***")
    return printable(_QUOTED.sub(_name_or_nothing, line))


def _name_or_nothing(quoted: re.Match[str]) -> str:
    return quoted[0] if _NAME.fullmatch(quoted[2]) else f"{quoted[1]}***{quoted[1]}"


def _secrets(dsn: str) -> Collection[str]:
    """The passwords in the string and in the environment, as they are and as a URI has them."""
    options = [*Conninfo.parse(dsn.encode()), *Conninfo.get_defaults()]
    secret = [one.val for one in options if one.val and one.dispchar == _SECRET]
    values = [one.decode(errors="replace") for one in secret]
    return sorted({*values, *(quote(one, safe="") for one in values)}, key=len, reverse=True)
