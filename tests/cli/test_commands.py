"""Looking at the queue and changing it with the command."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from comenq_core.cli.comenq.commands import COMMANDS
from comenq_core.cli.comenq.pagination import listed
from comenq_core.model import Change, Done, Failed, Requeued
from comenq_core.testing.deadline import DEADLINE
from tests.cli.commanding import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.cli.pretender import pretending, read_to_end
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served


@pytest.fixture
def ids(comenq: Comenq) -> list[str]:
    """The ids of three jobs that wait."""
    bodies = ["first\nand more", "second", "third \N{GRINNING FACE}"]
    printed = [comenq("octo-org/site", "7", body, "--json").stdout for body in bodies]
    return [json.loads(line)["id"] for line in printed]


def _listed(comenq: Comenq, *words: str) -> list[str]:
    lines = comenq("list", "--json", *words).stdout.splitlines()
    return [json.loads(line)["id"] for line in lines]


def _settle(served: Served, verdict: Failed | Done) -> str:
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, verdict, ATTEMPT)
    return job.id


def test_list_is_a_table(comenq: Comenq, ids: list[str]) -> None:
    """A head, and for each job its id, target, first line, state, tries and time."""
    head, first, second, third = comenq("list").stdout.splitlines()
    assert head.split() == ["ID", "PULL", "REQUEST", "COMMENT", "STATE", "ATTEMPTS", "WHEN"]
    assert first.split() == [ids[0], "octo-org/site#7", "first", "waiting", "0", "now"]
    assert second.startswith(f"{ids[1]}  octo-org/site#7  second")
    assert third.index("waiting") == second.index("waiting") - 1  # the emoji takes two columns


def test_list_as_json_has_the_whole_comments(comenq: Comenq, ids: list[str]) -> None:
    """Each job is one line of JSON."""
    entries = [json.loads(line) for line in comenq("list", "--json").stdout.splitlines()]
    assert [entry["id"] for entry in entries] == ids
    assert entries[0]["body"] == "first\nand more"


def test_list_says_when_there_is_more(comenq: Comenq, ids: list[str]) -> None:
    """A list that is cut short says so on standard error; --all has it all."""
    done = comenq("list", "-n", "2")
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == "comenq: … and 1 more: see them with -n NUMBER or --all\n"
    assert comenq("list", "--all").stderr == ""
    done = comenq("list", "-n", "2", "--state", "waiting")
    assert done.stderr == "comenq: … and more: see them with -n NUMBER or --all\n"


def test_empty_list_is_told(comenq: Comenq) -> None:
    """Nothing on standard output, a word on standard error, and it is no failure."""
    done = comenq("list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing is queued" in done.stderr


def test_list_is_filtered(comenq: Comenq, ids: list[str]) -> None:
    """By state and by repository."""
    comenq("hold", ids[0])
    assert _listed(comenq, "--state", "held") == [ids[0]]
    assert _listed(comenq, "--repo", "octo-org/other") == []
    assert _listed(comenq, "--state", "held", "--state", "waiting") != []


def test_failed_jobs_are_listed_when_asked_for(
    comenq: Comenq, served: Served, ids: list[str]
) -> None:
    """A list says that there are some, and shows them as such, by repository too."""
    _settle(served, Failed(reason="it is locked"))
    done = comenq("list")
    assert ids[0] not in done.stdout
    assert done.stderr == "comenq: 1 failed: see them with --state failed\n"
    assert " failed " in comenq("list", "--state", "failed").stdout.splitlines()[1]
    assert _listed(comenq, "--state", "failed") == [ids[0]]
    assert _listed(comenq, "--state", "failed", "--state", "waiting") == [*ids[1:], ids[0]]
    assert _listed(comenq, "--state", "failed", "--repo", "octo-org/other") == []
    assert _listed(comenq, "--state", "failed", "--repo", "Octo-org/site") == [ids[0]]


def _put_long(comenq: Comenq, count: int) -> list[str]:
    """The ids of so many comments of which five fill a page."""
    body = b"x" * 200_000
    return [
        json.loads(comenq("o/r", "1", "-F", "-", "--json", stdin=body).stdout)["id"]
        for _ in range(count)
    ]


def test_long_list_is_read_in_pages(comenq: Comenq) -> None:
    """More than fits into a reply is listed whole, each job once, and no more than is wanted."""
    ids = _put_long(comenq, 13)
    assert _listed(comenq) == ids
    assert _listed(comenq, "-n", "8") == ids[:8]


def test_jobs_that_leave_between_pages_hide_no_others(comenq: Comenq, served: Served) -> None:
    """Those that move up meanwhile are listed all the same, once."""
    ids = _put_long(comenq, 13)
    jobs = listed(Namespace(socket=str(served.path)))
    seen = [next(jobs)["id"]]
    for job_id in ids[:3]:
        served.store.change(job_id, Change.CANCEL)
    seen += [job["id"] for job in jobs]
    assert seen == ids


def test_long_history_is_read_in_pages(comenq: Comenq, served: Served) -> None:
    """More than fits into a reply is told whole, newest last, and no more than is wanted."""
    ids = _put_long(comenq, 8)
    for _ in ids:
        _settle(served, Failed(reason="it is locked"))
    for count in (8, 7, 1):
        lines = comenq("hist", "-n", str(count), "--json").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids[-count:]


@pytest.mark.parametrize("words", [["-n", "0"], ["-n", "x"], ["--state", "nonsense"]])
def test_wrong_filter_is_told(comenq: Comenq, words: list[str]) -> None:
    """A number or a state that there is not exits 2."""
    assert comenq("list", *words).returncode == 2


def test_outside_text_steers_no_terminal(comenq: Comenq) -> None:
    """Escapes in a comment are shown as such, in a list and by show."""
    comenq("o/r", "1", "\x1b[2Jgone\x07\nnext\x9b")
    job_id = _listed(comenq)[0]
    for words in (["list"], ["show", job_id]):
        assert set(comenq(*words).stdout) & {"\x1b", "\x07", "\x9b"} == set()


def test_show_tells_everything(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """The story of a job, its attempts with what was said, and its comment in full."""
    _settle(served, Failed(reason="it is locked"))
    shown = comenq("show", ids[0][:6]).stdout
    for part in (ids[0], "octo-org/site#7", "failed", "it is locked", "refused as octocat: locked"):
        assert part in shown
    assert "by unix, " in shown
    assert shown.endswith("\nfirst\nand more\n")


def test_shown_comment_reads_as_it_was_written(comenq: Comenq) -> None:
    """Tabs, backslashes and joined emoji stay, ends of lines are those of the terminal."""
    body = "a\tb\\n\r\nc \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}\x1b[m\n"
    comenq("o/r", "1", body)
    shown = comenq("show", _listed(comenq)[0]).stdout.split("\n")
    assert shown[-4:] == ["", "a\tb\\n", "c \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}\\x1b[m", ""]


def test_decision_is_no_try(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """What was decided without asking the forge is told without an account, and is no try."""
    job = served.store.claim("bot")
    assert job is not None
    decision = replace(ATTEMPT, account="", message="it is a directory")
    served.store.settle(job, Failed(reason="it is a directory"), decision)
    shown = comenq("show", job.id).stdout
    assert " refused: it is a directory\n" in shown
    assert "tries:" not in shown
    assert comenq("hist").stdout.splitlines()[1].split()[5] == "0"


def test_try_that_does_not_count_is_one(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """A list tells how often a comment was tried; show also tells what may lead to giving it up."""
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, Requeued(reason="throttled"), replace(ATTEMPT, outcome="throttled"))
    assert json.loads(comenq("list", "--json", "-n", "1").stdout)["attempt_count"] == 0
    assert comenq("list").stdout.splitlines()[1].split()[4] == "1"
    assert (
        "tries:         1, of which 0 count toward max_attempts\n" in comenq("show", job.id).stdout
    )


def test_show_as_json(comenq: Comenq, ids: list[str]) -> None:
    """The job as the protocol has it."""
    assert json.loads(comenq("show", ids[1], "--json").stdout)["id"] == ids[1]


def test_jobs_are_moved(comenq: Comenq, ids: list[str]) -> None:
    """Bump and bust take several ids, by their beginnings, and tell each job's new place."""
    first, second, third = ids
    done = comenq("bump", third)
    assert done.stdout.startswith(f"bumped {third} · octo-org/site#7 · 1st in line")
    comenq("bust", third[:8], first[:8])
    assert _listed(comenq) == [second, third, first]


