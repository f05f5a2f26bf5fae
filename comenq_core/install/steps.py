"""Single steps of an installation. Each says what it does, whether it is done, and does it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = [
    "Command",
    "Directory",
    "File",
    "FirstFile",
    "Gone",
    "Link",
    "Owner",
    "Step",
    "carry_out",
]


class Step(Protocol):
    """Something to do, whose text is a command in the imperative."""

    def is_done(self) -> bool:
        """Whether there is nothing to do."""

    def do(self) -> None:
        """Do it.

        Raises:
            OSError: it cannot be done.
        """


def carry_out(steps: Iterable[Step], act: Callable[[Step], None]) -> int:
    """Print each step that is not done yet, and ``act`` on it; return how many there were.

    A step is looked at when its turn has come, so it may depend on those before it.
    """
    taken = 0
    for step in steps:
        if not step.is_done():
            print(step, flush=True)
            act(step)
            taken += 1
    return taken


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


@dataclass(frozen=True, slots=True)
class Command:
    """Run a program.

    Args:
        words: its name and its arguments.
        unless: tells whether there is nothing for it to do.
    """

    words: tuple[str, ...]
    unless: Callable[[], bool]

    def is_done(self) -> bool:
        """Whether there is nothing for it to do."""
        return self.unless()

    def do(self) -> None:
        """Run it; what it prints is shown.

        Raises:
            ChildProcessError: it is not there, or fails.
        """
        # A rehearsal from a checkout does without what is yet to be installed.
        import sh

        try:
            sh.Command(self.words[0])(*self.words[1:], _fg=True)
        except sh.CommandNotFound:
            raise ChildProcessError(f"there is no command {self.words[0]}") from None
        except sh.ErrorReturnCode as error:
            raise ChildProcessError(
                f"{' '.join(self.words)}: failed with exit status {error.exit_code}"
            ) from None

    def __str__(self) -> str:
        return f"run {' '.join(self.words)}"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
