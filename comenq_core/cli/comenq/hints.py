"""What a listing tells on a terminal beside what was asked for."""

from __future__ import annotations

from comenq_core.cli.output import has_screen, print_error
from comenq_core.presentation.advice import command

__all__ = ["tell_held"]


def tell_held(held: int) -> None:
    """Tell how to go through so many held comments, where that can be done."""
    if held and has_screen():
        print_error(f"{held:,} held: go through them with {command('review')}")
