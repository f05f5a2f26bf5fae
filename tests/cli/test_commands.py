"""Commands that show the queue and change it."""

from __future__ import annotations

import json
import re
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
from comenq_core.client import Client
from comenq_core.model import (
    Candidate,
    Change,
    Done,
    Failed,
    Pacing,
    Requeued,
    Unconfirmed,
    Verdict,
)
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, environment, run
from tests.cli.conftest import Comenq
from tests.cli.fake_daemon import fake_daemon, read_to_end
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served


@pytest.fixture
def ids(served: Served) -> list[str]:
    """The ids of three waiting jobs."""
    bodies = ["first\nand more", "second", "third \N{GRINNING FACE}"]
    target = {"owner": "octo-org", "repo": "site", "pr_number": 7}
    with Client(str(served.path)) as client:
        replies = client.ask_many({**target, "body": body} for body in bodies)
        return [reply["entry"]["id"] for reply in replies]


def _listed(comenq: Comenq, *words: str) -> list[str]:
    lines = comenq("list", "--json", *words).stdout.splitlines()
    return [json.loads(line)["id"] for line in lines]


def _settle(served: Served, verdict: Verdict) -> str:
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, verdict, ATTEMPT)
    return job.id


def test_list_is_a_table(comenq: Comenq, ids: list[str]) -> None:
    """A heading, and for each job its id, target, first line, state, attempts and time."""
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


def test_list_reports_that_there_are_more(comenq: Comenq, ids: list[str]) -> None:
    """A list that leaves jobs out says so on standard error; --all leaves none out."""
    done = comenq("list", "-n", "2")
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == "comenq: … and 1 more: see them with -n NUMBER or --all\n"
    assert comenq("list", "--all").stderr == ""
    done = comenq("list", "-n", "2", "--state", "waiting")
    assert done.stderr == "comenq: … and more: see them with -n NUMBER or --all\n"


