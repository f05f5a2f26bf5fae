"""A comment is saved in the spool of the user's own daemon while that does not run."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from comenq_core.cli.comenq.saving import drop
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import environment, run

SCRIPT = """
import os, signal, sys
from comenq_core.cli.comenq.saving import drop

left = int(sys.argv[2])

def counted(call):
    def step(*given, **more):
        global left
        done = call(*given, **more)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return step

for name in ("open", "fsync", "rename"):
    setattr(os, name, counted(getattr(os, name)))
drop(sys.argv[1], {"owner": "o", "repo": "r", "pr_number": 7, "body": "text"})
"""
"""Drops a comment, and is killed after the step of a number: open, fsync, rename, open, fsync."""
RENAMED = 3
STEPS = 5


class Home:
    """A user's directory, with a daemon that is set up and does not run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environ = environment(HOME=str(path))
        self.configure("config", "")

    def configure(self, name: str, text: str) -> None:
        """Write a daemon's configuration, and make its spool."""
        file = self.path / f".config/comenqd/{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_text(text)
        for directory in ("new", "tmp"):
            (self.spool(name) / directory).mkdir(parents=True, exist_ok=True)

    def spool(self, name: str = "config") -> Path:
        """The spool of a daemon."""
        state = self.path / ".local/state/comenq"
        return state / "queue" if name == "config" else state / name / "queue"

    def saved(self, name: str = "config") -> list[dict[str, Any]]:
        """The requests that are saved in a daemon's spool."""
        return [json.loads(file.read_text()) for file in (self.spool(name) / "new").iterdir()]

    def comenq(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the client."""
        return run(*words, env=self.environ | variables)


@pytest.fixture
def home(directory: Path) -> Home:
    """A user whose daemon is away."""
    return Home(directory)


def test_comment_is_saved(home: Home) -> None:
    """The request is in the spool, under a key of its own, and the command says how to go on."""
    done = home.comenq("put", "o/r", "7", "Grüße\n", "--if-open", "--after", "2h")

    assert done.stdout == "saved o/r#7: it is posted when comenqd runs\n"
    assert done.stderr == "comenq: start it with: comenqd\n"
    assert done.returncode == 0
    (request,) = home.saved()
    assert (request["body"], request["if_open"]) == ("Grüße\n", True)
    assert request["key"].startswith("saved-")
    assert "not_before" in request
    assert not list((home.spool() / "tmp").iterdir())


@pytest.mark.skipif(shutil.which("localedef") is None, reason="localedef makes the locale")
def test_comment_of_a_latin_1_locale_is_saved_as_it_was_meant(home: Home) -> None:
    """In a Latin-1 locale an argument is Latin-1, a file is UTF-8, and what is saved is UTF-8."""
    name = "en_US.ISO-8859-1"
    command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(home.path / name)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("the sources of locales are not installed")
    env = home.environ | {"LOCPATH": str(home.path), "LC_ALL": name}
    run("o/r", "7", "Grüße".encode("latin-1"), env=env)
    run("o/r", "8", env=env, stdin="Grüße".encode())
    assert [request["body"] for request in home.saved()] == ["Grüße", "Grüße"]


def test_key_of_the_command_line_is_kept(home: Home) -> None:
    """The comment is saved under the key that would have been sent."""
    home.comenq("put", "o/r", "7", "text", "--key", "nightly")
    assert [request["key"] for request in home.saved()] == ["nightly"]


def test_what_a_file_can_carry_is_saved(home: Home) -> None:
    """A comment that is to be held is held, and one that is to come in time is not late."""
    home.comenq("put", "o/r", "7", "text", "--hold", "--not-after", "2099-01-01T00:00Z")
    (request,) = home.saved()
    assert (request["hold"], request["not_after"]) == (True, "2099-01-01T00:00:00Z")


@pytest.mark.parametrize("option", ["--now", "--if-absent", "--wait", "--json"])
def test_what_a_file_cannot_carry_is_not_saved(home: Home, option: str) -> None:
    """An option that only a daemon can answer fails, with the command that starts one."""
    done = home.comenq("o/r", "7", "text", option)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith("start it with: comenqd\n")
    assert "not saved for later" in done.stderr
    assert home.saved() == []


def test_invalid_comment_is_refused_as_the_daemon_would(home: Home) -> None:
    """What the daemon would refuse is refused at once, and not saved."""
    done = home.comenq("o/r", "7", "  ")
    assert done.returncode == 1
    assert "body: must not be empty" in done.stderr
    assert home.saved() == []


def test_comment_for_another_forge_is_not_saved(home: Home) -> None:
    """An address of another host than the daemon's is refused as the daemon would."""
    done = home.comenq("https://git.example.org/o/r/pull/7", "text")
    assert done.returncode == 1
    assert "this daemon posts to github.com" in done.stderr
    assert home.saved() == []


@pytest.mark.parametrize(
    ("words", "variables"),
    [(["--socket", "/nonexistent"], {}), ([], {"COMENQ_SOCKET": "/nonexistent"})],
)
def test_another_socket_gets_nothing_saved(
    home: Home, words: list[str], variables: dict[str, str]
) -> None:
    """Where a socket is named, nothing is known of its daemon's spool."""
    assert home.comenq("o/r", "7", "text", *words, **variables).returncode == 3
    assert home.saved() == []


@pytest.mark.parametrize("setting", ['socket_path = "/other.sock"', 'store = "postgres"'])
def test_daemon_that_is_not_reached_so_gets_nothing_saved(home: Home, setting: str) -> None:
    """Nothing is saved for a daemon with another socket, or without a spool."""
    home.configure("config", setting)
    assert home.comenq("o/r", "7", "text").returncode == 3
    assert home.saved() == []


def test_the_service_is_started_where_there_is_one(home: Home) -> None:
    """The command that starts the daemon speaks to the service manager that has its unit."""
    home.configure("work", "")
    unit = home.path / ".config/systemd/user/comenq-work.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    done = home.comenq("o/r", "7", "text", "--daemon", "work")
    assert done.stderr == "comenq: start it with: comenqd service start --name work\n"


def test_the_daemon_of_a_named_socket_is_not_another_one(home: Home) -> None:
    """Where --socket names the socket, no other daemon's start is advised."""
    done = home.comenq("list", "--socket", "/nowhere.sock")
    assert done.returncode == 3
    assert done.stderr.endswith(
        "start the daemon that serves it, or leave out --socket and COMENQ_SOCKET\n"
    )


def test_wrong_configuration_is_told(home: Home) -> None:
    """Where the spool cannot be known, the error says what is wrong with the configuration."""
    home.configure("config", "max_pending = 0")
    done = home.comenq("o/r", "7", "text")
    assert done.returncode == 3
    assert "config.toml: max_pending: expected" in done.stderr


def test_spool_of_a_named_daemon_is_its_own(home: Home) -> None:
    """With --daemon or COMENQ_DAEMON, the comment is saved for the daemon of that name."""
    home.configure("work", "")
    done = home.comenq("o/r", "7", "first", "--daemon", "work")
    (told,) = done.stderr.splitlines()
    assert told.startswith("comenq: start it with: comenqd --config ")
    assert told.endswith("/comenqd/work.toml")
    home.comenq("o/r", "7", "second", COMENQ_DAEMON="work")
    assert sorted(request["body"] for request in home.saved("work")) == ["first", "second"]
    assert home.saved() == []


def test_option_counts_more_than_the_environment(home: Home) -> None:
    """--daemon is followed where the environment names a socket and another daemon."""
    named = {"COMENQ_SOCKET": "/nonexistent", "COMENQ_DAEMON": "other"}
    done = home.comenq("list", "--daemon", "work", **named)
    assert "/comenq/work/comenq.sock: no such file" in done.stderr
    assert "comenqd setup --name work" in done.stderr
    assert "/nonexistent" not in done.stderr


def test_mistyped_daemon_is_a_usage_error(home: Home) -> None:
    """The nearest name is suggested, and not to set up one more daemon."""
    home.configure("work", "")
    done = home.comenq("--daemon", "wrok", "list")
    assert done.returncode == 2
    assert "comenq: --daemon: there is no daemon wrok; did you mean work?\n" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--daemon", "../work", "list"], "a daemon's name has"),
        (["--socket", "/s", "list", "--daemon", "work"], "give one of them"),
        (["list", "--socket", "/s", "--daemon", "work"], "not allowed with"),
    ],
)
def test_daemon_that_cannot_be_meant_is_a_usage_error(
    home: Home, words: list[str], told: str
) -> None:
    """A name that leads elsewhere, and a socket beside a name, are wrong command lines."""
    done = home.comenq(*words)
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.parametrize("words", [["list"], ["status"], ["o/r", "7", "text"]])
def test_user_without_a_daemon_is_told_how_to_have_one(directory: Path, words: list[str]) -> None:
    """Where nothing is set up, each command names the command that does it."""
    done = run(*words, env=environment(HOME=str(directory)))
    assert done.returncode == 3
    assert "start it with: comenqd setup\n" in done.stderr


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_killed_client_saves_all_or_nothing(home: Home, step: int) -> None:
    """Killed after any step, the client leaves the whole comment once, or nothing to be read."""
    command = [sys.executable, "-c", SCRIPT, str(home.spool()), str(step)]
    done = subprocess.run(command, env=home.environ, timeout=DEADLINE, check=False)
    assert done.returncode == -signal.SIGKILL
    bodies = [request["body"] for request in home.saved()]
    assert bodies == (["text"] if step >= RENAMED else [])


