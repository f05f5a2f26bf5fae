"""Who may do what: a daemon with a user of its own, a member of its group, an outsider."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from comenq_core.client import Client
from comenq_core.errors import DaemonRefused
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import TOKEN
from tests.reliability.users import DAEMON, GROUP, MEMBER, OTHER_MEMBER, OUTSIDER, Shared
from tests.spool.children import in_child, needs_root

pytestmark = needs_root

REQUEST = {"owner": "o", "repo": "r", "pr_number": 1}
OWN, GROUPS = DAEMON.uid, GROUP.gr_gid


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Shared]:
    """A daemon that is not started yet."""
    with Shared(forge.url) as made:
        yield made


@pytest.fixture
def running(daemon: Shared) -> Shared:
    """A daemon that takes requests, and posts nothing yet."""
    daemon.listen()
    return daemon


def text_of(body: str) -> str:
    """A request, as it is written."""
    return json.dumps({**REQUEST, "body": body})


def drop(daemon: Shared, name: str, body: str) -> None:
    """Drop a file as the user who calls this, written where it is to be, as others cannot see."""
    draft = daemon.queue / "new" / f".{name}"
    draft.write_text(text_of(body))
    draft.rename(daemon.queue / "new" / name)


@pytest.mark.parametrize("umask", [0o000, pytest.param(0o077, marks=pytest.mark.full)])
def test_all_modes_are_as_they_are_to_be(umask: int, daemon: Shared, forge: Forge) -> None:
    """Whatever the umask, only the socket and the way into new/ are open, and to the group."""
    daemon.listen(umask=umask)
    worker = daemon.work(umask=umask)
    daemon.put("over the socket")
    held = daemon.comenq("put", "--json", "--after", "1h", "o/r", "1", "held")
    daemon.comenq("hold", json.loads(held)["id"])
    daemon.put("later")
    in_child(lambda: drop(daemon, "good.json", "as a file"), user=MEMBER)
    in_child(lambda: drop(daemon, "bad.json", " "), user=MEMBER)
    forge.wait_for_comments(3)
    worker.log.until(" warning spool drop_failed: ")
    daemon.comenq("pause", "to look")

    modes = daemon.modes(daemon.queue, daemon.socket.parent)

    assert modes.pop("queue") == ("drwx--x---", OWN, GROUPS)
    assert modes.pop("queue/new") == ("drwx-ws--T", OWN, GROUPS)
    assert modes.pop("run") == ("drwxr-x---", OWN, GROUPS)
    assert modes.pop("run/comenq.sock") == ("srw-rw----", OWN, GROUPS)
    raw = [name for name in modes if name.endswith(".drop")]
    assert [modes.pop(name)[1] for name in raw] == [MEMBER.uid]
    kinds = {mode for mode, _, _ in modes.values()}
    assert kinds == {"drwx------", "-rw-------"}, modes
    assert {owner for _, owner, _ in modes.values()} == {OWN}


def test_modes_of_the_whole_daemon_are_as_they_are_to_be(daemon: Shared) -> None:
    """So they are when comenqd makes the directories, under a umask of 0."""
    whole = daemon.run("", umask=0)
    whole.log.until(" unix listening: ", " worker started: ")

    modes = daemon.modes(daemon.queue, daemon.socket.parent)

    assert modes.pop("queue") == ("drwx--x---", OWN, GROUPS)
    assert modes.pop("queue/new") == ("drwx-ws--T", OWN, GROUPS)
    assert modes.pop("run") == ("drwxr-xr-x", OWN, OWN)
    assert modes.pop("run/comenq.sock") == ("srw-rw----", OWN, GROUPS)
    assert {mode for mode, _, _ in modes.values()} == {"drwx------", "-rw-------", "srw-------"}


@pytest.mark.full
def test_nothing_is_ever_more_open_than_it_is_to_be(daemon: Shared) -> None:
    """Under a umask of 0, nothing is made with a mode that others could use for a moment."""
    trace = daemon.directory / "trace"
    prefix, how = daemon.traced(trace)
    listener = daemon.listen(*prefix, umask=0, **how)
    daemon.put("before the worker")
    listener.stop()
    made = calls(trace, daemon.directory)
    worker = daemon.work(*prefix, umask=0, **how)
    worker.log.until(" job_done: ")
    worker.stop()
    made += calls(trace, daemon.directory)

    opened = [line for line in made if re.search("O_CREAT|mkdir", line)]
    assert len(opened) > 10
    assert all(re.search(r", 0[67]00\) ", line) for line in opened), opened
    (draft,) = filter(None, (found(r'bind\(.*sun_path="([^"]+)"', line) for line in made))
    about = [line.split(maxsplit=1)[1] for line in made if f'"{draft}"' in line]
    assert [found(r"(\w+)\(", line) for line in about] == ["bind", "chmod", "rename"]
    assert about[1].startswith(f'chmod("{draft}", 0660)')
    assert about[2].startswith(f'rename("{draft}", "{daemon.socket}")')


def calls(trace: Path, directory: Path) -> list[str]:
    """The system calls that have made or changed something in the daemon's directory."""
    kinds = re.compile(r"^\d+ +(mkdir|bind|chmod|fchmod|rename|umask)|O_CREAT")
    lines = trace.read_text().splitlines()
    return [x for x in lines if kinds.search(x) and str(directory) in x and " = -1 " not in x]


