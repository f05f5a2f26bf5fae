"""Queueing comments with the command."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from comenq_core.model import BODY_LIMIT, CommentRequest
from tests.cli.commanding import environment, run
from tests.cli.conftest import Comenq
from tests.cli.pretender import pretending, read_to_end
from tests.socket.serving import Served


def _queued(served: Served) -> CommentRequest:
    (job,) = served.store.pending()
    return job.asked


@pytest.mark.parametrize(
    "words",
    [
        ["octo-org/site", "7", "Looks good."],
        ["octo-org/site#7", "Looks good."],
        ["https://github.com/octo-org/site/pull/7", "Looks good."],
        ["put", "octo-org/site", "7", "Looks good."],
        ["put", "octo-org/site#7", "--if-absent", "Looks good."],
        ["octo-org/site", "7", "Looks good.", "--if-absent"],
    ],
)
def test_comment_is_queued(comenq: Comenq, served: Served, words: list[str]) -> None:
    """Every form queues the comment, exits 0 and prints one line with the job's id."""
    done = comenq(*words)
    (job,) = served.store.pending()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"queued {job.id} · 1st in line · now\n"
    assert (job.asked.target, job.asked.body) == ("octo-org/site#7", "Looks good.")


def test_place_and_time_are_told(comenq: Comenq) -> None:
    """A comment behind others learns its place, and when it will be posted."""
    for _ in range(2):
        comenq("o/r", "1", "text")
    assert "· 3rd in line · about " in comenq("o/r", "1", "text").stdout


def test_job_is_printed_as_json(comenq: Comenq, served: Served) -> None:
    """With --json, the line is the job without the comment, which the caller has."""
    entry = json.loads(comenq("o/r", "1", "text", "--json").stdout)
    assert entry["id"] == served.store.pending()[0].id
    assert (entry["owner"], entry["state"], "body" in entry) == ("o", "waiting", False)


ODD_BODY = "a\r\n\ttab \N{GRINNING FACE}\N{RIGHT-TO-LEFT OVERRIDE}\x00\x07end\n\n"


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["-F", "body.md"], b""),
        (["--body-file", "-"], ODD_BODY.encode()),
        ([], ODD_BODY.encode()),
    ],
    ids=["file", "-F -", "pipe"],
)
def test_comment_is_queued_byte_for_byte(
    comenq: Comenq, served: Served, directory: Path, words: list[str], stdin: bytes
) -> None:
    """Control characters, line ends and a last newline are kept, wherever the comment is from."""
    file = directory / "body.md"
    file.write_bytes(ODD_BODY.encode())
    named = [str(file) if word == "body.md" else word for word in words]
    assert comenq("o/r", "1", *named, stdin=stdin).returncode == 0
    assert _queued(served).body == ODD_BODY


def test_argument_is_queued_byte_for_byte(comenq: Comenq, served: Served) -> None:
    """All but the NUL, which no argument can hold."""
    body = ODD_BODY.replace("\x00", "")
    comenq("o/r", "1", body)
    assert _queued(served).body == body


def test_comment_may_begin_with_a_dash(comenq: Comenq, served: Served) -> None:
    """After --, nothing is an option; a list item is none anyway."""
    assert comenq("o/r", "1", "--", "--no option").returncode == 0
    assert comenq("o/r", "1", "- an item").returncode == 0
    assert [job.asked.body for job in served.store.pending()] == ["--no option", "- an item"]


