"""What the forms of the page change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from comenq_core.errors import InvalidRequest
from comenq_core.model import ID_PATTERN, Job, NewJob, State
from comenq_core.model.access import Scope
from comenq_core.policy.admission import WAKING
from comenq_core.protocols import Queue
from comenq_plugins.http.page.jobs import ACTIONS
from comenq_plugins.http.page.texts import comment_request, edited_text
from comenq_plugins.http.page.visit import Visit
from comenq_plugins.http.problems import Problem

__all__ = ["CHANGES", "Done"]

IDS = re.compile(rf"{ID_PATTERN}(?: {ID_PATTERN}){{0,99}}")
REASON_CHARACTERS = 1_000


class Done(NamedTuple):
    """What was done: the code of a notice, and the job that was changed, if it is one."""

    code: str
    job: str = ""


class Change(NamedTuple):
    """A form: where it is sent, what it needs, and what it does."""

    path: str
    scope: Scope
    make: Callable[[Queue, Visit], Done]


def _act(queue: Queue, visit: Visit) -> Done:
    word = visit.request.path_params["action"]
    if word not in ACTIONS:
        raise Problem(404, "no_such_page", "There is no such change.")
    was = visit.form.get("was") if word == "release" else None
    job_id, by = _changeable(queue, visit).id, visit.client.origin
    entry = queue.change(job_id, ACTIONS[word], by, was=was)
    # What was held when it failed or was deleted is held again.
    is_held_again = ACTIONS[word] in WAKING and entry.job.state is State.HELD
    return Done("hold" if is_held_again else word, entry.job.id)


def _edit(queue: Queue, visit: Visit) -> Done:
    before = _changeable(queue, visit)
    text = edited_text(_field(visit, "body"), before.asked.body if before.request else "")
    entry = queue.edit(before.id, text, visit.client.origin, was=_field(visit, "was"))
    return Done("edit", entry.job.id)


def _changeable(queue: Queue, visit: Visit) -> Job:
    job = queue.show(visit.job_id).job
    if not visit.client.may_change(job.origin.token):
        raise Problem(403, "not_permitted", "This token permits to change its own comments alone.")
    return job


def _resolve(queue: Queue, visit: Visit) -> Done:
    url = visit.form.get("url", "").strip() if "posted" in visit.form else None
    if url == "":
        raise InvalidRequest("url", "the address of the posted comment is needed")
    entry = queue.resolve(visit.job_id, url, visit.client.origin)
    return Done("posted" if url else "not_posted", entry.job.id)


def _new(queue: Queue, visit: Visit) -> Done:
    key = visit.form.get("key") or None
    request = comment_request(_field(visit, "target"), _field(visit, "body"), key)
    new_job = NewJob(request=request, origin=visit.client.origin, hold="hold" in visit.form)
    (entry,) = queue.submit_all([new_job])
    return Done("queued", entry.job.id)


def _pause(queue: Queue, visit: Visit) -> Done:
    reason = visit.form.get("reason", "").strip()
    if not 1 <= len(reason) <= REASON_CHARACTERS:
        raise InvalidRequest("reason", f"must have 1 to {REASON_CHARACTERS:,} characters")
    queue.pause(reason, visit.client.origin)
    return Done("pause")


def _resume(queue: Queue, visit: Visit) -> Done:
    queue.resume(visit.client.origin)
    return Done("resume")


def _seen(queue: Queue, visit: Visit) -> Done:
    ids = _field(visit, "ids")
    if not IDS.fullmatch(ids):
        raise InvalidRequest("ids", "must be ids of jobs")
    queue.mark_seen(ids.split(" "), visit.client.origin)
    return Done("seen")


def _open(queue: Queue, visit: Visit) -> Done:
    queue.open_lane(_field(visit, "reviewer"), visit.form.get("scope", ""), visit.client.origin)
    return Done("open")


def _field(visit: Visit, name: str) -> str:
    try:
        return visit.form[name]
    except KeyError:
        raise InvalidRequest(name, "is missing in the form") from None


CHANGES: Mapping[str, Change] = {
    "edit": Change("/jobs/{id}/edit", Scope.QUEUE, _edit),
    "resolve": Change("/jobs/{id}/resolve", Scope.MANAGE, _resolve),
    "act": Change("/jobs/{id}/{action}", Scope.QUEUE, _act),
    "new": Change("/new", Scope.QUEUE, _new),
    "pause": Change("/queue/pause", Scope.MANAGE, _pause),
    "resume": Change("/queue/resume", Scope.MANAGE, _resume),
    "seen": Change("/queue/seen", Scope.MANAGE, _seen),
    "open": Change("/lanes/open", Scope.MANAGE, _open),
}
"""The forms, by the names of their routes."""
