"""Policies: what users and tokens may queue and change, whatever way in they take."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from comenq_core.errors import PolicyRefused, SettingsError
from comenq_core.listener.queue import JobQueue
from comenq_core.model import Change, CommentRequest, Done, Failed, NewJob, Origin, State
from comenq_core.policy.admission import Policies, Policy
from comenq_core.policy.from_settings import admission_policies
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_plugins.spool import open_spool
from tests.socket.attempts import ATTEMPT

AGENT, PERSON = Origin(intake="unix", uid=1001), Origin(intake="unix", uid=1000)
ROBOT = Origin(intake="http", token="ci")
PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)


def queue_with(**members: Any) -> tuple[JobQueue, MemoryStore]:
    """A queue with one policy for the agent and the robot, and its store."""
    store = MemoryStore(FakeClock())
    policy = Policy(name="agents", users=frozenset({1001}), tokens=frozenset({"ci"}), **members)
    return JobQueue(store, PACE, policies=Policies((policy,))), store


def request(repo: str = "r", body: str = "text", **members: Any) -> CommentRequest:
    """A comment on a repository of ``org``."""
    return CommentRequest(owner="org", repo=repo, pr_number=1, body=body, **members)


@pytest.mark.parametrize("by", [AGENT, ROBOT])
def test_only_its_repositories_are_allowed(by: Origin) -> None:
    """A comment on another repository is refused by name, for the policy's subjects alone."""
    queue, store = queue_with(repositories=("Org/mine",))
    queue.submit(request("MINE"), by)
    with pytest.raises(PolicyRefused, match=r"policy agents: .* org/r .* only on Org/mine"):
        queue.submit(request("r"), by)
    queue.submit(request("r"), PERSON)
    assert [job.origin for job in store.pending()] == [by, PERSON]


def test_the_word_of_a_client_decides_nothing() -> None:
    """Whoever calls itself like somebody under a policy is not, and cannot leave it either."""
    queue, store = queue_with(hold=True)
    queue.submit(request(), Origin(intake="unix", uid=1000, via="ci"))
    queue.submit(request(), Origin(intake="unix", uid=1001, via="comenq"))
    assert [job.state for job in store.pending()] == [State.WAITING, State.HELD]


@pytest.mark.parametrize("by", [AGENT, ROBOT])
def test_what_is_held_is_released_by_others_only(by: Origin) -> None:
    """Everything arrives held, even what is to go ahead; its author cannot release it."""
    queue, store = queue_with(hold=True)
    (entry,) = queue.submit_all([NewJob(request=request(), origin=by, ahead=True)])
    assert entry.job.state is State.HELD
    with pytest.raises(PolicyRefused, match="policy agents: release is for others"):
        queue.change(entry.job.id, Change.RELEASE, by)
    (refusal,) = queue.change_all([(entry.job.id, by)], Change.RELEASE)
    assert isinstance(refusal, PolicyRefused)
    assert store.get(entry.job.id).state is State.HELD
    queue.change(entry.job.id, Change.RELEASE, PERSON)
    assert store.get(entry.job.id).state is State.WAITING


def test_no_other_change_gets_round_being_held() -> None:
    """First place, retry and undelete are for others; to hold, defer and delete is free."""
    queue, store = queue_with(hold=True)
    waiting = queue.submit(request("a"), PERSON).job
    deleted = queue.submit(request("b"), AGENT).job
    queue.change(deleted.id, Change.CANCEL, AGENT)
    queue.submit(request("c"), PERSON)
    failed = store.claim("bot")
    assert failed is not None
    store.settle(failed, Failed(reason="no"), ATTEMPT)
    (other,) = [job for job in store.pending() if job.state is State.WAITING]
    for job_id, change in (
        (other.id, Change.BUMP),
        (failed.id, Change.RETRY),
        (deleted.id, Change.UNDELETE),
    ):
        with pytest.raises(PolicyRefused, match="policy agents"):
            queue.change(job_id, change, AGENT)
    assert waiting.id in {failed.id, other.id}
    queue.change(other.id, Change.BUST, AGENT)
    queue.change(other.id, Change.HOLD, AGENT)
    queue.change(other.id, Change.CANCEL, AGENT)


