"""Queueing one comment."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from comenq_core.model import BODY_LIMIT, CommentRequest, State
from tests.cli.command import environment, run
from tests.cli.conftest import Comenq
from tests.cli.fake_daemon import fake_daemon, read_to_end
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
    """Every form queues the comment, exits with 0 and prints one line with the job's id."""
    done = comenq(*words)
    (job,) = served.store.pending()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"queued {job.id} · octo-org/site#7 · 1st in queue · now\n"
    assert (job.asked.target, job.asked.body) == ("octo-org/site#7", "Looks good.")


def test_place_and_time_are_printed(comenq: Comenq) -> None:
    """Behind other comments, the command prints the place and about when it is posted."""
    for _ in range(2):
        comenq("o/r", "1", "text")
    assert "· 3rd in queue · about " in comenq("o/r", "1", "text").stdout


def test_job_is_printed_as_json(comenq: Comenq, served: Served) -> None:
    """With --json, the job is printed without the comment, which the caller has."""
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
    """Control characters, line ends and a last newline are kept, from a file and from a pipe."""
    file = directory / "body.md"
    file.write_bytes(ODD_BODY.encode())
    named = [str(file) if word == "body.md" else word for word in words]
    assert comenq("o/r", "1", *named, stdin=stdin).returncode == 0
    assert _queued(served).body == ODD_BODY


def test_argument_is_queued_byte_for_byte(comenq: Comenq, served: Served) -> None:
    """An argument is queued unchanged; it cannot hold a NUL."""
    body = ODD_BODY.replace("\x00", "")
    comenq("o/r", "1", body)
    assert _queued(served).body == body


