"""Several users and one spool: who may do what, tried as those users; the daemon is not root."""

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
class Realm:
    """A spool with a drop group, its daemon, a member of the group, and somebody else."""

    spool: Path
    secret: Path
    group: str
    daemon: User
    mallory: User
    victim: User
    stranger: User

    def as_daemon(self, work: Callable[[], object]) -> Any:
        """Do work as the daemon; what it returned, which JSON can hold."""
        return json.loads(in_child(lambda: json.dumps(work()), user=self.daemon))

    def open(self) -> Any:
        """Open the spool, as the daemon does."""
        return open_at(self.spool, group=self.group)

    def tended(self) -> dict[str, list[str]]:
        """Be a worker to the end; what was claimed, and why files were refused."""

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
    """Have everything imported that is imported late: other users may not reach this Python."""
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
def realm() -> Iterator[Realm]:
    """A spool that its daemon has prepared."""
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
    realm = Realm(home / "queue", secret, group.gr_name, daemon, mallory, victim, User(OTHER + 9))
    realm.as_daemon(lambda: realm.open().close())
    yield realm
    shutil.rmtree(base)


def attempt_as(user: User, work: Callable[[], object]) -> str:
    """What comes of a work as another user."""
    return in_child(work, user=user).partition(":")[0]


def test_a_member_drops_a_file_and_is_known(realm: Realm) -> None:
    """The request is queued, and its record says who dropped it."""
    in_child(lambda: plain(realm.spool / "new" / "job.json", realm.secret), user=realm.mallory)

    def work() -> list[object]:
        store = realm.open()
        store.housekeep()
        (job,) = store.pending()
        return [job.asked.body, job.origin.uid]

    assert realm.as_daemon(work) == ["from mallory", realm.mallory.uid]


def test_a_member_cannot_look_around(realm: Realm) -> None:
    """Not into new/, not into a job whose name is known, and not beyond."""
    realm.as_daemon(lambda: len(put(realm.open(), "private")))
    (name,) = names_in(realm.spool / "new")
    works: list[Callable[[], object]] = [
        lambda: os.listdir(realm.spool),
        lambda: os.listdir(realm.spool / "new"),
        (realm.spool / "new" / str(name)).read_bytes,
        lambda: os.listdir(realm.spool / "done"),
        (realm.spool / "failed" / "x").touch,
        (realm.spool / "version").read_bytes,
        (realm.spool / "x").touch,
    ]
    assert {attempt_as(realm.mallory, work) for work in works} == {"PermissionError"}


@pytest.mark.parametrize("who", ["victim", "daemon"])
def test_a_member_cannot_touch_the_files_of_others(realm: Realm, who: str) -> None:
    """A job or a dropped file whose name is known cannot be removed, renamed, linked or changed."""
    if who == "daemon":
        realm.as_daemon(lambda: len(put(realm.open(), "private")))
        path = realm.spool / "new" / str(names_in(realm.spool / "new")[0])
    else:
        path = realm.spool / "new" / "theirs.json"
        in_child(lambda: plain(path, realm.secret), user=realm.victim)
    works: list[Callable[[], object]] = [
        path.unlink,
        lambda: path.rename(path.with_name("mine.json")),
        lambda: path.write_bytes(b"mine"),
        lambda: path.chmod(0o666),
        lambda: plain(path, realm.secret),
    ]
    assert {attempt_as(realm.mallory, work) for work in works} == {"PermissionError"}


def test_a_stranger_cannot_even_reach_it(realm: Realm) -> None:
    """Who is not in the group can neither drop nor read."""
    works: list[Callable[[], object]] = [
        (realm.spool / "new" / "job.json").touch,
        lambda: os.listdir(realm.spool),
        (realm.spool / "version").read_bytes,
    ]
    assert {attempt_as(realm.stranger, work) for work in works} == {"PermissionError"}


