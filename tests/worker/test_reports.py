"""The log says why nothing is posted, and until when."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from comenq_core.model import Change
from comenq_core.settings.secret import Secret
from comenq_core.testing.forge import Forge
from tests.worker.rig import COOLDOWN, Rig, rig

# The rig's clock begins at nine.
TEN = "until=2026-12-01T10:00:00"


def lines(caplog: pytest.LogCaptureFixture, level: int, key: str) -> list[str]:
    """What was logged at a level under a key."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == level and f"worker {key}: " in record.getMessage()
    ]


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    """Keep every event."""
    caplog.set_level(logging.INFO, logger="comenq")


def test_a_throttle_is_a_warning_with_its_end(
    daemon: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The line has the account, the time, and the forge's own words."""
    answer: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "3600"}}
    daemon.forge.answer_next(**answer, body={"message": "calm down"})
    daemon.put()
    daemon.run()
    (line,) = lines(caplog, logging.WARNING, "throttled")
    assert "account=default " in line
    assert TEN in line
    assert "calm down" in line


def test_a_throttled_look_up_is_a_warning_too(
    daemon: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """A limit that is met by a look-up is logged in the same way."""
    daemon.forge.answer_next(status=502)
    limit = {"Retry-After": "3595"}
    daemon.forge.answer_next(method="GET", status=429, headers=limit, path="comments")
    daemon.put()
    daemon.run_for(5)
    assert TEN in lines(caplog, logging.WARNING, "throttled")[0]


def test_an_absurd_wait_is_an_error(daemon: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """What GitHub asks for and what is done instead are logged as an error."""
    daemon.forge.answer_next(status=429, headers={"Retry-After": "99999999"})
    daemon.put()
    daemon.run()
    (line,) = lines(caplog, logging.ERROR, "throttled")
    assert "until=2026-12-02T09:00:00" in line
    assert "it asks to wait 99999999 s; waiting 24 hours" in line


def test_a_rejected_credential_is_an_error(daemon: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """The line has the account and the forge's words, and comes once."""
    daemon.forge.answer_next(status=401, body={"message": "Bad credentials"})
    daemon.put()
    daemon.run_for(3_599)
    (line,) = lines(caplog, logging.ERROR, "unauthorized")
    assert "account=default " in line
    assert "Bad credentials" in line


def test_a_forge_out_of_reach_is_a_warning_with_the_next_attempt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The line says when the next attempt is made: as nothing was sent, in seconds."""
    with Forge() as gone:
        url = gone.url
    with rig(tmp_path, github_api_url=url, cooldown_period_seconds=3600.0) as daemon:
        daemon.put()
        daemon.run()
        (line,) = lines(caplog, logging.WARNING, "unavailable")
        assert "until=2026-12-01T09:00:05" in line


def test_an_ordinary_cooldown_is_not_logged(daemon: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """A post that went through, and the wait after it, leave no warning."""
    daemon.put()
    daemon.put()
    daemon.run_for(COOLDOWN)
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_another_credential_is_logged(daemon: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """When the rejected credential is replaced, the log says so once, also with no job waiting."""
    daemon.forge.answer_next(status=401)
    job = daemon.put()
    daemon.run()
    daemon.store.change(job.id, Change.CANCEL)
    daemon.settings = replace(daemon.settings, github_token=Secret("another"))
    daemon.start()
    daemon.run_for(COOLDOWN)
    assert len(lines(caplog, logging.INFO, "credential_changed")) == 1
    assert daemon.pacing.rejected_credential == ""
