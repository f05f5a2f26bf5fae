"""Steps that concern one path."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Directory", "File", "FirstFile", "Gone", "Link", "Owner"]


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom something is given.

    Args:
        user: its name; ``""`` where whoever installs is to keep it.
        group: its name; as above.
    """

    user: str = ""
    group: str = ""

    def has(self, path: Path) -> bool:
        """Whether it is theirs already."""
        if not self.user:
            return True
        with suppress(KeyError):  # a file may belong to a number without a name
            return (path.owner(), path.group()) == (self.user, self.group)
        return False

    def take(self, path: Path) -> None:
        """Give it to them."""
        if self.user:
            shutil.chown(path, self.user, self.group)

    def __str__(self) -> str:
        return f", {self.user}:{self.group}" if self.user else ""


@dataclass(frozen=True, slots=True)
class Directory:
    """Make a directory; one that is there gets the mode and the owner that it should have."""

    path: Path
    mode: int
    owner: Owner = Owner()

    def is_done(self) -> bool:
        """Whether it is there, as it should be."""
        return self.path.is_dir() and _mode(self.path) == self.mode and self.owner.has(self.path)

    def do(self) -> None:
        """Make it."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.owner.take(self.path)
        self.path.chmod(self.mode)

    def __str__(self) -> str:
        return f"make directory {self.path} (mode {self.mode:04o}{self.owner})"


@dataclass(frozen=True, slots=True)
class File:
    """Write a file; its directory is made if it is missing."""

    path: Path
    text: str
    mode: int = 0o644
    owner: Owner = Owner()

    def is_done(self) -> bool:
        """Whether it is there, as it should be."""
        is_there = self.path.is_file() and not self.path.is_symlink()
        return (
            is_there
            and self.path.read_text() == self.text
            and _mode(self.path) == self.mode
            and self.owner.has(self.path)
        )

    def do(self) -> None:
        """Write it under another name first, so that nobody sees a part of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.text)
        self.owner.take(draft)
        draft.chmod(self.mode)
        draft.replace(self.path)

    def __str__(self) -> str:
        return f"write {self.path} (mode {self.mode:04o}{self.owner})"


class FirstFile(File):
    """Write a file that is its users' from then on: one that is there is left as it is."""

    __slots__ = ()

    def is_done(self) -> bool:
        """Whether there is anything of that name."""
        return self.path.is_symlink() or self.path.exists()


@dataclass(frozen=True, slots=True)
class Link:
    """Make a symbolic link; another one of the same name is replaced."""

    path: Path
    target: Path

    def is_done(self) -> bool:
        """Whether it is there and leads where it should."""
        return self.path.is_symlink() and self.path.readlink() == self.target

    def do(self) -> None:
        """Make it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_symlink():
            self.path.unlink()
        self.path.symlink_to(self.target)

    def __str__(self) -> str:
        return f"link {self.path} to {self.target}"


@dataclass(frozen=True, slots=True)
class Gone:
    """Remove a file, or a directory with all that is in it."""

    path: Path

    def is_done(self) -> bool:
        """Whether there is nothing of that name."""
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
