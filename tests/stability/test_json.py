"""What the socket replies, and what commands print for programs: each member and its kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from comenq_core.model import (
    Activity,
    Attempt,
    Candidate,
    Capacity,
    CommentRequest,
    Ending,
    Failed,
    NewJob,
    Origin,
    Pacing,
    Pause,
    Posts,
    ReadingKind,
    RetryAt,
    Unconfirmed,
    Verdict,
)
from comenq_core.model.job import Change, Job
from comenq_core.wire.schemas import OPERATION_SCHEMAS
from tests.cli.command import environment, run
from tests.seen import LANES, Triggers
from tests.socket.serving import REQUEST, BlockableStore, Served, serving, short_directory
from tests.stability.conftest import Compare
from tests.stability.shapes import Shapes

ORIGIN = Origin(intake="unix", uid=1000, pid=42, via="mcp someone", token="ci")
URL = "https://github.com/octo-org/site/pull/7#issuecomment-6"


class Scenes:
    """A queue in which everything is that replies can show."""

    def __init__(self, store: BlockableStore) -> None:
        self._store = store
        triggers = Triggers(store)
        now = store.now()
        self.failed = self.settle(Failed(reason="locked"))
        candidates = (Candidate(url=URL, comment_id=6),)
        self.unconfirmed = self.settle(Unconfirmed(reason="?", candidates=candidates))
        self.settle(RetryAt(due=now.wall + timedelta(days=1), reason="slow down"))
        triggers.concluded(triggers.posted(), Ending.REVIEWED)
        self.awaiting = triggers.posted()
        triggers.said(self.awaiting, ReadingKind.ACCEPTED, "Review triggered.")
        self.deleted = self.put("deleted")
        store.change(self.deleted.id, Change.CANCEL)
        self.held = self.put("held", in_reply_to=456)
        store.change(self.held.id, Change.HOLD)
        self.waiting = self.put("waiting")
        triggers.hold(600)
        triggers.block(scope="other-org")
        record = Pacing(
            account="me", at=now, backoff=60, reason="slow down", cause="rate_limited",
            login="octocat", posts=Posts(success=1),
        )  # fmt: skip
        store.save_pacing(record, expect=store.pacing().get("me"))
        store.report(Activity(doing="posting", since=now, limit=30, job=self.waiting.id))
        store.pause(Pause(since=now.wall, reason="audit", by=1000))

    def put(self, body: str, in_reply_to: int | None = None) -> Job:
        """Queue a comment that says all that can be said."""
        now = self._store.now().wall
        request = CommentRequest(
            owner="octo-org", repo="site", pr_number=7, body=body, key=body, account="me",
            host="github.com", not_before=now, not_after=now.replace(year=2499),
            in_reply_to=in_reply_to,
        )  # fmt: skip
        return self._store.put([NewJob(request=request, origin=ORIGIN)])[0]

    def settle(self, verdict: Verdict) -> Job:
        """Let an attempt end so."""
        job = self.put(type(verdict).__name__)
        claimed = self._store.claim("me")
        assert claimed
        assert claimed.id == job.id
        now = self._store.now().wall
        attempt = Attempt(
            started=now, ended=now, account="me", outcome="refused", message="no", status=403,
            counted=True, fault="comment", login="octocat",
        )  # fmt: skip
        self._store.settle(claimed, verdict, attempt)
        return job


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A daemon with a reviewer and limits, and a worker that does nothing."""
    with (
        short_directory() as directory,
        serving(directory / "c.sock", lanes=LANES) as up,
        up.store.lock(),
    ):
        capacity = Capacity(resource="bytes", remaining=2, minimum=1)
        healthy = up.store.health
        monkeypatch.setattr(up.store, "health", lambda: replace(healthy(), capacity=(capacity,)))
        yield up


@pytest.fixture
def scenes(served: Served) -> Scenes:
    """What is in its queue."""
    return Scenes(served.store)