def test_full_disk_leaves_nothing_behind(home: Home) -> None:
    """What cannot be made durable is not saved, and the command says so."""
    script = f"import os\nos.fsync = lambda _: (_ for _ in ()).throw(OSError(28, 'full'))\n{SCRIPT}"
    command = [sys.executable, "-c", script, str(home.spool()), "-1"]
    done = subprocess.run(
        command, env=home.environ, timeout=DEADLINE, capture_output=True, text=True, check=False
    )
    assert "full" in done.stderr
    assert home.saved() == []
    assert not list((home.spool() / "tmp").iterdir())


@pytest.mark.parametrize("is_taken", [False, True])
def test_name_that_is_not_durable_is_taken_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, is_taken: bool
) -> None:
    """If the directory cannot be made durable, the file goes; one that a daemon has is saved."""
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            fsync(descriptor)
            return
        for file in (home.spool() / "new").iterdir():
            if is_taken:
                file.unlink()
        raise OSError(errno.EIO, "the disk fails")

    monkeypatch.setattr(os, "fsync", failing)
    with nullcontext() if is_taken else pytest.raises(OSError, match="the disk fails"):
        drop(str(home.spool()), {"owner": "o", "repo": "r", "pr_number": 7, "body": "text"})
    assert home.saved() == []
