"""Runs the commands ``on_posted``, ``on_failed`` and ``on_answered``, in a thread of its own.

Before a job is settled or answered it is marked, and the mark goes when its command has ended: a
crash between the two has the command run again. No post waits for a command.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread

from comenq_core.errors import ComenqError, NoSuchJob
from comenq_core.model import PENDING, Attempt, Job, State, Verdict
from comenq_core.model.transitions import settled
from comenq_core.process.command import run
from comenq_core.process.log import Log
from comenq_core.settings import Settings
from comenq_core.text import printable
from comenq_core.wire.messages import history_to_json
from comenq_core.worker.notices import Notices, answer_mark, job_of

__all__ = ["SECONDS", "Notifier", "commands", "missing_commands", "notices_path"]

SECONDS = 30.0
"""How long a command may take."""

TOO_OFTEN = 3
"""After how many failures in a row the status says so."""

AGAIN_SECONDS = 60.0
"""After how long a job is read again that the store did not give."""

log = Log("worker")

ON_ANSWERED = "on_answered"
_SETTINGS: Mapping[State, str] = {
    State.POSTED: "on_posted",
    State.FAILED: "on_failed",
    State.UNCONFIRMED: "on_failed",
}
"""The setting whose command is run after a job was settled so."""


def commands(settings: Settings) -> Mapping[str, Sequence[str]]:
    """The words of each command, by the name of its setting."""
    given = {
        "on_posted": settings.on_posted,
        "on_failed": settings.on_failed,
        ON_ANSWERED: settings.on_answered,
    }
    return {name: shlex.split(text) for name, text in given.items() if text}


def missing_commands(settings: Settings) -> Iterator[tuple[str, str]]:
    """The name of each setting whose command is not there, with what is wrong; none is run."""
    for name, words in commands(settings).items():
        if shutil.which(words[0]) is None:
            yield name, f"there is no command {printable(words[0])}"


class Notifier:
    """Runs a command for each job that was posted, failed or was answered, at least once.

    Args:
        commands: as of `commands`.
        get: the job with this id, as of `comenq_core.protocols.JobReader.get`.
        notices: the marks.
        seconds: how long a command may take.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        get: Callable[[str], Job],
        notices: Notices,
        seconds: float = SECONDS,
    ) -> None:
        self._commands = commands
        self._get = get
        self._notices = notices
        self._seconds = seconds
        self._failures: dict[str, int] = {}
        self._faults: dict[str, str] = {}
        self._wakes = Event()
        self._ends = Event()
        self._thread = Thread(target=self._serve, name="notifier", daemon=True)

    @property
    def fault(self) -> str:
        """Which command fails, again and again; ``""`` if none does."""
        often = (name for name, count in self._failures.items() if count >= TOO_OFTEN)
        return next((f"{name} {self._faults[name]}" for name in often), "")

    def start(self) -> None:
        """Begin with the jobs that the last worker has marked."""
        if self._commands:
            self._wakes.set()
            self._thread.start()

    def close(self) -> None:
        """Begin no other command, and wait until the present one has ended."""
        self._ends.set()
        self._wakes.set()
        if self._thread.is_alive():
            self._thread.join()

    def announce(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Mark a job that is about to be settled, if a command is for what becomes of it."""
        if _SETTINGS.get(settled(job, verdict, attempt).state) in self._commands:
            self._notices.add(job.id)

    def announce_answer(self, job_id: str) -> None:
        """Mark a job whose reviewer's answer is about to be recorded, if a command is for that.

        Nothing is run for it while it asks again: the mark stays until the last answer.
        """
        if ON_ANSWERED in self._commands:
            self._notices.add(answer_mark(job_id))

    def wake(self) -> None:
        """Look at the marked jobs: one was settled or answered."""
        self._wakes.set()

    def _serve(self) -> None:
        while not self._ends.is_set():
            self._wakes.wait(AGAIN_SECONDS)
            self._wakes.clear()
            for mark, number in self._notices.all():
                if self._ends.is_set():
                    return
                if self._notify(mark):
                    self._notices.remove(mark, number)

    def _notify(self, mark: str) -> bool:
        """Run the command that a mark is for; return whether the mark is of no use any more."""
        job_id = job_of(mark)
        try:
            job = self._get(job_id)
        except NoSuchJob:
            return True
        except ComenqError:
            return False  # the worker meets the same fault, and tells
        if words := self._commands.get(name := _setting(mark, job)):
            self._run(job, name, words)
            return True
        return not (job.state in PENDING or job.is_awaiting)

    def _run(self, job: Job, name: str, words: Sequence[str]) -> None:
        text = json.dumps(history_to_json(job)) + "\n"
        result = run(words, text.encode(), self._seconds)
        details = {"job": job.id, "command": name, "output": result.output or None}
        self._faults[name] = result.fault
        self._failures[name] = self._failures.get(name, 0) + 1 if result.fault else 0
        if result.fault:
            log.warning("notify_failed", "A command that was to be told of a job has failed.",
                        **details, reason=result.fault)  # fmt: skip
        else:
            log.info("notified", "A command was told of a job.", **details)


def _setting(mark: str, job: Job) -> str:
    """The setting whose command a mark is for; ``""`` if there is nothing to tell by now."""
    if mark == job.id:
        return _SETTINGS.get(job.state, "")
    is_answered = job.conclusion is not None and job.state in (State.POSTED, State.SKIPPED)
    return ON_ANSWERED if is_answered else ""


def notices_path(settings: Settings) -> Path:
    """Where the marks are: with the queue, so that they survive a restart of the machine."""
    return settings.queue_path / "notify"
