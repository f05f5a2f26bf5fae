"""What a person does where comenq waits: say what is posted, end a back-off, resume an account."""

from __future__ import annotations

import pytest

from comenq_core.testing.forge import GATEWAYS, Forge
from tests.process.daemon import Daemon


def lose(daemon: Daemon, forge: Forge) -> str:
    """The id of a comment whose answer is lost, and which a gateway has changed."""
    forge.set_gateway(GATEWAYS["footer"])
    forge.answer_next(accept=True, drop=True)
    job_id = daemon.put("Does this read well?")
    daemon.log.until(rf"job_unconfirmed: .* job={job_id} ")
    return job_id


def test_a_person_finds_the_comment(daemon: Daemon, forge: Forge) -> None:
    """The status fails and names the job, show has the command to copy, and nothing is posted."""
    job_id = lose(daemon, forge)
    assert f"{job_id} for o/r#1 is unconfirmed since " in daemon.comenq("status", status=1)
    (command,) = (
        line.partition(":")[2].split()
        for line in daemon.comenq("show", job_id).splitlines()
        if line.startswith("if posted:")
    )
    url = command[-1].strip("'")
    assert url.endswith(f"/o/r/pull/1#issuecomment-{forge.comments[0].id}")

    assert url in daemon.comenq(*command[1:-1], url)

    assert daemon.comenq("wait", job_id) == f"{url}\n"
    assert len(forge.posts) == 1
    daemon.comenq("status")


def test_a_person_finds_no_comment(daemon: Daemon, forge: Forge) -> None:
    """What was deleted meanwhile, say, is posted again once a person says that it is not there."""
    job_id = lose(daemon, forge)
    forge.set_gateway(GATEWAYS[""])
    forge.delete_comment(forge.comments[0])

    daemon.comenq("resolve", job_id, "--not-posted")

    daemon.log.until(rf"job_done: .* job={job_id} .*outcome=posted")
    assert [comment.body for comment in forge.comments] == ["Does this read well?"]


def test_a_flush_wakes_the_worker(daemon: Daemon, forge: Forge) -> None:
    """A comment that was to wait for an hour is posted at once."""
    forge.answer_next(status=403, body={"message": "Colourless green ideas sleep furiously."})
    job_id = daemon.put("hello")
    daemon.log.until(rf"job_retry_at: .* job={job_id} ")

    assert daemon.comenq("flush") == "1 back-off ended\n"

    daemon.log.until(rf"job_done: .* job={job_id} .*outcome=posted")
    assert daemon.comenq("flush") == "nothing backs off\n"


@pytest.mark.full
def test_a_resume_wakes_the_worker(daemon: Daemon, forge: Forge) -> None:
    """An account that was to ask in an hour posts at once, even if the queue was not paused."""
    suspended = "This installation owned by o suspended your access"
    forge.answer_next(status=403, body={"message": suspended})
    job_id = daemon.put("hello")
    daemon.log.until(r" worker blocked: ")
    status = daemon.comenq("status", status=1)
    assert "blocked, asks again about" in status
    assert suspended in status

    daemon.comenq("resume")

    daemon.log.until(rf"job_done: .* job={job_id} .*outcome=posted")
    daemon.comenq("status")