def test_replies_have_these_members(served: Served, scenes: Scenes, compare: Compare) -> None:
    """The reply to each operation has the members of replies.txt, and no others."""
    waiting, held, shapes = {"id": scenes.waiting.id}, {"id": scenes.held.id}, Shapes()
    asked: list[dict[str, Any]] = [
        {"op": "status"},
        {"op": "list"},
        {"op": "hist"},
        *({"op": "show", "id": job.id} for job in (scenes.awaiting, scenes.held, scenes.waiting)),
        {"op": "put", "request": REQUEST},
        {"op": "put", "request": {**REQUEST, "key": "waiting"}, "replace": True},
        *({"op": op, **waiting} for op in ("bump", "bust", "defer", "hold", "release")),
        {"op": "edit", "body": "Better.", **held},
        *({"op": op, **held} for op in ("del", "undelete", "forget")),
        {"op": "retry", "id": scenes.failed.id},
        {"op": "resolve", "id": scenes.unconfirmed.id, "posted": URL},
        {"op": "seen", "ids": [scenes.failed.id]},
        {"op": "flush"},
        {"op": "pause", "reason": "audit"},
        {"op": "resume"},
        {"op": "status"},
        {"op": "ping"},
        {"op": "open_lane", "reviewer": "bot", "scope": "other-org"},
        {"op": "error"},
    ]
    with served.talk() as client:
        for message in asked:
            reply = client.ask(message)
            assert (reply["outcome"] == "error") == (message["op"] == "error"), reply
            shapes.add(message["op"], reply)
        client.end()
    assert {message["op"] for message in asked} == {*OPERATION_SCHEMAS, "error"}
    compare("replies.txt", str(shapes))


def test_commands_print_these_members(served: Served, scenes: Scenes, compare: Compare) -> None:
    """With --json, each command prints objects with the members of commands.txt, and no others."""
    comment = ("octo-org/site", "7", "Looks good.")
    asked = [
        ("status",),
        ("list",),
        ("hist",),
        ("show", scenes.awaiting.id),
        ("show", scenes.held.id),
        ("put", *comment),
        ("put", *comment, "--dry-run"),
        ("put", "--jsonl", "-"),
        ("hold", scenes.waiting.id),
        ("edit", scenes.held.id),
        ("resolve", scenes.unconfirmed.id, "--posted", URL),
        ("wait", scenes.awaiting.id),
        ("reviewers",),
        ("reviewers", "release", "bot", "other-org"),
        ("explain", "-"),
    ]
    printed: dict[frozenset[str], tuple[set[str], list[object]]] = {}
    for command, *words in asked:
        stdin = json.dumps(REQUEST).encode()
        env = environment(served.path, VISUAL="sed -i s/held/better/")
        done = run(command, *words, "--json", env=env, stdin=stdin)
        assert done.stdout, (command, done.stderr)
        for line in done.stdout.splitlines():
            value = json.loads(line)
            commands, values = printed.setdefault(frozenset(value), (set(), []))
            commands.add(" ".join([command, *(word for word in words if word.startswith("--"))]))
            values.append(value)
    shapes = Shapes()
    for commands, values in printed.values():
        for value in values:
            shapes.add(f"comenq {', '.join(sorted(commands))}", value)
    compare("commands.txt", str(shapes))


def test_metrics_have_these_labels(served: Served, scenes: Scenes, compare: Compare) -> None:
    """Each metric has the kind and the labels of metrics.txt."""
    with served.talk() as client:
        client.ask({"op": "resume"})
        client.end()
    done = run("status", "--prometheus", env=environment(served.path))
    samples = {
        f"{family.type} {sample.name}{{{', '.join(sorted(sample.labels))}}}\n"
        for family in text_string_to_metric_families(done.stdout)
        for sample in family.samples
    }
    compare("metrics.txt", "".join(sorted(samples)))