def test_comment_may_start_with_a_hyphen(comenq: Comenq, served: Served) -> None:
    """A comment after -- is no option, and neither is a list item."""
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
        (["o/r", "1", "two", "words"], b"", "put it in quotes"),
        (["o/..", "1", "text"], b"", "expected OWNER/REPO NUMBER"),
        (["o/r", "1", "text", "--at", "soon"], b"", "--at: expected"),
        (["o/r", "1", "text", "--after", ""], b"", "--after: expected"),
        (["o/r", "1", "text", "--after", "1h", "--at", "17:00"], b"", "not allowed with"),
        (["o/r", "1", "text", "--key", b"\xff"], b"", "--key: is not UTF-8"),
        (["o/r", "1", "text", "--bogus"], b"", "--bogus"),
    ],
)
def test_wrong_command_line_is_a_usage_error(
    comenq: Comenq, served: Served, words: list[str | bytes], stdin: bytes, told: str
) -> None:
    """A wrong command line exits with 2 and a message, and queues nothing."""
    done = comenq(*words, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert served.store.pending() == []


def test_empty_input_is_no_comment(comenq: Comenq) -> None:
    """Empty standard input, as in a cron job, is reported as a missing comment."""
    done = comenq("o/r", "1", stdin=b" \n")
    assert done.returncode == 2
    assert "no comment is given, and standard input is empty" in done.stderr


def test_empty_comment_is_refused(comenq: Comenq) -> None:
    """The daemon refuses a comment of blanks only, and the command exits with 1."""
    done = comenq("o/r", "1", "  \n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "body" in done.stderr


def test_missing_daemon_is_reported(directory: Path) -> None:
    """Without a daemon the command exits with 3, and names the path and what to do."""
    path = directory / "c.sock"
    done = run("o/r", "1", "text", env=environment(path))
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{path}: no such file or directory" in done.stderr
    assert "start the daemon that serves it" in done.stderr


def test_users_own_socket_is_found(served: Served, directory: Path) -> None:
    """The daemon of the user's session is found by XDG_RUNTIME_DIR."""
    (directory / "comenq").mkdir()
    (directory / "comenq" / "comenq.sock").symlink_to(served.path)
    done = run("o/r", "1", "text", env=environment(XDG_RUNTIME_DIR=str(directory)))
    assert done.returncode == 0


@pytest.mark.parametrize("words", [["--socket", "PATH", "list"], ["list", "--socket", "PATH"]])
def test_named_socket_is_used(served: Served, words: list[str]) -> None:
    """The option --socket goes before or after the command, and overrides the environment."""
    named = [str(served.path) if word == "PATH" else word for word in words]
    assert run(*named, env=environment(Path("/nonexistent"))).returncode == 0


def test_missing_acknowledgement_is_reported(directory: Path) -> None:
    """If the daemon closes without a reply, the comment may or may not be queued."""
    path = directory / "c.sock"
    with fake_daemon(path, read_to_end):
        done = run("o/r", "1", "text", env=environment(path))
    assert (done.returncode, done.stdout) == (5, "")
    assert "may or may not be queued" in done.stderr


def test_after_sets_the_earliest_time(comenq: Comenq, served: Served) -> None:
    """With --after, the comment may not be posted before that time from now."""
    comenq("o/r", "1", "text", "--after", "2h")
    not_before = _queued(served).not_before
    assert not_before is not None
    assert not_before.utcoffset() == timedelta(0)


def test_at_sets_the_earliest_time(comenq: Comenq, served: Served) -> None:
    """With --at, the request has the moment in UTC."""
    comenq("o/r", "1", "text", "--at", "2099-12-01T09:00+01:00")
    assert str(_queued(served).not_before) == "2099-12-01 08:00:00+00:00"


def test_now_puts_a_comment_first(comenq: Comenq, served: Served) -> None:
    """With --now, a comment is 1st in queue."""
    comenq("o/r", "1", "text")
    assert "1st in queue" in comenq("o/r", "2", "text", "--now").stdout
    assert [job.asked.pr_number for job in served.store.pending()] == [2, 1]


@pytest.mark.parametrize("option", [["--key", "nightly-42"], ["--if-absent"]])
def test_comment_is_not_queued_twice(comenq: Comenq, served: Served, option: list[str]) -> None:
    """The same key, or with --if-absent the same comment, prints the first job's id again."""
    first, second = (comenq("o/r", "1", "text", "--json", *option) for _ in range(2))
    assert json.loads(first.stdout)["id"] == json.loads(second.stdout)["id"]
    assert len(served.store.pending()) == 1


def test_condition_is_passed_on(comenq: Comenq, served: Served) -> None:
    """With --if-open, the request has the condition."""
    comenq("o/r", "1", "text", "--if-open")
    assert _queued(served).if_open


def test_host_of_an_address_is_passed_on(comenq: Comenq, served: Served) -> None:
    """A URL says for which forge the comment is; the other forms leave it to the daemon."""
    comenq("https://git.example.org/o/r/pull/1", "text", "--key", "k")
    assert _queued(served).host == "git.example.org"


def _editor(directory: Path, script: str) -> dict[str, str]:
    path = directory / "the editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return {"VISUAL": f"'{path}' --wait", "TMPDIR": str(directory)}


def _left(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.startswith("comenq-")]


def test_comment_is_written_in_an_editor(served: Served, directory: Path) -> None:
    """With -e, the comment saved in the editor is queued, and its file is removed."""
    env = environment(served.path, **_editor(directory, 'echo "and more" >> "$2"'))
    done = run("o/r", "1", "a beginning ", "-e", env=env)
    assert done.returncode == 0
    assert _queued(served).body == "a beginning and more\n"
    assert _left(directory) == []


@pytest.mark.parametrize(
    ("script", "told"), [("exit 0", "the comment is empty"), ("exit 3", "with status 3")]
)
def test_cancelled_comment_is_not_queued(
    served: Served, directory: Path, script: str, told: str
) -> None:
    """An empty comment queues nothing and leaves no file, whether or not the editor failed."""
    env = environment(served.path, **_editor(directory, script))
    done = run("o/r", "1", "-e", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert served.store.pending() == []
    assert _left(directory) == []


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$", "kill -HUP $$"])
def test_what_was_written_outlives_its_editor(served: Served, directory: Path, end: str) -> None:
    """When the editor fails after it saved, the comment is kept, and its file is named."""
    env = environment(served.path, **_editor(directory, f'echo "long work" > "$2"\n{end}'))
    done = run("o/r", "1", "-e", env=env)
    (name,) = _left(directory)
    assert done.returncode == 1
    kept = directory / name
    assert f"your comment is kept in {kept}: queue it with -F {kept}; -e edits" in done.stderr
    assert (directory / name).read_text() == "long work\n"
    assert served.store.pending() == []


def test_written_comment_that_is_not_utf_8_is_kept(served: Served, directory: Path) -> None:
    """Another encoding is refused, not guessed; the file stays as it was saved."""
    env = environment(served.path, **_editor(directory, "printf 'caf\\351\\n' > \"$2\""))
    done = run("o/r", "1", "-e", env=env)
    (name,) = _left(directory)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not UTF-8 at byte 4: nothing is queued" in done.stderr
    assert (directory / name).read_bytes() == b"caf\xe9\n"
    assert served.store.pending() == []


def test_editor_has_one_draft(served: Served, directory: Path) -> None:
    """A text that is piped in beside an argument is refused: one of them would be lost."""
    env = environment(served.path, **_editor(directory, "exit 0"))
    done = run("o/r", "1", "text", "-e", env=env, stdin=b"piped\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the comment is given twice: one is piped in" in done.stderr
    assert served.store.pending() == []


@pytest.mark.parametrize("text", [b"", b"piped\n"])
def test_comment_is_kept_when_the_daemon_is_away(directory: Path, text: bytes) -> None:
    """What was written, or only piped in, is kept, and its file is named."""
    env = environment(directory / "c.sock", **_editor(directory, 'test -s "$2" || echo a > "$2"'))
    done = run("o/r", "1", "-e", env=env, stdin=text)
    (name,) = _left(directory)
    assert done.returncode == 3
    assert f"queue it with -F {directory / name}" in done.stderr
    assert (directory / name).read_bytes() == text or b"a\n"


def test_account_is_chosen(comenq: Comenq, served: Served) -> None:
    """With --as, the request names the account, and show shows it."""
    comenq("o/r", "1", "text", "--as", "ada")
    job = _queued(served)
    assert job.account == "ada"
    (entry,) = served.store.pending()
    assert "\naccount:       ada\n" in comenq("show", entry.id).stdout


def test_wrong_account_is_refused(comenq: Comenq) -> None:
    """The daemon says what the name of an account looks like."""
    done = comenq("o/r", "1", "text", "--as", "a b")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "comenq: account: must be the name of a posting account\n"


def test_a_comment_is_put_to_be_held(comenq: Comenq, served: Served) -> None:
    """With --hold it is held from the start, and the command says how to release it."""
    done = comenq("o/r", "1", "text", "--hold")
    (job,) = served.store.pending()
    assert job.state is State.HELD
    assert done.stdout == f"held {job.id} · o/r#1 · to let it be posted: comenq release {job.id}\n"


@pytest.mark.parametrize("word", ["2h", "2099-01-01T00:00Z", "23:59"])
def test_not_after_sets_the_latest_time(comenq: Comenq, served: Served, word: str) -> None:
    """--not-after takes a length of time or a moment."""
    assert comenq("o/r", "1", "text", "--not-after", word).returncode == 0
    latest = _queued(served).not_after
    assert latest is not None
    assert latest > datetime.now(UTC)


def test_a_latest_time_before_the_earliest_is_refused(comenq: Comenq, served: Served) -> None:
    """Such a comment would never be posted."""
    done = comenq("o/r", "1", "text", "--after", "2h", "--not-after", "1h")
    assert (done.returncode, list(served.store.pending())) == (1, [])
    assert "not_after: must be later than not_before" in done.stderr


def test_a_comment_replaces_the_one_with_its_key(comenq: Comenq, served: Served) -> None:
    """With --replace, the one that waits has the new text; without a key it is a wrong command."""
    comenq("o/r", "1", "one", "--key", "k")
    job = served.store.pending()[0]
    done = comenq("o/r", "1", "two", "--key", "k", "--replace")
    assert done.stdout.startswith(f"replaced {job.id} · o/r#1 · 1st in queue")
    assert _queued(served).body == "two"
    assert comenq("o/r", "1", "two", "--replace").returncode == 2


def test_a_replacement_is_told(comenq: Comenq) -> None:
    """That a comment took another one's place is said of one that waits and of one that is held."""

    def put(body: str, key: str, *options: str) -> str:
        return comenq("o/r", "1", body, "--key", key, "--replace", *options).stdout

    assert put("one", "k").startswith("queued ")
    assert json.loads(put("three", "k", "--json"))["replaced"] is True
    assert "replaced" not in json.loads(put("one", "other", "--json"))
    held = put("four", "k", "--hold")
    assert re.match("replaced [0-9a-z]{12} · o/r#1 · held · .*: comenq release ", held)


@pytest.mark.parametrize("options", [(), ("-e",), ("--dry-run",)])
def test_file_is_read_before_anybody_is_asked(directory: Path, options: Sequence[str]) -> None:
    """That the comment's file cannot be read is told before git and gh are asked for more."""
    for program in ("git", "gh"):
        (directory / program).write_text(f"#!/bin/sh\ntouch {directory}/asked\n")
        (directory / program).chmod(0o700)
    env = environment(directory / "no.sock", PATH=f"{directory}:{os.environ['PATH']}")
    done = run("-F", str(directory / "none"), *options, env=env, directory=directory)
    assert (done.returncode, (directory / "asked").exists()) == (2, False)
    assert "/none: cannot be read: No such file or directory" in done.stderr


def test_file_beside_another_comment_is_refused(directory: Path) -> None:
    """A comment has one source: a file, an option or an argument."""
    (directory / "draft").write_text("text")
    named = ("-F", str(directory / "draft"))
    env = environment(directory / "no.sock")
    assert "with -b and with -F" in run(*named, "-b", "more", env=env).stderr
    assert "an argument and with -F" in run("o/r", "1", "more", *named, env=env).stderr


@pytest.mark.parametrize(("number", "ended"), [("9", "9 (SIGKILL)"), ("36", "36:")])
def test_signal_that_ended_the_editor_is_named(served: Served, number: str, ended: str) -> None:
    """Nobody has to know what a negative exit status means."""
    env = environment(served.path, EDITOR=f"sh -c 'kill -{number} $$'")
    done = run("o/r", "1", "text", "-e", env=env)
    assert done.returncode == 1
    assert f"the editor was ended by signal {ended}" in done.stderr
