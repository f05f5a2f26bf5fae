"""Showing what would be queued."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import environment, run
from tests.cli.conftest import Comenq
from tests.socket.serving import Served, serving


def test_dry_run_queues_nothing(comenq: Comenq, served: Served) -> None:
    """It shows the target, the place, the time and the comment."""
    done = comenq("o/r", "1", "Hi\nthere", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "would queue o/r#1 · 1st in queue · now\n\nHi\nthere\n"
    assert served.store.pending() == []


def test_dry_run_comes_before_the_target_too(comenq: Comenq, served: Served) -> None:
    """As with every option of put, the word put can be left out."""
    assert comenq("--dry-run", "o/r", "1", "Hi").stdout.startswith("would queue o/r#1 · ")
    assert served.store.pending() == []


def test_dry_run_tells_the_place_behind_others(comenq: Comenq) -> None:
    """Each comment before it adds a cooldown; with --now, none is before it."""
    for _ in range(2):
        comenq("o/r", "1", "Hi")
    assert "o/r#1 · 3rd in queue · about " in comenq("o/r", "1", "Hi", "--dry-run").stdout
    assert "o/r#1 · 1st in queue · now\n" in comenq("o/r", "1", "Hi", "--dry-run", "--now").stdout


def test_dry_run_of_a_paused_queue_waits_for_a_person(comenq: Comenq) -> None:
    """There is no time as long as the queue is paused."""
    comenq("pause")
    assert "· once the queue is resumed\n" in comenq("o/r", "1", "Hi", "--dry-run").stdout


def test_dry_run_tells_what_the_options_say(comenq: Comenq) -> None:
    """Host, key, account and time are shown as they would be sent."""
    options = ("--key", "k", "--as", "bot", "--at", "2099-12-01T09:00Z", "--if-open")
    done = comenq("https://github.com/o/r/pull/1", "Hi", "--dry-run", *options)
    head, *rest = done.stdout.splitlines()
    assert head.startswith("would queue o/r#1 · 1st in queue · about 2099-12-01 09:00 (in ")
    assert rest == [
        "host:       github.com",
        "key:        k",
        "account:    bot",
        "not before: 2099-12-01 09:00:00 +0000",
        "if_open:    skipped if the pull request is no longer open",
        "",
        "Hi",
    ]


def test_dry_run_of_what_is_held_has_no_place(comenq: Comenq) -> None:
    """What is held has no time before it is released."""
    done = comenq("o/r", "1", "Hi", "--dry-run", "--hold", "--not-after", "2099-12-01T09:00Z")
    assert done.stdout.splitlines() == [
        "would queue o/r#1",
        "not after:  2099-12-01 09:00:00 +0000",
        "hold:       kept back until somebody releases it",
        "",
        "Hi",
    ]


def test_dry_run_is_printed_as_json(directory: Path) -> None:
    """With --json, the request is shown as it would be sent, with its place."""
    with serving(directory / "c.sock", host="github.com") as served, served.store.lock():
        done = run("o/r", "1", "Hi", "--dry-run", "--json", env=environment(served.path))
    assert json.loads(done.stdout) == {
        "dry_run": True,
        "host": "github.com",
        "position": 1,
        "eta_seconds": 0,
        "request": {"owner": "o", "repo": "r", "pr_number": 1, "body": "Hi"},
    }


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["https://git.example.org/o/r/pull/1", "Hi"], 1, "is for git.example.org"),
        (["o/r", "1", " "], 1, "body"),
        (["o/r", "1", "Hi", "-e"], 2, "--dry-run"),
    ],
)
def test_dry_run_refuses_what_the_daemon_would_refuse(
    directory: Path, words: list[str], status: int, told: str
) -> None:
    """The exit status and the message are those of the real command."""
    with serving(directory / "c.sock", host="github.com") as served:
        done = run(*words, "--dry-run", env=environment(served.path))
    assert (done.returncode, done.stdout) == (status, "")
    assert told in done.stderr


def test_dry_run_without_a_daemon_says_so(directory: Path) -> None:
    """The target and the comment are shown, and that nobody knows the time."""
    done = run("o/r", "1", "Hi", "--dry-run", env=environment(directory / "missing"))
    assert done.returncode == 3
    assert done.stdout == "would queue o/r#1\n\nHi\n"
    assert "when it would be posted is not known: no daemon answers" in done.stderr
