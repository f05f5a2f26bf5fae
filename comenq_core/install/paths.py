"""Steps that change one path."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "Access",
    "Directory",
    "EmptyRemoval",
    "File",
    "FirstFile",
    "FirstLink",
    "Link",
    "Removal",
]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what with a path.

    Args:
        mode: the path's permission bits.
        owner: ``USER:GROUP``; ``""`` to leave the owner as it is.
    """

    mode: int
    owner: str = ""

    def is_set_on(self, path: Path) -> bool:
        """Whether the path has this mode and owner."""
        if stat.S_IMODE(path.stat().st_mode) != self.mode:
            return False
        with suppress(KeyError):  # an owner may have no name, only a number
            return not self.owner or self.owner == f"{path.owner()}:{path.group()}"
        return False

    def set_on(self, path: Path) -> None:
        """Give the path this mode and owner."""
        if self.owner:
            shutil.chown(path, *self.owner.split(":"))
        path.chmod(self.mode)

    def __str__(self) -> str:
        return f"(mode {self.mode:04o}{', ' if self.owner else ''}{self.owner})"


@dataclass(frozen=True, slots=True)
class Directory:
    """Create a directory, or set the mode and the owner of an existing one."""

    path: Path
    access: Access

    def is_done(self) -> bool:
        return self.path.is_dir() and self.access.is_set_on(self.path)

    def do(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.access.set_on(self.path)

    def __str__(self) -> str:
        return f"create directory {self.path} {self.access}"


@dataclass(frozen=True, slots=True)
class File:
    """Write a file; create its directory if it is missing."""

    path: Path
    text: str
    access: Access = Access(0o644)

    def is_done(self) -> bool:
        is_there = self.path.is_file() and not self.path.is_symlink()
        return is_there and self.path.read_text() == self.text and self.access.is_set_on(self.path)

    def do(self) -> None:
        """Write it under another name and rename it, so that nobody sees half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.text)
        self.access.set_on(draft)
        draft.replace(self.path)

    def __str__(self) -> str:
        return f"write {self.path} {self.access}"


class FirstFile(File):
    """Write a file that users edit afterwards: an existing one is never changed."""

    __slots__ = ()

    def is_done(self) -> bool:
        return self.path.is_symlink() or self.path.exists()


@dataclass(frozen=True, slots=True)
class Link:
    """Create a symbolic link; replace another one of the same name."""

    path: Path
    target: Path

    def is_done(self) -> bool:
        return self.path.is_symlink() and self.path.readlink() == self.target

    def do(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_symlink():
            self.path.unlink()
        self.path.symlink_to(self.target)

    def __str__(self) -> str:
        return f"link {self.path} to {self.target}"


class FirstLink(Link):
    """Create a symbolic link where there is nothing, or a link that leads nowhere."""

    __slots__ = ()

    def is_done(self) -> bool:
        return self.path.exists()


@dataclass(frozen=True, slots=True)
class Removal:
    """Remove a file, or a directory with its contents."""

    path: Path

    def is_done(self) -> bool:
        return not self.path.is_symlink() and not self.path.exists()

    def do(self) -> None:
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()

    def __str__(self) -> str:
        return f"remove {self.path}"


@dataclass(frozen=True, slots=True)
class EmptyRemoval:
    """Remove a directory, unless something is in it."""

    path: Path

    def is_done(self) -> bool:
        return not self.path.is_dir() or any(self.path.iterdir())

    def do(self) -> None:
        self.path.rmdir()

    def __str__(self) -> str:
        return f"remove {self.path}"
