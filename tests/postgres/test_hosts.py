"""Real daemons, one real database: what fails on one machine loses no comment, and doubles none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest

from comenq_core.testing.forge import Act, Bot, Forge
from tests.postgres.hosts import ATTEMPT, COOLDOWN, Host, freeze, thaw
from tests.postgres.server import PostgresServer

IDLE = "SELECT count(*) = 0 FROM job WHERE settled IS NULL"
REFUSED = "SELECT EXISTS (SELECT FROM lane WHERE record->>'refused' = '1')"
LOST = "SELECT bool_or(leased_until <= clock_timestamp()) FROM job WHERE holder IS NOT NULL"


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as running:
        yield running


@pytest.fixture
def host(server: PostgresServer, schema: str, forge: Forge) -> Iterator[Callable[..., Host]]:
    """Makes one more machine that shares the queue."""
    with ExitStack() as stack:

        def made(**changes: Any) -> Host:
            return stack.enter_context(Host(server, schema, forge, **changes))

        yield made


def assert_each_once(forge: Forge, *bodies: str) -> None:
    """These comments and no others are there, and no two posts came closer than the cooldown."""
    assert Counter(one.body for one in forge.comments) == Counter(bodies)
    for earlier, later in pairwise(forge.posts):
        assert later.at - earlier.at >= COOLDOWN


def test_several_machines_post_one_comment_a_cooldown(
    host: Callable[..., Host], forge: Forge
) -> None:
    """Each comment that three listeners take is posted once, at the pace of one account."""
    hosts = [host() for _ in range(3)]
    bodies = []
    for machine in hosts:
        machine.listen()
        machine.work()
    for number in range(9):
        bodies.append(f"comment {number}")
        hosts[number % 3].daemon.put(bodies[-1])
    forge.wait_for_comments(9)
    hosts[0].wait_until(IDLE)
    assert [comment.body for comment in forge.comments] == bodies
    assert_each_once(forge, *bodies)


def test_a_worker_of_another_machine_takes_over_for_one_that_was_killed(
    host: Callable[..., Host], forge: Forge
) -> None:
    """The job that the dead one had is looked up, and the others are posted."""
    first, second = host(), host()
    first.listen()
    forge.answer_next(delay=60)
    worker = first.work()
    first.daemon.put("killed")
    forge.wait_for_comments(1)
    worker.kill()
    first.daemon.put("next")
    second.work()
    second.wait_until(IDLE)
    assert_each_once(forge, "killed", "next")


@pytest.mark.full
def test_a_worker_that_is_frozen_in_its_post_loses_the_job(
    host: Callable[..., Host], forge: Forge
) -> None:
    """Another finds the comment; the frozen one, thawed, changes nothing and works on."""
    first, second = host(), host()
    first.listen()
    forge.answer_next(delay=ATTEMPT / 2)
    worker = first.work()
    first.daemon.put("frozen")
    forge.wait_for_requests(1, method="POST")
    freeze(worker)
    second.work()
    first.wait_until(IDLE)
    thaw(worker)
    worker.log.until("unsettled")
    first.daemon.put("next")
    first.wait_until(IDLE)
    assert_each_once(forge, "frozen", "next")
    assert worker.is_alive


@pytest.mark.full
def test_a_worker_that_is_frozen_before_its_post_does_not_send_it(
    host: Callable[..., Host], forge: Forge
) -> None:
    """Frozen between the record of its attempt and the request, beyond its lease, and thawed."""
    first, second = host(), host()
    first.listen()
    worker = first.work()
    other = second.work()
    freeze(other)
    first.proxy.watch_for(b"SET pacing =", b"COMMIT")
    first.daemon.put("frozen")
    first.proxy.wait_for_sight()
    first.wait_until("SELECT count(pacing) = 1 FROM account")
    freeze(worker)
    first.proxy.resume()
    first.wait_until(LOST)
    thaw(other)
    second.wait_until(IDLE)
    thaw(worker)
    worker.log.until("unsettled: .* outcome=unavailable")
    first.daemon.put("next")
    first.wait_until(IDLE)
    assert_each_once(forge, "frozen", "next")


@pytest.mark.full
def test_a_worker_that_is_cut_off_posts_nothing(host: Callable[..., Host], forge: Forge) -> None:
    """When answers stay away in the middle of a claim, another posts; then it works on."""
    first, second = host(), host()
    second.listen()
    worker = first.work()
    first.proxy.watch_for(b"SET holder =")
    second.daemon.put("first")
    first.proxy.wait_for_sight()
    second.work()
    second.wait_until(IDLE)
    worker.log.until("fault")
    first.proxy.resume()
    worker.log.until("recovered")
    second.daemon.put("next")
    second.wait_until(IDLE)
    assert_each_once(forge, "first", "next")


@pytest.mark.full
def test_an_outcome_is_recorded_when_the_database_is_back(
    server: PostgresServer, host: Callable[..., Host], forge: Forge
) -> None:
    """The database goes away while a comment is posted: it is recorded later, and posted once."""
    machine = host()
    machine.listen()
    forge.answer_next(delay=ATTEMPT / 2)
    worker = machine.work()
    machine.daemon.put("posted while away")
    forge.wait_for_requests(1, method="POST")
    server.crash()
    worker.log.until("fault")
    server.start()
    machine.wait_until(IDLE)
    assert_each_once(forge, "posted while away")


@pytest.mark.full
def test_two_machines_post_one_trigger_in_a_window(host: Callable[..., Host], forge: Forge) -> None:
    """While the answer to one is awaited, and once the bot has refused, no other one goes."""
    notice = "<!-- rate limited by coderabbit.ai -->\n> ## Review limit reached\n>\n"
    limited = f"{notice}> **Next included review available in 10 minutes.**"
    trigger = "@coderabbitai review"
    scenes = [[Act(after=1, text=limited)]]
    forge.set_bots(Bot(login="coderabbitai[bot]", triggers=[trigger], scenes=scenes))
    hosts = [host(reviewers=["coderabbit"]) for _ in range(2)]
    for machine in hosts:
        machine.listen()
        machine.work()
    for number in range(4):
        hosts[number % 2].daemon.put(trigger)
    hosts[0].daemon.put("hello")
    hosts[0].wait_until(REFUSED)
    assert sorted(one.body for one in forge.comments if one.login == "octocat") == [
        trigger,
        "hello",
    ]
