"""Several users and one spool: what each of them may do; the daemon is not root."""

from __future__ import annotations

import grp
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from comenq_plugins.spool.format.filename import Name
from tests.spool.attacks import (
    ATTACKS,
    JOB_NAME,
    Attack,
    dangling,
    directory,
    fifo,
    make_old,
    plain,
    symlink,
    unix_socket,
    unreadable,
)
from tests.spool.children import OTHER, User, in_child, needs_root
from tests.spool.rig import names_in, open_at, put, request_text

pytestmark = needs_root

SECRET = "canary-5f1e7c"


@dataclass(frozen=True)
class SharedSpool:
    """A spool with a drop group, its daemon, two members of the group, and an outsider."""

    spool: Path
    secret: Path
    group: str
    daemon: User
    mallory: User
    victim: User
    outsider: User

    def as_daemon(self, work: Callable[[], object]) -> Any:
        """Do work as the daemon; what it returned, which JSON can hold."""
        return json.loads(in_child(lambda: json.dumps(work()), user=self.daemon))

    def open(self) -> Any:
        """Open the spool, as the daemon does."""
        return open_at(self.spool, group=self.group)

    def housekept(self) -> dict[str, list[str]]:
        """Work as the daemon until nothing is due; what was claimed, and why files were refused."""

        def work() -> dict[str, list[str]]:
            store = self.open()
            with store.lock():
                while store.housekeep():
                    continue
                claimed = [job.asked.body for job in iter(lambda: store.claim("bot"), None)]
            reasons = [job.reason for job in store.history(limit=99)]
            uids = [str(job.origin.uid) for job in store.history(limit=99)]
            return {"claimed": claimed, "reasons": reasons, "uids": uids}

        result: dict[str, list[str]] = self.as_daemon(work)
        return result


