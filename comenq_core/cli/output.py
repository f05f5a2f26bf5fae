"""Results go to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

__all__ = ["print_error", "print_json", "print_result"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_result(*lines: str) -> None:
    """Print lines of a result."""
    for line in lines:
        print(line)


def print_json(values: Iterable[Mapping[str, Any]]) -> None:
    """Print each value as a line of JSON, in ASCII, which every locale can show."""
    for value in values:
        print(json.dumps(value))


def print_error(message: object) -> None:
    """Print an error or a note; the results stay free of it."""
    print(f"comenq: {message}", file=sys.stderr)
