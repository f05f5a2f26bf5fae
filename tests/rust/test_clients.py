"""The clients of the Rust comenq decode every answer, whatever is in the queue.

They were measured at our socket: see README.md. Their requests are written here as serde writes
them, and each answer is checked against what serde can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from comenq_core.model import (
    SETTLED,
    Attempt,
    Candidate,
    CommentRequest,
    Instant,
    Job,
    Origin,
    Pause,
    State,
)
from comenq_core.model.identity import id_from
from comenq_core.protocols import MovableStore
from comenq_core.settings import load
from comenq_plugins.spool import open_spool
from tests.process.daemon import Daemon

SCHEMA = json.loads((Path(__file__).parent / "answers.schema.json").read_text())
NOW = datetime(2026, 11, 24, 8, 55, tzinfo=UTC)
REQUEST = CommentRequest(owner="octo-org", repo="site", pr_number=7, body="zwei — ✓ 🚀\n")
PUT = '{"owner":"octo-org","repo":"site","pr_number":8,"body":"Looks good."}'
PUTS = (
    PUT,
    f'{{"op":"put","request":{PUT},"immediate":false}}\n',
    f'{{"op":"put","request":{PUT},"immediate":true}}\n',
)


def job(state: State, **members: Any) -> Job:
    """A job in a state, with what a job in this state has."""
    attempt = Attempt(started=NOW, ended=NOW, account="bot", outcome="unknown", message="502")
    is_new = state in (State.WAITING, State.HELD)
    made = Job(
        id=id_from(f"{state}{sorted(members)}".encode()),
        request=REQUEST,
        arrived=NOW,
        origin=Origin(intake="unix", uid=1000),
        state=state,
        attempts=() if is_new else (attempt,),
        settled=NOW if state in SETTLED else None,
        reason="" if is_new else "it is locked",
    )
    return replace(made, **members)


def fill(store: MovableStore) -> None:
    """Put a job in every state into a store, and a dropped file that is no request."""
    candidates = (Candidate(url="https://github.com/octo-org/site/pull/7#issuecomment-5",
                            comment_id=5),)  # fmt: skip
    later = replace(REQUEST, not_before=NOW + timedelta(days=90_000), key="k")
    store.import_jobs(
        [
            job(State.POSTING),
            job(State.CHECKING, due=NOW + timedelta(days=90_000)),
            job(State.UNCONFIRMED, candidates=candidates),
            job(State.WAITING),
            job(State.WAITING, request=later, due=later.not_before),
            job(State.HELD),
            job(State.POSTED, url=candidates[0].url, comment_id=5, reason=""),
            job(State.SKIPPED, attempts=()),
            job(State.FAILED),
            job(State.FAILED, request=None, attempts=()),
            job(State.FAILED, settled=datetime(1969, 1, 1, tzinfo=UTC), url="early"),
        ]
    )


@pytest.fixture(params=["runs", "paused"])
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A listener whose queue runs or is paused, and has a job in every state."""
    with Daemon("http://127.0.0.1:1", cooldown_period_seconds=900) as made:
        store = open_spool(load(made.config, {}), lambda: Instant(wall=NOW))
        fill(store)
        if request.param == "paused":
            store.pause(Pause(since=NOW, reason="lunch"))
        store.claim("bot")
        store.close()
        made.spawn("listen")
        made.log.until(r" info unix listening: ")
        yield made


def say(daemon: Daemon, text: str) -> dict[str, Any]:
    """Send what a client sends; return the answer, which the client can decode."""
    answer = daemon.say(text)
    Draft202012Validator(SCHEMA).validate(answer)
    return answer


def ids(daemon: Daemon) -> list[str]:
    """The ids that ``list`` shows."""
    return [entry["id"] for entry in say(daemon, '{"op":"list"}\n')["entries"]]


def test_every_listing_is_decoded(daemon: Daemon) -> None:
    """``list`` and ``hist`` are decoded, with a job in every state."""
    assert len(ids(daemon)) == 6
    for limit in ("null", "20"):
        history = say(daemon, f'{{"op":"hist","limit":{limit}}}\n')["history"]
        assert {record["state"] for record in history} == {"posted", "skipped", "failed"}
        assert all(len(record["token_hash"]) == 64 for record in history)


@pytest.mark.parametrize("put", PUTS, ids=["bare", "put", "now"])
def test_acknowledgement_is_decoded(daemon: Daemon, put: str) -> None:
    """Each form of ``put`` is answered with the job, which is in the queue."""
    validator = Draft202012Validator(SCHEMA["$defs"]["pending"] | {"$defs": SCHEMA["$defs"]})
    entry = daemon.say(put)["entry"]
    assert entry["id"] in ids(daemon)
    if put != PUT:  # the client that sends a bare request reads no answer
        validator.validate(entry)


@pytest.mark.parametrize("op", ["bump", "bust", "del"])
def test_change_is_decoded_in_every_state(daemon: Daemon, op: str) -> None:
    """A change is decoded, or its refusal, whatever the job's state, and of a job that is not."""
    outcomes = [
        say(daemon, f'{{"op":"{op}","id":"{job_id}"}}\n')["outcome"]
        for job_id in (*ids(daemon), "4cd6c6e9")
    ]
    assert set(outcomes) == {"ok", "error"}


def test_refusals_are_decoded(daemon: Daemon) -> None:
    """What is refused is decoded: an invalid comment, and what is no JSON."""
    for text in (PUTS[1].replace("8", "0"), "nonsense\n"):
        assert say(daemon, text)["outcome"] == "error"