def test_what_has_failed_while_it_was_held_is_not_resolved_into_the_queue() -> None:
    """Held comments fail without a pull request; to say "not posted" would post what it is by now.

    To say that it is posted is free, as to delete it is.
    """
    queue, store = queue_with(hold=True)
    job = queue.submit(request(), AGENT).job
    store.record_target(job.id, Failed(reason="no pull request"), ATTEMPT)
    with pytest.raises(PolicyRefused, match="policy agents: another attempt is for others"):
        queue.resolve(job.id, None, AGENT)
    assert store.get(job.id).state is State.FAILED
    queue.resolve(job.id, "https://github.com/org/r/pull/1#issuecomment-7", AGENT)
    assert store.get(job.id).state is State.POSTED


@pytest.mark.parametrize("owner", [AGENT, PERSON])
def test_a_text_that_a_person_may_have_read_stays(owner: Origin) -> None:
    """Neither an edit nor a replacement under the key changes a queued text."""
    queue, store = queue_with(hold=True)
    job = queue.submit(request(key="k"), owner).job
    with pytest.raises(PolicyRefused, match="policy agents: a queued text"):
        queue.edit(job.id, "other", AGENT)
    with pytest.raises(PolicyRefused, match="policy agents: a queued text"):
        queue.submit_all(
            [NewJob(request=request(body="other", key="k"), origin=AGENT, replace=True)]
        )
    assert store.get(job.id).asked.body == "text"
    queue.edit(job.id, "by a person", PERSON)


def test_an_edit_is_bound_to_the_repositories() -> None:
    """Nobody can put a text on another repository by giving it to a comment that waits there."""
    queue, _ = queue_with(repositories=("org/mine",))
    theirs, own = queue.submit(request("r"), PERSON).job, queue.submit(request("mine"), AGENT).job
    with pytest.raises(PolicyRefused, match="policy agents"):
        queue.edit(theirs.id, "other", AGENT)
    assert queue.edit(own.id, "other", AGENT).job.asked.body == "other"


@pytest.mark.parametrize("members", [{"hold": True}, {"repositories": ("org/*",)}])
@pytest.mark.parametrize("by", [AGENT, ROBOT])
def test_who_may_touch_a_part_of_the_queue_does_not_stop_all_of_it(
    by: Origin, members: dict[str, Any]
) -> None:
    """To pause, resume and flush the queue, and to open a lane, is for those without a policy."""
    queue, store = queue_with(**members)
    queue.pause("a release", PERSON)
    for refused in (
        lambda: queue.pause("mine", by),
        lambda: queue.resume(by),
        lambda: queue.flush(by),
        lambda: queue.open_lane("bot", None, by),
    ):
        with pytest.raises(PolicyRefused, match=r"policy agents: to pause, .* is for others"):
            refused()
    paused = store.paused()
    assert paused
    assert paused.reason == "a release"
    queue.resume(PERSON)
    assert store.paused() is None


def test_who_may_queue_so_much_may_pause() -> None:
    """A policy that counts comments alone says nothing of the whole queue."""
    queue, store = queue_with(max_waiting=1)
    queue.pause("a release", AGENT)
    assert store.paused()


@pytest.mark.parametrize(
    "members", [{"hold": True}, {"repositories": ("org/mine",)}, {"max_waiting": 9}]
)
@pytest.mark.parametrize("by", [AGENT, PERSON])
def test_rights_are_what_is_not_refused(by: Origin, members: dict[str, Any]) -> None:
    """What is told of somebody's rights, and shown as buttons, is what the policies enforce."""
    policies = Policies((Policy(name="agents", users=frozenset({1001}), **members),))
    rights = policies.rights(by)

    def is_allowed(check: Callable[[], None]) -> bool:
        try:
            check()
        except PolicyRefused:
            return False
        return True

    for change in Change:
        allowed = is_allowed(lambda: policies.require_change(change, by, MemoryStore(FakeClock())))  # noqa: B023
        assert (change in rights.changes) == allowed
    for repo in ("mine", "other"):
        allowed = is_allowed(lambda: policies.require_edit(request(repo), by))  # noqa: B023
        assert rights.may_edit("org", repo) == allowed
    assert rights.whole_queue == is_allowed(lambda: policies.require_whole_queue(by))


def test_the_log_says_who_was_refused(caplog: pytest.LogCaptureFixture) -> None:
    """Its line has the policy, and the user or the token with its own word for itself."""
    queue, _ = queue_with(repositories=("org/mine",))
    agent = replace(AGENT, via="mcp agent")
    new_jobs = [NewJob(request=request(), origin=one) for one in (PERSON, agent, ROBOT)]
    with pytest.raises(PolicyRefused):
        queue.submit_all(new_jobs)
    first, second = caplog.messages
    assert first.endswith(' uid=1001 via="mcp agent"')
    assert second.endswith(" token=ci")
    assert "policy=agents" in first