@pytest.mark.parametrize(
    ("words", "stdin", "told"),
    [
        (["o/r", "1", "-"], b"", "use -F -"),
        (["o/r", "1", b"\xff"], b"", "not UTF-8 at character 1"),
        (["o/r", "1"], b"ab\xff", "not UTF-8 at byte 3"),
        (["o/r", "1"], b"x" * (BODY_LIMIT + 1), "longer than the 262144 bytes"),
        (["o/r", "1", "-F", "/nonexistent/file"], b"", "/nonexistent/file: cannot be read"),
        (["o/r", "1", "text", "-F", "-"], b"", "given twice"),
        (["o/r", "1", "two", "words"], b"", "put quotes around it"),
        (["o/..", "1", "text"], b"", "expected OWNER/REPO NUMBER"),
        (["o/r", "1", "text", "--at", "soon"], b"", "--at: expected"),
        (["o/r", "1", "text", "--after", ""], b"", "--after: expected"),
        (["o/r", "1", "text", "--after", "1h", "--at", "17:00"], b"", "not allowed with"),
        (["o/r", "1", "text", "--key", b"\xff"], b"", "--key: is not UTF-8"),
        (["o/r", "1", "text", "--bogus"], b"", "--bogus"),
    ],
)
def test_wrong_command_line_is_told(
    comenq: Comenq, served: Served, words: list[str | bytes], stdin: bytes, told: str
) -> None:
    """What cannot be meant exits 2 with a message, and queues nothing."""
    done = comenq(*words, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert served.store.pending() == []


def test_empty_input_is_no_comment(comenq: Comenq) -> None:
    """Where nothing is piped in, as in a cron job, it is told that there is no comment."""
    done = comenq("o/r", "1", stdin=b" \n")
    assert done.returncode == 2
    assert "no comment is given, and standard input is empty" in done.stderr


def test_empty_comment_is_refused(comenq: Comenq) -> None:
    """A comment of nothing but blanks is refused by the daemon, which exits 1."""
    done = comenq("o/r", "1", "  \n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "body" in done.stderr


def test_daemon_away_is_told(directory: Path) -> None:
    """Without a daemon the command exits 3, with the path tried and what to do."""
    path = directory / "c.sock"
    done = run("o/r", "1", "text", env=environment(path))
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{path}: no such file or directory" in done.stderr
    assert "comenqd" in done.stderr


def test_users_own_socket_is_found(served: Served, directory: Path) -> None:
    """The daemon of one's own session is found by XDG_RUNTIME_DIR."""
    (directory / "comenq").mkdir()
    (directory / "comenq" / "comenq.sock").symlink_to(served.path)
    done = run("o/r", "1", "text", env=environment(XDG_RUNTIME_DIR=str(directory)))
    assert done.returncode == 0


@pytest.mark.parametrize("words", [["--socket", "PATH", "list"], ["list", "--socket", "PATH"]])
def test_named_socket_is_used(served: Served, words: list[str]) -> None:
    """The option --socket stands before the command or after it, and counts most."""
    named = [str(served.path) if word == "PATH" else word for word in words]
    assert run(*named, env=environment(Path("/nonexistent"))).returncode == 0


def test_missing_acknowledgement_is_told(directory: Path) -> None:
    """A daemon that closes without a reply leaves it open whether the comment is queued."""
    path = directory / "c.sock"
    with pretending(path, read_to_end):
        done = run("o/r", "1", "text", env=environment(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "may or may not be queued" in done.stderr


def test_comment_is_postponed(comenq: Comenq, served: Served) -> None:
    """With --after, the request is not to be posted before that time from now."""
    comenq("o/r", "1", "text", "--after", "2h")
    not_before = _queued(served).not_before
    assert not_before is not None
    assert not_before.utcoffset() == timedelta(0)


def test_moment_is_passed_on(comenq: Comenq, served: Served) -> None:
    """With --at, the moment reaches the request in UTC."""
    comenq("o/r", "1", "text", "--at", "2099-12-01T09:00+01:00")
    assert str(_queued(served).not_before) == "2099-12-01 08:00:00+00:00"


def test_urgent_comment_goes_ahead(comenq: Comenq, served: Served) -> None:
    """With --now, a comment is the first in line."""
    comenq("o/r", "1", "text")
    assert "1st in line" in comenq("o/r", "2", "text", "--now").stdout
    assert [job.asked.pr_number for job in served.store.pending()] == [2, 1]


@pytest.mark.parametrize("option", [["--key", "nightly-42"], ["--if-absent"]])
def test_comment_is_not_queued_twice(comenq: Comenq, served: Served, option: list[str]) -> None:
    """The same key, or the same comment that waits, gives the first job's id again."""
    first, second = (comenq("o/r", "1", "text", "--json", *option) for _ in range(2))
    assert json.loads(first.stdout)["id"] == json.loads(second.stdout)["id"]
    assert len(served.store.pending()) == 1


def test_condition_is_passed_on(comenq: Comenq, served: Served) -> None:
    """With --if-open, the request says so."""
    comenq("o/r", "1", "text", "--if-open")
    assert _queued(served).if_open


def _editor(directory: Path, script: str) -> dict[str, str]:
    path = directory / "the editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return {"VISUAL": f"'{path}' --wait", "TMPDIR": str(directory)}


def _left(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.startswith("comenq-")]


def test_comment_is_written_in_an_editor(served: Served, directory: Path) -> None:
    """With -e, what is saved in the editor is queued, and the file is removed."""
    env = environment(served.path, **_editor(directory, 'echo "and more" >> "$2"'))
    done = run("o/r", "1", "a beginning ", "-e", env=env)
    assert done.returncode == 0
    assert _queued(served).body == "a beginning and more\n"
    assert _left(directory) == []


@pytest.mark.parametrize(
    ("script", "told"), [(': > "$2"', "nothing was written"), ("exit 3", "with status 3")]
)
def test_cancelled_comment_is_not_queued(
    served: Served, directory: Path, script: str, told: str
) -> None:
    """Leaving nothing in the editor, or its failure, cancels, and leaves no file."""
    env = environment(served.path, **_editor(directory, script))
    done = run("o/r", "1", "text", "-e", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert served.store.pending() == []
    assert _left(directory) == []


def test_written_comment_survives_a_failure(directory: Path) -> None:
    """When the daemon cannot be reached, what was written is kept, and the file is named."""
    env = environment(directory / "c.sock", **_editor(directory, 'echo "long work" > "$2"'))
    done = run("o/r", "1", "-e", env=env)
    (name,) = _left(directory)
    assert done.returncode == 3
    assert name in done.stderr
    assert (directory / name).read_text() == "long work\n"
