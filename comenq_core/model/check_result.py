"""What a check has found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CheckResult", "Severity"]


class Severity(StrEnum):
    """How good it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What was looked at, how good it is, and what there is to say about it.

    Args:
        subject: one or two words, such as ``queue``.
        text: for people; where something is wrong, it says what to do.
        grade: a warning is worth reading, and hinders nothing.
    """

    subject: str
    text: str
    severity: Severity = Severity.OK
