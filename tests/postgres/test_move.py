"""`comenqd move` between a real spool and a real database, killed at each change that it makes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from comenq_core.model import Follow, Job, State
from comenq_core.model.identity import digest_of, id_of_key
from comenq_core.model.past_job import PastJob
from comenq_core.settings import Settings, load
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import new_job
from comenq_plugins.postgres import open_postgres
from comenq_plugins.postgres.store import PostgresStore
from comenq_plugins.spool import SpoolStore, open_spool
from tests import preloaded
from tests.postgres.server import PostgresServer
from tests.test_moving import everything, fill, put

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
CHANGES = (
    "pause", "resume", "save_pacing", "import_jobs", "delete_imported", "import_past_jobs",
    "save_lane", "save_follow",
)  # fmt: skip
# Runs the command with stores whose user is killed at a change: before it, or after it.
KILLER = """
import json, os, signal, sys
from comenq_core.cli.comenqd.main import run
from comenq_plugins.postgres.store import PostgresStore
from comenq_plugins.spool import SpoolStore

names, deadly, done, arguments = json.loads(sys.argv[1])
steps = iter(range(1_000))

def mortal(method):
    def step(*given, **named):
        is_last = next(steps) == deadly
        if is_last and not done:
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*given, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return step

for kind in (PostgresStore, SpoolStore):
    for name in names:
        setattr(kind, name, mortal(getattr(kind, name)))