def test_jobs_are_held_and_released(comenq: Comenq, ids: list[str]) -> None:
    """All that wait are held, all that are held are released."""
    assert comenq("hold", "--all").stdout.count("held ") == 3
    assert _listed(comenq, "--state", "waiting") == []
    comenq("release", "--all")
    assert _listed(comenq, "--state", "waiting") == ids


def test_ids_are_read_from_standard_input(comenq: Comenq, ids: list[str]) -> None:
    """The word - stands for the ids that are piped in."""
    comenq("del", "-", stdin="\n".join(ids[:2]).encode())
    assert _listed(comenq) == ids[2:]


def test_everything_is_deleted_only_when_spelled_out(comenq: Comenq, ids: list[str]) -> None:
    """Without ids and without --all, or with both, nothing is done."""
    assert comenq("del").returncode == 2
    assert comenq("del", ids[0], "--all").returncode == 2
    assert _listed(comenq) == ids
    comenq("hold", ids[0])
    comenq("del", "--all")
    assert _listed(comenq) == []


@pytest.mark.parametrize("words", [["release", "--all"], ["hold", "-"]])
def test_nothing_to_do_is_no_failure(comenq: Comenq, words: list[str]) -> None:
    """Where no job is meant, that is said, and done."""
    done = comenq(*words)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"comenq: there is nothing to {words[0]}\n"


