"""The commands `on_posted`, `on_failed` and `on_answered`: told of each job, at least once."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import Answered, Attempt, Change, Conclusion, Ending, Job
from comenq_core.policy.from_settings import account_policy, retry_policy
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Act, Bot
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.follows import Follows
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.notices import Notices
from comenq_core.worker.notifier import Notifier, commands, notices_path
from comenq_core.worker.results import AnswerUpdate
from comenq_core.worker.worker import Worker
from tests.seen import LANES, Triggers
from tests.worker.rig import COOLDOWN, Rig, rig


def python(code: str, *words: object) -> str:
    """A command that runs Python."""
    return shlex.join([sys.executable, "-c", code, *map(str, words)])


def with_notifier(made: Rig, seconds: float = DEADLINE) -> Notifier:
    """Give the rig's worker a notifier, as the worker's process does; it does not run yet."""
    settings = made.settings
    notifier = Notifier(
        commands(settings), made.store.get, Notices(notices_path(settings)), seconds
    )
    made.worker = Worker(
        made.store,
        made.posters(),
        account_policy(settings),
        retry_policy(settings),
        notifier=notifier,
        lane_policy=made.lanes,
    )
    return notifier


@contextmanager
def notified(made: Rig, seconds: float = DEADLINE) -> Iterator[Notifier]:
    """The rig with a notifier that runs."""
    notifier = with_notifier(made, seconds)
    notifier.start()
    try:
        yield notifier
    finally:
        notifier.close()


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """What a command that writes its input into the FIFO ``told`` was told, job by job."""
    path = tmp_path / "told"
    os.mkfifo(path)

    def next_one() -> dict[str, Any]:
        value = json.loads(path.read_text())
        assert isinstance(value, dict)
        return value

    return next_one


WRITES = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"


def test_a_posted_and_a_failed_job_are_told_to_their_commands(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """Each command gets the job as `comenq hist --json` shows it, on its standard input."""
    command = python(WRITES, tmp_path / "told")
    with rig(tmp_path, on_posted=command, on_failed=command) as made, notified(made):
        posted = made.put("hello")
        made.run()
        first = told()
        made.forge.answer_next(status=422, body={"message": "Validation Failed"})
        failed = made.put("again", number=2)
        made.run_for(COOLDOWN)
        second = told()

    assert (first["id"], first["state"], first["body"]) == (posted.id, "posted", "hello")
    assert first["url"].startswith("http")
    assert (second["id"], second["state"]) == (failed.id, "failed")
    assert "422" in second["error"]


def test_a_command_is_run_again_after_a_crash(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """A job that was settled by a worker that died before its command ended is told by the next."""
    command = python(WRITES, tmp_path / "told")
    with rig(tmp_path, on_posted=command) as made:
        # One whose notifier does not run yet is as one that dies before it does.
        with_notifier(made)
        job = made.put("hello")
        made.run()
        made.start()
        with notified(made):
            assert told()["id"] == job.id
        assert Notices(notices_path(made.settings)).all() == []


def test_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    """Once a command has ended, whatever its status, no mark is left for the next worker."""
    with rig(tmp_path, on_posted="false") as made:
        with notified(made):
            made.put("hello")
            made.run()
            _until_all_told(made)
        assert list(notices_path(made.settings).iterdir()) == []


def test_a_hanging_command_delays_no_post(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """While the command of one comment has not ended, the next comment is posted."""
    command = python(WRITES, tmp_path / "told")
    with rig(tmp_path, on_posted=command) as made, notified(made):
        first, second = made.put("one"), made.put("two")
        made.run_for(COOLDOWN)
        assert made.bodies == ["one", "two"]
        assert [told()["id"], told()["id"]] == [first.id, second.id]


def test_a_command_has_no_token_in_its_environment(
    tmp_path: Path, told: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that may hold a token are not passed on; those that find the desktop are."""
    monkeypatch.setenv("COMENQD_GITHUB_TOKEN", "ghp_canary")
    monkeypatch.setenv("GH_TOKEN", "ghp_canary")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus")
    code = "import os, sys, json; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ)))"
    with rig(tmp_path, on_posted=python(code, tmp_path / "told")) as made, notified(made):
        made.put("hello")
        made.run()
        variables = told()

    assert "ghp_canary" not in variables.values()
    assert variables["DBUS_SESSION_BUS_ADDRESS"] == "unix:path=/run/user/1000/bus"
    assert variables["PATH"]


