"""`comenq edit`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from comenq_core.model import Change
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.socket.serving import Served


def editor(directory: Path, script: str) -> dict[str, str]:
    """Variables that make a shell script the editor; the file is ``$1``."""
    path = directory / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return {"VISUAL": str(path), "TMPDIR": str(directory)}


def kept(directory: Path) -> list[str]:
    """The texts that are kept."""
    names = [name for name in os.listdir(directory) if name.startswith("comenq-")]
    return [(directory / name).read_text() for name in names]


def put(comenq: Comenq, text: str = "text", *options: str) -> str:
    """Queue a comment; its id."""
    job_id: str = json.loads(comenq("o/r", "1", text, "--json", *options).stdout)["id"]
    return job_id


def bodies(served: Served) -> list[str]:
    """The texts in the queue, in its order."""
    return [job.asked.body for job in served.store.pending()]


def test_a_comment_is_edited_in_its_place(comenq: Comenq, served: Served, directory: Path) -> None:
    """What is saved in the editor replaces the text, and the place in the queue stays."""
    job_id = put(comenq, "one")
    put(comenq, "two")
    env = environment(served.path, **editor(directory, 'echo " more" >> "$1"'))
    done = run("edit", job_id[:6], env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"edited {job_id} · o/r#1 · 1st in queue · now\n"
    assert (bodies(served), kept(directory)) == (["one more\n", "two"], [])


def test_a_held_comment_is_edited_and_stays_held(
    comenq: Comenq, served: Served, directory: Path
) -> None:
    """A person can put right what waits for their release."""
    job_id = put(comenq, "one", "--hold")
    env = environment(served.path, **editor(directory, 'echo two > "$1"'))
    assert run("edit", job_id, env=env).stdout == f"edited {job_id} · o/r#1 · held\n"
    assert bodies(served) == ["two\n"]


def test_the_new_text_comes_from_a_file(comenq: Comenq, served: Served) -> None:
    """With -F there is no editor."""
    job_id = put(comenq)
    done = comenq("edit", job_id, "-F", "-", "--json", stdin=b"from a pipe")
    assert (json.loads(done.stdout)["id"], bodies(served)) == (job_id, ["from a pipe"])


def test_an_unchanged_text_changes_nothing(comenq: Comenq, served: Served, directory: Path) -> None:
    """To leave the editor without a change is no error."""
    job_id = put(comenq)
    done = run("edit", job_id, env=environment(served.path, **editor(directory, "true")))
    assert (done.returncode, bodies(served), kept(directory)) == (0, ["text"], [])
    assert done.stdout.startswith(f"unchanged {job_id}")


@pytest.mark.parametrize("script", ["exit 3", ': > "$1"', 'printf "\\351" > "$1"', 'rm "$1"'])
def test_a_failed_editor_leaves_the_comment_queued(
    comenq: Comenq, served: Served, directory: Path, script: str
) -> None:
    """The message says that the job keeps its text, not that nothing is queued."""
    job_id = put(comenq)
    done = run("edit", job_id, env=environment(served.path, **editor(directory, script)))
    assert (done.returncode, bodies(served)) == (1, ["text"])
    assert "the job keeps its text" in done.stderr
    assert "nothing is queued" not in done.stderr


def test_what_is_posted_opens_no_editor(comenq: Comenq, served: Served, directory: Path) -> None:
    """The command says so before anybody has written anything."""
    job_id = put(comenq)
    served.store.claim("bot")
    env = environment(served.path, **editor(directory, 'echo opened; echo new > "$1"'))
    done = run("edit", job_id, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is posting; only a job that is waiting or held can be edited" in done.stderr


@pytest.mark.parametrize("meanwhile", ["posted", "edited", "erased"])
def test_what_was_written_too_late_is_kept(
    comenq: Comenq, served: Served, directory: Path, meanwhile: str
) -> None:
    """If the job is posted, edited or erased in the meantime, the text is kept and named."""
    job_id = put(comenq)
    for name in ("opened", "go"):
        os.mkfifo(directory / name)
    script = 'echo "long work" > "$1"\n: > opened\n: < go'
    env = environment(served.path, **editor(directory, script))
    with subprocess.Popen(
        [*PROGRAM, "edit", job_id], env=env, cwd=directory, stderr=subprocess.PIPE
    ) as process:
        (directory / "opened").read_bytes()
        if meanwhile == "posted":
            served.store.claim("bot")
        elif meanwhile == "edited":
            comenq("edit", job_id, "-F", "-", stdin=b"quicker")
        else:
            served.store.forget(job_id, "so")
        (directory / "go").write_bytes(b"")
        _, told = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert b"your comment is kept in " in told
    assert f": go on with comenq edit {job_id} -F ".encode() in told
    assert kept(directory) == ["long work\n"]
    expected = {"posted": ["text"], "edited": ["quicker"], "erased": []}
    assert bodies(served) == expected[meanwhile]


def test_a_released_comment_has_the_edited_text(comenq: Comenq, served: Served) -> None:
    """Held, edited, released: the worker gets what the person wrote."""
    job_id = put(comenq, "draft", "--hold")
    comenq("edit", job_id, "-F", "-", stdin=b"final")
    served.store.change(job_id, Change.RELEASE)
    claimed = served.store.claim("bot")
    assert claimed is not None
    assert claimed.asked.body == "final"
