"""Hundreds of comments, while listener and worker are killed and the forge misbehaves."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from comenq_core.client import Client
from comenq_core.errors import DaemonError
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.reliability.report import report
from tests.reliability.unsupervised import Program, Unsupervised

JOBS = 300
CLIENTS = 4
PULLS = 25
FAULTS: Sequence[dict[str, Any]] = (
    {"status": 502},
    {"status": 502, "accept": True},
    {"drop": True},
    {"drop": True, "accept": True},
    {"delay": 0.2},
    {"delay": 2.0},
)
SETTINGS = {
    "max_attempts": 1_000,
    "max_interruptions": 1_000,
    "recheck_seconds": 0.05,
    # After a kill, the pace allows for the longest that the post could have taken.
    "github_api_timeout_secs": 1.0,
}


@dataclass
class Soak:
    """One run: its chance, its end, and what happened in it."""

    daemon: Unsupervised
    seed: int
    finished: threading.Event = field(default_factory=threading.Event)
    tally: Counter[str] = field(default_factory=Counter)

    def chance(self, purpose: str) -> random.Random:
        """The same numbers for the same seed, whatever the other threads draw."""
        return random.Random(f"{self.seed} {purpose}")

    def keep_killing(self, program: str, start: Callable[[], Program]) -> None:
        """Start a program again and again, and kill it at random moments."""
        chance = self.chance(program)
        while not self.finished.is_set():
            running = start()
            if self.finished.wait(chance.uniform(0.1, 2.5)):
                return
            assert running.is_alive, f"the {program} ended by itself:\n{running.log}"
            running.kill()
            self.tally[f"kills of the {program}"] += 1

    def hand_in(self, client: int, messages: Sequence[dict[str, object]]) -> None:
        """Be a client: some comments at once, a while of nothing, and so on."""
        chance = self.chance(f"client {client}")
        for message in messages:
            self.enqueue(message)
            if chance.random() < 0.2:
                self.finished.wait(chance.uniform(0, 2))

    def enqueue(self, message: dict[str, object]) -> None:
        """Ask until there is an answer; the key makes a repeated request harmless."""
        while not self.finished.is_set():
            try:
                with Client(str(self.daemon.socket)) as client:
                    client.ask(message)
            except (FileNotFoundError, ConnectionRefusedError):
                self.finished.wait(0.05)
            except (DaemonError, OSError):
                self.tally["sent without an answer and sent again"] += 1
            else:
                self.tally["acknowledged over the socket"] += 1
                return

    def drop_all(self, messages: Sequence[dict[str, object]]) -> None:
        """Rename files in, which is all that it takes."""
        chance = self.chance("drops")
        for number, message in enumerate(messages):
            draft = self.daemon.directory / f"{number}.json"
            draft.write_text(json.dumps(message))
            draft.rename(self.daemon.queue / "new" / draft.name)
            self.tally["dropped as files"] += 1
            if chance.random() < 0.2:
                self.finished.wait(chance.uniform(0, 1))

    def wait_for_receipts(self, count: int) -> None:
        """Block until so many comments are settled, none is any more, or something has failed."""
        before, deadline = -1, 0.0
        while (now := len(os.listdir(self.daemon.queue / "done"))) < count:
            if now > before:
                before, deadline = now, time.monotonic() + DEADLINE
            if self.finished.wait(0.05) or time.monotonic() > deadline:
                return


def comments(seed: int) -> Iterator[dict[str, object]]:
    """Comments for some pull requests; many read alike but for a number."""
    chance = random.Random(seed)
    for number in range(JOBS):
        yield {
            "owner": "o",
            "repo": "r",
            "pr_number": chance.randint(1, PULLS),
            "body": f"comment {number}\n",
            "key": f"soak-{number}",
        }


def script(forge: Forge, chance: random.Random) -> int:
    """Have some posts to every pull request answered badly; return how many."""
    for number in range(1, PULLS + 1):
        for fault in chance.sample(FAULTS, 2):
            forge.answer_next(path=rf"/issues/{number}/comments", **fault)
    return 2 * PULLS


@contextmanager
def soaking(soak: Soak) -> Iterator[None]:
    """Keep listener and worker coming and going for the length of a ``with`` block."""
    with ThreadPoolExecutor(2) as keepers:
        running = [
            keepers.submit(soak.keep_killing, "listener", soak.daemon.listen),
            keepers.submit(soak.keep_killing, "worker", soak.daemon.work),
        ]
        for keeper in running:
            # One that fails ends the whole run at once.
            keeper.add_done_callback(lambda _: soak.finished.set())
        try:
            yield
        finally:
            soak.finished.set()
        for keeper in running:
            keeper.result(DEADLINE)


def settled(queue: Path) -> Counter[str]:
    """How many files stand in each of the spool's directories."""
    names = ("tmp", "new", "cur", "hold", "adopt", "done", "failed")
    return Counter({name: len(os.listdir(queue / name)) for name in names})


@pytest.mark.full
def test_each_acknowledged_comment_is_posted_once_whatever_is_killed(forge: Forge) -> None:
    """Kills, lost replies and lost requests neither lose a comment nor post one twice."""
    seed = int(os.environ.get("COMENQ_SOAK_SEED") or random.SystemRandom().randrange(10**6))
    report(f"soak: COMENQ_SOAK_SEED={seed}")
    began = time.monotonic()
    with Unsupervised(forge.url, **SETTINGS) as daemon:
        daemon.work().stop()  # It makes the spool, into which files can be dropped from now on.
        soak = Soak(daemon, seed)
        faults = script(forge, soak.chance("forge"))
        wanted = list(comments(seed))
        with soaking(soak), ThreadPoolExecutor(CLIENTS) as clients:
            by_socket, by_file = wanted[: JOBS * 2 // 3], wanted[JOBS * 2 // 3 :]
            asked = [
                clients.submit(soak.hand_in, number, by_socket[number::CLIENTS])
                for number in range(CLIENTS)
            ]
            soak.drop_all(by_file)
            for one in asked:
                one.result()
            soak.wait_for_receipts(JOBS)
        left = settled(daemon.queue)

    posted = Counter(comment.body for comment in forge.comments)
    report(
        f"soak: {JOBS} comments in {time.monotonic() - began:.0f} s; "
        + ", ".join(f"{count} {what}" for what, count in sorted(soak.tally.items()))
        + f"; {faults} answers scripted to fail or to come late; "
        + f"{len(forge.posts)} posts reached the stand-in, {len(forge.requests)} requests in all; "
        + f"{sum(posted.values())} comments there, {len(posted)} different"
    )
    assert posted == Counter(str(message["body"]) for message in wanted), f"seed {seed}"
    assert (left["done"], left["failed"], left["new"], left["cur"]) == (JOBS, 0, 0, 0), left