def test_a_command_that_keeps_failing_is_in_the_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure is a warning with the output, escaped; after three in a row the status says it."""
    command = python("print('a\\x1b[31mb' + 'x' * 5000); raise SystemExit(4)")
    free = rig(tmp_path, on_posted=command, cooldown_period_seconds=0.0)
    with free as made, notified(made) as notifier:
        for number in range(3):
            assert notifier.fault == ""
            made.put("hello", number=1 + number)
            made.run()
            _until_all_told(made)
        assert notifier.fault == "on_posted failed with exit status 4"

    lines = [one.getMessage() for one in caplog.records if "notify_failed" in one.getMessage()]
    assert len(lines) == 3
    assert "a\\x1b[31mb" in lines[0]
    assert len(lines[0]) < 1_000


def test_a_mark_that_is_made_again_meanwhile_stays(tmp_path: Path) -> None:
    """A job that was retried and settled while its command ran is told of again."""
    notices = Notices(tmp_path / "notify")
    notices.add("0123456789ab")
    ((job_id, number),) = notices.all()
    notices.add(job_id)
    notices.remove(job_id, number)
    assert [name for name, _ in notices.all()] == [job_id]
    assert [name for name, _ in Notices(tmp_path / "notify").all()] == [job_id]


def test_a_job_that_is_deleted_is_not_told(tmp_path: Path) -> None:
    """A mark whose job is gone goes, too."""
    with rig(tmp_path, on_failed="true") as made:
        job: Job = made.put("hello")
        made.store.change(job.id, Change.CANCEL)
        notices = Notices(notices_path(made.settings))
        notices.add(job.id)
        with notified(made):
            _until_all_told(made)
        assert Notices(notices_path(made.settings)).all() == []


class Answers:
    """A notifier with one job, which the test makes what a worker makes of a trigger."""

    def __init__(self, directory: Path) -> None:
        self.store = MemoryStore(FakeClock())
        self.triggers = Triggers(self.store)
        self.directory = directory / "notify"
        command = python(WRITES, directory / "told")
        words = commands(Settings(on_posted=command, on_answered=command))
        self.notices = Notices(self.directory)
        self.notifier = Notifier(words, self.store.get, self.notices)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the commands are run."""
        self.notifier.start()
        try:
            yield
        finally:
            self.notifier.close()

    def marks(self) -> set[str]:
        """The marks, as they are on the disk."""
        return {mark for mark, _ in Notices(self.directory).all()}

    def conclude(self, job: Job, ending: Ending, *, again: bool = False) -> Job:
        """Record an answer as the worker does."""
        self.notifier.announce_answer(job.id)
        job = self.triggers.concluded(job, ending, again=again)
        self.notifier.wake()
        return job


