"""`comenqd token`, and what `comenqd check` finds of tokens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from comenq_core.errors import SettingsError
from comenq_core.model.access import Scope
from comenq_core.presentation.extras import how_to_get
from comenq_core.process.token_file import add_token, read_tokens, remove_token
from comenq_core.testing.deadline import DEADLINE
from tests.http.api.running import WebDaemon

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def daemon() -> Iterator[WebDaemon]:
    """A daemon that is not started."""
    with WebDaemon("http://127.0.0.1:1") as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file for tokens that is not there yet."""
    return tmp_path / "queue" / "http_tokens"


def tokens_found(daemon: WebDaemon, *, status: int = 0) -> list[tuple[str, str]]:
    """What the check finds of tokens: severities and texts."""
    found = json.loads(daemon.comenqd("check", "--json", status=status))
    return [(one["severity"], one["text"]) for one in found if one["subject"] == "tokens"]


def test_tokens_are_made_listed_and_removed(daemon: WebDaemon) -> None:
    """A token is the last word that is printed; it is listed by its name, and removed by it."""
    first, second = daemon.token("ci", "queue"), daemon.token("grafana", "read")
    assert first != second
    assert daemon.comenqd("token", "list") == "ci       queue\ngrafana  read\n"
    assert json.loads(daemon.comenqd("token", "list", "--json")) == [
        {"name": "ci", "scope": "queue"},
        {"name": "grafana", "scope": "read"},
    ]
    daemon.comenqd("token", "remove", "ci")
    assert daemon.comenqd("token", "list") == "grafana  read\n"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "say what to do: create, list, remove"),
        (("create",), 2, "a name is missing"),
        (("create", "ci"), 2, "--scope read|queue|manage"),
        (("create", "ci", "--scope", "all"), 2, "invalid choice"),
        (("create", "a b", "--scope", "read"), 1, "a token's name has up to 64 letters"),
        (("remove", "alise"), 1, "did you mean alice?"),
        (("create", "alice", "--scope", "read"), 1, "there is a token alice"),
    ],
)
def test_what_is_wrong_is_said(
    daemon: WebDaemon, words: tuple[str, ...], status: int, said: str
) -> None:
    """A command that lacks something or names what is not there says so, and changes nothing."""
    add_token(daemon.queue / "http_tokens", "alice", Scope.MANAGE)
    assert said in daemon.comenqd("token", *words, status=status)
    assert daemon.comenqd("token", "list") == "alice  manage\n"


def test_without_an_intake_for_tokens_there_are_none(daemon: WebDaemon) -> None:
    """Where no intake takes tokens, the command says which setting is missing."""
    daemon.change(intakes=["unix"])
    assert 'intakes = ["unix", "http"]' in daemon.comenqd("token", "list", status=1)


def test_the_check_tells_of_tokens(daemon: WebDaemon) -> None:
    """No tokens are a warning, a file that cannot be used is an error; else they are counted."""
    ((severity, text),) = tokens_found(daemon)
    assert (severity, "comenqd token create" in text) == ("warning", True)
    daemon.token("ci", "read")
    assert tokens_found(daemon) == [("ok", f"1 token in {daemon.queue / 'http_tokens'}")]
    (daemon.queue / "http_tokens").chmod(0o644)
    ((severity, text),) = tokens_found(daemon, status=1)
    assert (severity, "chmod 600" in text) == ("error", True)


def test_the_check_tells_of_a_token_that_only_a_policy_knows(daemon: WebDaemon) -> None:
    """A policy that names no token binds nobody: the check says so, with the nearest name."""
    daemon.token("builds", "queue")
    names = {"policies.agents.tokens": ["builds", "bilds"], "policies.agents.max_waiting": 3}
    daemon.change(**names)
    found = json.loads(daemon.comenqd("check", "--json"))
    warned = [one["text"] for one in found if one["severity"] == "warning"]
    assert "there is no token bilds, so it binds nobody; did you mean builds?" in warned
    assert not [text for text in warned if "no token builds" in text]