def test_so_many_comments_wait_and_no_more() -> None:
    """The comments of all subjects of a policy are counted, held ones too; posted ones are not."""
    queue, store = queue_with(max_waiting=2)
    queue.submit(request(body="1"), AGENT)
    with pytest.raises(PolicyRefused, match="policy agents: max_waiting is 2, and the queue has 1"):
        queue.submit_all([NewJob(request=request(body=text), origin=ROBOT) for text in "23"])
    queue.submit_all([NewJob(request=request(body="2"), origin=ROBOT, hold=True)])
    with pytest.raises(PolicyRefused, match="max_waiting is 2"):
        queue.submit(request(body="3"), AGENT)
    queue.submit(request(body="4"), PERSON)
    job = store.claim("bot")
    assert job is not None
    assert job.origin == AGENT
    store.settle(job, Done(url="https://forge.example/1", comment_id=1), ATTEMPT)
    queue.submit(request(body="3"), AGENT)


def test_the_same_request_again_is_answered_although_the_policy_is_full() -> None:
    """A client that has lost the answer asks again, with its key, and gets the job it had."""
    queue, store = queue_with(max_waiting=1)
    job = queue.submit(request(key="k"), AGENT).job
    assert queue.submit(request(key="k"), AGENT).job.id == job.id
    again = NewJob(request=request(), origin=AGENT, if_absent=True)
    assert queue.submit_all([again])[0].job.id == job.id
    claimed = store.claim("bot")
    assert claimed is not None
    store.settle(claimed, Failed(reason="no"), ATTEMPT)
    queue.submit(request(body="2"), AGENT)
    assert queue.submit(request(key="k"), AGENT).job.state is State.FAILED
    with pytest.raises(PolicyRefused, match="policy agents"):
        queue.change(job.id, Change.RETRY, AGENT)


def test_all_subjects_are_counted_whose_comments_wait_again_at_once() -> None:
    """One batch, in which several subjects of a policy restore comments, is no way round it."""
    queue, store = queue_with(max_waiting=2)
    jobs = [(queue.submit(request(body=text), PERSON).job.id, PERSON) for text in "abcd"]
    queue.change_all(jobs, Change.CANCEL)
    queue.submit(request(), AGENT)
    wanted = [(job_id, by) for (job_id, _), by in zip(jobs, [AGENT, ROBOT] * 2, strict=True)]
    results = queue.change_all(wanted, Change.UNDELETE)
    assert [isinstance(one, PolicyRefused) for one in results] == [False, True, True, True]
    assert len(store.pending()) == 2


