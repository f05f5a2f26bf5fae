"""The option ``--until``: when a job that is waited for is over."""

from __future__ import annotations

from argparse import ArgumentParser

__all__ = ["ANSWERED", "POSTED", "add_until"]

POSTED, ANSWERED = "posted", "answered"
"""Until when a job is waited for."""


def add_until(parser: ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--until",
        choices=(POSTED, ANSWERED),
        help="wait until a job is posted (the default) or, where it asks for a review, answered:"
        " then only a review is a success",
    )