def test_the_check_tells_of_a_missing_extra(daemon: WebDaemon) -> None:
    """Without a web server, the check says what to install."""
    hidden = daemon.directory / "plugins"
    hidden.mkdir()
    (hidden / "starlette.py").write_text("raise ImportError('No module named starlette')\n")
    said = daemon.comenqd("check", status=1)
    assert how_to_get("http") in said


def test_many_at_once_lose_none(file: Path) -> None:
    """Processes that make and remove tokens at the same time lose none."""
    script = (
        "import sys, pathlib; from comenq_core.process.token_file import *;"
        " from comenq_core.model.access import Scope; file = pathlib.Path(sys.argv[1]);"
        " [add_token(file, f'{sys.argv[2]}{n}', Scope.READ) for n in range(10)];"
        " [remove_token(file, f'{sys.argv[2]}{n}') for n in range(5)]"
    )

    def run(name: str) -> None:
        subprocess.run([sys.executable, "-c", script, file, name], check=True, timeout=DEADLINE)

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(run, "abcd"))
    names = {f"{name}{number}" for name in "abcd" for number in range(5, 10)}
    assert {one.name for one in read_tokens(file)} == names
    assert [path.name for path in file.parent.iterdir()] == ["http_tokens"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_kill_leaves_the_old_or_the_new_file(file: Path, call: str) -> None:
    """Killed while it writes, the command leaves whole tokens, and the next one works."""
    add_token(file, "first", Scope.READ)
    script = (
        "import os, sys, signal, pathlib; from comenq_core.process.token_file import add_token;"
        " from comenq_core.model.access import Scope;"
        " die = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        f" {'os.fsync = die' if call == 'fsync' else 'pathlib.Path.replace = die'};"
        " add_token(pathlib.Path(sys.argv[1]), 'second', Scope.READ)"
    )
    done = subprocess.run([sys.executable, "-c", script, file], check=False, timeout=DEADLINE)
    assert done.returncode == -9
    assert [one.name for one in read_tokens(file)] == ["first"]
    add_token(file, "second", Scope.QUEUE)
    assert [one.name for one in read_tokens(file)] == ["first", "second"]


@pytest.mark.skipif(not IS_ROOT, reason="only root can make tokens for another user's daemon")
def test_root_makes_tokens_for_another_user(tmp_path: Path) -> None:
    """What root makes belongs to the directory's owner, and so do later files."""
    queue = tmp_path / "queue"
    queue.mkdir(0o700)
    os.chown(queue, 65_534, 65_534)
    for name in ("first", "second"):
        add_token(queue / "http_tokens", name, Scope.READ)
        status = (queue / "http_tokens").stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (65_534, 65_534, 0o600)
    os.chown(tmp_path, 65_534, 65_534)
    add_token(tmp_path / "new" / "http_tokens", "first", Scope.READ)
    assert (tmp_path / "new").stat().st_uid == 65_534


def test_a_link_in_its_place_is_not_followed(file: Path, tmp_path: Path) -> None:
    """A draft's name that somebody has made a link of is not written through."""
    file.parent.mkdir()
    target = tmp_path / "target"
    target.write_text("untouched")
    (file.parent / f".{file.name}.{os.getpid():x}").symlink_to(target)
    add_token(file, "ci", Scope.READ)
    assert target.read_text() == "untouched"


@pytest.mark.parametrize(
    "line", ["ci:read", "ci:write:" + "0" * 64, "a b:read:" + "0" * 64, "ci:read:" + "0" * 63]
)
def test_a_line_that_is_no_token_is_named(file: Path, line: str) -> None:
    """A file with another line is refused, with the line's number and not its words."""
    file.parent.mkdir()
    file.touch(0o600)
    file.write_text(f"# a remark\n{line}\n")
    with pytest.raises(SettingsError, match="line 2 is no token") as caught:
        read_tokens(file)
    assert line not in str(caught.value)
    with pytest.raises(SettingsError):
        remove_token(file, "ci")
    assert file.read_text() == f"# a remark\n{line}\n"


def test_scopes_include_one_another() -> None:
    """Each scope permits what those before it do."""
    permitted: Mapping[Scope, str] = {Scope.READ: "100", Scope.QUEUE: "110", Scope.MANAGE: "111"}
    for scope, expected in permitted.items():
        assert "".join(str(int(scope.includes(one))) for one in Scope) == expected
