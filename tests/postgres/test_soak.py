"""Several machines at once, killed at random, while the database crashes and the network fails."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from comenq_core.client import Client
from comenq_core.errors import DaemonError
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.postgres.hosts import COOLDOWN, Host
from tests.postgres.server import PostgresServer
from tests.reliability.report import report
from tests.reliability.unsupervised import Program

HOSTS = 3
JOBS = 60
TROUBLE = 20.0
"""Seconds for which things fail; then all that is left is waited for in peace."""

FAULTS = ({"status": 502}, {"status": 502, "accept": True}, {"drop": True, "accept": True})


@dataclass
class Soak:
    """One run: its random numbers, its end, and what happened in it."""

    seed: int
    finished: threading.Event = field(default_factory=threading.Event)
    tally: Counter[str] = field(default_factory=Counter)

    def chance(self, purpose: str) -> random.Random:
        """The same numbers for the same seed, however many the other threads draw."""
        return random.Random(f"{self.seed} {purpose}")

    def keep_killing(self, name: str, start: Callable[[], Program]) -> Program:
        """Start a program again and again and kill it, at random; leave the last one running."""
        chance = self.chance(name)
        while True:
            running = start()
            if self.finished.wait(chance.uniform(0.5, 6)):
                return running
            running.kill()
            self.tally[f"kills of a {name.partition(' ')[0]}"] += 1

    def keep_cutting(self, name: str, host: Host) -> None:
        """Drop a machine's connections to the database, or stall them for a while."""
        chance = self.chance(name)
        while not self.finished.wait(chance.uniform(1, 5)):
            if chance.random() < 0.5:
                host.proxy.drop()
                self.tally["connections dropped"] += 1
                continue
            chance.choice((host.proxy.stall, host.proxy.stall_answers))()
            self.finished.wait(chance.uniform(0.5, 4))
            host.proxy.resume()
            self.tally["connections stalled"] += 1

    def keep_crashing(self, server: PostgresServer) -> None:
        """Crash the database, and start it again."""
        chance = self.chance("database")
        while not self.finished.wait(chance.uniform(4, 8)):
            server.crash()
            server.start()
            self.tally["crashes of the database"] += 1

    def hand_in(self, client: int, host: Host, bodies: Sequence[str]) -> None:
        """Be a client: some comments at once, a while of nothing, and so on."""
        chance = self.chance(f"client {client}")
        for body in bodies:
            self._enqueue(host, {"owner": "o", "repo": "r", "pr_number": 1, "body": body,
                                 "key": body})  # fmt: skip
            self.finished.wait(chance.uniform(0, 1))

    def _enqueue(self, host: Host, message: dict[str, object]) -> None:
        """Send until there is an answer; thanks to its key, the comment is queued once."""
        deadline = time.monotonic() + DEADLINE
        while True:
            assert time.monotonic() < deadline, f"no listener takes {message['body']}"
            try:
                with Client(str(host.daemon.socket)) as client:
                    client.ask(message)
            except (DaemonError, OSError):
                self.tally["requests sent again"] += 1
                time.sleep(0.05)
            else:
                return


@contextmanager
def in_trouble(soak: Soak, server: PostgresServer, hosts: Sequence[Host]) -> Iterator[None]:
    """Keep everything failing until the block ends and the time for it is over."""
    end = threading.Timer(TROUBLE, soak.finished.set)
    end.start()
    with ThreadPoolExecutor(3 * HOSTS + 1) as keepers:
        running: list[Future[object]] = [keepers.submit(soak.keep_crashing, server)]
        for number, host in enumerate(hosts):
            running += [
                keepers.submit(soak.keep_killing, f"listener {number}", host.listen),
                keepers.submit(soak.keep_killing, f"worker {number}", host.work),
                keepers.submit(soak.keep_cutting, f"network {number}", host),
            ]
        yield
        for keeper in running:
            keeper.result(TROUBLE + DEADLINE)
    end.join()


@pytest.mark.full
def test_each_acknowledged_comment_is_posted_once_whatever_fails(
    server: PostgresServer, schema: str
) -> None:
    """Three machines that share a queue lose no comment, double none, and keep the pace."""
    seed = int(os.environ.get("COMENQ_SOAK_SEED") or random.SystemRandom().randrange(10**6))
    soak = Soak(seed)
    bodies = [f"comment {number}" for number in range(JOBS)]
    began = time.monotonic()
    with ExitStack() as stack:
        forge = stack.enter_context(Forge())
        for fault in soak.chance("forge").choices(FAULTS, k=6):
            forge.answer_next(**fault)
        hosts = [stack.enter_context(Host(server, schema, forge)) for _ in range(HOSTS)]
        clients = stack.enter_context(ThreadPoolExecutor(HOSTS))
        with in_trouble(soak, server, hosts):
            asked = [
                clients.submit(soak.hand_in, number, host, bodies[number::HOSTS])
                for number, host in enumerate(hosts)
            ]
            for one in asked:
                one.result()
        hosts[0].wait_until("SELECT count(*) = 0 FROM job WHERE settled IS NULL")
        states = hosts[0].ask("SELECT json_object_agg(state, count) FROM"
                              " (SELECT state, count(*) FROM job GROUP BY state) AS s")  # fmt: skip
    gaps = [later.at - earlier.at for earlier, later in pairwise(forge.posts)]
    report(
        f"hosts: COMENQ_SOAK_SEED={seed}; {JOBS} comments through {HOSTS} machines in"
        f" {time.monotonic() - began:.0f} s; "
        + ", ".join(f"{count} {what}" for what, count in sorted(soak.tally.items()))
        + f"; {len(forge.posts)} posts reached the stand-in, never closer than {min(gaps):.2f} s"
    )
    assert Counter(one.body for one in forge.comments) == Counter(bodies), f"seed {seed}"
    assert states == {"posted": JOBS}
    assert min(gaps) >= COOLDOWN