def test_failure_among_several_is_told(comenq: Comenq, ids: list[str]) -> None:
    """One unknown id fails the command, and the others are changed all the same."""
    done = comenq("hold", "zzzz", ids[1])
    assert done.returncode == 1
    assert "zzzz" in done.stderr
    assert _listed(comenq, "--state", "held") == [ids[1]]


def test_changes_without_an_answer_are_told(directory: Path) -> None:
    """If the daemon goes away among several changes, it is told from where on nobody knows."""
    entry = {"id": "7f3kq2m8x1ab", "owner": "o", "repo": "r", "pr_number": 1, "state": "held"}

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        connection.sendall(json.dumps({"outcome": "ok", "entry": entry}).encode() + b"\n")

    with pretending(directory / "c.sock", behave) as path:
        done = run("hold", "7f3k", "9q2m", "x1ab", env=environment(Path(path)))
    assert (done.returncode, done.stdout) == (1, "held 7f3kq2m8x1ab · o/r#1\n")
    assert done.stderr.splitlines()[0] == "comenq: from 9q2m on, 2 may be done and may be not"


def test_interruption_among_changes_is_told(directory: Path) -> None:
    """Ctrl-C as well leaves open what has become of the rest."""
    has_come, is_over = threading.Event(), threading.Event()

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        has_come.set()
        assert is_over.wait(DEADLINE)

    with pretending(directory / "c.sock", behave) as path:
        command = [*PROGRAM, "hold", "7f3k", "9q2m"]
        with subprocess.Popen(
            command, env=environment(Path(path)), stderr=subprocess.PIPE, text=True
        ) as process:
            assert has_come.wait(DEADLINE)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=DEADLINE)
        is_over.set()
    assert process.returncode == 130
    assert err == "comenq: from 7f3k on, 2 may be done and may be not\n"