def test_empty_list_is_reported(comenq: Comenq) -> None:
    """An empty queue is reported on standard error, and is no failure."""
    done = comenq("list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing is queued" in done.stderr


def test_list_is_filtered(comenq: Comenq, ids: list[str]) -> None:
    """A list can be limited to states and to a repository."""
    comenq("hold", ids[0])
    assert _listed(comenq, "--state", "held") == [ids[0]]
    assert _listed(comenq, "--repo", "octo-org/other") == []
    assert _listed(comenq, "--state", "held", "--state", "waiting") != []


def test_failed_jobs_are_listed_when_asked_for(
    comenq: Comenq, served: Served, ids: list[str]
) -> None:
    """A list reports how many jobs failed, and shows them with --state failed."""
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
    """The ids of so many comments; five of them fill a page."""
    body = b"x" * 200_000
    return [
        json.loads(comenq("o/r", "1", "-F", "-", "--json", stdin=body).stdout)["id"]
        for _ in range(count)
    ]


def test_long_list_is_read_in_pages(comenq: Comenq) -> None:
    """A list longer than one reply has each job once, and no more than --limit allows."""
    ids = _put_long(comenq, 13)
    assert _listed(comenq) == ids
    assert _listed(comenq, "-n", "8") == ids[:8]


def test_jobs_that_leave_between_pages_hide_no_others(comenq: Comenq, served: Served) -> None:
    """Jobs that move up while pages are read are still listed, once."""
    ids = _put_long(comenq, 13)
    jobs = listed(Namespace(socket=str(served.path)))
    seen = [next(jobs)["id"]]
    for job_id in ids[:3]:
        served.store.change(job_id, Change.CANCEL)
    seen += [job["id"] for job in jobs]
    assert seen == ids


@pytest.mark.full
def test_long_history_is_read_in_pages(comenq: Comenq, served: Served) -> None:
    """A history longer than one reply is complete, newest last, and within --limit."""
    ids = _put_long(comenq, 8)
    for _ in ids:
        _settle(served, Failed(reason="it is locked"))
    assert len(comenq("hist", "--json").stdout.splitlines()) == len(ids)
    for count in (8, 7, 1):
        lines = comenq("hist", "-n", str(count), "--json").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids[-count:]


@pytest.mark.parametrize("words", [["-n", "0"], ["-n", "x"], ["--state", "nonsense"]])
def test_wrong_filter_is_a_usage_error(comenq: Comenq, words: list[str]) -> None:
    """An invalid number or state exits with 2."""
    assert comenq("list", *words).returncode == 2


def test_comment_cannot_control_the_terminal(comenq: Comenq) -> None:
    """Control characters in a comment are escaped, by list and by show."""
    comenq("o/r", "1", "\x1b[2Jgone\x07\nnext\x9b")
    job_id = _listed(comenq)[0]
    for words in (["list"], ["show", job_id]):
        assert set(comenq(*words).stdout) & {"\x1b", "\x07", "\x9b"} == set()


def test_show_has_everything(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """Show prints a job's state, its attempts with the forge's messages, and its whole comment."""
    _settle(served, Failed(reason="it is locked"))
    shown = comenq("show", ids[0][:6]).stdout
    for part in (ids[0], "octo-org/site#7", "failed", "it is locked", "refused as octocat: locked"):
        assert part in shown
    assert "by unix, " in shown
    assert shown.endswith("\nfirst\nand more\n")


def test_show_keeps_a_comment_readable(comenq: Comenq) -> None:
    """Tabs, backslashes and joined emoji stay, and line ends become the terminal's."""
    body = "a\tb\\n\r\nc \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}\x1b[m\n"
    comenq("o/r", "1", body)
    shown = comenq("show", _listed(comenq)[0]).stdout.split("\n")
    assert shown[-4:] == ["", "a\tb\\n", "c \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}\\x1b[m", ""]


def test_decision_is_no_attempt(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """A decision made without the forge is shown without an account, and is no attempt."""
    job = served.store.claim("bot")
    assert job is not None
    decision = replace(ATTEMPT, account="", message="it is a directory")
    served.store.settle(job, Failed(reason="it is a directory"), decision)
    shown = comenq("show", job.id).stdout
    assert " refused: it is a directory\n" in shown
    assert "attempts:" not in shown
    assert " failed  0 " in comenq("hist").stdout


def test_attempt_that_does_not_count_is_shown(
    comenq: Comenq, served: Served, ids: list[str]
) -> None:
    """List shows all attempts; show also says how many of them count toward max_attempts."""
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, Requeued(reason="throttled"), replace(ATTEMPT, outcome="throttled"))
    assert json.loads(comenq("list", "--json", "-n", "1").stdout)["attempt_count"] == 0
    assert comenq("list").stdout.splitlines()[1].split()[4] == "1"
    shown = comenq("show", job.id).stdout
    assert "attempts:      1, of which 0 count toward max_attempts\n" in shown


def test_show_as_json(comenq: Comenq, ids: list[str]) -> None:
    """With --json, show prints the job as in the protocol."""
    assert json.loads(comenq("show", ids[1], "--json").stdout)["id"] == ids[1]


def test_jobs_are_moved(comenq: Comenq, ids: list[str]) -> None:
    """Bump and bust accept prefixes of several ids, and print each job's new place."""
    first, second, third = ids
    done = comenq("bump", third)
    assert done.stdout.startswith(f"bumped {third} · octo-org/site#7 · 1st in queue")
    comenq("bust", third[:8], first[:8])
    assert _listed(comenq) == [second, third, first]


def test_defer_is_an_alias_of_bust(comenq: Comenq, ids: list[str]) -> None:
    """Defer does the same as bust, and prints the same."""
    first, second, third = ids
    done = comenq("defer", first)
    assert done.stdout.startswith(f"moved back {first} · octo-org/site#7 · 3rd in queue")
    assert _listed(comenq) == [second, third, first]


def test_defer_is_sent_as_bust(directory: Path) -> None:
    """A daemon that knows no defer receives a bust."""
    received = []

    def behave(connection: socket.socket) -> None:
        received.append(json.loads(read_to_end(connection)))

    with fake_daemon(directory / "c.sock", behave) as path:
        run("defer", "7f3k", env=environment(Path(path)))
    assert received == [{"op": "bust", "id": "7f3k"}]


def test_jobs_are_held_and_released(comenq: Comenq, ids: list[str]) -> None:
    """Hold --all holds all waiting jobs, release --all releases all held ones."""
    assert comenq("hold", "--all").stdout.count("held ") == 3
    assert _listed(comenq, "--state", "waiting") == []
    comenq("release", "--all")
    assert _listed(comenq, "--state", "waiting") == ids


def test_ids_are_read_from_standard_input(comenq: Comenq, ids: list[str]) -> None:
    """The argument - stands for the ids on standard input."""
    comenq("del", "-", stdin="\n".join(ids[:2]).encode())
    assert _listed(comenq) == ids[2:]


def test_all_is_needed_to_delete_everything(comenq: Comenq, ids: list[str]) -> None:
    """Without ids and --all, or with both, nothing is deleted."""
    assert comenq("del").returncode == 2
    assert comenq("del", ids[0], "--all").returncode == 2
    assert _listed(comenq) == ids
    comenq("hold", ids[0])
    comenq("del", "--all")
    assert _listed(comenq) == []


@pytest.mark.parametrize("words", [["release", "--all"], ["hold", "-"]])
def test_nothing_to_do_is_no_failure(comenq: Comenq, words: list[str]) -> None:
    """Where no job matches, the command says so and succeeds."""
    done = comenq(*words)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"comenq: there is nothing to {words[0]}\n"


def test_failure_among_several_is_reported(comenq: Comenq, ids: list[str]) -> None:
    """One unknown id fails the command, and the other jobs are still changed."""
    done = comenq("hold", "zzzz", ids[1])
    assert done.returncode == 1
    assert "zzzz" in done.stderr
    assert _listed(comenq, "--state", "held") == [ids[1]]


def test_changes_without_a_reply_are_reported(directory: Path) -> None:
    """If the daemon closes before it has answered, the jobs without a reply are reported."""
    entry = {"id": "7f3kq2m8x1ab", "owner": "o", "repo": "r", "pr_number": 1, "state": "held"}

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        connection.sendall(json.dumps({"outcome": "ok", "entry": entry}).encode() + b"\n")

    with fake_daemon(directory / "c.sock", behave) as path:
        done = run("hold", "7f3k", "9q2m", "x1ab", env=environment(Path(path)))
    assert (done.returncode, done.stdout) == (5, "held 7f3kq2m8x1ab · o/r#1\n")
    assert done.stderr.splitlines()[0] == (
        "comenq: no reply for 2 of the jobs, from 9q2m on: they may or may not be changed"
    )


def test_interrupted_changes_are_reported(directory: Path) -> None:
    """Ctrl-C reports the jobs without a reply too."""
    has_come, is_over = threading.Event(), threading.Event()

    def behave(connection: socket.socket) -> None:
        read_to_end(connection)
        has_come.set()
        assert is_over.wait(DEADLINE)

    with fake_daemon(directory / "c.sock", behave) as path:
        command = [*PROGRAM, "hold", "7f3k", "9q2m"]
        with subprocess.Popen(
            command, env=environment(Path(path)), stderr=subprocess.PIPE, text=True
        ) as process:
            assert has_come.wait(DEADLINE)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=DEADLINE)
        is_over.set()
    assert process.returncode == 130
    assert err == (
        "comenq: no reply for 2 of the jobs, from 7f3k on: they may or may not be changed\n"
    )


def test_failed_jobs_are_queued_again(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """Retry --all queues every failed job again."""
    for _ in range(2):
        _settle(served, Failed(reason="it is locked"))
    comenq("retry", "--all")
    assert len(_listed(comenq, "--state", "waiting")) == 3


def test_a_text_is_erased(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """The command says what is left to do: the comment at the forge is still there."""
    url = "https://github.com/octo-org/site/pull/7#issuecomment-1"
    _settle(served, Done(url=url, comment_id=1))
    done = comenq("forget", ids[0][:11], ids[1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"erased {ids[0]} · octo-org/site#7 · posted at {url}",
        f"erased {ids[1]} · octo-org/site#7",
    ]
    assert comenq("show", ids[0]).returncode == 1
    assert "third" not in comenq("forget", ids[2], "--json").stdout


def test_history_is_a_table(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """The history shows the URL of a posted job and the reason of a failed one, newest last."""
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


def test_pause_is_shown_until_resumed(comenq: Comenq) -> None:
    """While the queue is paused, status fails, and shows the reason and how to resume."""
    assert comenq("pause", "code", "freeze").returncode == 0
    status = comenq("status")
    assert status.returncode == 1
    assert "code freeze (resume it with comenq resume)" in status.stdout
    assert comenq("resume").stdout == "the queue is resumed\n"
    assert comenq("status").returncode == 0


def test_status_counts(comenq: Comenq, ids: list[str]) -> None:
    """Status shows how many jobs are in each state, also as JSON."""
    assert "3 waiting" in comenq("status").stdout
    assert json.loads(comenq("status", "--json").stdout)["counts"]["waiting"] == 3


@pytest.mark.parametrize(
    ("word", "told"), [("lst", "did you mean list?"), ("xyzzy", "expected a command")]
)
def test_unknown_command_is_a_usage_error(comenq: Comenq, word: str, told: str) -> None:
    """For an unknown command, the nearest one is suggested, or the expected form is shown."""
    done = comenq(word)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["list", "--jsn"], "unrecognized arguments: --jsn; did you mean --json?"),
        (["list", "https://me:secret@x.y/o/r"], "unrecognized arguments: https://x.y/o/r"),
        (["o/r", "1", "-yes"], "put -- before a comment that starts with a hyphen"),
        (["hist", "-n", "many"], "expected a whole number from 1 to 1,000,000"),
        (["list", "-n", "1", "--all"], "not allowed with"),
    ],
)
def test_wrong_option_is_a_usage_error(comenq: Comenq, words: list[str], told: str) -> None:
    """The message says what is wrong, what to write instead, and which help has more."""
    done = comenq(*words)
    assert (done.returncode, done.stdout) == (2, "")
    problem, hint = done.stderr.splitlines()
    assert told in problem
    assert hint == f"(see comenq {'put' if '/' in words[0] else words[0]} --help)"


def test_help_is_also_a_command(comenq: Comenq) -> None:
    """As in git, help works alone and before the name of a command."""
    assert comenq("help").stdout == comenq("--help").stdout
    assert comenq("help", "list").stdout == comenq("list", "--help").stdout


def test_version_is_printed(comenq: Comenq) -> None:
    """The version is printed to standard output."""
    assert comenq("--version").stdout.startswith("comenq ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(comenq: Comenq, name: str) -> None:
    """Help prints each command's purpose and options to standard output."""
    done = comenq(name, "--help")
    assert done.returncode == 0
    assert f"usage: comenq {name}" in done.stdout
    about = COMMANDS[name][1]
    assert about[:1].upper() + about[1:] in done.stdout


def test_overview_names_every_command(comenq: Comenq) -> None:
    """The overview shows the forms of a pull request and all commands."""
    overview = comenq("--help").stdout
    assert all(f"  {name} " in overview for name in COMMANDS)
    assert "comenq OWNER/REPO NUMBER [BODY]" in overview


# What only a person can tell ---------------------------------------------------------------------

COMMENT_URL = "https://github.com/octo-org/site/pull/7#issuecomment-5"


def _lose(served: Served, *urls: str) -> str:
    """Make the first job unconfirmed, with these comments as candidates; return its id."""
    candidates = tuple(Candidate(url=url, comment_id=n) for n, url in enumerate(urls, start=5))
    return _settle(served, Unconfirmed(reason="a comment is like it", candidates=candidates))


def test_show_says_how_to_resolve(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """It says since when and why, which comment it may be, and the commands to copy."""
    _lose(served, COMMENT_URL)
    shown = comenq("show", ids[0]).stdout
    assert (
        "\nreason:        a comment is like it\n"
        f"perhaps it is: {COMMENT_URL}\n"
        f"if posted:     comenq resolve {ids[0]} --posted '{COMMENT_URL}'\n"
        f"if not posted: comenq resolve {ids[0]} --not-posted\n"
    ) in shown
    assert "\nstate:         unconfirmed since 2026-12-01 09:00:00 +0000\n" in shown


@pytest.mark.parametrize("urls", [(), (COMMENT_URL, f"{COMMENT_URL}1")])
def test_show_lets_a_person_choose(
    comenq: Comenq, served: Served, ids: list[str], urls: tuple[str, ...]
) -> None:
    """Where there is not one candidate, the person has to find out the address."""
    _lose(served, *urls)
    shown = comenq("show", ids[0]).stdout
    assert shown.count("\nperhaps it is: ") == len(urls)
    assert f"\nif posted:     comenq resolve {ids[0]} --posted URL\n" in shown


def test_job_is_resolved_as_posted(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """The address that a person gives is in the history; no other job waits for it."""
    _lose(served)
    done = comenq("resolve", ids[0][:6], "--posted", COMMENT_URL)
    assert (done.returncode, done.stdout) == (
        0,
        f"posted {ids[0]} · octo-org/site#7 · {COMMENT_URL}\n",
    )
    assert comenq("hist").stdout.splitlines()[1].endswith(COMMENT_URL)


def test_job_is_resolved_as_not_posted(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """The comment is queued again, in its place."""
    _lose(served)
    done = comenq("resolve", ids[0], "--not-posted")
    assert (done.returncode, done.stdout) == (
        0,
        f"queued again {ids[0]} · octo-org/site#7 · 1st in queue · now\n",
    )
    assert _listed(comenq, "--state", "waiting") == ids


def test_resolved_job_is_printed_as_json(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """With --json, the job is printed as in the protocol."""
    _lose(served)
    entry = json.loads(comenq("resolve", ids[0], "--posted", COMMENT_URL, "--json").stdout)
    assert (entry["state"], entry["comment_id"]) == ("posted", 5)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "one of the arguments --posted --not-posted is required"),
        (["--posted", COMMENT_URL, "--not-posted"], "not allowed with argument --posted"),
    ],
)
def test_resolving_needs_one_answer(
    comenq: Comenq, served: Served, ids: list[str], words: list[str], told: str
) -> None:
    """Without an answer, or with both, nothing is changed."""
    _lose(served)
    done = comenq("resolve", ids[0], *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert _listed(comenq, "--state", "unconfirmed") == ids[:1]


def test_wrong_address_is_refused(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """An empty address is none, and does not mean that the comment is not posted."""
    _lose(served)
    for url in ("", "https://github.com/octo-org/site/pull/8#issuecomment-5"):
        done = comenq("resolve", ids[0], "--posted", url)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("comenq: posted: ")
    assert _listed(comenq, "--state", "unconfirmed") == ids[:1]


def test_unconfirmed_jobs_are_listed(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """They are in the queue, and can be asked for alone."""
    _lose(served)
    assert _listed(comenq) == ids
    assert _listed(comenq, "--state", "unconfirmed") == ids[:1]
    assert " unconfirmed " in comenq("list").stdout.splitlines()[1]


def test_unconfirmed_job_is_looked_up_again(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """A retry does not queue what may be posted: it is looked up first."""
    _lose(served)
    assert comenq("retry", ids[0]).stdout == f"looked up again {ids[0]} · octo-org/site#7\n"


def test_unconfirmed_job_is_deleted(comenq: Comenq, served: Served, ids: list[str]) -> None:
    """A person who does not care any more deletes it; --all spares it."""
    _lose(served)
    comenq("del", "--all")
    assert _listed(comenq) == ids[:1]
    assert comenq("del", ids[0]).stdout == f"deleted {ids[0]} · octo-org/site#7\n"


def test_an_older_daemon_lists_its_jobs(directory: Path) -> None:
    """A daemon that does not know the state is not asked for it."""
    received = []

    def behave(connection: socket.socket) -> None:
        received.append(json.loads(read_to_end(connection)))

    with fake_daemon(directory / "c.sock", behave) as path:
        run("list", env=environment(Path(path)))
    assert received == [{"op": "list", "limit": 51}]


def test_back_offs_are_ended(comenq: Comenq, served: Served) -> None:
    """Flush says how many there were."""
    assert comenq("flush").stdout == "nothing backs off\n"
    for account, told in (("a",), "1 back-off ended\n"), (("b", "c"), "2 back-offs ended\n"):
        for name in account:
            record = Pacing(account=name, at=served.store.now(), backoff=900, cause="outage")
            served.store.save_pacing(record, expect=None)
        assert comenq("flush").stdout == told


def test_a_deleted_job_is_listed_and_queued_again(comenq: Comenq, ids: list[str]) -> None:
    """The history has it, with its text; `undelete` puts it at the end of the queue."""
    assert comenq("del", ids[0]).stdout == f"deleted {ids[0]} · octo-org/site#7\n"
    assert re.search(rf"{ids[0]}  octo-org/site#7  first +deleted ", comenq("hist").stdout)
    assert "\nstate:         deleted\n" in comenq("show", ids[0]).stdout
    done = comenq("undelete", ids[0])
    assert done.stdout.startswith(f"queued again {ids[0]} · octo-org/site#7 · 3rd in queue")
    assert _listed(comenq) == [*ids[1:], ids[0]]
    for command in ("hold", "del"):
        comenq(command, ids[0])
    assert comenq("undelete", ids[0]).stdout == f"held again {ids[0]} · octo-org/site#7\n"


def test_a_job_whose_key_is_used_again_is_not_undeleted(comenq: Comenq) -> None:
    """The other comment keeps the key, and stays what it is."""
    job_id = json.loads(comenq("o/r", "1", "one", "--key", "k", "--json").stdout)["id"]
    comenq("del", job_id)
    assert comenq("o/r", "1", "two", "--key", "k").stdout.startswith(f"queued {job_id}")
    done = comenq("undelete", job_id)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is waiting, and its key is in use" in done.stderr