sys.exit(run(arguments))
"""


@pytest.fixture
def config(server: PostgresServer, schema: str, tmp_path: Path) -> Path:
    """A configuration that has both stores."""
    path = tmp_path / "config.toml"
    path.touch(0o600)
    lines = {
        "queue_path": str(tmp_path / "queue"),
        "spool.min_free_bytes": 0,
        "postgres.dsn": server.dsn,
        "postgres.schema": schema,
    }
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items()))
    return path


@contextmanager
def opened(config: Path, name: str) -> Iterator[PostgresStore | SpoolStore]:
    """The store of that name."""
    settings: Settings = replace(load(config, {}), store=name)
    with closing(open_spool(settings) if name == "spool" else open_postgres(settings)) as store:
        yield store


def content(config: Path, name: str) -> list[Job]:
    """All that is in a store."""
    with opened(config, name) as one:
        return everything(one)


def follows(config: Path, name: str) -> Mapping[str, Follow]:
    """What a store keeps of triggers."""
    with opened(config, name) as one:
        return dict(one.follows())


def run(
    config: Path, source: str, target: str, deadly: int = -1, *, done: bool = False
) -> subprocess.CompletedProcess[str]:
    """Move, and be killed at a change, if there are so many."""
    arguments = ["move", "--from", source, "--to", target, "--config", str(config)]
    if deadly < 0:
        return preloaded.run([preloaded.SCRIPTS / "comenqd", *arguments], env={})
    given = json.dumps([CHANGES, deadly, done, arguments])
    return subprocess.run(
        [sys.executable, "-c", KILLER, given],
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def full(config: Path) -> Path:
    """The configuration, with jobs of every kind in the spool."""
    with opened(config, "spool") as spool:
        fill(spool, FakeClock(spool.now().wall))
    return config


@pytest.mark.parametrize(("source", "target"), [("spool", "postgres"), ("postgres", "spool")])
def test_the_command_carries_everything(full: Path, source: str, target: str) -> None:
    """It says how much, and nothing is left where it came from."""
    if source == "postgres":
        assert run(full, target, source).returncode == 0
    before, kept = content(full, source), follows(full, source)
    done = run(full, source, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Moved 5 pending and 3 settled jobs.\n")
    assert (content(full, target), content(full, source)) == (before, [])
    assert (follows(full, target), follows(full, source)) == (kept, {})
    assert len(kept) == 2


@pytest.mark.parametrize(("source", "target"), [("spool", "postgres"), ("postgres", "spool")])
def test_what_is_remembered_is_known_in_the_other_store(
    config: Path, source: str, target: str
) -> None:
    """A key and the comments of a job that was deleted long ago are still known, and once."""
    request = new_job("Hi", key="k").request
    past = PastJob(
        id=id_of_key("k"),
        digest=digest_of(request),
        state=State.POSTED,
        arrived=NOON,
        settled=NOON,
        target=request.target.lower(),
        url="https://forge.example/1",
        comment_id=1,
        comments=frozenset({1, "IC_2"}),
        reason="so",
    )
    with opened(config, source) as store:
        store.import_past_jobs([past])
    for _ in range(2):
        assert run(config, source, target).returncode == 0
    with opened(config, target) as store:
        assert list(store.past_jobs()) == [past]
        (job,) = store.put([new_job("Hi", key="k")])
        assert (job.state, job.url, job.comment_id) == (State.POSTED, past.url, 1)
        (other,) = store.put([new_job("another")])
        assert set(store.comment_ids(other)) == {1, "IC_2"}


@pytest.mark.full
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("source", "target"), [("spool", "postgres"), ("postgres", "spool")])
def test_a_move_that_is_killed_at_any_change_is_completed_by_another(
    full: Path, source: str, target: str, done: bool
) -> None:
    """A process that is killed there, over and over, loses no job and doubles none."""
    if source == "postgres":
        assert run(full, target, source).returncode == 0
    before, kept = content(full, source), follows(full, source)
    for deadly in count():
        killed = run(full, source, target, deadly, done=done)
        assert kept.keys() == follows(full, source).keys() | follows(full, target).keys()
        together = {job.id for name in (source, target) for job in content(full, name)}
        assert together == {job.id for job in before}
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert deadly > 2
    assert (content(full, target), content(full, source)) == (before, [])
    assert (follows(full, target), follows(full, source)) == (kept, {})


def test_a_configuration_file_names_a_store_too(full: Path, tmp_path: Path) -> None:
    """Two spools have the same name: each is named by its configuration file."""
    other = tmp_path / "other.toml"
    other.touch(0o600)
    other.write_text(f"queue_path = {json.dumps(str(tmp_path / 'other'))}\n")
    before = content(full, "spool")
    assert run(full, str(full), str(other)).returncode == 0
    assert content(other, "spool") == before


def test_a_spool_whose_worker_runs_is_not_moved(full: Path) -> None:
    """The command says which worker has it, and moves nothing."""
    before = content(full, "spool")
    with opened(full, "spool") as spool, spool.lock():
        done = run(full, "spool", "postgres")
    assert (done.returncode, done.stdout) == (1, "")
    assert "another worker (pid " in done.stderr
    assert content(full, "spool") == before


def test_a_database_does_not_move_onto_itself(full: Path) -> None:
    """The command says so, and moves nothing."""
    with opened(full, "postgres") as database:
        job = put(database, "stays")
    done = run(full, "postgres", "postgres")
    assert (done.returncode, done.stdout) == (1, "")
    assert "both are the same store: nothing was moved" in done.stderr
    with opened(full, "postgres") as database:
        assert (list(database.pending()), database.paused()) == ([job], None)


def test_a_dropped_file_moves_as_a_job(full: Path, tmp_path: Path) -> None:
    """A file in the spool's new/ is read first."""
    request = {"owner": "o", "repo": "r", "pr_number": 1, "body": "dropped"}
    draft = tmp_path / "dropped.json"
    draft.write_text(json.dumps(request))
    draft.rename(tmp_path / "queue" / "new" / "dropped.json")
    assert run(full, "spool", "postgres").returncode == 0
    assert "dropped" in {job.asked.body for job in content(full, "postgres")}


@pytest.mark.parametrize("arguments", [["--from", "spool"], ["--to", "spool"]])
def test_both_stores_have_to_be_named(config: Path, arguments: list[str]) -> None:
    """The command does not guess which way a queue is to go."""
    done = preloaded.run([preloaded.SCRIPTS / "comenqd", "move", *arguments], env={})
    assert done.returncode == 2
    assert "the following arguments are required" in done.stderr
