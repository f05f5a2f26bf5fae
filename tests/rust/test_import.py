"""``comenqd import`` takes over the queue of the Rust comenq, and leaves it as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from comenq_core.model import Job, State
from comenq_core.settings import load
from comenq_core.testing.forge import Forge
from comenq_plugins.spool import open_spool
from tests import preloaded
from tests.process.daemon import Daemon
from tests.rust.released import SEGMENT_END, item, move_position
from tests.test_credentials import GITHUB

HERE = Path(__file__).parent
FORMS = ("queue-released", "queue-branches")


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub stand-in."""
    with Forge() as stand_in:
        yield stand_in


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Daemon]:
    """A daemon that does not run yet."""
    with Daemon(forge.url) as made:
        yield made


@pytest.fixture
def released(daemon: Daemon) -> Path:
    """A copy of the released version's queue: four comments, of which the first was posted."""
    return copied(daemon, "queue-released")


@pytest.fixture
def branches(daemon: Daemon) -> Path:
    """A copy of the branches' queue, with four comments."""
    return copied(daemon, "queue-branches")


def copied(daemon: Daemon, form: str) -> Path:
    """A queue of this form, which may be changed."""
    return Path(shutil.copytree(HERE / form, daemon.directory / form))


def run(daemon: Daemon, directory: Path) -> tuple[int, str, str]:
    """Run the import; return its exit status and its output."""
    command = (daemon.scripts / "comenqd", "import", directory, "--config", daemon.config)
    done = preloaded.run(command, env=daemon.environment)
    return done.returncode, done.stdout, done.stderr


def pending(daemon: Daemon) -> list[Job]:
    """What is in the daemon's queue, in its order; ``[]`` if there is no queue."""
    if not daemon.queue.exists():
        return []
    store = open_spool(load(daemon.config, {}))
    try:
        return list(store.pending())
    finally:
        store.close()


def bodies(daemon: Daemon) -> list[str]:
    """The comments in the daemon's queue, in their order."""
    return [job.asked.body for job in pending(daemon)]


def expected(form: str) -> list[dict[str, Any]]:
    """What waits in a queue, as it was measured."""
    return [json.loads(line) for line in (HERE / f"{form}.expected.jsonl").read_text().splitlines()]


def snapshot(directory: Path) -> dict[str, tuple[int, int, bytes | None]]:
    """All that is in a directory: modes, times and contents."""
    found = {}
    for path in (directory, *directory.rglob("*")):
        status = path.stat()
        content = path.read_bytes() if path.is_file() else None
        found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found


def change(entry: Path, **members: object) -> None:
    """Change members of an entry of the branches' queue."""
    entry.write_text(json.dumps(json.loads(entry.read_text()) | members))


@pytest.mark.parametrize("form", FORMS)
def test_what_waits_is_queued_in_order(daemon: Daemon, form: str) -> None:
    """Each comment is queued with its target, its text and its time; what was posted is not."""
    directory = copied(daemon, form)
    before = snapshot(directory)
    status, told, errors = run(daemon, directory)
    count = len(expected(form))
    assert (status, errors) == (0, "")
    assert told.startswith(f"Imported {count} comments; 0 had been imported before.\n")
    found = []
    for job in pending(daemon):
        asked = job.asked
        members = {"owner": asked.owner, "repo": asked.repo, "pr_number": asked.pr_number}
        found.append(members | {"body": asked.body})
        if asked.not_before:
            found[-1]["not_before"] = int(asked.not_before.timestamp())
        assert job.origin.intake == "import"
    assert found == expected(form)
    assert snapshot(directory) == before


def test_imported_comments_are_posted_once(daemon: Daemon, forge: Forge, released: Path) -> None:
    """A running daemon posts them; a second import, of a copy, queues none of them again."""
    wanted = [line["body"] for line in expected("queue-released")]
    daemon.start()
    run(daemon, released)
    assert [comment.body for comment in forge.wait_for_comments(3)] == wanted
    for _ in wanted:
        daemon.log.until(r"job_done: ")
    copy = shutil.copytree(released, daemon.directory / "copy")
    status, told, _ = run(daemon, Path(copy))
    assert (status, told.splitlines()[0]) == (0, "Imported 0 comments; 3 had been imported before.")
    assert bodies(daemon) == []


