"""The account that a machine's daemon runs as. Members of its group may queue comments."""

from __future__ import annotations

import grp
import pwd
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from comenq_core.install.steps import Command, Step

__all__ = ["ACCOUNT", "add_account", "has_account", "remove_account"]

ACCOUNT = "comenq"
"""The name of the user and of the group."""


def add_account(home: Path) -> Step:
    """Create the account with useradd, for machines without systemd.

    Args:
        home: the directory of the queue.
    """
    shell = shutil.which("nologin") or "/bin/false"
    options = ("--system", "--user-group", "--no-create-home", "--home-dir", str(home))
    return Command(("useradd", *options, "--shell", shell, ACCOUNT), has_account)


def remove_account() -> Iterator[Step]:
    """Remove the user and the group."""
    yield Command(("userdel", ACCOUNT), lambda: not has_account())
    # userdel keeps a group that has members.
    yield Command(("groupdel", ACCOUNT), lambda: not _has_group())


def has_account() -> bool:
    """Whether the user exists."""
    with suppress(KeyError):
        return bool(pwd.getpwnam(ACCOUNT))
    return False


def _has_group() -> bool:
    with suppress(KeyError):
        return bool(grp.getgrnam(ACCOUNT))
    return False