@pytest.fixture(scope="module", autouse=True)
def _imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import early what is imported late: the other users may not reach this Python."""
    base = tmp_path_factory.mktemp("imported")
    (base / "secret").write_bytes(request_text(SECRET))
    store = open_at(base / "queue")
    plain(base / "queue" / "new" / "good.json", base / "secret")
    symlink(base / "queue" / "new" / "bad.json", base / "secret")
    make_old(base / "queue" / "new")
    with store.lock():
        while store.housekeep():
            continue
        assert store.claim("bot")
    assert store.history(limit=1)
    store.close()


@pytest.fixture
def shared() -> Iterator[SharedSpool]:
    """A spool that its daemon has made."""
    base = Path(tempfile.mkdtemp(prefix="cq"))
    base.chmod(0o755)
    home = base / "home"
    home.mkdir(mode=0o755)
    os.chown(home, OTHER, OTHER)
    group = next(one for one in grp.getgrall() if one.gr_gid)
    secret = base / "secret"
    secret.write_bytes(request_text(SECRET))
    os.chown(secret, OTHER, OTHER)
    secret.chmod(0o600)
    daemon, mallory, victim = [User(OTHER + number, (group.gr_gid,)) for number in range(3)]
    shared = SharedSpool(
        home / "queue", secret, group.gr_name, daemon, mallory, victim, User(OTHER + 9)
    )
    shared.as_daemon(lambda: shared.open().close())
    yield shared
    shutil.rmtree(base)


def outcome_as(user: User, work: Callable[[], object]) -> str:
    """What comes of an action as another user."""
    return in_child(work, user=user).partition(":")[0]


def test_a_member_drops_a_file_and_is_known(shared: SharedSpool) -> None:
    """The request is queued, and the job says who dropped it."""
    in_child(lambda: plain(shared.spool / "new" / "job.json", shared.secret), user=shared.mallory)

    def work() -> list[object]:
        store = shared.open()
        store.housekeep()
        (job,) = store.pending()
        return [job.asked.body, job.origin.uid]

    assert shared.as_daemon(work) == ["from mallory", shared.mallory.uid]


def test_a_member_cannot_list_or_read(shared: SharedSpool) -> None:
    """A member reads neither new/ nor a job whose name it knows, nor any other directory."""
    shared.as_daemon(lambda: len(put(shared.open(), "private")))
    (name,) = names_in(shared.spool / "new")
    works: list[Callable[[], object]] = [
        lambda: os.listdir(shared.spool),
        lambda: os.listdir(shared.spool / "new"),
        (shared.spool / "new" / str(name)).read_bytes,
        lambda: os.listdir(shared.spool / "done"),
        (shared.spool / "failed" / "x").touch,
        (shared.spool / "version").read_bytes,
        (shared.spool / "x").touch,
    ]
    assert {outcome_as(shared.mallory, work) for work in works} == {"PermissionError"}


@pytest.mark.parametrize("who", ["victim", "daemon"])
def test_a_member_cannot_touch_the_files_of_others(shared: SharedSpool, who: str) -> None:
    """A file whose name is known cannot be removed, renamed, linked or changed."""
    if who == "daemon":
        shared.as_daemon(lambda: len(put(shared.open(), "private")))
        path = shared.spool / "new" / str(names_in(shared.spool / "new")[0])
    else:
        path = shared.spool / "new" / "theirs.json"
        in_child(lambda: plain(path, shared.secret), user=shared.victim)
    works: list[Callable[[], object]] = [
        path.unlink,
        lambda: path.rename(path.with_name("mine.json")),
        lambda: path.write_bytes(b"mine"),
        lambda: path.chmod(0o666),
        lambda: plain(path, shared.secret),
    ]
    assert {outcome_as(shared.mallory, work) for work in works} == {"PermissionError"}


def test_an_outsider_cannot_reach_it(shared: SharedSpool) -> None:
    """A user who is not in the group can neither drop nor read."""
    works: list[Callable[[], object]] = [
        (shared.spool / "new" / "job.json").touch,
        lambda: os.listdir(shared.spool),
        (shared.spool / "version").read_bytes,
    ]
    assert {outcome_as(shared.outsider, work) for work in works} == {"PermissionError"}


@pytest.mark.parametrize(
    ("attack", "reason"),
    [*ATTACKS[:5], ATTACKS[6], (unreadable, "it cannot be read: Permission denied")],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_attack_by_a_member_is_refused_in_his_name(
    shared: SharedSpool, attack: Attack, reason: str
) -> None:
    """The daemon reads nothing that the member could not read, and other jobs go on."""

    def work() -> None:
        attack(shared.spool / "new" / "attack.json", shared.secret)

    assert in_child(work, user=shared.mallory) == "None"
    in_child(lambda: plain(shared.spool / "new" / "honest.json", shared.secret), user=shared.victim)
    make_old(shared.spool / "new")
    result = shared.housekept()
    assert result["claimed"] == ["from mallory"]
    assert result["reasons"] == [reason]
    assert result["uids"] == [str(shared.mallory.uid)]


@pytest.mark.parametrize("name", ["attack.json", JOB_NAME])
def test_a_directory_that_cannot_be_moved_is_refused_once(shared: SharedSpool, name: str) -> None:
    """It stays where it is, has one dead letter with the reason, and blocks nothing."""

    def work() -> None:
        directory(shared.spool / "new" / name, shared.secret)

    assert in_child(work, user=shared.mallory) == "None"
    shared.as_daemon(lambda: len(put(shared.open(), "honest")))
    result = shared.housekept()
    assert result["claimed"] == ["honest"]
    assert result["reasons"] == ["it cannot be moved: Permission denied"]
    assert result["uids"] == [str(shared.mallory.uid)]
    assert shared.housekept()["reasons"] == result["reasons"]
    assert (shared.spool / "new" / name).is_dir()


@pytest.mark.parametrize(
    "attack", [plain, unreadable, symlink, dangling, fifo, unix_socket, directory]
)
def test_a_made_up_name_does_not_jump_the_queue(shared: SharedSpool, attack: Attack) -> None:
    """A member's file with a job's name is a dropped file; other jobs keep their places."""
    (job_id,) = shared.as_daemon(lambda: [job.id for job in put(shared.open(), "honest")])
    for name in (JOB_NAME, str(Name(1, 0, job_id, "00000000"))):
        in_child(
            lambda name=name: attack(shared.spool / "new" / name, shared.secret),  # type: ignore[misc]
            user=shared.mallory,
        )
    make_old(shared.spool / "new")
    result = shared.housekept()
    queued = ["from mallory"] * 2 if attack is plain else []
    assert result["claimed"] == ["honest", *queued]
    assert len(result["reasons"]) == (0 if attack is plain else 2)


def test_what_was_refused_stays_with_its_owner(shared: SharedSpool) -> None:
    """A failed drop keeps its owner, so that it counts for that user's quota."""
    bad = shared.spool / "new" / "bad.json"

    def work() -> None:
        bad.with_name(".draft").write_bytes(b"{")
        bad.with_name(".draft").rename(bad)

    in_child(work, user=shared.mallory)
    make_old(shared.spool / "new")
    shared.housekept()
    (kept,) = (shared.spool / "failed").glob("*.drop")
    assert kept.stat().st_uid == shared.mallory.uid


def test_nothing_of_the_daemons_leaks_through_a_link(shared: SharedSpool) -> None:
    """A link to what only the daemon may read is kept as a link among the dead letters."""

    def work() -> None:
        symlink(shared.spool / "new" / "leak.json", shared.secret)

    in_child(work, user=shared.mallory)
    make_old(shared.spool / "new")
    assert shared.housekept()["claimed"] == []
    texts = [
        path.read_bytes()
        for path in shared.spool.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    assert not any(SECRET.encode() in text for text in texts)


def test_a_spool_that_became_unwritable_forgets_no_file(shared: SharedSpool) -> None:
    """An error of the spool is not taken for an error of the files in it."""
    in_child(lambda: plain(shared.spool / "new" / "job.json", shared.secret), user=shared.mallory)

    def work() -> list[object]:
        store = shared.open()
        (shared.spool / "adopt").chmod(0o500)
        try:
            store.housekeep()
        except Exception as error:  # noqa: BLE001 -- judged below
            said = str(error)
        (shared.spool / "adopt").chmod(0o700)
        store.housekeep()
        return [said, [job.asked.body for job in store.pending()], len(store.history(limit=9))]

    said, bodies, refused = shared.as_daemon(work)
    assert "Permission denied" in said
    assert (bodies, refused) == (["from mallory"], 0)
