"""The options in the table ``[gitlab]``, and the token's file."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from comenq_core import Settings, SettingsError, printable

__all__ = ["OPTIONS", "Options", "TokenFile", "host_of", "options_of"]

TABLE = "gitlab"
OPTIONS: Mapping[str, str] = {"url": "https://gitlab.com", "token_file": ""}
"""Every option with its default."""
_USUAL_PORTS = {"https": 443, "http": 80}
_THIS_MACHINE = r"localhost|127(\.[0-9]{1,3}){3}|::1"


class TokenFile:
    """A file that holds a token; it is read each time, so that a new token needs no restart.

    Args:
        path: the file, which only its owner may read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def current(self) -> str:
        """The token that is in the file now.

        Raises:
            SettingsError: the file cannot be read, is not private, or holds no token.
        """
        shown = f"[{TABLE}] token_file: {printable(self._path)}"
        try:
            # Without O_NONBLOCK, opening a FIFO would wait for a writer.
            with open(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)) as file:
                mode = os.fstat(file.fileno()).st_mode
                token = file.read().rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{shown} cannot be read: {printable(error)}") from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(f"{shown} is open to others; run: chmod 600 {self._path}")
        if not re.fullmatch("[!-~]+", token):
            raise SettingsError(f"{shown} must hold one token and nothing else")
        return token

    def fault(self) -> str:
        """Why there is no token to use, ``""`` if there is one."""
        try:
            self.current()
        except SettingsError as error:
            return str(error)
        return ""

    def fingerprint(self) -> str:
        """A text that changes when the token does, and does not reveal it."""
        try:
            return hashlib.sha256(self.current().encode()).hexdigest()[:12]
        except SettingsError:
            return "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options, checked.

    Args:
        url: this GitLab's address, without a slash at its end.
        token: the file with the token.
    """

    url: str
    token: TokenFile


def options_of(settings: Settings) -> Options:
    """Read the table.

    Raises:
        SettingsError: an option is wrong, or the token cannot be used.
    """
    url, path = _url(settings), settings.options(TABLE, OPTIONS)["token_file"]
    if not path.startswith("/"):
        raise SettingsError(f"[{TABLE}] token_file: expected the absolute path of a file")
    token = TokenFile(Path(path))
    token.current()
    return Options(url=url, token=token)


def host_of(settings: Settings) -> str:
    """The host in the addresses of merge requests, with its port if that is an unusual one.

    Raises:
        SettingsError: the address is wrong.
    """
    parts = urlsplit(_url(settings))
    port = parts.port if parts.port != _USUAL_PORTS[parts.scheme] else None
    host = f"{parts.hostname}"
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}" if port else name


def _url(settings: Settings) -> str:
    url = settings.options(TABLE, OPTIONS)["url"].rstrip("/")
    wrong = f"[{TABLE}] url: expected an address, such as https://gitlab.com"
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise SettingsError(wrong) from error
    if parts.scheme not in {"http", "https"} or not is_address or parts.query:
        raise SettingsError(wrong)
    if parts.scheme == "http" and not re.fullmatch(_THIS_MACHINE, f"{parts.hostname}"):
        # Others on the network could read the token.
        raise SettingsError(f"[{TABLE}] url: expected https, but for this machine")
    return url