def test_an_answer_is_told_to_its_command(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """The command gets the job with its review; that it was posted is told as well, before."""
    made = Answers(tmp_path)
    job = made.triggers.posted()
    made.notices.add(job.id)
    made.conclude(job, Ending.REVIEWED)
    assert made.marks() == {job.id, f"{job.id}.answered"}
    with made.running():
        assert [told()["id"], told()["id"]] == [job.id, job.id]
        _until_empty(made.directory)


TRIGGER = "@coderabbitai review"
LIMITED = "> ## Review limit reached\n>\n> **Next review available in:** **2 minutes**"
CLEAN = "**Actionable comments posted: 0**"


@contextmanager
def answering(directory: Path) -> Iterator[Rig]:
    """A rig whose command is told of answers: CodeRabbit refuses once, and reviews then."""
    command = python(WRITES, directory / "told")
    with rig(directory, reviewers=("coderabbit",), on_answered=command) as made, notified(made):
        refused, reviewed = [Act(after=5, text=LIMITED)], [Act(after=20, text=CLEAN)]
        bot = Bot(login="coderabbitai[bot]", triggers=[TRIGGER], scenes=[refused, reviewed])
        made.forge.set_bots(bot)
        yield made


def test_the_last_answer_to_a_trigger_is_told_by_the_worker(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """The command hears of the review, and of no refusal before it."""
    with answering(tmp_path) as made:
        job = made.put(TRIGGER)
        made.run_for(1_800)
        value = told()
        _until_all_told(made)
    assert (value["id"], value["state"]) == (job.id, "posted")
    review = value["review"]
    assert (review["reviewer"], review["state"], review["triggers"]) == (
        "coderabbit",
        "reviewed",
        2,
    )


def test_a_review_that_somebody_else_has_asked_for_is_told_with_its_reviewer(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """The job itself was never posted."""
    with answering(tmp_path) as made:
        reviewed = [Act(after=200, kind="review", text=CLEAN)]
        made.forge.set_bots(Bot(login="coderabbitai[bot]", triggers=[TRIGGER], scenes=[reviewed]))
        made.forge.add_comment("o", "r", 1, body=TRIGGER, login="ada")
        made.clock.advance(60)
        job = made.put(TRIGGER)
        made.run_for(600)
        value = told()
    assert (value["id"], value["state"]) == (job.id, "skipped")
    assert (value["review"]["reviewer"], value["review"]["state"]) == ("coderabbit", "reviewed")


def test_a_review_that_was_there_before_is_told_with_its_reviewer(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """The head was reviewed while the job waited."""
    with answering(tmp_path) as made:
        job = made.put(TRIGGER)
        made.clock.advance(60)
        made.forge.add_review("o", "r", 1, login="coderabbitai[bot]", body=CLEAN)
        made.run()
        value = told()
    assert (value["id"], value["state"]) == (job.id, "skipped")
    assert (value["review"]["reviewer"], value["review"]["state"]) == ("coderabbit", "reviewed")


@pytest.mark.parametrize("again", [False, True])
def test_the_worker_marks_an_answer_before_it_is_recorded(tmp_path: Path, again: bool) -> None:
    """If the store fails then, the mark is there; there is none for an answer that ends nothing."""
    made = Answers(tmp_path)
    job = made.triggers.posted()
    conclusion = Conclusion(ending=Ending.LIMITED)
    now = made.store.now().wall
    attempt = Attempt(started=now, ended=now, account="", outcome="limited")
    answer = Answered(conclusion=conclusion, triggers=1, again=again)
    follows = Follows(made.store, LANES, Lanes(made.store, LANES), made.notifier)
    fails = patch.object(made.store, "conclude", side_effect=StoreError("full"))
    with fails, pytest.raises(StoreError):
        follows.answer(AnswerUpdate(job=job, answer=answer, attempt=attempt))
    assert made.marks() == (set() if again else {f"{job.id}.answered"})


def test_an_answer_after_which_it_asks_again_is_not_told(
    tmp_path: Path, told: Callable[[], dict[str, Any]]
) -> None:
    """Only the last answer of a comment is."""
    made = Answers(tmp_path)
    with made.running():
        job = made.conclude(made.triggers.posted(), Ending.LIMITED, again=True)
        job = made.conclude(made.triggers.posted(job), Ending.LIMITED)
        value = told()
        _until_empty(made.directory)
    assert (value["id"], value["review"]["state"]) == (job.id, "limited")
    assert value["review"]["triggers"] == 2


def test_an_answer_that_is_not_recorded_yet_stays_marked(tmp_path: Path) -> None:
    """A worker that dies between the mark and the record has the next one tell."""
    made = Answers(tmp_path)
    job = made.triggers.posted()
    made.notifier.announce_answer(job.id)
    with made.running():
        made.notifier.wake()
        made.notifier.close()
    assert made.marks() == {f"{job.id}.answered"}


def test_the_answer_to_a_job_that_is_deleted_is_not_told(tmp_path: Path) -> None:
    """Its mark goes."""
    made = Answers(tmp_path)
    job = made.conclude(made.triggers.posted(), Ending.LIMITED, again=True)
    made.store.change(job.id, Change.CANCEL)
    with made.running():
        _until_empty(made.directory)


def _until_empty(directory: Path) -> None:
    end = time.monotonic() + DEADLINE
    while any(directory.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.01)


def _until_all_told(made: Rig) -> None:
    """Wait until no mark is left."""
    _until_empty(notices_path(made.settings))
