"""The queue as a whole over HTTP: status, pause, reviewers, metrics; and what its faults become."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from comenq_core.errors import QueueRefused, StoreError
from comenq_core.listener.queue import JobQueue
from comenq_core.model.access import Scope
from comenq_core.policy.admission import Policies, Policy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.presentation.prometheus import MEANINGS
from comenq_core.protocols import Queue
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.memory_store import MemoryStore
from tests.http.api.serving import COMMENT, Served, serving


def test_the_status_has_instants(served: Served) -> None:
    """The status says when, not in how many seconds."""
    job_id = served.put()["id"]
    shown = served.ask("GET", "/status", status=200).json()
    assert shown["counts"]["waiting"] == 1
    assert shown["next"]["id"] == job_id
    assert shown["expected_at"] is None
    assert not {"eta_seconds", "requests"} & shown.keys()


def test_the_queue_is_paused_and_resumed(served: Served) -> None:
    """A pause has a reason and holds until it is ended; both are answered with the status."""
    paused = served.ask("POST", "/pause", {"reason": "audit"}, status=200).json()
    assert paused["paused"]["reason"] == "audit"
    assert served.store.paused()
    assert served.ask("POST", "/resume", status=200).json()["paused"] is None
    problem = served.problem("POST", "/pause", {})
    assert (problem["status"], problem["path"]) == (422, "reason")
    assert served.problem("POST", "/resume", {"now": True})["status"] == 422


def test_reviewers_without_any(served: Served) -> None:
    """Without reviewers there are no lanes, and none can be opened."""
    shown = served.ask("GET", "/reviewers", status=200).json()
    assert shown == {"reviewers": [], "lanes": [], "awaiting": 0}
    problem = served.problem("POST", "/reviewers/coderabbit/release", {"scope": "octo-org"})
    assert (problem["status"], problem["code"]) == (422, "invalid_request")
    served.problem("POST", "/reviewers/coderabbit/release", {"lane": "x"}, status=422)


def test_the_metrics_are_those_of_the_status(served: Served) -> None:
    """Prometheus reads the same metrics as `comenq status --prometheus` prints."""
    served.put()
    served.ask("GET", "/comments?x=1", status=422)
    answer = served.ask("GET", "/metrics", status=200)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    assert "comenqd_up 1" in lines
    assert 'comenqd_jobs{state="waiting"} 1' in lines
    assert 'comenqd_requests_total{operation="put",outcome="accepted"} 1' in lines
    assert 'comenqd_requests_total{operation="list",outcome="rejected"} 1' in lines
    assert all(line.split("{")[0].split(" ")[0] in MEANINGS or line[0] == "#" for line in lines)


def test_the_log_says_whose_token_has_changed_what(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever queues, changes or pauses is in the log by the token's name."""
    caplog.set_level("DEBUG")
    job_id = served.put()["id"]
    served.ask("POST", f"/comments/{job_id}/hold", status=200)
    served.ask("PATCH", f"/comments/{job_id}", {"body": "Better."}, status=200)
    served.ask("POST", "/pause", {"reason": "audit"}, status=200)
    served.ask("POST", "/resume", status=200)
    for key in ("queued", "hold", "edited", "paused", "resumed"):
        (line,) = [one for one in caplog.messages if f"queue {key}: " in one]
        assert "token=manage" in line


class Broken:
    """A queue that can do nothing but raise."""

    def __init__(self, queue: Queue, error: Exception) -> None:
        self._queue = queue
        self._error = error

    def __getattr__(self, name: str) -> object:
        def fail(*_args: object, **_kwargs: object) -> NoReturn:
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (QueueRefused("queue_full", "the queue is full"), 503, "queue_full"),
        (QueueRefused("disk_full", "the disk is full"), 503, "disk_full"),
        (StoreError("the disk does not answer"), 503, "store_failed"),
    ],
)
def test_what_may_work_later_says_when(
    tmp_path: Path, error: Exception, status: int, code: str
) -> None:
    """A queue that is full and a store that fails are 503 with Retry-After."""
    with serving(tmp_path, wrap=lambda queue: Broken(queue, error)) as served:  # type: ignore[arg-type,return-value]  # it is one by its methods
        answer = served.ask("POST", "/comments", COMMENT, status=status)
        assert (answer.json()["code"], answer.headers["retry-after"]) == (code, "30")


def test_an_error_of_the_daemons_own_is_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error is 500 without its words, which are in the log; the next is served."""
    error = RuntimeError("secret of a plugin")
    with serving(tmp_path, wrap=lambda queue: Broken(queue, error)) as served:  # type: ignore[arg-type,return-value]  # it is one by its methods
        answer = served.ask("GET", "/comments", status=500)
        assert (answer.json()["code"], "secret" in answer.text) == ("internal", False)
        served.ask("GET", "/healthz", status=200, is_described=False)
    assert "secret of a plugin" in caplog.text


def test_a_comment_that_is_not_durable_is_not_acknowledged(served: Served) -> None:
    """While the store does not take a comment, its client has no answer."""
    served.store.block()
    with ThreadPoolExecutor(1) as executor:
        queued = executor.submit(served.put)
        assert served.store.entered.wait(DEADLINE)
        assert not queued.done()
        served.store.release()
        assert queued.result()["state"] == "waiting"


def test_a_policy_that_has_no_more_room_asks_for_patience(tmp_path: Path) -> None:
    """What max_waiting refuses is 429 with Retry-After; what a policy never allows is 403."""
    policy = Policy(
        name="ci", tokens=frozenset({"queue"}), repositories=("octo-org/*",), max_waiting=1
    )

    def bounded(_queue: JobQueue) -> JobQueue:
        pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
        return JobQueue(MemoryStore(FakeClock()), pace, policies=Policies((policy,)))

    with serving(tmp_path, wrap=bounded) as served:
        token = served.tokens[Scope.QUEUE]
        served.ask("POST", "/comments", COMMENT, status=202, token=token)
        full = served.ask("POST", "/comments", COMMENT, status=429, token=token)
        assert full.json()["code"] == "policy_full"
        assert int(full.headers["retry-after"]) > 0
        never = served.ask(
            "POST", "/comments", COMMENT | {"owner": "other"}, status=403, token=token
        )
        assert never.json()["code"] == "policy"
        assert "retry-after" not in never.headers
        served.ask("POST", "/comments", COMMENT, status=202)