class _Meeting(MemoryStore):
    """A store whose readers wait a moment for each other, so that they see the same."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self._others = Barrier(2)

    def pending(self, *args: Any, **kwargs: Any) -> Any:
        """What all see before any of them goes on, if they come at the same time."""
        found = super().pending(*args, **kwargs)
        with suppress(BrokenBarrierError):
            self._others.wait(0.5)
        return found


def test_comments_that_come_at_once_are_counted_one_after_the_other() -> None:
    """An intake with several threads, or two intakes, get no more into the queue."""
    policy = Policy(name="agents", tokens=frozenset({"ci"}), max_waiting=1)
    store = _Meeting()
    queue = JobQueue(store, PACE, policies=Policies((policy,)))
    with ThreadPoolExecutor(2) as threads:
        tries = [threads.submit(queue.submit, request(body=text), ROBOT) for text in "ab"]
        errors = [one.exception() for one in tries]
    assert [isinstance(error, PolicyRefused) for error in errors if error] == [True]
    assert store.counts().waiting == 1


def test_who_is_under_two_policies_is_under_both() -> None:
    """Each of them must allow it, and one that holds suffices."""
    one = Policy(name="one", users=frozenset({1001}), repositories=("org/a", "org/b"))
    two = Policy(name="two", users=frozenset({1001}), repositories=("org/b",), hold=True)
    store = MemoryStore(FakeClock())
    queue = JobQueue(store, PACE, policies=Policies((one, two)))
    with pytest.raises(PolicyRefused, match="policy two"):
        queue.submit(request("a"), AGENT)
    with pytest.raises(PolicyRefused, match="policy one"):
        queue.submit(request("c"), AGENT)
    assert queue.submit(request("b"), AGENT).job.state is State.HELD


# Dropped files -----------------------------------------------------------------------------------


def drop(spool: Path, name: str, repo: str, mode: int = 0o644, body: str = "text") -> None:
    """Rename a file into the spool, with a mode."""
    draft = spool.parent / name
    draft.write_text(f'{{"owner":"org","repo":"{repo}","pr_number":1,"body":"{body}"}}')
    draft.chmod(mode)
    draft.rename(spool / "new" / name)


def spool_settings(spool: Path, **policy: Any) -> Settings:
    """Settings with a policy for the user of this process."""
    tables = {"policies": {"agents": {"users": [os.getuid()], **policy}}}
    return Settings(queue_path=spool, tables=tables)


def test_a_dropped_file_is_under_its_owners_policy(tmp_path: Path) -> None:
    """What the policy allows is held; what it refuses has failed with the reason, and is kept."""
    spool = tmp_path / "spool"
    settings = spool_settings(spool, repositories=["org/*"], hold=True, max_waiting=2)
    with closing(open_spool(settings)) as store, store.lock():
        drop(spool, "a.json", "a")
        other = spool.parent / "b.json"
        other.write_text('{"owner":"other","repo":"r","pr_number":1,"body":"kept"}')
        other.rename(spool / "new" / "b.json")
        for name in ("c.json", "d.json"):
            drop(spool, name, "c", body=name)
        while store.housekeep():
            continue
        assert [job.state for job in store.pending()] == [State.HELD, State.HELD]
        reasons = sorted(job.reason for job in store.history(limit=9))
    assert reasons[0].startswith("policy agents: comments on other/r are not allowed")
    assert reasons[1].startswith("policy agents: max_waiting is 2, and the queue has 2 already")
    assert any(b'"kept"' in path.read_bytes() for path in (spool / "failed").iterdir())


def test_a_file_that_others_can_write_has_no_author(tmp_path: Path) -> None:
    """With policies, a group-writable file is refused: its owner may not have written it."""
    spool = tmp_path / "spool"
    with closing(open_spool(spool_settings(spool, hold=True))) as store, store.lock():
        drop(spool, "a.json", "a", 0o664)
        while store.housekeep():
            continue
        assert store.pending() == []
        (job,) = store.history(limit=9)
    assert "mode 0664 lets others than its owner write" in job.reason
    with closing(open_spool(Settings(queue_path=tmp_path / "free"))) as store, store.lock():
        drop(tmp_path / "free", "a.json", "a", 0o664)
        while store.housekeep():
            continue
        assert len(store.pending()) == 1


# Settings ----------------------------------------------------------------------------------------


def test_a_policy_is_read_with_its_users() -> None:
    """A user's name is looked up; a uid is taken as it is."""
    root = pwd.getpwuid(0).pw_name
    table = {"users": [root, 1001], "tokens": ["ci"], "repositories": ["org/*"], "max_waiting": 0}
    (policy,) = admission_policies(Settings(tables={"policies": {"agents": table}})).policies
    assert (policy.users, policy.tokens) == (frozenset({0, 1001}), frozenset({"ci"}))
    assert str(policy) == ("for uid 0, uid 1001, token ci: on org/* only, at most 0 in the queue")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"users": ["rooot"], "hold": True}, "there is no user rooot here; did you mean root?"),
        ({"users": [True], "hold": True}, "users: expected a list of users, by name or uid"),
        ({"users": [-1], "hold": True}, "users: expected a list of users"),
        ({"users": [7, 7], "hold": True}, "users: expected a list of users"),
        ({"users": "me", "hold": True}, "users: expected a list of users, by name or uid, found"),
        ({"users": [0], "holds": True}, "holds: there is no such setting; did you mean hold?"),
        ({"users": [0], "max_waiting": -1, "hold": True}, "max_waiting: expected a whole number"),
        ({"users": [0], "repositories": ["org"]}, "repositories: expected a list of repositories"),
        ({"tokens": ["a b"], "hold": True}, "tokens: expected a list of the names of tokens"),
        ({"users": [], "hold": True}, "it is about nobody: name users or tokens"),
        ({"users": [0]}, "it bounds nothing: set repositories, hold or max_waiting"),
        ([], "expected a table"),
    ],
)
def test_a_wrong_policy_is_refused(table: Any, told: str) -> None:
    """The error names the table and what was expected; nothing is let in without the policy."""
    with pytest.raises(SettingsError) as caught:
        admission_policies(Settings(tables={"policies": {"agents": table}}))
    assert "[policies.agents]" in str(caught.value)
    assert told in str(caught.value)