def found(pattern: str, text: str) -> str:
    """What is in the pattern's parentheses, or ``""``."""
    match = re.search(pattern, text)
    return match[1] if match else ""


def test_outsider_can_neither_connect_nor_drop_nor_read(running: Shared) -> None:
    """A user outside the group can open nothing, and is told how to get access."""
    running.put("secret")
    (job,) = (running.queue / "new").iterdir()
    attempts: dict[str, Callable[[], object]] = {
        "connect": lambda: Client(str(running.socket)),
        "drop": lambda: drop(running, "mine.json", "smuggled"),
        "list the spool": lambda: os.listdir(running.queue),
        "list new/": lambda: os.listdir(running.queue / "new"),
        "read a job": job.read_bytes,
        "replace the socket": running.socket.unlink,
        "read the token": (running.directory / "token").read_bytes,
        "read the settings": (running.directory / "config.toml").read_bytes,
    }

    for what, attempt in attempts.items():
        assert in_child(attempt, user=OUTSIDER).startswith("PermissionError"), what
    told = running.comenq_as(OUTSIDER, "o/r", "1", "smuggled")
    assert told.returncode == 3
    assert "members of the socket's group may connect" in told.stderr


def test_member_can_enqueue_either_way(daemon: Shared, forge: Forge) -> None:
    """A member of the group can enqueue either way, and the kernel tells who it was."""
    daemon.listen()
    assert daemon.comenq_as(MEMBER, "o/r", "1", "over the socket").returncode == 0
    assert in_child(lambda: drop(daemon, "mine.json", "as a file"), user=MEMBER) == "None"
    daemon.work()
    forge.wait_for_comments(2)

    assert {comment.body for comment in forge.comments} == {"over the socket", "as a file"}


def test_member_cannot_touch_what_others_have_put_into_the_spool(running: Shared) -> None:
    """Jobs and other members' files can be neither listed nor read, changed, moved or removed."""
    running.put("the daemon's own")
    (job,) = (running.queue / "new").iterdir()
    theirs = running.queue / "new" / "theirs.json"
    in_child(lambda: drop(running, "theirs.json", "from another member"), user=OTHER_MEMBER)
    mine = running.queue / "new" / ".mine"

    def overwrite(target: Path) -> None:
        mine.write_text("{}")
        mine.rename(target)

    for file in (job, theirs):
        attempts: dict[str, Callable[[], object]] = {
            "remove": file.unlink,
            "rename": partial(file.rename, file.with_suffix(".away")),
            "overwrite": partial(overwrite, file),
            "write": partial(file.write_text, "{}"),
            "change the mode of": partial(file.chmod, 0o666),
        }
        for what, attempt in attempts.items():
            assert in_child(attempt, user=MEMBER).startswith("PermissionError"), (what, file)
    for what, attempt in {
        "list new/": lambda: os.listdir(running.queue / "new"),
        "list the spool": lambda: os.listdir(running.queue),
        "read a job": job.read_bytes,
        "replace new/": lambda: (running.queue / "new").rename(running.queue / "old"),
        "enter cur/": lambda: os.listdir(running.queue / "cur"),
        "claim the lock": lambda: (running.queue / "worker.lock").open("r"),
        "replace the socket": running.socket.unlink,
    }.items():
        assert in_child(attempt, user=MEMBER).startswith("PermissionError"), what
    assert job.read_text()
    assert theirs.read_text() == text_of("from another member")


@pytest.mark.full
def test_member_gains_no_place_in_the_queue_by_a_name(running: Shared, forge: Forge) -> None:
    """A file in the form of a job, from a member, is a request like any other, or none."""
    running.put("first")
    (job,) = (running.queue / "new").iterdir()
    forged = job.name.replace(job.name.split("-")[0], "0" * 17)[:-4].replace(
        job.name.split("-")[2], "0123456789ab"
    )
    in_child(lambda: drop(running, f"{forged}.job", "jumps the queue"), user=MEMBER)

    running.work()
    forge.wait_for_comments(2)
    assert [comment.body for comment in forge.comments] == ["first", "jumps the queue"]


PERMISSIONS = {
    "group": {MEMBER: "waiting", OTHER_MEMBER: "waiting"},
    "owner": {MEMBER: "waiting", OTHER_MEMBER: "not_permitted"},
    "nobody": {MEMBER: "not_permitted", OTHER_MEMBER: "not_permitted"},
}