@pytest.mark.parametrize(
    ("attack", "reason"),
    [*ATTACKS[:5], ATTACKS[6], (unreadable, "it cannot be read: Permission denied")],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_attack_by_a_member_is_refused_in_his_name(
    realm: Realm, attack: Attack, reason: str
) -> None:
    """The daemon reads nothing that its owner could not, and others' jobs go on."""

    def work() -> None:
        attack(realm.spool / "new" / "attack.json", realm.secret)

    assert in_child(work, user=realm.mallory) == "None"
    in_child(lambda: plain(realm.spool / "new" / "honest.json", realm.secret), user=realm.victim)
    make_old(realm.spool / "new")
    result = realm.tended()
    assert result["claimed"] == ["from mallory"]
    assert result["reasons"] == [reason]
    assert result["uids"] == [str(realm.mallory.uid)]


@pytest.mark.parametrize("name", ["attack.json", JOB_NAME])
def test_a_directory_that_cannot_be_moved_is_told_once(realm: Realm, name: str) -> None:
    """It stays where it is, with a reason for the operator, and blocks nothing, for good."""

    def work() -> None:
        directory(realm.spool / "new" / name, realm.secret)

    assert in_child(work, user=realm.mallory) == "None"
    realm.as_daemon(lambda: len(put(realm.open(), "honest")))
    result = realm.tended()
    assert result["claimed"] == ["honest"]
    assert result["reasons"] == ["it cannot be moved: Permission denied"]
    assert result["uids"] == [str(realm.mallory.uid)]
    assert realm.tended()["reasons"] == result["reasons"]
    assert (realm.spool / "new" / name).is_dir()


@pytest.mark.parametrize(
    "attack", [plain, unreadable, symlink, dangling, fifo, unix_socket, directory]
)
def test_a_name_made_up_to_jump_the_queue_does_not(realm: Realm, attack: Attack) -> None:
    """A member's file under a job's name is a dropped file; others' jobs keep their places."""
    (job_id,) = realm.as_daemon(lambda: [job.id for job in put(realm.open(), "honest")])
    for name in (JOB_NAME, str(Name(1, 0, job_id, "00000000"))):
        in_child(
            lambda name=name: attack(realm.spool / "new" / name, realm.secret),  # type: ignore[misc]
            user=realm.mallory,
        )
    make_old(realm.spool / "new")
    result = realm.tended()
    queued = ["from mallory"] * 2 if attack is plain else []
    assert result["claimed"] == ["honest", *queued]
    assert len(result["reasons"]) == (0 if attack is plain else 2)


def test_what_was_refused_stays_with_its_owner(realm: Realm) -> None:
    """A refused file is kept under its owner's uid, so that its space counts as his."""
    bad = realm.spool / "new" / "bad.json"

    def work() -> None:
        bad.with_name(".draft").write_bytes(b"{")
        bad.with_name(".draft").rename(bad)

    in_child(work, user=realm.mallory)
    make_old(realm.spool / "new")
    realm.tended()
    (kept,) = (realm.spool / "failed").glob("*.drop")
    assert kept.stat().st_uid == realm.mallory.uid


def test_nothing_of_the_daemons_leaks_through_a_link(realm: Realm) -> None:
    """A link to what only the daemon may read ends as a link among the dead letters."""

    def work() -> None:
        symlink(realm.spool / "new" / "leak.json", realm.secret)

    in_child(work, user=realm.mallory)
    make_old(realm.spool / "new")
    assert realm.tended()["claimed"] == []
    texts = [
        path.read_bytes()
        for path in realm.spool.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    assert not any(SECRET.encode() in text for text in texts)


def test_a_spool_that_became_unwritable_forgets_no_file(realm: Realm) -> None:
    """An error of the spool is not blamed on the files in it."""
    in_child(lambda: plain(realm.spool / "new" / "job.json", realm.secret), user=realm.mallory)

    def work() -> list[object]:
        store = realm.open()
        (realm.spool / "adopt").chmod(0o500)
        try:
            store.housekeep()
        except Exception as error:  # noqa: BLE001 -- judged below
            said = str(error)
        (realm.spool / "adopt").chmod(0o700)
        store.housekeep()
        return [said, [job.asked.body for job in store.pending()], len(store.history(limit=9))]

    said, bodies, refused = realm.as_daemon(work)
    assert "Permission denied" in said
    assert (bodies, refused) == (["from mallory"], 0)
