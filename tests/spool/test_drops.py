"""Files dropped into ``new/``: what becomes of them, and of the known attacks."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from comenq_core.model import Change, Failed, State
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolStore, drop_scan, open_spool
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.fs import safe_read
from comenq_plugins.spool.fs.safe_read import Unfit, read_foreign
from tests.spool.attacks import (
    ATTACKS,
    JOB_NAME,
    Attack,
    dangling,
    directory,
    fifo,
    make_old,
    symlink,
    unix_socket,
)
from tests.spool.children import needs_root
from tests.spool.rig import (
    Opener,
    attempt,
    claim,
    drop,
    my_group,
    names_in,
    new_job,
    open_at,
    places_of,
    put,
    request_text,
)

SECRET = b"canary-5f1e7c"


def housekeep(store: SpoolStore) -> None:
    """Adopt all dropped files."""
    while store.housekeep():
        continue


def refusals(store: SpoolStore) -> list[str]:
    """Why files were refused."""
    return [job.reason for job in store.history(limit=1_000)]


def bodies(store: SpoolStore) -> list[str]:
    """The bodies that wait, in the order of the queue."""
    return [job.asked.body for job in store.pending()]


# What is accepted --------------------------------------------------------------------------------


def test_a_file_renamed_in_becomes_a_job(store: SpoolStore, spool: Path) -> None:
    """The job is like any other, and says who dropped the file."""
    drop(spool, "job.json", request_text("Hi", key="k"))
    housekeep(store)
    (job,) = store.pending()
    assert (job.asked.body, job.asked.key) == ("Hi", "k")
    assert (job.origin.intake, job.origin.uid) == ("drop", os.getuid())
    assert places_of(spool) == {job.id: ["new"]}
    assert os.listdir(spool / "adopt") == []


@pytest.mark.parametrize(("hold", "place"), [(True, "hold"), (False, "new"), (None, "new")])
def test_a_dropped_file_can_ask_to_be_held(
    store: SpoolStore, spool: Path, hold: bool | None, place: str
) -> None:
    """With ``"hold": true`` beside the request's members, the job is held from the start."""
    drop(spool, "job.json", request_text("Hi", **({} if hold is None else {"hold": hold})))
    housekeep(store)
    (job,) = store.pending()
    assert places_of(spool) == {job.id: [place]}


def test_dropped_files_are_held_where_the_settings_say_so(spool: Path) -> None:
    """With ``hold_new = ["drop"]``, each becomes a held job."""
    settings = Settings(queue_path=spool, hold_new=("drop",))
    with closing(open_spool(settings)) as store, store.lock():
        drop(spool, "job.json", request_text("Hi"))
        housekeep(store)
        assert [job.state for job in store.pending()] == [State.HELD]


def test_files_dropped_before_the_start_are_adopted(opener: Opener, spool: Path) -> None:
    """A daemon that starts adopts what was dropped while none was running."""
    opener()
    drop(spool, "job.json", request_text("Hi"))
    store = opener()
    housekeep(store)
    assert bodies(store) == ["Hi"]


