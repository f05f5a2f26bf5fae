"""Who may change what."""

from __future__ import annotations

import pytest

from comenq_core.model import CommentRequest, Job, Origin
from comenq_core.testing.clock import FakeClock
from comenq_plugins.unix_socket.permissions import NotPermitted, Permissions

ALICE, BOB, DAEMON, ROOT = 1001, 1002, 900, 0
ADMINS = frozenset({ROOT, DAEMON})


def _by(uid: int | None) -> Origin:
    return Origin(intake="unix", uid=uid)


def _job(uid: int | None) -> Job:
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="text")
    return Job(id="0" * 12, request=request, arrived=FakeClock()().wall, origin=_by(uid))


def _may_change(manage: str, uid: int | None, owner: int | None) -> bool:
    try:
        Permissions(manage, ADMINS).check_job(_by(uid), _job(owner))
    except NotPermitted:
        return False
    return True


def _may_pause(manage: str, uid: int | None) -> bool:
    try:
        Permissions(manage, ADMINS).check_queue(_by(uid))
    except NotPermitted:
        return False
    return True


@pytest.mark.parametrize(
    ("manage", "own", "others", "queue"),
    [("group", True, True, True), ("owner", True, False, False), ("nobody", False, False, False)],
)
def test_permissions_are_those_of_the_setting(
    manage: str, own: bool, others: bool, queue: bool
) -> None:
    """A plain user may change their own job, another's, and the queue, as the setting says."""
    found = (
        _may_change(manage, ALICE, ALICE),
        _may_change(manage, ALICE, BOB),
        _may_pause(manage, ALICE),
    )
    assert found == (own, others, queue)


@pytest.mark.parametrize("manage", ["group", "owner", "nobody"])
@pytest.mark.parametrize("uid", [ROOT, DAEMON])
def test_root_and_the_daemons_user_may_do_everything(manage: str, uid: int) -> None:
    """No setting restricts root and the daemon's own user."""
    assert _may_change(manage, uid, ALICE)
    assert _may_pause(manage, uid)


def test_job_without_a_uid_has_no_owner() -> None:
    """A client whose uid is unknown does not own a job whose uid is unknown."""
    assert not _may_change("owner", None, None)
