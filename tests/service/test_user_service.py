"""From nothing to a service in two commands: a user, uv, and the user's own real systemd."""

from __future__ import annotations

import shutil

import pytest

from comenq_core import __version__
from comenq_core.testing.forge import Forge
from tests.service.home import SCRIPTS
from tests.service.machine import PATH, PYTHON, Machine, missing
from tests.service.service import TOKEN, UNCHANGED
from tests.service.wheelhouse import build_wheel

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(reason := missing()), reason=reason),
    pytest.mark.skipif(not (SCRIPTS / "uv").exists(), reason="uv is not here"),
]

HOME = "/home/member"
TOKEN_FILE = f"{HOME}/token"
UV = ("/mnt/share/uv", "tool", "install", "--offline", "--no-index", "--python", PYTHON)
OLDER = "restart it with comenqd service restart"


class User:
    """A user who is logged in, with nothing but a home."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        machine.run("systemctl", "start", "dbus", "systemd-logind")
        self.uid = machine.run("id", "--user", "member").strip()
        machine.run("systemctl", "start", f"user@{self.uid}")
        shutil.copy(SCRIPTS / "uv", machine.share / "uv")
        machine.run("sh", "-c", f"umask 077; echo {TOKEN} >{TOKEN_FILE}")
        machine.run("chown", "member:", TOKEN_FILE)

    def run(self, *words: str, status: int = 0) -> str:
        """Run a command as after su: nothing tells where the user's systemd is."""
        environ = (f"HOME={HOME}", f"PATH={HOME}/.local/bin:{PATH}")
        return self._machine.run_as("member", "env", "-i", *environ, *words, status=status)


@pytest.fixture
def user(machine: Machine) -> User:
    """A user who has installed comenq with uv."""
    made = User(machine)
    made.run(*UV, "--force", "--find-links", "/mnt/share/wheels", f"comenq=={__version__}")
    return made


def test_two_commands_make_a_service(machine: Machine, stand_in: Forge, user: User) -> None:
    """It is set up, posts, outlives logging out if it may, and is removed again."""
    setup = ("comenqd", "setup", "--github-api-url", stand_in.url, "--token-file", TOKEN_FILE)
    said = user.run(*setup)
    assert "the token is octocat's" in said
    assert "The daemon runs." in said
    assert "sudo loginctl enable-linger member" in said
    assert said.splitlines()[-1] == '    comenq OWNER/REPO NUMBER "Looks good"'
    user.run("comenq", "o/r", "1", "my own")
    assert stand_in.wait_for_comments(1)[-1].body == "my own"

    machine.run("loginctl", "enable-linger", "member")
    again = user.run(*setup)
    assert UNCHANGED in again
    assert "linger" not in again
    assert "Active: active (running)" in user.run("comenqd", "service", "status")
    user.run("comenqd", "service", "stop")
    user.run("comenqd", "service", "status", status=3)
    user.run("comenqd", "service", "start")

    user.run("comenqd", "service", "uninstall", "--purge")
    found = ("find", HOME, "-name", "*comenq*", "-not", "-path", "*/uv/*")
    links = [f"{HOME}/.local/bin/comenq", f"{HOME}/.local/bin/comenqd"]
    assert sorted(machine.run(*found).splitlines()) == links


def test_the_log_is_shown_to_who_may_read_it(machine: Machine, stand_in: Forge, user: User) -> None:
    """A user whom journald gives no log learns the command that shows it, and it does."""
    user.run("comenqd", "setup", "--github-api-url", stand_in.url, "--token-file", TOKEN_FILE)
    machine.run("journalctl", "--sync")
    said = user.run("comenqd", "service", "logs", status=1)
    remedy = f"journalctl _SYSTEMD_USER_UNIT=comenq.service _UID={user.uid}"
    assert f"the log cannot be read: run sudo {remedy}, or" in said
    assert "The worker is ready." in machine.run(*remedy.split())
    # As at the start of a whole system: the group may read the journal.
    machine.run("systemd-tmpfiles", "--create", "--prefix=/run/log/journal")
    machine.run("usermod", "--append", "--groups", "systemd-journal", "member")
    assert "The worker is ready." in user.run("comenqd", "service", "logs")
    user.run("comenqd", "service", "uninstall", "--purge")


def test_an_upgrade_is_noticed(machine: Machine, stand_in: Forge, user: User) -> None:
    """Uv swaps the files; the status says that a restart is due, and setup makes it."""
    setup = ("comenqd", "setup", "--github-api-url", stand_in.url, "--token-file", TOKEN_FILE)
    user.run(*setup)
    later = machine.share / "later"
    later.mkdir()
    build_wheel(later, version="0.9.9")
    places = ("--find-links", "/mnt/share/later", "--find-links", "/mnt/share/wheels")
    user.run(*UV, *places, "--force", "comenq==0.9.9")
    assert OLDER in user.run("comenq", "status", status=1)
    assert "run comenqd service restart" in user.run("comenqd", "service", "status")
    assert "run systemctl --user restart comenq.service" in user.run("comenqd", "setup")
    assert OLDER not in user.run("comenq", "status")
    user.run("comenqd", "service", "uninstall", "--purge")


def test_a_second_daemon_runs_beside_the_first(
    machine: Machine, stand_in: Forge, user: User
) -> None:
    """Each posts what is queued with it, and one can be removed without the other."""
    setup = ("comenqd", "setup", "--github-api-url", stand_in.url, "--token-file", TOKEN_FILE)
    user.run(*setup)
    said = user.run(*setup, "--name", "work")
    assert "--daemon work" in said
    before = len(stand_in.comments)
    user.run("comenq", "o/r", "1", "first")
    user.run("comenq", "--daemon", "work", "o/r", "1", "second")
    posted = stand_in.wait_for_comments(before + 2)[before:]
    assert {comment.body for comment in posted} == {"first", "second"}

    user.run("comenqd", "service", "uninstall", "--name", "work", "--purge")
    user.run("comenqd", "service", "status", "--name", "work", status=1)
    assert "Active: active (running)" in user.run("comenqd", "service", "status")
    user.run("comenqd", "service", "uninstall", "--purge")
