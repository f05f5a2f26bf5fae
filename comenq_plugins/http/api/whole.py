"""What clients read and change of the queue as a whole."""

from __future__ import annotations

from comenq_core.presentation.prometheus import metrics as lines
from comenq_core.protocols import Queue
from comenq_core.wire.messages import status_to_json
from comenq_plugins.http.api.calls import Call, Reply
from comenq_plugins.http.api.representation import lane, status, tag

__all__ = ["metrics", "open_lane", "pause", "read_status", "resume", "reviewers"]

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def read_status(queue: Queue, call: Call) -> Reply:
    """Where the queue stands, and what it waits for."""
    shown = status(queue.status(), call.now)
    return Reply(value=shown, tag=tag(shown))


def reviewers(queue: Queue, call: Call) -> Reply:
    """The reviewers in use, and their lanes."""
    shown = status(queue.status(), call.now)
    value = {name: shown[name] for name in ("reviewers", "lanes", "awaiting")}
    return Reply(value=value, tag=tag(value))


def pause(queue: Queue, call: Call) -> Reply:
    """Post nothing until `resume`."""
    queue.pause(call.body["reason"], call.client.origin)
    return read_status(queue, call)


def resume(queue: Queue, call: Call) -> Reply:
    """End the pause, and those of accounts."""
    queue.resume(call.client.origin)
    return read_status(queue, call)


def open_lane(queue: Queue, call: Call) -> Reply:
    """Let triggers of a lane be posted again that is held or blocked."""
    scope = call.body.get("scope")
    opened = queue.open_lane(call.path["name"], scope, call.client.origin)
    return Reply(value=lane(opened, call.now))


def metrics(queue: Queue, call: Call) -> Reply:
    """The status as Prometheus reads it."""
    current = {**status_to_json(queue.status()), "requests": list(call.requests)}
    text = "".join(f"{line}\n" for line in lines(current))
    return Reply(value=text, headers={"Content-Type": PROMETHEUS})