def test_only_what_is_new_is_queued_again(daemon: Daemon, released: Path, branches: Path) -> None:
    """What the old daemon has queued since the last import is queued, and nothing else."""
    run(daemon, released)
    run(daemon, branches)
    with (released / "0.q").open("ab") as segment:
        segment.write(item("new"))
    move_position(released, 0, 177)
    shutil.copy(branches / "entries" / "4cd6c6e9.json", branches / "entries" / "new.json")
    change(branches / "entries" / "new.json", id="00000000", not_before=0)
    before = len(pending(daemon))
    for directory, known in ((released, 2), (branches, 4)):
        told = run(daemon, directory)[1]
        assert told.startswith(f"Imported 1 comment; {known} had been imported before.\n")
    assert [job.asked.not_before for job in pending(daemon)[before:]] == [None, None]


def test_the_same_comment_twice_stays_twice(daemon: Daemon, released: Path) -> None:
    """Comments that read the same are each queued."""
    (released / "0.q").write_bytes(item("same") * 3)
    move_position(released, 0, 0)
    run(daemon, released)
    assert bodies(daemon) == ["same"] * 3


def test_a_comment_with_a_credential_is_held(daemon: Daemon, released: Path) -> None:
    """An import is no way round `hold_secrets`; the other comments wait."""
    (released / "0.q").write_bytes(item("harmless") + item(GITHUB))
    move_position(released, 0, 0)
    run(daemon, released)
    found = {job.asked.body: job.state for job in pending(daemon)}
    assert found == {"harmless": State.WAITING, GITHUB: State.HELD}


def test_all_segments_are_read(daemon: Daemon, released: Path) -> None:
    """Reading begins in the segment that the position names, and goes on in those after it."""
    for number in (9, 10, 11):
        data = item(f"{number}a") + item(f"{number}b") + SEGMENT_END
        (released / f"{number}.q").write_bytes(data)
    move_position(released, 9, len(item("9a")))
    assert run(daemon, released)[0] == 0
    assert bodies(daemon) == ["9b", "10a", "10b", "11a", "11b"]


def test_queue_of_which_nothing_was_taken(daemon: Daemon, released: Path) -> None:
    """Without a position, all is read."""
    (released / "recv-metadata").unlink()
    run(daemon, released)
    assert len(pending(daemon)) == 4


DAMAGED: dict[str, tuple[Callable[[], bytes], list[str], str]] = {
    "no JSON": (lambda: item("", raw=b"{"), ["a", "z"], "the text is not JSON"),
    "no comment": (lambda: item(" "), ["a", "z"], "body: "),
    "unknown member": (
        lambda: item("", raw=b'{"owner":"o","repo":"r","pr_number":1,"body":"b","x":1}'),
        ["a", "z"],
        "x: is not known here",
    ),
    "header": (lambda: b"\x00\x00\x00\x01x", ["a"], "this header is damaged"),
    "zeros": (lambda: bytes(512), ["a"], "this header is damaged"),
    "cut off": (lambda: item("b" * 10_000)[:-9000], ["a"], "this comment is cut off"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_item_is_told(daemon: Daemon, released: Path, kind: str) -> None:
    """Of a damaged item, file, place and reason are told; what can be read is queued."""
    damage, readable, reason = DAMAGED[kind]
    start = item("a")
    (released / "0.q").write_bytes(start + damage() + item("z"))
    move_position(released, 0, 0)
    before = snapshot(released)
    status, _, errors = run(daemon, released)
    assert status == 1
    place = f"comenqd: not imported: {released}/0.q, byte {len(start)}: {reason}"
    assert errors.startswith(place)
    assert (bodies(daemon), snapshot(released)) == (readable, before)


def test_missing_segment_is_told(daemon: Daemon, released: Path) -> None:
    """A segment that is missing is named; those after it are read."""
    (released / "0.q").rename(released / "1.q")
    status, _, errors = run(daemon, released)
    assert (status, len(pending(daemon))) == (1, 4)
    assert "0.q: this segment is missing" in errors


def test_damaged_position_stops_the_import(daemon: Daemon, released: Path) -> None:
    """Where it cannot be known what was posted, nothing is queued."""
    (released / "recv-metadata").write_bytes(b"\0" * 9)
    status, _, errors = run(daemon, released)
    assert (status, pending(daemon)) == (1, [])
    assert "recv-metadata is damaged" in errors


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("order", "first"),
        ("not_before", 10**15),
        ("not_before", None),
        ("not_before", 17_000_000_000),
        ("request", None),
    ],
)
def test_damaged_entry_is_told(daemon: Daemon, branches: Path, member: str, value: object) -> None:
    """A file with a wrong member is named with the reason; the others are queued."""
    path = branches / "entries" / "d778b8fa.json"
    change(path, **{member: value})
    status, _, errors = run(daemon, branches)
    assert (status, len(pending(daemon))) == (1, 3)
    assert errors.startswith(f"comenqd: not imported: {path}: ")


