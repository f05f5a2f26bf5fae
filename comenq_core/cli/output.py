"""Writes results to standard output, and everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

__all__ = ["emit_json", "print_error", "print_result"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_result(*lines: str) -> None:
    """Print results."""
    for line in lines:
        print(line)


def emit_json(values: Iterable[Mapping[str, Any]]) -> None:
    """Print one line of JSON for each value, in ASCII, so that it passes through everything."""
    for value in values:
        print(json.dumps(value))


def print_error(message: object) -> None:
    """Tell what went wrong, or what is worth knowing, without mixing it with the results."""
    print(f"comenq: {message}", file=sys.stderr)
