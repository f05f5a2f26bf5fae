"""The steps of an installation: each can describe itself, tell whether it is done, and run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import sh

__all__ = ["Command", "Several", "Step", "run_steps"]


class Step(Protocol):
    """Something to do; ``str`` of it is a sentence in the imperative."""

    def is_done(self) -> bool:
        """Whether nothing is left to do."""

    def do(self) -> None:
        """Do it.

        Raises:
            OSError: it failed.
        """


def run_steps(
    steps: Iterable[Step], act: Callable[[Step], None], tell: Callable[[str], object] = print
) -> int:
    """Tell each step that is not done yet and call ``act`` with it; return how many there were.

    Each step is checked only after the ones before it have run, because it may depend on them.
    """
    taken = 0
    for step in steps:
        if not step.is_done():
            tell(str(step))
            act(step)
            taken += 1
    return taken


@dataclass(frozen=True, slots=True)
class Several:
    """Steps that are told in one sentence."""

    sentence: str
    steps: Sequence[Step]

    def is_done(self) -> bool:
        return all(step.is_done() for step in self.steps)

    def do(self) -> None:
        for step in self.steps:
            if not step.is_done():
                step.do()

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Command:
    """Run a program.

    Args:
        words: its name and its arguments.
        is_done: tells whether nothing is left for it to do.
    """

    words: tuple[str, ...]
    is_done: Callable[[], bool]

    def do(self) -> None:
        """Run it, and show its output.

        Raises:
            ChildProcessError: there is no such program, or it failed.
        """
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