def test_changed_order_counts(daemon: Daemon, branches: Path) -> None:
    """Of entries that were moved, the order is the one that the Rust daemon would keep."""
    for name, order in (("dfc71f1a", -7), ("4cd6c6e9", 9)):
        change(branches / "entries" / f"{name}.json", order=order)
    run(daemon, branches)
    assert [job.asked.pr_number for job in pending(daemon)] == [4, 2, 3, 1]


def test_unfinished_entry_is_no_comment(daemon: Daemon, branches: Path) -> None:
    """A draft, of which nobody was told that it is queued, is left out."""
    (branches / "entries" / "aaaaaaaa.tmp").write_text("{")
    assert run(daemon, branches)[0] == 0
    assert len(pending(daemon)) == 4


def test_comment_in_flight_is_told(daemon: Daemon, branches: Path) -> None:
    """What the Rust daemon was posting may be posted: a person is told to look."""
    path = branches / "entries" / "4cd6c6e9.json"
    change(path, claim_token="t")
    status, _, errors = run(daemon, branches)
    assert (status, len(pending(daemon))) == (1, 3)
    assert "look at octo/hello-world#1, and queue it if it is not there" in errors


@pytest.mark.parametrize(("theirs", "left"), [("t", 3), ("another", 4), (None, 3)])
def test_posted_comment_is_left_out(
    daemon: Daemon, branches: Path, theirs: str | None, left: int
) -> None:
    """What the record of completion names was posted, if the claim is the same."""
    path = branches / "entries" / "4cd6c6e9.json"
    change(path, claim_token="t" if left == 3 else None)
    record = {"id": "4cd6c6e9", "posted_at": 1795973153, "claim_token": theirs}
    (branches / "completion").write_text(json.dumps(record))
    assert run(daemon, branches)[0] == 0
    assert len(pending(daemon)) == left


def test_damaged_record_of_completion_stops_the_import(daemon: Daemon, branches: Path) -> None:
    """Where it cannot be known what was posted, nothing is queued."""
    (branches / "completion").write_text("{")
    status, _, errors = run(daemon, branches)
    assert (status, pending(daemon)) == (1, [])
    assert "completion: the text is not JSON" in errors


@pytest.mark.parametrize("lock", ["send.lock", "recv.lock"])
@pytest.mark.parametrize("content", ["pid={pid}\n", "", "?"])
def test_queue_in_use_is_refused(daemon: Daemon, released: Path, lock: str, content: str) -> None:
    """While a process has its lock, nothing is queued, and the lock is named."""
    (released / lock).write_text(content.format(pid=os.getpid()))
    status, told, errors = run(daemon, released)
    assert (status, told, pending(daemon)) == (1, "", [])
    assert f"says {released}/{lock}: stop the Rust daemon" in errors


def test_lock_of_a_killed_daemon_is_told(daemon: Daemon, released: Path) -> None:
    """A lock of a process that is gone stops nothing; what it means is told, and it stays."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    (released / "recv.lock").write_text(f"pid={gone.pid}\n")
    status, _, errors = run(daemon, released)
    assert (status, len(pending(daemon))) == (0, 3)
    assert "a Rust daemon that was killed" in errors
    assert (released / "recv.lock").exists()


def test_unknown_form_is_told(daemon: Daemon, released: Path) -> None:
    """A directory of another kind, a newer queue and none at all are told apart."""
    (released / "version" / "contents").write_text("0.7.0\n")
    assert "was written by version 0.7.0" in run(daemon, released)[2]
    empty = daemon.directory / "empty"
    empty.mkdir()
    assert "is no queue of the Rust comenq" in run(daemon, empty)[2]
    assert f"{daemon.directory}/none: No such file" in run(daemon, daemon.directory / "none")[2]
    assert pending(daemon) == []


def test_own_queue_path_is_refused(daemon: Daemon, branches: Path) -> None:
    """A queue in the place of this comenq's own is left alone, and the command to move it told."""
    daemon.change(queue_path=str(branches))
    before = snapshot(branches)
    status, _, errors = run(daemon, branches)
    assert status == 1
    assert f"mv '{branches}' '{branches}.rust'" in errors
    assert snapshot(branches) == before


def test_full_queue_is_told_and_completed(daemon: Daemon, released: Path) -> None:
    """A queue without room takes none of them; once there is room, a repetition takes all."""
    daemon.change(max_pending=2)
    status, _, errors = run(daemon, released)
    assert (status, pending(daemon)) == (1, [])
    assert "max_pending is 2" in errors
    daemon.change(max_pending=3)
    assert run(daemon, released)[0] == 0
    assert len(pending(daemon)) == 3
