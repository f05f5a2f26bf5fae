"""Runs the commands ``on_posted`` and ``on_failed``, in a thread of its own.

Before a job is settled it is marked, and the mark goes when its command has ended: a crash between
the two has the command run again. No post waits for a command.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread

from comenq_core.errors import ComenqError, NoSuchJob
from comenq_core.model import SETTLED, Attempt, Job, State, Verdict
from comenq_core.model.transitions import settled
from comenq_core.process.command import run
from comenq_core.process.log import Log
from comenq_core.settings import Settings
from comenq_core.text import printable
from comenq_core.wire.messages import history_to_json
from comenq_core.worker.notices import Notices

__all__ = ["SECONDS", "Notifier", "commands", "missing_commands", "notices_path"]

SECONDS = 30.0
"""How long a command may take."""

TOO_OFTEN = 3
"""After how many failures in a row the status says so."""

AGAIN_SECONDS = 60.0
"""After how long a job is read again that the store did not give."""

log = Log("worker")


def commands(settings: Settings) -> Mapping[State, tuple[str, Sequence[str]]]:
    """The name of the setting and the words of its command, by the state after which it is run."""
    given = {"on_posted": settings.on_posted, "on_failed": settings.on_failed}
    words = {name: (name, shlex.split(text)) for name, text in given.items() if text}
    states = {
        State.POSTED: "on_posted",
        State.FAILED: "on_failed",
        State.UNCONFIRMED: "on_failed",
    }
    return {state: words[name] for state, name in states.items() if name in words}


def missing_commands(settings: Settings) -> Iterator[tuple[str, str]]:
    """The name of each setting whose command is not there, with what is wrong; none is run."""
    for name, words in dict(commands(settings).values()).items():
        if shutil.which(words[0]) is None:
            yield name, f"there is no command {printable(words[0])}"


class Notifier:
    """Runs a command for each job that was posted or failed, at least once.

    Args:
        commands: as of `commands`.
        get: the job with this id, as of `comenq_core.protocols.JobReader.get`.
        notices: the marks.
        seconds: how long a command may take.
    """

    def __init__(
        self,
        commands: Mapping[State, tuple[str, Sequence[str]]],
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
        if settled(job, verdict, attempt).state in self._commands:
            self._notices.add(job.id)

    def wake(self) -> None:
        """Look at the marked jobs: one was settled."""
        self._wakes.set()

    def _serve(self) -> None:
        while not self._ends.is_set():
            self._wakes.wait(AGAIN_SECONDS)
            self._wakes.clear()
            for job_id, number in self._notices.all():
                if self._ends.is_set():
                    return
                if self._notify(job_id):
                    self._notices.remove(job_id, number)

    def _notify(self, job_id: str) -> bool:
        """Run the command for a marked job; return whether its mark is of no use any more."""
        try:
            job = self._get(job_id)
        except NoSuchJob:
            return True
        except ComenqError:
            return False  # the worker meets the same fault, and tells
        if job.state in self._commands:
            self._run(job)
            return True
        return job.state in SETTLED

    def _run(self, job: Job) -> None:
        name, words = self._commands[job.state]
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


def notices_path(settings: Settings) -> Path:
    """Where the marks are: with the queue, so that they survive a restart of the machine."""
    return settings.queue_path / "notify"
