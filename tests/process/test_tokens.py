"""Each way to give the daemon a token."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from comenq_core.testing.forge import Account, Forge
from tests.process.daemon import Daemon


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Daemon]:
    """A daemon that is not started, and has no token yet."""
    with Daemon(forge.url, github_token_file=None) as made:
        yield made


def used(forge: Forge, count: int) -> list[str]:
    """The tokens of so many posts."""
    posts = forge.wait_for_requests(count, method="POST")
    return [post.headers["authorization"].removeprefix("Bearer ") for post in posts]


@pytest.mark.full
def test_a_token_that_a_command_prints(daemon: Daemon, forge: Forge) -> None:
    """`github_token_command` is run by the worker, with the daemon's PATH."""
    daemon.change(github_token_command="echo ghp_printed")
    daemon.start().put("hello")

    assert used(forge, 1) == ["ghp_printed"]


@pytest.mark.full
def test_a_token_that_systemd_hands_over(daemon: Daemon, forge: Forge) -> None:
    """``${CREDENTIALS_DIRECTORY}`` is found in the daemon's environment."""
    daemon.write("github_token", "ghp_credential\n")
    daemon.variables["CREDENTIALS_DIRECTORY"] = str(daemon.directory)
    daemon.change(github_token_file="${CREDENTIALS_DIRECTORY}/github_token")
    daemon.start().put("hello")

    assert used(forge, 1) == ["ghp_credential"]


@pytest.mark.full
def test_several_tokens_post_in_turn(daemon: Daemon, forge: Forge) -> None:
    """Each account posts once in a cooldown, so two comments leave at once, and no third."""
    forge.set_accounts({"ghp_one": Account(login="ada"), "ghp_two": Account(login="grace")})
    files = [str(daemon.write(name, f"ghp_{name}\n")) for name in ("one", "two")]
    daemon.change(github_token_files=files, cooldown_period_seconds=600)
    daemon.start()
    for number in range(3):
        daemon.put(str(number))

    assert sorted(used(forge, 2)) == ["ghp_one", "ghp_two"]
    daemon.log.until(r"job_done: ")
    daemon.log.until(r"job_done: ")
    status = daemon.comenq("status")
    assert len(re.findall(r"^account: .*\(in 10 min\)", status, re.MULTILINE)) == 2
    assert "1 waiting" in status
