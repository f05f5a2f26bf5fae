"""Where tokens come from: the settings, files that may change, a command.

Exactly one source is allowed, so that there is no precedence to remember.
"""

from __future__ import annotations

import hashlib
import math
import re
import shlex
import time
from collections.abc import Sequence
from typing import Protocol

from comenq_core.errors import SettingsError
from comenq_core.model import Throttled, Unauthorized, Unavailable
from comenq_core.text import printable
from comenq_plugins.github.auth.secret_file import read_secret

__all__ = ["CommandToken", "FileToken", "FixedToken", "TokenSource", "fingerprint"]

UNREADABLE = "unreadable"
COMMAND_SECONDS = 20.0
COMMAND_FRESH = 60.0


class TokenSource(Protocol):
    """Gives the token of one account."""

    def current(self) -> str | Throttled | Unauthorized | Unavailable:
        """The token to use now, or why there is none.

        Raises:
            SettingsError: it cannot be read.
        """

    def fingerprint(self) -> str:
        """A short text that changes when the credential does, and does not reveal it."""

    def rejected(self) -> None:
        """Note that GitHub did not accept the token."""


class FixedToken:
    """A token in the settings."""

    def __init__(self, token: str, place: str) -> None:
        self._token = _checked(token, place)

    def current(self) -> str:
        """The token."""
        return self._token

    def fingerprint(self) -> str:
        """A hash of the token."""
        return fingerprint(self._token)

    def rejected(self) -> None:
        """Do nothing: there is no other."""


class FileToken:
    """A token in a file, read again each time, so that a new one needs no restart.

    Args:
        path: of the file; ``${CREDENTIALS_DIRECTORY}`` in it is expanded.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def current(self) -> str:
        """The token in the file now.

        Raises:
            SettingsError: the file cannot be read, is not private, or holds no token.
        """
        return _checked(read_secret(self._path), self._path)

    def fingerprint(self) -> str:
        """A hash of the token in the file now."""
        return _fingerprint_of(self)

    def rejected(self) -> None:
        """Do nothing: the file is read again anyway."""


class CommandToken:
    """A token that a command prints, such as ``gh auth token``; it is run at most once a minute.

    Args:
        command: its words, quoted as for a shell; no shell runs it.
    """

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise SettingsError(f"github_token_command: {error}") from error
        if not self._words:
            raise SettingsError("github_token_command: expected a command, found nothing")
        self._known: str | SettingsError = ""
        self._until = -math.inf

    def current(self) -> str:
        """What the command has printed lately.

        Raises:
            SettingsError: it could not be run, failed, took too long, or printed no token.
        """
        if time.monotonic() > self._until:
            self._known = self._ask()
            self._until = time.monotonic() + COMMAND_FRESH
        if isinstance(self._known, SettingsError):
            raise SettingsError(str(self._known))
        return self._known

    def _ask(self) -> str | SettingsError:
        place = f"github_token_command ({printable(self._words[0])})"
        try:
            return _checked(_run(self._words, place), place)
        except SettingsError as error:
            # Remembered like a token: a failure can take as long, and the worker asks often.
            return error

    def fingerprint(self) -> str:
        """A hash of what the command has printed lately."""
        return _fingerprint_of(self)

    def rejected(self) -> None:
        """Run the command again next time."""
        self._until = -math.inf


def fingerprint(secret: str) -> str:
    """A short hash: enough to distinguish two tokens, too little to reveal one."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def _checked(token: str, place: str) -> str:
    if not token:
        raise SettingsError(f"{printable(place)}: holds no token")
    if not re.fullmatch("[!-~]+", token):
        raise SettingsError(
            f"{printable(place)}: holds a character that no token has, such as a space or a "
            "second line"
        )
    return token


def _run(words: Sequence[str], place: str) -> str:
    # Loaded only where a command is used.
    import sh

    try:
        printed = sh.Command(words[0])(
            *words[1:],
            _timeout=COMMAND_SECONDS,
            _tty_out=False,
            _in=b"",
            _encoding="utf-8",
            _decode_errors="replace",
        )
    except sh.CommandNotFound as error:
        raise SettingsError(f"{place}: there is no such command") from error
    except sh.TimeoutException:
        raise SettingsError(f"{place}: takes longer than {COMMAND_SECONDS:g} s") from None
    except (OSError, sh.ForkException) as error:
        raise SettingsError(f"{place}: cannot be run: {printable(error)}") from error
    except sh.ErrorReturnCode as error:
        # Its text holds what the command printed, which may be the token.
        raise SettingsError(f"{place}: failed with exit status {error.exit_code}") from None
    return str(printed).rstrip("\r\n")


def _fingerprint_of(source: FileToken | CommandToken) -> str:
    try:
        return fingerprint(source.current())
    except SettingsError:
        return UNREADABLE
