"""Steps that change one path."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Directory", "File", "FirstFile", "Link", "Owner", "Removal"]


@dataclass(frozen=True, slots=True)
class Owner:
    """The user and the group that own a path.

    Args:
        user: the user's name; ``""`` to leave the owner as it is.
        group: the group's name.
    """

    user: str = ""
    group: str = ""

    def owns(self, path: Path) -> bool:
        """Whether they own the path."""
        if not self.user:
            return True
        with suppress(KeyError):  # an owner may have no name, only a number
            return (path.owner(), path.group()) == (self.user, self.group)
        return False

    def set_on(self, path: Path) -> None:
        """Make them the owners of the path."""
        if self.user:
            shutil.chown(path, self.user, self.group)

    def __str__(self) -> str:
        return f", {self.user}:{self.group}" if self.user else ""


@dataclass(frozen=True, slots=True)
class Directory:
    """Create a directory, or set the mode and the owner of an existing one."""

    path: Path
    mode: int
    owner: Owner = Owner()

    def is_done(self) -> bool:
        """Whether it exists with this mode and owner."""
        return self.path.is_dir() and _mode(self.path) == self.mode and self.owner.owns(self.path)

    def do(self) -> None:
        """Create it."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.owner.set_on(self.path)
        self.path.chmod(self.mode)

    def __str__(self) -> str:
        return f"create directory {self.path} (mode {self.mode:04o}{self.owner})"


@dataclass(frozen=True, slots=True)
class File:
    """Write a file; create its directory if it is missing."""

    path: Path
    text: str
    mode: int = 0o644
    owner: Owner = Owner()

    def is_done(self) -> bool:
        """Whether it exists with this text, mode and owner."""
        is_there = self.path.is_file() and not self.path.is_symlink()
        return (
            is_there
            and self.path.read_text() == self.text
            and _mode(self.path) == self.mode
            and self.owner.owns(self.path)
        )

    def do(self) -> None:
        """Write it under another name and rename it, so that nobody sees half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.text)
        self.owner.set_on(draft)
        draft.chmod(self.mode)
        draft.replace(self.path)

    def __str__(self) -> str:
        return f"write {self.path} (mode {self.mode:04o}{self.owner})"


class FirstFile(File):
    """Write a file that users edit afterwards: an existing one is never changed."""

    __slots__ = ()

    def is_done(self) -> bool:
        """Whether anything has that name."""
        return self.path.is_symlink() or self.path.exists()


@dataclass(frozen=True, slots=True)
class Link:
    """Create a symbolic link; replace another one of the same name."""

    path: Path
    target: Path

    def is_done(self) -> bool:
        """Whether it exists and has this target."""
        return self.path.is_symlink() and self.path.readlink() == self.target

    def do(self) -> None:
        """Create it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_symlink():
            self.path.unlink()
        self.path.symlink_to(self.target)

    def __str__(self) -> str:
        return f"link {self.path} to {self.target}"


@dataclass(frozen=True, slots=True)
class Removal:
    """Remove a file, or a directory with its contents."""

    path: Path

    def is_done(self) -> bool:
        """Whether nothing has that name."""
        return not self.path.is_symlink() and not self.path.exists()

    def do(self) -> None:
        """Remove it."""
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()

    def __str__(self) -> str:
        return f"remove {self.path}"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
