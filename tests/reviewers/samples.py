"""Answers in the shapes that bots use, and what each of them means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["SAMPLES", "Sample"]

Sample = tuple[str, str, int | None, str]
"""The channel, the kind, the seconds of the wait, and the text."""


def _samples(file: Path) -> Sequence[Sample]:
    return [
        (one["channel"], one["kind"], one.get("wait"), one["text"])
        for one in tomllib.loads(file.read_text("utf-8"))["answer"]
    ]


SAMPLES: Mapping[str, Sequence[Sample]] = {
    file.stem: _samples(file) for file in sorted((Path(__file__).parent / "answers").glob("*.toml"))
}
"""The answers of each reviewer, from ``answers/NAME.toml``."""
