"""The page offers a visitor what the daemon's policies let them do, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from comenq_core.listener.queue import JobQueue
from comenq_core.model import State
from comenq_core.model.access import Scope
from comenq_core.policy.admission import Policies, Policy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.contract.harness import put_in_state
from comenq_core.testing.deadline import DEADLINE
from tests.http.api.serving import Served, serving

WORDS = (
    r'formaction="/jobs/\w+/(\w+)"'
    r'|href="/jobs/\w+/(edit|delete)"'
    r'|action="/(queue/pause|queue/resume|lanes/open)"'
    r'|name="(not_posted|posted)"'
)
FREE = {
    *("first", "last", "hold", "release", "retry", "restore", "edit", "delete"),
    *("queue/pause", "posted", "not_posted"),
}


def offered(served: Served, path: str = "/") -> set[str]:
    """What a page has buttons for."""
    headers = {"Authorization": f"Bearer {served.tokens[Scope.MANAGE]}"}
    page = requests.get(served.url + path, headers=headers, timeout=DEADLINE)
    assert page.status_code == 200
    return {next(filter(None, found)) for found in re.findall(WORDS, page.text)}


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        ({"max_waiting": 99}, set[str]()),
        ({"repositories": ("octocat/*",)}, {"queue/pause"}),
        ({"repositories": ("other/*",)}, {"queue/pause", "edit"}),
        (
            {"hold": True},
            {"first", "release", "retry", "restore", "edit", "not_posted", "queue/pause"},
        ),
    ],
)
def test_what_a_policy_refuses_is_not_offered(
    tmp_path: Path, members: dict[str, object], refused: set[str]
) -> None:
    """Buttons of every state are there for who is free, and without those that are refused."""
    policy = Policy(name="bounded", tokens=frozenset({"manage"}), **members)  # type: ignore[arg-type]

    def free(queue: JobQueue) -> JobQueue:
        return queue

    def bounded(queue: JobQueue) -> JobQueue:
        pace = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
        return JobQueue(queue._store, pace, policies=Policies((policy,)))

    for wrap, expected in ((free, FREE), (bounded, FREE - refused)):
        with serving(tmp_path / wrap.__name__, wrap=wrap) as served:
            for state in (State.UNCONFIRMED, State.FAILED, State.DELETED, State.HELD):
                put_in_state(served.store, state)
            put_in_state(served.store, State.WAITING)
            assert offered(served) == expected
