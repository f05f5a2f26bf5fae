"""A campaign of faults: for some minutes everything goes wrong, then the books have to balance.

``scripts/soak MINUTES [SEED]`` runs it. Clients hand in comments over the socket and as files,
while listener and worker are killed, ended, stopped for a while and started short of descriptors,
nobody reads their logs, their wall clock is set forward and back, the disk fills up and turns
read-only, and the forge loses requests and answers, refuses, and limits. The last line says what
came of it.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from comenq_core.client import Client
from comenq_core.errors import DaemonError
from comenq_core.testing.forge import Forge
from tests.reliability.disks import fill, remount, small_disk
from tests.reliability.unsupervised import Program, Unsupervised
from tests.reliability.wall_clock import WallClock

__all__ = ["Campaign", "main"]

PULLS = 40
SETTLED_IN = 1_800.0
"""Seconds after the last fault in which every comment has to be settled."""
LIES: Sequence[dict[str, Any]] = (
    {"status": 502},
    {"status": 502, "accept": True},
    {"drop": True},
    {"drop": True, "accept": True},
    {"delay": 2.0},
    {"status": 201, "accept": True, "text": ""},
    {"status": 429, "headers": {"Retry-After": "1"}, "body": {"message": "slow down"}},
    {"status": 200, "accept": True, "text": "<html>please log in</html>"},
)
STEPS = (timedelta(hours=1), timedelta(hours=30), timedelta(days=9), timedelta(days=400))
"""How far the wall clock goes wrong, in either direction."""
PIPE_BYTES = 4096
"""Room in the pipe of a log, so that it is full soon after its reader has stopped."""
SETTINGS = {
    "log_level": "debug",
    "history_days": 1,
    "max_attempts": 1_000_000,
    "max_interruptions": 1_000_000,
    "recheck_seconds": 0.2,
    "github_api_timeout_secs": 1.0,
    "github_marker": True,
    "spool.min_free_bytes": 65_536,
    "spool.min_free_inodes": 20,
}


class Campaign:
    """One run.

    Args:
        minutes: how long the faults last.
        seed: of all that is left to chance.
    """

    def __init__(self, minutes: float, seed: int) -> None:
        self.seconds = 60 * minutes
        self.seed = seed
        self.over = threading.Event()
        self.tally: Counter[str] = Counter()
        self.acknowledged: dict[str, int] = {}
        self._running: dict[str, Program] = {}

    def chance(self, purpose: str) -> random.Random:
        """The same numbers for the same seed, whatever the other threads draw."""
        return random.Random(f"{self.seed} {purpose}")

    def run(self) -> Counter[str]:
        """Let everything go wrong, then let it settle; return what became of the comments."""
        with ExitStack() as stack:
            forge = stack.enter_context(Forge())
            stack.callback(WallClock.clean_up)
            daemon = stack.enter_context(Unsupervised(forge.url, **SETTINGS))
            stack.enter_context(small_disk(daemon.queue, "64m", 20_000))
            daemon.work().stop()
            clock = WallClock(daemon.directory / "clock")
            daemon.variables |= clock.environ
            faults = [
                lambda: self.keep_alive("listener", daemon.listen),
                lambda: self.keep_alive("worker", daemon.work),
                lambda: self.trouble_disk(daemon.queue),
                self.stop_for_a_while,
                self.stall_logs,
                lambda: self.step_clock(clock),
                lambda: self.lie(forge),
                lambda: self.hand_in(daemon),
                lambda: self.drop(daemon),
            ]
            with ThreadPoolExecutor(len(faults)) as threads:
                doing = [threads.submit(fault) for fault in faults]
                for one in doing:
                    one.add_done_callback(lambda _: self.over.set())
                self.over.wait(self.seconds)
                self.over.set()
                for one in doing:
                    one.result()
            clock.step(timedelta())
            forge.answer_as_usual()
            self.let_settle(daemon)
            return self.balance(daemon, forge)

    def keep_alive(self, name: str, start: Callable[..., Program]) -> None:
        """Start a program, end it at a random moment, start it again, perhaps short of files."""
        chance = self.chance(name)
        while not self.over.is_set():
            short = {"preexec_fn": _few_files} if chance.random() < 0.2 else {}
            try:
                program = self._running[name] = start(pipesize=PIPE_BYTES, **short)
            except AssertionError:
                self.tally[f"the {name} did not start"] += 1
                self.over.wait(1)
                continue
            self.over.wait(chance.uniform(1, 20))
            if chance.random() < 0.2:
                program.stop()
                self.tally[f"ends of the {name}"] += 1
            else:
                program.kill()
                self.tally[f"kills of the {name}"] += 1
            WallClock.clean_up()

    def stop_for_a_while(self) -> None:
        """Stop a process, and let it go on."""
        chance = self.chance("stops")
        while not self.over.wait(chance.uniform(5, 15)):
            program = self._running.get(chance.choice(["listener", "worker"]))
            if program and program.is_alive:
                with suppress(ProcessLookupError):
                    program.process.send_signal(signal.SIGSTOP)
                    self.over.wait(chance.uniform(1, 5))
                    program.process.send_signal(signal.SIGCONT)
                    self.tally["stops"] += 1

    def stall_logs(self) -> None:
        """Do not read what a process logs for a while."""
        chance = self.chance("logs")
        while not self.over.wait(chance.uniform(3, 10)):
            program = self._running.get(chance.choice(["listener", "worker"]))
            if program and program.is_alive:
                with program.log.stalled():
                    self.over.wait(chance.uniform(1, 10))
                self.tally["stalled logs"] += 1

    def step_clock(self, clock: WallClock) -> None:
        """Set the wall clock wrong by hours or days, and right again."""
        chance = self.chance("clock")
        while not self.over.wait(chance.uniform(2, 10)):
            clock.step(chance.choice(STEPS) * chance.choice([-1, 1]))
            self.tally["clock steps"] += 1
            self.over.wait(chance.uniform(1, 10))
            clock.step(timedelta())
            self.tally["clock steps"] += 1

    def trouble_disk(self, queue: Path) -> None:
        """Fill the disk, or make it read-only, for a while."""
        chance = self.chance("disk")
        while not self.over.wait(chance.uniform(10, 30)):
            if chance.random() < 0.5:
                fill(queue / "filler", size=1 << 20, count=80)
                self.tally["full disks"] += 1
                self.over.wait(chance.uniform(1, 5))
                shutil.rmtree(queue / "filler")
            else:
                with suppress(subprocess.CalledProcessError):  # while a file is being written
                    remount(queue, "ro")
                    self.tally["read-only disks"] += 1
                self.over.wait(chance.uniform(1, 5))
                remount(queue, "rw")

    def lie(self, forge: Forge) -> None:
        """Answer some posts badly."""
        chance = self.chance("forge")
        while not self.over.wait(chance.uniform(0, 2)):
            forge.answer_next(path="comments", **chance.choice(LIES))
            self.tally["lies of the forge"] += 1

    def hand_in(self, daemon: Unsupervised) -> None:
        """Be a client that asks until it has an answer; the key makes a repetition harmless."""
        chance = self.chance("client")
        while not self.over.wait(chance.uniform(0, 1)):
            message = self._message(chance)
            while not self.over.is_set():
                try:
                    with Client(str(daemon.socket)) as client:
                        client.ask(message)
                except (DaemonError, OSError):
                    self.over.wait(0.1)
                else:
                    self.acknowledged[str(message["body"])] = int(str(message["pr_number"]))
                    break

    def drop(self, daemon: Unsupervised) -> None:
        """Move files into the spool; a file that stands there is acknowledged."""
        chance = self.chance("drops")
        drafts = daemon.queue / "drafts"
        while not self.over.wait(chance.uniform(0, 2)):
            message = self._message(chance)
            with suppress(OSError):
                drafts.mkdir(exist_ok=True)
                draft = drafts / f"{message['key']}.json"
                draft.write_text(json.dumps(message))
                draft.rename(daemon.queue / "new" / draft.name)
                self.acknowledged[str(message["body"])] = int(str(message["pr_number"]))

    def _message(self, chance: random.Random) -> dict[str, object]:
        number = f"{chance.getrandbits(48):012x}"
        pull = chance.randint(1, PULLS)
        body = f"comment {number}"
        return {"owner": "o", "repo": "r", "pr_number": pull, "body": body, "key": number}

    def let_settle(self, daemon: Unsupervised) -> None:
        """Without faults, wait until nothing waits any more."""
        daemon.listen()
        daemon.work()
        deadline = time.monotonic() + SETTLED_IN
        while time.monotonic() < deadline:
            _ask(daemon, {"op": "flush"})
            counts = _ask(daemon, {"op": "status"})["status"]["counts"]
            if not counts["waiting"] + counts["posting"]:
                return
            time.sleep(0.5)

    def balance(self, daemon: Unsupervised, forge: Forge) -> Counter[str]:
        """What became of the acknowledged comments."""
        waiting = _ask(daemon, {"op": "list"})["entries"]
        failed = _ask(daemon, {"op": "hist", "failed": True})["history"]
        unconfirmed = {one["body"] for one in waiting if one["state"] == "unconfirmed"}
        told = unconfirmed | {one["body"] for one in failed}
        there = Counter(comment.body.partition("\n")[0] for comment in forge.comments)
        lost = [body for body in self.acknowledged if not there[body] and body not in told]
        return Counter(
            {
                "acknowledged": len(self.acknowledged),
                "posted": sum(1 for body in self.acknowledged if there[body]),
                "twice": sum(1 for count in there.values() if count > 1),
                "lost": len(lost),
                "unconfirmed": len(unconfirmed),
                "failed": len(failed),
            }
        )


def _ask(daemon: Unsupervised, message: dict[str, object]) -> dict[str, Any]:
    with Client(str(daemon.socket)) as client:
        return client.ask(message)


def _few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def main(arguments: Sequence[str]) -> int:
    """Run a campaign and print what came of it; 1 if anything is lost or there twice."""
    minutes = float(arguments[0]) if arguments else 1.0
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(10**6)
    campaign = Campaign(minutes, seed)
    found = campaign.run()
    for what, count in sorted(campaign.tally.items()):
        sys.stdout.write(f"{count} {what}\n")
    words = ", ".join(f"{count} {what}" for what, count in found.items())
    sys.stdout.write(f"{minutes:g} minutes, seed {seed}: {words}\n")
    return 1 if found["lost"] or found["twice"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
