"""The contract of an intake: what is acknowledged is queued, and nothing else is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, Protocol

import pytest

from comenq_core.errors import ComenqError, PolicyRefused, QueueRefused, StoreError
from comenq_core.listener.queue import JobQueue
from comenq_core.model import BODY_LIMIT, MAX_NUMBER, CommentRequest, Entry, NewJob, State
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.stop import StopFlag
from comenq_core.protocols import Intake
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.memory_store import MemoryStore

__all__ = ["HandIn", "Inbox", "IntakeContract", "Serving"]

AT_ONCE = 8
TOKEN = "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"  # GitHub's own example

WHOLE: dict[str, Any] = {"owner": "octo-org", "repo": "site", "pr_number": 7, "body": "Looks good."}
# None ends with a newline: some ways in, such as e-mail, end every text with one of their own.
BODIES = {
    "one line": "Looks good.",
    "lines": "First.\n\n  Indented.\n\tTabbed.\nLast.",
    "dots": ".\n..\n.dotted\n\n.",
    "another script": "שלום, мир, 👩‍👩‍👧 é",
    "punctuation": "\"quoted\" 'single' \\ <b>&amp;</b> {} [] % $HOME `id` =3D =?utf-8?q?x?=",
    "headers": "From here on.\nSubject: not one\n\n--boundary",
    "long": "x" * 100_000,
    "many lines": "A line of text.\n" * 5_000 + "The last one.",
}
WRONG = {
    "owner": {"owner": "no.owner"},
    "repo": {"repo": "no,repo"},
    "number zero": {"pr_number": 0},
    "number too large": {"pr_number": MAX_NUMBER + 1},
    "blank body": {"body": "   "},
    "long body": {"body": "é" * (BODY_LIMIT // 2 + 1)},
}
WRONG_TYPES: dict[str, dict[str, Any]] = {
    "owner is a number": {"owner": 7},
    "repo is a list": {"repo": ["site"]},
    "number is a fraction": {"pr_number": 7.5},
    "number is true": {"pr_number": True},
    "number is a text": {"pr_number": "7"},
    "body is a number": {"body": 5},
    "body is null": {"body": None},
}


class HandIn(Protocol):
    """Hands a request in, as a user of the intake would."""

    def __call__(self, *, owner: str, repo: str, pr_number: int, body: str) -> str:
        """Block until the request is acknowledged or refused.

        The members may break the rules of `CommentRequest` and, unless the intake is
        `text_only`, have other types. It may be called as soon as `Intake.serve` was called,
        before the intake is ready.

        Returns:
            ``""`` if the intake has acknowledged the request, else the reason that it gave.
        """


class Inbox(JobQueue):
    """A queue in memory that takes everything, or refuses everything with one error."""

    def __init__(self) -> None:
        self.store = MemoryStore(FakeClock())
        self.error: ComenqError | None = None
        """What to raise instead of taking anything."""
        super().__init__(self.store, PacingPolicy(cooldown=900, jitter=0, attempt_limit=30))

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        """Take all of these, unless there is an error to raise."""
        if self.error:
            raise self.error
        return super().submit_all(new_jobs)

    @property
    def requests(self) -> Sequence[CommentRequest]:
        """What was taken, in its order."""
        return [job.asked for job in self.store.pending()]


class Serving:
    """An intake at work in a thread, as in the listener.

    Args:
        intake: what serves.
        inbox: the queue that it is handed.
        stop: what tells it to end.
    """

    def __init__(self, intake: Intake, inbox: Inbox, stop: StopFlag) -> None:
        self._stop = stop
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._run, args=(intake, inbox), daemon=True)
        self._thread.start()

    def _run(self, intake: Intake, inbox: Inbox) -> None:
        try:
            intake.serve(inbox, self._stop)
        except Exception as error:  # noqa: BLE001 -- raised again where the test sees it
            self._errors.append(error)

    def finish(self) -> None:
        """Ask it to stop, and wait until it has; if it raised an error, raise that."""
        self._stop.set()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "the intake serves on after it was asked to stop"
        for error in self._errors:
            raise error


class IntakeContract:
    """The whole contract of an intake that answers those who use it.

    A subclass sets the ``name`` that the intake has in a job's origin, and defines three
    fixtures: ``intake``, an intake that was not used yet; ``hand_in``, a `HandIn` that reaches
    it; and ``hand_in_nonsense``, a function that sends it what is no request at all, and returns
    the reason that the intake gives. It sets ``text_only`` if requests reach the intake as plain
    text, as by e-mail, where a number cannot be told from its digits.
    """

    name: ClassVar[str]
    text_only: ClassVar[bool] = False

    @pytest.fixture
    def intake(self) -> Intake:
        """The intake under test; for the subclass to define."""
        raise NotImplementedError("define the fixture `intake` in your subclass of IntakeContract")

    @pytest.fixture
    def hand_in(self) -> HandIn:
        """Hands a request in; for the subclass to define."""
        raise NotImplementedError("define the fixture `hand_in` in your subclass")

    @pytest.fixture
    def hand_in_nonsense(self) -> Callable[[], str]:
        """Hands in what is no request at all; for the subclass to define."""
        raise NotImplementedError("define the fixture `hand_in_nonsense` in your subclass")

    @pytest.fixture
    def inbox(self) -> Inbox:
        """The queue that the intake is handed."""
        return Inbox()

    @pytest.fixture
    def serving(self, intake: Intake, inbox: Inbox) -> Iterator[Serving]:
        """The intake at work."""
        with StopFlag() as stop:
            started = Serving(intake, inbox, stop)
            yield started
            started.finish()

    @pytest.mark.usefixtures("serving")
    def test_what_is_acknowledged_is_queued(self, inbox: Inbox, hand_in: HandIn) -> None:
        """A request that is acknowledged is in the queue, once."""
        assert hand_in(**WHOLE) == ""
        assert inbox.requests[0].target == "octo-org/site#7"
        assert len(inbox.requests) == 1

    @pytest.mark.usefixtures("serving")
    def test_requests_are_queued_in_their_order(self, inbox: Inbox, hand_in: HandIn) -> None:
        """A request that is handed in after another was acknowledged is queued behind it."""
        bodies = [f"comment {number}" for number in range(5)]
        for body in bodies:
            assert hand_in(**WHOLE | {"body": body}) == ""
        assert [request.body for request in inbox.requests] == bodies

    @pytest.mark.usefixtures("serving")
    def test_several_at_once_are_all_queued(self, inbox: Inbox, hand_in: HandIn) -> None:
        """Requests that are handed in at the same time are all queued, each as it is."""
        bodies = [f"comment {number}" for number in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as senders:
            sent = [senders.submit(partial(hand_in, **WHOLE | {"body": body})) for body in bodies]
        assert [one.result() for one in sent] == [""] * AT_ONCE
        assert sorted(request.body for request in inbox.requests) == bodies

    @pytest.mark.usefixtures("serving")
    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_a_body_is_queued_as_it_was_written(
        self, inbox: Inbox, hand_in: HandIn, body: str
    ) -> None:
        """No character is lost, added or changed on the way in."""
        assert hand_in(**WHOLE | {"body": body}) == ""
        assert [request.body for request in inbox.requests] == [body]

    @pytest.mark.usefixtures("serving")
    def test_the_origin_names_the_intake(self, inbox: Inbox, hand_in: HandIn) -> None:
        """The origin of a job has the name of its intake."""
        assert hand_in(**WHOLE) == ""
        assert [job.origin.intake for job in inbox.store.pending()] == [self.name]

    @pytest.mark.usefixtures("serving")
    @pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
    def test_a_request_that_breaks_a_rule_is_refused(
        self, inbox: Inbox, hand_in: HandIn, wrong: dict[str, str | int]
    ) -> None:
        """A wrong member is answered with a reason, and nothing is queued."""
        assert hand_in(**WHOLE | wrong)
        assert inbox.requests == []

    @pytest.mark.usefixtures("serving")
    @pytest.mark.parametrize("wrong", WRONG_TYPES.values(), ids=WRONG_TYPES)
    def test_a_member_of_a_wrong_type_is_refused(
        self, inbox: Inbox, hand_in: HandIn, wrong: dict[str, Any]
    ) -> None:
        """A member of a wrong type is answered with a reason, and the next request is served."""
        if self.text_only:
            pytest.skip("requests reach this intake as text, which has no types")
        assert hand_in(**WHOLE | wrong)
        assert inbox.requests == []
        assert hand_in(**WHOLE) == ""

    @pytest.mark.usefixtures("serving")
    def test_nonsense_is_refused(
        self, inbox: Inbox, hand_in: HandIn, hand_in_nonsense: Callable[[], str]
    ) -> None:
        """What is no request at all is answered with a reason, and the next one is served."""
        assert hand_in_nonsense()
        assert inbox.requests == []
        assert hand_in(**WHOLE) == ""
        assert len(inbox.requests) == 1

    @pytest.mark.usefixtures("serving")
    def test_what_a_policy_does_not_allow_is_refused(self, inbox: Inbox, hand_in: HandIn) -> None:
        """The answer names the policy, nothing is queued, and the next request is served."""
        inbox.error = PolicyRefused("agents", "comments on octo-org/site are not allowed")
        assert "policy agents: comments on octo-org/site" in hand_in(**WHOLE)
        inbox.error = None
        assert hand_in(**WHOLE | {"body": "afterwards"}) == ""
        assert [request.body for request in inbox.requests] == ["afterwards"]

    @pytest.mark.usefixtures("serving")
    def test_a_comment_with_a_credential_is_held(self, inbox: Inbox, hand_in: HandIn) -> None:
        """It is acknowledged, and nobody posts it before somebody has released it."""
        assert hand_in(**WHOLE | {"body": f"Use {TOKEN} for it."}) == ""
        assert hand_in(**WHOLE) == ""
        held, waits = sorted(inbox.store.pending(), key=lambda job: job.state)
        assert (held.state, waits.state) == (State.HELD, State.WAITING)
        assert held.asked.body == f"Use {TOKEN} for it."

    @pytest.mark.usefixtures("serving")
    @pytest.mark.parametrize("why", ["queue_full", "disk_full"])
    def test_a_full_queue_acknowledges_nothing(
        self, inbox: Inbox, hand_in: HandIn, why: str
    ) -> None:
        """While there is no room, requests are refused with a reason; afterwards, taken again."""
        inbox.error = QueueRefused(why, "there is no room; try again later")
        assert hand_in(**WHOLE)
        inbox.error = None
        assert hand_in(**WHOLE | {"body": "afterwards"}) == ""
        assert "afterwards" in [request.body for request in inbox.requests]

    @pytest.mark.usefixtures("serving")
    def test_a_store_that_fails_acknowledges_nothing(self, inbox: Inbox, hand_in: HandIn) -> None:
        """What was not made durable is not acknowledged, and the intake serves on."""
        inbox.error = StoreError("the disk does not answer")
        assert hand_in(**WHOLE)
        inbox.error = None
        assert hand_in(**WHOLE | {"body": "afterwards"}) == ""
        assert "afterwards" in [request.body for request in inbox.requests]

    def test_it_ends_when_it_is_asked_to(self, serving: Serving, hand_in: HandIn) -> None:
        """Once `stop` is set, `serve` returns."""
        assert hand_in(**WHOLE) == ""
        serving.finish()

    def test_it_ends_without_a_request(self, serving: Serving) -> None:
        """It may be asked to stop before it has begun to serve."""
        serving.finish()
