"""The states of a post, as in docs/states.md: the real worker, and a forge that does anything.

Each comment that the forge creates is booked on the job whose attempt made it. A second one for a
job is an error, unless nothing of the first was left to be seen at any look-up since.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from comenq_core.errors import ComenqError
from comenq_core.model import (
    Attempt,
    Change,
    Done,
    Job,
    Outcome,
    Posted,
    RetryAt,
    Similar,
    State,
)
from comenq_core.protocols import Lookup, Poster
from comenq_core.testing.forge import Account, Comment
from comenq_core.testing.forge.gateways import GATEWAYS
from tests.worker.rig import Rig, rig

# Less than the slack of a look-up, so that another job's comment is in its time, too.
COOLDOWN = 20.0
HOUR = 3600.0
TEXT = "Please see #12 in full, before it is merged\n\n- [ ] done\n"
TEXTS = [TEXT, "@reviewbot review", "@reviewbot review\n"]
TOKENS = {"ghp_one": Account(login="one"), "ghp_two": Account(login="two")}
# What a forge, or what is between, may say to a post. `accept`: and creates the comment.
ANSWERS: Sequence[dict[str, Any]] = [
    {"status": 502, "accept": True},
    {"status": 502},
    {"status": 503, "accept": True, "text": "<html>maintenance</html>"},
    {"drop": True, "accept": True},
    {"drop": True},
    {"status": 201, "accept": True, "text": ""},
    {"status": 200, "accept": True, "body": {"hello": "world"}},
    {"status": 200, "text": "<html>please log in</html>"},
    {"status": 401, "body": {"message": "Bad credentials"}},
    {"status": 403, "body": {"message": "Computer says no"}},
    {"status": 403, "text": "<html>You have exceeded a secondary rate limit</html>"},
    {"status": 404, "text": "default backend - 404"},
    {"status": 404, "body": {"message": "Not Found"}},
    {"status": 400, "body": {"message": "X-GitHub-Api-Version is not a supported version"}},
    {"status": 302, "headers": {"Location": "https://login.example/"}},
    {"status": 429, "body": {"message": "slow down"}, "headers": {"Retry-After": "7"}},
]
# Those after which the comment is there, and nobody was told.
LOST = [answer for answer in ANSWERS if answer.get("accept")]
# What it may say to a question.
NO_ANSWERS: Sequence[dict[str, Any]] = [
    {"status": 500},
    {"status": 200, "body": {"not": "a list"}},
    {"status": 404, "text": "default backend - 404"},
    {"drop": True},
]


@dataclass
class Created:
    """A comment that an attempt has created, and what could be known of it since."""

    id: int
    told: bool
    seen: bool = False
    kinds: set[str] = field(default_factory=set)


class Watched:
    """A poster that notes which comments its attempts create, and which its look-ups could see."""

    def __init__(self, poster: Poster, machine: PostMachine) -> None:
        self._poster = poster
        self._machine = machine

    def __getattr__(self, name: str) -> object:
        return getattr(self._poster, name)

    @property
    def account(self) -> str:
        """Its name."""
        return self._poster.account

    def credential(self) -> str:
        """Its fingerprint."""
        return self._poster.credential()

    def post(self, job: Job) -> Outcome:
        """Post, and book the comments that this creates on the job; die if that is wanted."""
        return self._machine.post(self._poster, job)

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> Lookup:
        """Look up, and note what was there to be seen."""
        there = {comment.id for comment in self._machine.daemon.forge.comments}
        found = self._poster.find(job, since, known)
        if found is None or isinstance(found, Posted | Similar):
            self._machine.note_what_was_shown(job, there)
        return found


class PostMachine(RuleBasedStateMachine):
    """A daemon, its users, its operator, a forge, and other people there."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.path = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="cq")))
        self.token = self.path / "token"
        self.set_token("ghp_one")
        self.daemon: Rig = self.stack.enter_context(
            rig(
                self.path,
                github_token=None,
                github_token_file=str(self.token),
                cooldown_period_seconds=COOLDOWN,
                recheck_seconds=5.0,
            )
        )
        self.daemon.forge.set_accounts(TOKENS)
        self.created: dict[str, list[Created]] = {}
        self.asked_again: set[str] = set()
        self.deleted: list[Job] = []
        self.jobs: list[Job] = []
        self.gone: set[int] = set()
        self.changed: set[int] = set()
        self.dies: str = ""
        self.attempts: list[tuple[str, float]] = []
        self.beyond = Counter[str]()
        self.twice: list[str] = []
        self.start()

    # What the poster tells

    def start(self) -> None:
        """Start a worker; one that is running is gone, as after kill -9."""
        posters = [Watched(poster, self) for poster in self.daemon.posters()]
        self.daemon.start(list(posters))

    def post(self, poster: Poster, job: Job) -> Outcome:
        """One attempt: what it creates is the job's."""
        forge, dies = self.daemon.forge, self.dies
        self.dies = ""
        if dies == "before":
            raise KeyboardInterrupt
        before, received = len(forge.comments), len(forge.posts)
        login = TOKENS[self.token.read_text().strip()].login
        outcome = poster.post(job)
        if len(forge.posts) > received:
            self.attempts.append((login, self.daemon.clock().ticks))
        told = outcome.status == 201 and dies != "after"
        for comment in forge.comments[before:]:
            self.check_no_other(job)
            self.created.setdefault(job.id, []).append(Created(id=comment.id, told=told))
        if dies == "after":
            raise KeyboardInterrupt
        return outcome

    def check_no_other(self, job: Job) -> None:
        """Note if the job has a comment already that a look-up could see, or that a 201 told of."""
        for one in self.created.get(job.id, []):
            if job.id in self.asked_again and one.told:
                continue  # another one is wanted
            if one.told or one.seen:
                # An error here would be taken for the poster's own.
                self.twice.append(f"job {job.id} was posted again in spite of {one}")
            else:
                self.beyond["gone before the first look-up"] += 1
                event("a comment was posted again that nothing showed any more")

    def note_what_was_shown(self, job: Job, ids: Collection[int]) -> None:
        """Which of the job's comments the forge has shown at a look-up that it answered."""
        for one in self.created.get(job.id, []):
            one.seen |= one.id in ids and one.id not in self.changed

    # What users and the operator do

    def set_token(self, token: str) -> None:
        """Put a token into the file that the daemon reads."""
        self.token.write_text(f"{token}\n")
        self.token.chmod(0o600)

    @rule(body=st.sampled_from(TEXTS), number=st.integers(1, 2))
    def queue(self, body: str, number: int) -> None:
        """Somebody hands in a comment; many say the same."""
        self.jobs.append(self.daemon.put(body, number=number))

    @rule(seconds=st.sampled_from([1, 6, 61, 301, HOUR + 1]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        try:
            self.daemon.run_for(seconds)
        except KeyboardInterrupt:
            self.start()

    @rule(when=st.sampled_from(["before", "after"]))
    def kill(self, when: str) -> None:
        """The worker is to die in its next attempt, before or after the request."""
        self.dies = when

    @rule()
    def restart(self) -> None:
        """The daemon is started again."""
        self.start()

    @rule(seconds=st.sampled_from([-HOUR, -30, 30, HOUR]))
    def set_clock(self, seconds: float) -> None:
        """The machine's wall clock is set."""
        self.daemon.clock.set_wall(self.daemon.wall() + timedelta(seconds=seconds))

    @rule(token=st.sampled_from(sorted(TOKENS)))
    def change_account(self, token: str) -> None:
        """The token is replaced by one of another account."""
        self.set_token(token)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), change=st.sampled_from([Change.RETRY, Change.FLUSH, Change.CANCEL]))
    def operate(self, data: st.DataObject, change: Change) -> None:
        """An operator retries, flushes or deletes a job, where its state allows it."""
        job = data.draw(st.sampled_from(self.jobs))
        try:
            self.daemon.store.change(job.id, change)
        except ComenqError:
            return
        if change is Change.CANCEL:
            self.jobs.remove(job)
            self.deleted.append(job)

    @precondition(lambda self: self.deleted)
    @rule(data=st.data())
    def undelete(self, data: st.DataObject) -> None:
        """A person wants a deleted job after all."""
        job = data.draw(st.sampled_from(self.deleted))
        self.daemon.store.change(job.id, Change.UNDELETE)
        self.deleted.remove(job)
        self.jobs.append(job)

    @precondition(lambda self: self.in_state(State.WAITING))
    @rule(data=st.data(), body=st.sampled_from(TEXTS))
    def edit(self, data: st.DataObject, body: str) -> None:
        """A person gives a comment that waits another text."""
        job = data.draw(st.sampled_from(self.in_state(State.WAITING)))
        self.daemon.store.edit(job, replace(job.asked, body=body))

    @precondition(lambda self: self.in_state(State.UNCONFIRMED))
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """A person looks at the pull request, and says what is there."""
        job = data.draw(st.sampled_from(self.in_state(State.UNCONFIRMED)))
        now = self.daemon.wall()
        there = [comment for comment in self.daemon.forge.comments if self.is_of(comment, job)]
        attempt = Attempt(started=now, ended=now, account="", outcome="posted")
        if there:
            verdict = Done(url=there[-1].html_url, comment_id=there[-1].id)
            self.daemon.store.resolve(job.id, verdict, attempt)
        else:
            attempt = replace(attempt, outcome="not_posted")
            self.daemon.store.resolve(job.id, RetryAt(due=now, reason="not there"), attempt)
            for one in self.created.get(job.id, []):
                one.seen = one.told = False  # the person has said so, and is right

    @precondition(lambda self: self.in_state(State.POSTED))
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        """A job is to be posted a second time, on purpose."""
        job = data.draw(st.sampled_from(self.in_state(State.POSTED)))
        equals = [one for one in self.jobs if one.asked.target == job.asked.target]
        if len(equals) > 1 or any(not one.told for one in self.created.get(job.id, [])):
            return
        self.asked_again.add(job.id)
        self.daemon.store.delete_imported([job])
        waiting = replace(job, state=State.WAITING, settled=None, url="", comment_id=None)
        self.daemon.store.import_jobs([waiting])

    # What happens at the forge

    @rule(answer=st.sampled_from(ANSWERS), times=st.integers(1, 3))
    def answer_posts(self, answer: dict[str, Any], times: int) -> None:
        """The next posts are answered so."""
        self.daemon.forge.answer_next(times=times, path="comments", **answer)

    @rule(
        answer=st.sampled_from(NO_ANSWERS), times=st.integers(1, 3), path=st.sampled_from(["", "c"])
    )
    def answer_questions(self, answer: dict[str, Any], times: int, path: str) -> None:
        """The next questions are answered so."""
        self.daemon.forge.answer_next(times=times, method="GET", path=path, **answer)

    @rule(
        body=st.sampled_from(TEXTS),
        answer=st.sampled_from(LOST),
        gateway=st.sampled_from(sorted(GATEWAYS)),
        token=st.sampled_from(sorted(TOKENS)),
    )
    def lose_an_answer(self, body: str, answer: dict[str, Any], gateway: str, token: str) -> None:
        """A comment arrives, perhaps changed; nobody is told, and then the account may change."""
        self.wait(COOLDOWN + 1)
        self.daemon.forge.set_gateway(GATEWAYS[gateway])
        self.daemon.forge.answer_next(path="comments", **answer)
        self.jobs.append(self.daemon.put(body, number=3))
        self.wait(1)
        self.daemon.forge.set_gateway(GATEWAYS[""])
        self.set_token(token)

    @rule(body=st.sampled_from(TEXTS), accepts=st.booleans())
    def say_the_same_twice(self, body: str, accepts: bool) -> None:
        """Two equal comments for one pull request; the answer to the second is lost."""
        self.wait(COOLDOWN + 1)
        for _ in range(2):
            self.jobs.append(self.daemon.put(body, number=4))
        self.wait(1)
        self.daemon.forge.answer_next(path="comments", drop=True, accept=accepts)
        self.wait(COOLDOWN + 1)

    @rule(body=st.sampled_from(TEXTS))
    def create_and_take_away(self, body: str) -> None:
        """The forge says that it has created a comment, not which; and it is deleted at once."""
        self.wait(COOLDOWN + 1)
        before = {comment.id for comment in self.daemon.forge.comments}
        self.daemon.forge.answer_next(path="comments", status=201, accept=True, text="")
        self.jobs.append(self.daemon.put(body, number=5))
        self.wait(1)
        for comment in self.daemon.forge.comments:
            if comment.id not in before:
                self.changed.add(comment.id)
                self.daemon.forge.delete_comment(comment)

    @rule(name=st.sampled_from(sorted(GATEWAYS)))
    def set_gateway(self, name: str) -> None:
        """Something on the way changes what is posted from now on."""
        self.daemon.forge.set_gateway(GATEWAYS[name])

    @rule(body=st.sampled_from(TEXTS), number=st.integers(1, 2))
    def somebody_says_the_same(self, body: str, number: int) -> None:
        """Another person comments, in the same words."""
        self.daemon.forge.add_comment("o", "r", number, body=body, login="somebody-else")

    @precondition(lambda self: self.daemon.forge.comments)
    @rule(data=st.data(), name=st.sampled_from(sorted(GATEWAYS)))
    def edit_a_little(self, data: st.DataObject, name: str) -> None:
        """Somebody edits a comment, which stays similar."""
        comment = data.draw(st.sampled_from(self.daemon.forge.comments))
        self.daemon.forge.edit_comment(comment, body=GATEWAYS[name](comment.body))

    @precondition(lambda self: self.daemon.forge.comments)
    @rule(data=st.data(), deletes=st.booleans())
    def take_away(self, data: st.DataObject, deletes: bool) -> None:
        """Somebody deletes a comment, or edits it beyond likeness."""
        comment = data.draw(st.sampled_from(self.daemon.forge.comments))
        self.changed.add(comment.id)
        if deletes:
            self.daemon.forge.delete_comment(comment)
        else:
            self.daemon.forge.edit_comment(comment, body="Resolved elsewhere, never mind")

    # What has to hold

    def in_state(self, state: State) -> list[Job]:
        """The jobs in a state, as they are now."""
        found = [self.daemon.job(job) for job in self.jobs]
        return [job for job in found if job.state is state]

    def is_of(self, comment: Comment, job: Job) -> bool:
        """Whether an attempt at a job has created a comment."""
        return any(one.id == comment.id for one in self.created.get(job.id, []))

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """As long as anything showed the first comment, there is no second one."""
        assert not self.twice

    @invariant()
    def posts_stay_a_cooldown_apart(self) -> None:
        """However the worker died and the clock was set, one login's posts are apart."""
        for login in {login for login, _ in self.attempts}:
            times = [ticks for one, ticks in self.attempts if one == login]
            gaps = [later - sooner for sooner, later in pairwise(times)]
            assert min(gaps, default=COOLDOWN) >= COOLDOWN - 2, gaps

    @invariant()
    def receipts_are_true(self) -> None:
        """A job that is posted names a comment that one of its own attempts has created.

        Or one of the same text, whose job was deleted while it was being checked.
        """
        for job in self.in_state(State.POSTED):
            alike = [one.id for one in self.deleted if one.asked.body == job.asked.body]
            created = [one for job_id in (job.id, *alike) for one in self.created.get(job_id, [])]
            assert job.comment_id in {one.id for one in created}, job

    def teardown(self) -> None:
        """Once the forge works again, no job is lost: it is posted, or says why not."""
        self.dies = ""
        self.daemon.forge.answer_as_usual()
        self.daemon.forge.set_gateway(GATEWAYS[""])
        self.daemon.clock.advance(2 * HOUR)
        self.start()
        for _ in range(48):
            self.daemon.run_for(3 * HOUR)
            ended = [self.daemon.job(job) for job in self.jobs]
            if all(job.state in {State.POSTED, State.FAILED, State.UNCONFIRMED} for job in ended):
                break
        for job in ended:
            assert job.state in {State.POSTED, State.FAILED, State.UNCONFIRMED}, job
            assert job.state is State.POSTED or job.reason
        self.nothing_is_there_twice()
        self.receipts_are_true()
        self.posts_stay_a_cooldown_apart()
        self.daemon.close()
        self.stack.close()


def test_no_comment_is_there_twice_and_none_is_lost() -> None:
    """Whatever the forge, the platform and people do, in any order."""
    few = settings(max_examples=6, stateful_step_count=15)
    run_state_machine_as_test(PostMachine, settings=few)


@pytest.mark.full
def test_no_comment_is_there_twice_and_none_is_lost_in_many_more_runs() -> None:
    """The same, in hundreds of longer runs."""
    many = settings(settings.get_profile("full"), stateful_step_count=60)
    run_state_machine_as_test(PostMachine, settings=many)
