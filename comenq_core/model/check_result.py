"""What a check has found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from comenq_core.model.record import Record

__all__ = ["CheckResult", "Severity"]


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Record):
    """What was checked, and what was found.

    Args:
        subject: one or two words, such as ``queue``.
        text: for people; where something is wrong, it says what to do.
        severity: an error stops the daemon from doing its work; a warning does not.
    """

    subject: str
    text: str
    severity: Severity = Severity.OK
