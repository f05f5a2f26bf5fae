"""Where tokens come from: the settings, files that may change, a command.

Each account has exactly one source, so that there is no precedence to remember.
"""

from __future__ import annotations

import hashlib
import math
import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress

from comenq_core.errors import SettingsError
from comenq_core.model import Blocked, Refused, Throttled, Unauthorized, Unavailable
from comenq_core.process.clock import since_boot
from comenq_core.process.secret_file import read_secret
from comenq_core.text import printable
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.http.showing import gives_away

__all__ = ["CommandToken", "FileToken", "FixedToken", "NoToken", "TokenSource"]

COMMAND_SECONDS = 20.0
COMMAND_FRESH = 60.0
COMMAND_FRESH_LIMIT = 3600.0

NoToken = Refused | Throttled | Unauthorized | Blocked | Unavailable
"""Why there is no token at the moment."""


class TokenSource(ABC):
    """Gives the token of one account."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    @property
    def is_of_owners(self) -> bool:
        """Whether each owner has a token of its own, so that a rule for one concerns no other."""
        return False

    @abstractmethod
    def current(self, repository: str = "") -> str | NoToken:
        """The token to use now, or why there is none.

        Args:
            repository: for which repository, ``OWNER/REPO``; an App has a token for each owner.

        Raises:
            SettingsError: it cannot be read.
        """

    def fingerprint(self) -> str:
        """A hash of the credential, too short to reveal it; ``unreadable`` if it is that."""
        try:
            return hashlib.sha256(self._credential().encode()).hexdigest()[:12]
        except SettingsError:
            return "unreadable"

    def fault(self) -> str:
        """Why there is no credential to use, ``""`` if there is one. It asks GitHub nothing."""
        try:
            self._credential()
        except SettingsError as error:
            return str(error)
        return ""

    def rejected(self, token: str, reply: Reply) -> bool:  # noqa: ARG002 -- some tokens need both
        """Note that GitHub answered 401; return whether there can be another token at once.

        By default there is none: a token that was replaced in this moment may be another account's,
        and the attempt has to be booked on the account that it began with.
        """
        return False

    def reveals(self, text: str) -> bool:
        """Whether a text has the credential of now in it, or one of an earlier call."""
        with suppress(SettingsError):
            self._seen |= set(self.secrets())
        return any(gives_away(text, one) for one in self._seen)

    def _credential(self) -> str:
        return str(self.current())

    def secrets(self) -> Iterable[str]:
        """What nobody else may read. It asks GitHub nothing."""
        return [self._credential()]


class FixedToken(TokenSource):
    """A token in the settings."""

    def __init__(self, token: str, place: str) -> None:
        super().__init__()
        self._token = _checked(token, place)

    def current(self, repository: str = "") -> str:  # noqa: ARG002 -- it is for all
        return self._token


class FileToken(TokenSource):
    """A token in a file, read again each time, so that a new one needs no restart.

    Args:
        path: of the file; ``${CREDENTIALS_DIRECTORY}`` in it is expanded.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def current(self, repository: str = "") -> str:  # noqa: ARG002 -- it is for all
        return _checked(read_secret(self._path), self._path)


class CommandToken(TokenSource):
    """A token that a command prints, such as ``gh auth token``.

    The command is run once a minute at most. If it prints a new token each time, and GitHub rejects
    one after the other, the minute becomes two, four and so on, up to an hour: an account that goes
    on with bad credentials is locked out.
    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#failed-login-limit

    Args:
        command: its words, quoted as for a shell; no shell runs it.
        place: where it was written, for messages.
    """

    def __init__(self, command: str, place: str = "github_token_command") -> None:
        super().__init__()
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise SettingsError(f"{place}: {error}") from error
        if not self._words:
            raise SettingsError(f"{place}: expected a command, found nothing")
        self._place = f"{place} ({printable(self._words[0])})"
        self._known: str | SettingsError = ""
        self._is_rejected = False
        self._fresh = COMMAND_FRESH
        self._until = -math.inf

    def current(self, repository: str = "") -> str:  # noqa: ARG002 -- it is for all
        if since_boot() > self._until:
            self._renew()
        if isinstance(self._known, SettingsError):
            raise SettingsError(str(self._known))
        return self._known

    def rejected(self, token: str, reply: Reply) -> bool:  # noqa: ARG002 -- why does not matter
        self._is_rejected = self._is_rejected or token == self._known
        return False

    def _renew(self) -> None:
        found = self._ask()
        if found != self._known:
            growth = min(2 * self._fresh, COMMAND_FRESH_LIMIT)
            self._fresh = growth if self._is_rejected else COMMAND_FRESH
            self._is_rejected = False
        self._known = found
        self._until = since_boot() + self._fresh

    def _ask(self) -> str | SettingsError:
        try:
            return _checked(_run(self._words, self._place), self._place)
        except SettingsError as error:
            # Remembered like a token: a failure can take as long, and the worker asks often.
            return error


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