def test_failed_jobs_are_queued_again(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """With --all, every dead letter waits again."""
    for _ in range(2):
        _settle(served, Failed(reason="it is locked"))
    comenq("retry", "--all")
    assert len(_listed(comenq, "--state", "waiting")) == 3


def test_history_is_a_table(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """What was posted with its address, what failed with its reason, newest last."""
    url = "https://github.com/octo-org/site/pull/7#issuecomment-1"
    _settle(served, Done(url=url, comment_id=1))
    _settle(served, Failed(reason="it is locked"))
    _, posted, failed = comenq("hist").stdout.splitlines()
    assert ids[0] in posted
    assert posted.endswith(url)
    assert failed.endswith("it is locked")
    assert len(comenq("hist", "--failed").stdout.splitlines()) == 2
    assert [json.loads(line)["id"] for line in comenq("hist", "--json").stdout.splitlines()] == (
        ids[:2]
    )


def test_pause_is_shown_until_it_is_lifted(comenq: Comenq) -> None:
    """A paused queue fails the status, with the reason and the way out; resume mends it."""
    assert comenq("pause", "code", "freeze").returncode == 0
    status = comenq("status")
    assert status.returncode == 1
    assert "code freeze (comenq resume goes on)" in status.stdout
    comenq("resume")
    assert comenq("status").returncode == 0


def test_status_counts(comenq: Comenq, ids: list[str]) -> None:
    """The status says how many jobs stand where, also as JSON."""
    assert "3 waiting" in comenq("status").stdout
    assert json.loads(comenq("status", "--json").stdout)["counts"]["waiting"] == 3


@pytest.mark.parametrize(
    ("word", "told"), [("lst", "did you mean list?"), ("xyzzy", "expected a command")]
)
def test_misspelt_command_is_told(comenq: Comenq, word: str, told: str) -> None:
    """The nearest command is suggested, or the forms are shown."""
    done = comenq(word)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list", "--jsn"], "unrecognized arguments: --jsn; did you mean --json?"),
        (["o/r", "1", "-yes"], "put -- before a comment that begins with a hyphen"),
        (["hist", "-n", "many"], "expected a whole number from 1 to 1,000,000"),
        (["list", "-n", "1", "--all"], "not allowed with"),
    ],
)
def test_wrong_option_is_told(comenq: Comenq, words: list[str], told: str) -> None:
    """What is wrong, what to say instead, and which help has more."""
    done = comenq(*words)
    assert (done.returncode, done.stdout) == (2, "")
    problem, hint = done.stderr.splitlines()
    assert told in problem
    assert hint == f"(see comenq {'put' if '/' in words[0] else words[0]} --help)"


def test_help_is_a_command_too(comenq: Comenq) -> None:
    """As with git: alone, and before the command that it is about."""
    assert comenq("help").stdout == comenq("--help").stdout
    assert comenq("help", "list").stdout == comenq("list", "--help").stdout


def test_no_words_are_a_usage_error(comenq: Comenq) -> None:
    """Without anything to do, the command says what it needs."""
    assert comenq().returncode == 2


def test_version_is_told(comenq: Comenq) -> None:
    """The version goes to standard output."""
    assert comenq("--version").stdout.startswith("comenq ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(comenq: Comenq, name: str) -> None:
    """Its purpose and its options, on standard output, even with a socket that is not there."""
    done = comenq(name, "--help")
    assert done.returncode == 0
    assert f"usage: comenq {name}" in done.stdout
    assert COMMANDS[name][1].capitalize() in done.stdout


def test_overview_names_every_command(comenq: Comenq) -> None:
    """The help shows the forms and all commands."""
    overview = comenq("--help").stdout
    assert all(f"  {name} " in overview for name in COMMANDS)
    assert "comenq OWNER/REPO NUMBER [BODY]" in overview
