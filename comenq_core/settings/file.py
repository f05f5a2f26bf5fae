"""Finds the configuration file, and reads it if no other user could have written it."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from comenq_core import paths
from comenq_core.errors import SettingsError
from comenq_core.text import printable

__all__ = ["candidates", "locate", "own_paths", "read"]


def candidates(environ: Mapping[str, str]) -> Sequence[Path]:
    """Where a configuration file is looked for: the user's own, then the system's."""
    return [Path(file) for file in (paths.config_file(environ), paths.SYSTEM_CONFIG) if file]


def locate(environ: Mapping[str, str]) -> Path | None:
    """The first configuration file that is there, else none."""
    return next((file for file in candidates(environ) if file.exists()), None)


def own_paths(source: Path | None, environ: Mapping[str, str]) -> dict[str, Path]:
    """The socket and the queue of a user's own daemon; nothing for the system's daemon.

    A daemon is a user's own if its configuration is one of that user's files, or is not below /etc
    and comes from within a login session, which is what ``XDG_RUNTIME_DIR`` tells. The name of a
    user's file is the daemon's name.
    """
    name = None if source is None else paths.name_of_config(environ, f"{source}")
    systems = source is not None and source.is_relative_to("/etc")
    if name is None and (systems or not Path(environ.get("XDG_RUNTIME_DIR", "")).is_absolute()):
        return {}
    own = {
        "socket_path": paths.socket(environ, name or ""),
        "queue_path": paths.queue(environ, name or ""),
    }
    return {key: Path(path) for key, path in own.items() if path is not None}


_NO_LIST_AND_TABLES = (
    "; TOML allows no list reviewers beside a table [reviewers.NAME]: select each reviewer by a"
    " table of its own, which may be empty"
)


def read(path: Path) -> dict[str, object]:
    """The contents of a configuration file.

    Raises:
        SettingsError: it cannot be read, is not TOML, could have been written by another user,
            or holds a token that every user could read.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            _refuse_other_writers(path, status)
            contents = tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = _NO_LIST_AND_TABLES if "'reviewers'" in str(error) else ""
        raise SettingsError(f"{path}: is not TOML: {printable(error)}{hint}") from error
    if "github_token" in contents and status.st_mode & stat.S_IROTH:
        raise SettingsError(
            f"{path}: holds github_token, and mode {_mode(status)} lets every user read it;"
            f" run: chmod o= '{path}'"
        )
    return contents


def _refuse_other_writers(path: Path, status: os.stat_result) -> None:
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SettingsError(
            f"{path}: mode {_mode(status)} lets other users write it; run: chmod go-w '{path}'"
        )
    if status.st_uid not in {0, os.geteuid()}:
        raise SettingsError(
            f"{path}: belongs to user {status.st_uid}; it must belong to root or to the"
            f" daemon's own user, {os.geteuid()}"
        )


def _mode(status: os.stat_result) -> str:
    return f"{stat.S_IMODE(status.st_mode):04o}"
