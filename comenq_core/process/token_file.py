"""The file with the tokens of clients: one a line, ``NAME:SCOPE:SHA256``, private as a secret."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from comenq_core.errors import SettingsError
from comenq_core.limits import ACCOUNT_PATTERN
from comenq_core.model.access import ClientToken, Scope, digest
from comenq_core.process.secret_file import read_secret
from comenq_core.text import nearest, printable

__all__ = ["add_token", "read_tokens", "remove_token"]

PREFIX = "comenq_"
"""By this, people and scanners of secrets tell what the token is for."""
RANDOM_BYTES = 32
LINE = re.compile(rf"({ACCOUNT_PATTERN}):({'|'.join(Scope)}):([0-9a-f]{{64}})")
HEADER = "# Tokens for comenq over HTTP: comenqd token create, list, remove.\n"


def read_tokens(path: Path) -> Sequence[ClientToken]:
    """The tokens in the file; none where there is no file.

    Raises:
        SettingsError: it cannot be read, others may read it, or a line is no token.
    """
    if not os.path.lexists(path):
        return []
    lines = enumerate(read_secret(str(path)).splitlines(), start=1)
    return [_token(path, number, line) for number, line in lines if line and line[0] != "#"]


def _token(path: Path, number: int, line: str) -> ClientToken:
    found = LINE.fullmatch(line)
    if not found:
        raise SettingsError(f"{path}: line {number} is no token: NAME:SCOPE:SHA256")
    return ClientToken(found[1], Scope(found[2]), found[3])


def add_token(path: Path, name: str, scope: Scope) -> str:
    """Make a token, keep what is kept of it, and return it: nobody can show it again.

    Raises:
        SettingsError: the name is wrong or taken, or the file cannot be used.
    """
    if not re.fullmatch(ACCOUNT_PATTERN, name):
        raise SettingsError(
            f"{printable(name)}: a token's name has up to 64 letters, digits, dots, hyphens and"
            " underscores, and begins with a letter or a digit"
        )
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    with _changed(path) as tokens:
        if any(one.name == name for one in tokens):
            raise SettingsError(f"there is a token {name}: remove it first, or take another name")
        tokens.append(ClientToken(name, scope, digest(token)))
    return token


def remove_token(path: Path, name: str) -> None:
    """Remove a token: its client is refused from its next request on.

    Raises:
        SettingsError: there is none of this name, or the file cannot be used.
    """
    with _changed(path) as tokens:
        named = [one for one in tokens if one.name == name]
        if not named:
            meant = nearest(name, [one.name for one in tokens])
            hint = f": did you mean {meant}?" if meant else ""
            raise SettingsError(f"there is no token {printable(name)}{hint}")
        tokens.remove(named[0])


@contextmanager
def _changed(path: Path) -> Iterator[list[ClientToken]]:
    """Read the tokens, and write them as the block has left them, durably and at once.

    The file keeps its owner; a new one has that of its directory, so that root can make tokens
    for a daemon that runs as another user.
    """
    try:
        _make(path.parent)
        with _locked(path.parent) as directory:
            tokens = list(read_tokens(path))
            yield tokens
            owner = path.stat() if path.exists() else os.fstat(directory)
            _write(path, tokens, owner)
            os.fsync(directory)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror or error}") from error


def _make(directory: Path) -> None:
    """Make the directory if the daemon has not done so yet, with the owner of what is above it."""
    if directory.is_dir():
        return
    above = directory.parent
    _make(above)
    directory.mkdir(0o700, exist_ok=True)
    if os.geteuid() == 0:
        owner = above.stat()
        os.chown(directory, owner.st_uid, owner.st_gid)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Keep others from changing a file in this directory at the same time."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield directory
    finally:
        os.close(directory)


def _write(path: Path, tokens: Sequence[ClientToken], owner: os.stat_result) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid():x}")
    lines = [f"{one.name}:{one.scope}:{one.digest}\n" for one in tokens]
    with suppress(FileNotFoundError):
        draft.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(HEADER + "".join(lines))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
