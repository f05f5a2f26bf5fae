"""A comment takes the place of the one that waits under its key."""

from __future__ import annotations

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.listener.asker import asker
from comenq_core.model import Job, NewJob, State
from comenq_core.model.identity import id_of_key, is_same_comment
from comenq_core.model.transitions import EDITABLE
from comenq_core.policy.admission import Policies
from comenq_core.process.log import Log
from comenq_core.protocols import Store

__all__ = ["replaced_job"]

log = Log("queue")


def replaced_job(store: Store, new_job: NewJob, policies: Policies) -> Job | None:
    """The job that waits under the key, with the new comment; ``None`` if it is to be queued.

    To do it again after a failure ends the same.

    Raises:
        PolicyRefused: only others may change the text.
        WrongState: the key's job is another comment, and waits no longer; the text says what has
            happened.
    """
    request = new_job.request
    try:
        found = store.get(id_of_key(request.key or ""))
    except NoSuchJob:
        return None
    if found.state is State.DELETED or (
        found.state not in EDITABLE and is_same_comment(found, request)
    ):
        return None
    if found.state not in EDITABLE:
        more = f": {found.url or found.reason}" if found.url or found.reason else ""
        raise WrongState(f"the key belongs to job {found.id}, which is {found.state}{more}")
    if found.request != request:
        policies.require_edit(request, new_job.origin)
    job = store.edit(found, request, hold=new_job.hold)
    log.info("replaced", "A comment has taken the place of another one with its key.",
             job=job.id, intake=new_job.origin.intake, **asker(new_job.origin))  # fmt: skip
    return job