@pytest.mark.parametrize("name", ["job.txt", ".job.json", "job", "job.json~", "job.JSON"])
def test_other_files_are_left_alone(store: SpoolStore, spool: Path, name: str) -> None:
    """Hidden files, and files that do not end in .json, stay where they are."""
    (spool / "new" / name).write_bytes(request_text("Hi"))
    housekeep(store)
    assert (spool / "new" / name).exists()
    assert (bodies(store), refusals(store)) == ([], [])


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.json",
        b"\xff\xfe not utf-8 \x80.json",
        b"\x1b[2J\x07.json",
        b" .json",
        b"-rf.json",
        b"'\"$(id)`.json",
        b"x" * 250 + b".json",
    ],
)
def test_any_name_is_accepted(
    store: SpoolStore, spool: Path, name: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A file's name decides nothing, and is one escaped line in the log."""
    caplog.set_level("DEBUG")
    drop(spool, os.fsdecode(name), request_text("Hi"))
    housekeep(store)
    assert bodies(store) == ["Hi"]
    told = [record.getMessage().split(":")[0] for record in caplog.records]
    assert told == ["spool adopted", "spool queued"]
    assert all(record.getMessage().isprintable() for record in caplog.records)


def drop_later(spool: Path, name: str, body: str, since: int) -> int:
    """Drop a file with a later arrival than ``since`` by the filesystem's clock."""
    path = drop(spool, name, request_text(body))
    while path.stat().st_ctime_ns <= since:
        path.rename(path.with_name(".again"))
        path.with_name(".again").rename(path)
    return path.stat().st_ctime_ns


def test_names_decide_nothing_about_the_order(store: SpoolStore, spool: Path) -> None:
    """Files come into the queue in the order of their arrival, after the jobs that are there."""
    put(store, "first")
    since = drop_later(spool, "zzz.json", "second", 0)
    drop_later(spool, "!.json", "third", since)
    housekeep(store)
    assert bodies(store) == ["first", "second", "third"]


def test_a_key_works_in_a_file_too(store: SpoolStore, spool: Path) -> None:
    """A key is queued once, by socket or by file; another comment with it is refused."""
    store.put([new_job("Hi", key="k")])
    drop(spool, "again.json", request_text("Hi", key="k"))
    drop(spool, "other.json", request_text("other", key="k"))
    drop(spool, "sound.json", request_text("sound"))
    housekeep(store)
    assert bodies(store) == ["Hi", "sound"]
    assert [reason.split()[:3] for reason in refusals(store)] == [["the", "key", "belongs"]]


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the text is not JSON"),
        (b"{", "the text is not JSON"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b"\0" * 50, "the text is not JSON"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"body":"a","body":"b"}', "more than once"),
        (request_text(" "), "body: "),
        (request_text("Hi", surprise=1), "surprise"),
        (request_text("Hi", id="7f3kq2m8x1ab"), "id"),
        (request_text("x" * (1 << 20)), "1048576 are allowed"),
        (request_text("x" * 262_145), "262144"),
    ],
)
def test_a_file_that_is_no_request_becomes_a_dead_letter(
    store: SpoolStore, spool: Path, text: bytes, reason: str
) -> None:
    """The reason names the rule, and the file is kept beside it, byte for byte."""
    drop(spool, "bad.json", text)
    drop(spool, "good.json", request_text("good"))
    housekeep(store)
    assert bodies(store) == ["good"]
    (dead_letter,) = store.history(limit=9)
    assert reason in dead_letter.reason
    assert "\n" not in dead_letter.reason
    assert (dead_letter.state, dead_letter.request) == (State.FAILED, None)
    assert (spool / "failed" / f"{dead_letter.id}.drop").read_bytes() == text


def test_a_failed_drop_can_be_cancelled_and_not_retried(store: SpoolStore, spool: Path) -> None:
    """It has no request to queue; the error says where the file is."""
    drop(spool, "bad.json", b"{")
    housekeep(store)
    (dead_letter,) = store.history(limit=9)
    with pytest.raises(
        Exception, match=rf"mend {spool}/failed/{dead_letter.id}.drop and drop it again"
    ):
        store.change(dead_letter.id, Change.RETRY)
    store.change(dead_letter.id, Change.CANCEL)
    assert os.listdir(spool / "failed") == []


def contents(path: Path) -> Iterator[bytes]:
    """Every byte in the regular files below a directory."""
    for each in path.rglob("*"):
        if each.is_file() and not each.is_symlink() and each.stat().st_size < 1 << 30:
            yield each.read_bytes()


