"""Single steps of an installation. Each says what it does, whether it is done, and does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Command", "Step", "carry_out"]


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