@pytest.mark.full
@pytest.mark.parametrize("manage", PERMISSIONS)
def test_who_may_change_a_job_is_a_setting(manage: str, forge: Forge) -> None:
    """[unix] manage says whether a member may change a job, their own or another's."""
    with Shared(forge.url, **{"unix.manage": manage}) as daemon:
        daemon.listen()
        entry = json.loads(daemon.comenq_as(MEMBER, "put", "--json", "o/r", "1", "mine").stdout)

        def bust() -> str:
            with Client(str(daemon.socket)) as client:
                try:
                    return str(client.ask({"op": "bust", "id": entry["id"]})["entry"]["state"])
                except DaemonRefused as error:
                    return error.why

        expected = PERMISSIONS[manage]
        assert {user: in_child(bust, user=user) for user in expected} == expected


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("queue", "listen"),
        ("queue/new", "work"),
        pytest.param("queue/cur", "listen", marks=pytest.mark.full),
        pytest.param("queue", "work", marks=pytest.mark.full),
        pytest.param("queue/new", "listen", marks=pytest.mark.full),
        pytest.param("queue/cur", "work", marks=pytest.mark.full),
    ],
)
def test_spool_that_others_could_write_is_refused(name: str, command: str, daemon: Shared) -> None:
    """There is no start, and a word on which directory it is and which mode to set."""
    daemon.work().stop()
    path = daemon.directory / name
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode | 0o002)

    refused = daemon.run(command)

    refused.log.until(rf"{re.escape(str(path))}: others can write here .* chmod {mode:04o} ")
    assert refused.process.wait(DEADLINE) == 1


@pytest.mark.parametrize("command", ["listen", "work", "check"])
@pytest.mark.parametrize("mode", [pytest.param(0o620, marks=pytest.mark.full), 0o602])
def test_configuration_that_others_could_write_is_refused(
    mode: int, command: str, daemon: Shared
) -> None:
    """There is no start, and a word on which file it is and how to set its mode."""
    config = daemon.write("open.toml", daemon.config.read_text())
    config.chmod(mode)

    refused = daemon.comenqd_with(config, command)

    assert refused.returncode == 1
    assert f"{config}: mode {mode:04o} lets other users write it" in refused.stderr
    assert f"chmod go-w '{config}'" in refused.stderr


STARTED = {
    "listen": (" unix listening: ",),
    "work": (" worker started: ",),
    "": (" unix listening: ", " worker started: "),
}


@pytest.mark.parametrize("command", ["listen", "work", pytest.param("", id="supervisord")])
def test_process_shows_nothing_to_its_own_user(command: str, daemon: Shared) -> None:
    """Memory, environment and descriptors are closed even to the daemon's user; no core either."""
    program = daemon.run(command)
    program.log.until(*STARTED[command])
    pid = program.pid

    for name in ("environ", "mem", "maps", "fd"):
        told = in_child(partial(os.open, f"/proc/{pid}/{name}", os.O_RDONLY), user=DAEMON)
        assert told.startswith("PermissionError"), name
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)


@pytest.mark.full
def test_token_is_found_nowhere_but_in_its_file(daemon: Shared, forge: Forge) -> None:
    """Not even root finds it in arguments, environments, logs, the spool or replies."""
    listener, worker = daemon.listen(), daemon.work()
    daemon.put("posted with it")
    worker.log.until(" job_done: ")
    forge.answer_next(status=401)
    daemon.put("refused")
    worker.log.until(" outcome=unauthorized ")
    assert all(TOKEN in request.headers["authorization"] for request in forge.posts)

    places = {path: path.read_bytes() for path in daemon.directory.rglob("*") if path.is_file()}
    for program in (listener, worker):
        for name in ("cmdline", "environ"):
            places[Path(f"/proc/{program.pid}/{name}")] = Path(
                f"/proc/{program.pid}/{name}"
            ).read_bytes()
        places[Path(f"log of {program.pid}")] = str(program.log).encode()
    for op in ("list", "hist", "status"):
        places[Path(op)] = json.dumps(daemon.say(json.dumps({"op": op}))).encode()

    assert [path.name for path, data in places.items() if TOKEN.encode() in data] == ["token"]


@pytest.mark.full
def test_spool_that_is_closed_to_the_daemon_is_told_and_recovers(
    daemon: Shared, forge: Forge
) -> None:
    """While the spool's mode shuts the daemon out clients get an error; then all is well again."""
    listener, worker = daemon.listen(), daemon.work()
    daemon.put("before")
    worker.log.until(" job_done: ")
    daemon.queue.chmod(0)
    for _ in range(20):
        assert "Permission denied" in daemon.comenq("o/r", "1", "refused", status=1)
    daemon.queue.chmod(0o710)

    daemon.put("afterwards")

    assert forge.wait_for_comments(2)[1].body == "afterwards"
    (told,) = [line for line in listener.log.lines if " error " in line]
    assert " queue refusing: " in told
