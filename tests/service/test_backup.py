"""The queue moves to other places and other versions of comenq, and is posted from there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from threading import Event, Thread

import pytest

from comenq_core.testing.forge import Forge
from comenq_plugins.spool.format.layout import FORMAT
from tests.process.daemon import Daemon
from tests.spool.rig import contents_of, everything_in

SPOOLS = Path(__file__).with_name("spools")
OLDEST_AND_NEWEST = ("format-1", f"format-{FORMAT - 1}", f"format-{FORMAT}")


def copy(queue: Path, place: Path) -> Path:
    """Copy a spool as docs/backup.md says; what is being written may vanish meanwhile."""
    subprocess.run(["cp", "-a", queue, place], stderr=subprocess.DEVNULL, check=False)
    return place


def ids(daemon: Daemon, *words: str) -> list[str]:
    """The ids of the jobs that a command of the client's prints."""
    return [json.loads(line)["id"] for line in daemon.comenq(*words, "--json").splitlines()]


def test_a_stopped_queue_can_move(forge: Forge) -> None:
    """The copy has what waited, in its order, the receipts, and the running cooldown."""
    with Daemon(forge.url, cooldown_period_seconds=600) as old:
        old.start()
        posted = old.put("posted")
        old.log.until("job_done")
        waiting = [old.put(body) for body in ("first", "second")]
        old.terminate()
        place = copy(old.queue, old.directory / "copy")

        with Daemon(forge.url, cooldown_period_seconds=600, queue_path=str(place)) as new:
            new.start()
            assert ids(new, "list") == waiting
            assert ids(new, "hist") == [posted]
            (account,) = json.loads(new.comenq("status", "--json"))["accounts"]
            assert 0 < account["post_in"] <= 600
    assert len(forge.posts) == 1


@pytest.mark.full
def test_a_running_queue_can_move(forge: Forge) -> None:
    """What was acknowledged before a paused queue is copied is posted from the copy, once."""
    stop = Event()
    with Daemon(forge.url) as old:
        old.start()
        old.comenq("pause")
        before = [f"before {number}" for number in range(5)]
        for body in before:
            old.put(body)

        def go_on() -> None:
            while not stop.is_set():
                old.put("meanwhile")

        writer = Thread(target=go_on)
        writer.start()
        place = copy(old.queue, old.directory / "copy")
        stop.set()
        writer.join()

        with Daemon(forge.url, queue_path=str(place)) as new:
            new.start()
            kept = ids(new, "list")
            new.comenq("resume")
            comments = forge.wait_for_comments(len(kept))
    assert [comment.body for comment in comments[:5]] == before


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(
            path, id=path.name, marks=[] if path.name in OLDEST_AND_NEWEST else pytest.mark.full
        )
        for path in sorted(SPOOLS.iterdir())
    ],
)
def test_a_spool_of_an_earlier_version_is_read(sample: Path, forge: Forge) -> None:
    """What comenq has written in each format that there was is listed, and posted in its order."""
    with Daemon(forge.url, history_days=36_500) as daemon:
        shutil.copytree(sample, daemon.queue)
        daemon.queue.chmod(0o700)
        daemon.start()

        listed = [json.loads(line) for line in daemon.comenq("list", "--json").splitlines()]
        doubted = [("doubted", "unconfirmed")] if (sample / "unconfirmed").exists() else []
        assert [(job["body"], job["state"]) for job in listed] == [
            *doubted,
            ("first", "waiting"),
            ("second", "waiting"),
            ("held", "held"),
            *([("reply", "held")] if sample.name >= "format-6" else []),
        ]
        deleted = [("deleted", False)] if (sample / "deleted").exists() else []
        history = [json.loads(line) for line in daemon.comenq("hist", "--json").splitlines()]
        assert [(job["body"], job["success"]) for job in history] == [
            ("posted", True),
            ("failed", False),
            *deleted,
        ]
        if (sample / "past").exists():
            words = ("octo/hello-world", "1", "long ago", "--key", "release-0.9", "--json")
            assert json.loads(daemon.comenq("put", *words))["state"] == "posted"
        daemon.comenq("resume")
        comments = forge.wait_for_comments(2)
        assert [comment.body for comment in comments] == ["first", "second"]


def test_there_is_a_sample_of_todays_format() -> None:
    """Later versions can be held to what this one writes."""
    assert (SPOOLS / f"format-{FORMAT}").is_dir()


@pytest.mark.full
def test_a_spool_of_a_later_version_is_refused(forge: Forge) -> None:
    """Processes older than their spool end, say what to do, and touch nothing."""
    with Daemon(forge.url) as daemon:
        daemon.start()
        daemon.comenq("pause")
        daemon.put("waits")
        daemon.terminate()
        (daemon.queue / "version").write_text(f"{FORMAT + 1}\n")
        before = everything_in(daemon.queue), contents_of(daemon.queue)

        for command in ("check", "listen", "work"):
            said = daemon.comenqd(command, status=1)
            assert "run the version of comenq that wrote it, or a newer one" in said
        assert (everything_in(daemon.queue), contents_of(daemon.queue)) == before
