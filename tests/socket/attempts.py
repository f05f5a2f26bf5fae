"""An attempt, for tests that need any."""

from __future__ import annotations

from datetime import UTC, datetime

from comenq_core.model import Attempt

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
ATTEMPT = Attempt(started=AT, ended=AT, account="octocat", outcome="refused", message="locked")