@pytest.mark.parametrize("name", ["attack.json", "0.json"])
@pytest.mark.parametrize(
    ("attack", "reason"), ATTACKS, ids=lambda value: getattr(value, "__name__", "")
)
def test_an_attack_is_refused_with_its_reason(
    store: SpoolStore, spool: Path, tmp_path: Path, name: str, attack: Attack, reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """It blocks nothing, leaks nothing, and is kept for the operator."""
    caplog.set_level("DEBUG")
    secret = tmp_path / "secret"
    secret.write_bytes(request_text(SECRET.decode()))
    attack(spool / "new" / name, secret)
    drop(spool, "good.json", request_text("good"))
    make_old(spool / "new")
    housekeep(store)
    assert bodies(store) == ["good"]
    assert refusals(store) == [reason]
    assert not any(SECRET in text for text in contents(spool))
    assert SECRET.decode() not in caplog.text
    (dead_letter,) = store.history(limit=9)
    assert os.path.lexists(spool / "failed" / f"{dead_letter.id}.drop")
    assert [text for text in os.listdir(spool / "new") if text.endswith(".json")] == []


def test_a_link_to_the_daemons_own_file_is_refused(store: SpoolStore, spool: Path) -> None:
    """A second name of a job's file shows nobody its content, and does not harm the job."""
    (job,) = put(store, "Hi")
    (name,) = names_in(spool / "new")
    os.link(spool / "new" / str(name), spool / "new" / "mine.json")
    make_old(spool / "new")
    housekeep(store)
    assert refusals(store) == ["it has 2 names; a hard link is not accepted"]
    with store.lock():
        assert claim(store).asked.body == "Hi"
    assert places_of(spool)[job.id] == ["cur"]


def test_a_link_in_the_name_of_another_job_is_no_job(store: SpoolStore, spool: Path) -> None:
    """A job's file under another job's name does not get its place in the queue."""
    put(store, "first", "second")
    second = names_in(spool / "new")[1]
    os.link(spool / "new" / str(second), spool / "new" / JOB_NAME)
    with store.lock():
        housekeep(store)
        assert [claim(store).asked.body for _ in range(2)] == ["first", "second"]
        assert store.claim("bot") is None
    assert "another job" in refusals(store)[0]


@pytest.mark.parametrize("attack", [symlink, dangling, fifo, unix_socket, directory])
def test_a_job_like_name_gives_no_place_in_the_queue(
    opener: Opener, spool: Path, tmp_path: Path, attack: Attack
) -> None:
    """Another user's file with a job's name is a dropped file like others."""
    store = opener(group=my_group())
    (job,) = put(store, "honest")
    attack(spool / "new" / JOB_NAME, tmp_path / "secret")
    attack(spool / "new" / str(Name(1, 0, job.id, "00000000")), tmp_path / "secret")
    assert bodies(store) == ["honest"]
    assert store.get(job.id).asked.body == "honest"
    with store.lock():
        housekeep(store)
        assert claim(store).id == job.id
        assert store.claim("bot") is None
    assert len(refusals(store)) == 2


@pytest.mark.parametrize("attack", [symlink, dangling, fifo, unix_socket, directory])
def test_a_job_like_name_does_not_stop_a_private_spool(
    store: SpoolStore, spool: Path, tmp_path: Path, attack: Attack
) -> None:
    """A file with a job's name that is no job's file becomes a dead letter."""
    (job,) = put(store, "honest")
    attack(spool / "new" / JOB_NAME, tmp_path / "secret")
    assert bodies(store) == ["honest"]
    with store.lock():
        assert claim(store).id == job.id
        housekeep(store)
    assert len(refusals(store)) == 1


# Half-written and changing files -----------------------------------------------------------------


def test_a_file_written_in_place_is_adopted_when_it_is_closed(
    store: SpoolStore, spool: Path
) -> None:
    """Half a file is neither adopted nor refused."""
    text = request_text("Hi")
    with (spool / "new" / "slow.json").open("wb", buffering=0) as file:
        for part in (text[:9], text[9:20]):
            file.write(part)
            housekeep(store)
            assert (bodies(store), refusals(store)) == ([], [])
        file.write(text[20:])
    housekeep(store)
    assert bodies(store) == ["Hi"]


def test_a_worker_that_starts_during_a_write_waits(opener: Opener, spool: Path) -> None:
    """It waits although it has not seen the beginning of the write."""
    opener()
    text = request_text("Hi")
    with (spool / "new" / "slow.json").open("wb", buffering=0) as file:
        file.write(text[:9])
        store = opener()
        housekeep(store)
        assert (bodies(store), refusals(store)) == ([], [])
        file.write(text[9:])
    housekeep(store)
    assert bodies(store) == ["Hi"]


def test_an_unfinished_file_is_refused_after_a_minute(opener: Opener, spool: Path) -> None:
    """A file that was not written to for a minute is refused."""
    store = opener()
    with (spool / "new" / "slow.json").open("wb", buffering=0) as file:
        file.write(b'{"owner":')
        housekeep(store)
        assert refusals(store) == []
        make_old(spool / "new")
        housekeep(store)
    assert len(refusals(store)) == 1


def test_a_file_from_the_future_is_not_waited_for(opener: Opener, spool: Path) -> None:
    """A time of change that its owner has set does not delay the refusal."""
    opener()
    path = spool / "new" / "future.json"
    path.write_bytes(b"{")
    future = time.time() + 10**7
    os.utime(path, (future, future))
    store = opener()
    housekeep(store)
    assert len(refusals(store)) == 1


@pytest.mark.parametrize("change", [b"more", None, b"Hi"], ids=["grows", "shrinks", "same size"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes | None
) -> None:
    """What was read may be neither the old content nor the new."""
    path = tmp_path / "file"
    path.write_bytes(b"Ho")
    os.utime(path, (1, 1))
    real = safe_read.read_all

    def read_and_change(descriptor: int, limit: int) -> bytes:
        data = real(descriptor, limit)
        if change is None:
            path.write_bytes(b"")
        elif change == b"more":
            with path.open("ab") as file:
                file.write(change)
        else:
            path.write_bytes(change)
        return data

    monkeypatch.setattr(safe_read, "read_all", read_and_change)
    with pytest.raises(Unfit, match="changed while it was read"):
        read_foreign(str(path), 100)


def test_a_file_that_its_owner_removes_in_time_is_ignored(
    store: SpoolStore, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no job, no dead letter and no error."""
    path = drop(spool, "gone.json", request_text("Hi"))
    drop(spool, "good.json", request_text("good"))
    real = os.rename

    def remove_and_rename(source: str, target: str) -> None:
        path.unlink(missing_ok=True)
        real(source, target)

    monkeypatch.setattr(os, "rename", remove_and_rename)
    housekeep(store)
    assert (bodies(store), refusals(store)) == (["good"], [])


# Many, and no room -------------------------------------------------------------------------------


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A spool where syncing costs nothing, if there is such a place."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="cq", dir=base))
    yield path / "queue"
    shutil.rmtree(path)


@pytest.mark.full
def test_ten_thousand_files_are_adopted_in_small_steps(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is bounded, a job can be claimed in between, and no file is missed."""
    open_at(in_memory).close()
    for number in range(10_000):
        text = request_text(f"{number}") if number % 2 else b"{"
        (in_memory / "new" / f"{number}.json").write_bytes(text)
    reads: list[str] = []

    def counted(path: str, limit: int) -> tuple[bytes, int]:
        reads.append(path)
        return read_foreign(path, limit)

    monkeypatch.setattr(drop_scan, "read_foreign", counted)
    store = open_at(in_memory)
    make_old(in_memory / "new")
    try:
        (first,) = put(store, "from the socket")
        with store.lock():
            assert store.housekeep()
            adopted = 10_000 - len(list((in_memory / "new").glob("*.json")))
            assert 0 < adopted <= 64
            assert claim(store).id == first.id
            store.settle(first, Failed(reason="enough"), attempt(store))
            housekeep(store)
        assert store.counts().waiting == 5_000
        assert store.counts().failed == 5_001
        assert len(set(bodies(store))) == 5_000
        assert len(reads) < 20_000
    finally:
        store.close()


def test_unfinished_files_do_not_make_a_step_long(
    opener: Opener, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step reads a bounded number of files that are still being written."""
    opener()
    for number in range(300):
        (spool / "new" / f"{number}.json").write_bytes(b"{")
    reads: list[str] = []

    def counted(path: str, limit: int) -> tuple[bytes, int]:
        reads.append(path)
        return read_foreign(path, limit)

    monkeypatch.setattr(drop_scan, "read_foreign", counted)
    assert not opener().housekeep()
    assert 0 < len(reads) <= 64


@pytest.mark.parametrize("limit", [{"max_pending": 1}, {"min_free_bytes": 1 << 62}])
def test_files_wait_while_the_queue_is_full(
    opener: Opener, spool: Path, limit: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    """A full queue adopts no file, logs it, and goes on posting."""
    (job,) = put(opener(), "waits")
    drop(spool, "later.json", request_text("later"))
    store = opener(**limit)
    with store.lock():
        assert not store.housekeep()
        assert claim(store).id == job.id
    assert (spool / "new" / "later.json").exists()
    assert "Dropped files wait until there is room" in caplog.text
    store = opener()
    housekeep(store)
    assert "later" in bodies(store)


def test_a_queue_adopts_as_many_files_as_may_wait(opener: Opener, spool: Path) -> None:
    """max_pending is never exceeded, and the other files wait in new/."""
    store = opener(max_pending=3)
    put(store, "first")
    for number in range(5):
        drop(spool, f"{number}.json", request_text(str(number)))
    housekeep(store)
    assert store.counts().waiting == 3
    assert len(list((spool / "new").glob("*.json"))) == 3


def leave_in_adopt(spool: Path, text: bytes) -> str:
    """Leave a file as a worker does that dies after it has adopted it."""
    job_id = "7f3kq2m8x1ab"
    (spool / "adopt" / f"{job_id}.drop").write_bytes(text)
    return job_id


def test_what_a_dead_worker_has_taken_is_finished(opener: Opener, spool: Path) -> None:
    """A file that was adopted, and is no job yet, becomes one."""
    opener()
    job_id = leave_in_adopt(spool, request_text("Hi"))
    store = opener()
    housekeep(store)
    assert [(job.id, job.asked.body) for job in store.pending()] == [(job_id, "Hi")]
    assert os.listdir(spool / "adopt") == []


def test_a_cancelled_job_does_not_come_back_from_its_file(opener: Opener, spool: Path) -> None:
    """Cancelling a job deletes the dropped file that a dead worker has left of it."""
    opener()
    job_id = leave_in_adopt(spool, request_text("Hi"))
    store = opener()
    housekeep(store)
    leave_in_adopt(spool, request_text("Hi"))
    store.change(job_id, Change.CANCEL)
    worker = opener()
    housekeep(worker)
    assert bodies(worker) == []


@needs_root
def test_a_device_is_refused(store: SpoolStore, spool: Path) -> None:
    """A device is not read."""
    os.mknod(spool / "new" / "zero.json", 0o20666, os.makedev(1, 5))
    make_old(spool / "new")
    housekeep(store)
    assert refusals(store) == ["it is not a regular file"]


def test_a_dropped_file_says_what_wrote_it_and_not_who(store: SpoolStore, spool: Path) -> None:
    """A file can have ``via``; its owner is the file's, and the file cannot say another."""
    drop(spool, "job.json", request_text("Hi", via="nightly report"))
    drop(spool, "liar.json", request_text("Ho", uid=0))
    housekeep(store)
    (job,) = store.pending()
    assert (job.origin.via, job.origin.uid, job.origin.token) == (
        "nightly report",
        os.getuid(),
        None,
    )
    assert [reason.partition(";")[0] for reason in refusals(store)] == ["uid: is not known here"]
