"""Whole screens, on a terminal and through a pipe."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path
from textwrap import dedent

import pytest

from comenq_core import __version__
from comenq_core.client import Client
from comenq_core.model import Change, Done, Failed, State, Verdict
from tests.cli.command import environment
from tests.cli.conftest import Comenq
from tests.cli.terminal import on_terminal
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served

COLUMNS = 72
BODIES = {
    "a": "Broken:\n1. home\n2. about",
    "b": "Ready?",
    "c": "A comment longer than there is room for",
    "d": "Thanks!",
}
VERDICTS: tuple[Verdict, ...] = (
    Done(url="https://github.com/octo/site/pull/1#c1", comment_id=1),
    Failed(reason="it is locked"),
)
ME = f"{pwd.getpwuid(os.getuid()).pw_name} (uid {os.getuid()})"


@pytest.fixture(autouse=True)
def queue(served: Served) -> None:
    """One job is posted, one failed, one waiting and one held."""
    requests = [
        # The id of a job that has a key is always the same.
        {"owner": "octo", "repo": "site", "pr_number": number, "body": body, "key": key}
        for number, (key, body) in enumerate(BODIES.items(), start=123)
    ]
    with Client(str(served.path)) as client:
        assert all(reply["outcome"] == "ok" for reply in client.ask_many(requests))
    for verdict in VERDICTS:
        job = served.store.claim("octocat")
        assert job is not None
        served.store.settle(job, verdict, ATTEMPT)
    _, held = served.store.pending()
    served.store.change(held.id, Change.HOLD)


LISTED = dedent("""\
    ID            PULL REQUEST   COMMENT                                  STATE    ATTEMPTS  WHEN
    xfht8m8racc2  octo/site#125  A comment longer than there is room for  waiting  0         now
    6qhygexj7na5  octo/site#126  Thanks!                                  held     0
    """)
LISTED_NARROW = dedent("""\
    ID            PULL REQUEST   COMMENT             STATE    ATTEMPTS  WHEN
    xfht8m8racc2  octo/site#125  A comment longer …  waiting  0         now
    6qhygexj7na5  octo/site#126  Thanks!             held     0
    """)
SOME_FAILED = "comenq: 1 failed: see them with --state failed\n"
SOME_HELD = "comenq: 1 held: go through them with comenq review\n"
HISTORY = dedent("""\
    TIME              ID            PULL REQUEST   COMMENT  STATE   ATTEMPTS  AFTER  URL OR REASON
    2026-12-01 09:00  8fx7ekmr22bg  octo/site#123  Broken:  posted  1         0 s    https://github.com/octo/site/pull/1#c1
    2026-12-01 09:00  0ar0z2wrckv7  octo/site#124  Ready?   failed  1         0 s    it is locked
    """)
HISTORY_NARROW = dedent("""\
    TIME              ID            PULL REQUEST   COMMENT  STATE   AFTER
    2026-12-01 09:00  8fx7ekmr22bg  octo/site#123  Broken:  posted  0 s
      https://github.com/octo/site/pull/1#c1
    2026-12-01 09:00  0ar0z2wrckv7  octo/site#124  Ready?   failed  0 s
      it is locked
    """)
SHOWN = dedent(f"""\
    id:            0ar0z2wrckv7
    pull request:  octo/site#124
    state:         failed
    arrived:       2026-12-01 09:00:00 +0000 by unix, {ME}
    settled:       2026-12-01 09:00:00 +0000
    key:           b
    reason:        it is locked
    attempts:      1
      2026-12-01 09:00:00 +0000 refused as octocat: locked

    Ready?
    """)
STATUS = dedent("""\
    queue:     1 waiting, 0 posting, 0 unconfirmed, 1 held, 1 posted, 1 failed
    daemon:    the listener answers; the worker runs
    next:      xfht8m8racc2, now
    account:   none has posted yet
    trouble:   1 failed: see them with comenq hist --failed, then retry or delete them
    """)
MISSPELT = dedent("""\
    comenq: unknown command 'lits': did you mean list?
    (see comenq --help)
    """)
NAMELESS = dedent("""\
    comenq: give the ids of the jobs, or --all, but not both
    (see comenq release --help)
    """)
WRONG = "comenq: job xfht8m8racc2 is waiting; only a job that is held allows that\n"
HELP = dedent("""\
    usage: comenq [--daemon NAME | --socket PATH] COMMAND …

    Queue comments for pull requests; each is posted once, at a pace GitHub accepts.

    options:
      -h, --help     show this help message and exit
      --version      show program's version number and exit
      --daemon NAME  the name of your daemon (default: $COMENQ_DAEMON,
                     then your one without a name)
      --socket PATH  the daemon's socket (default: $COMENQ_SOCKET, then
                     your own, then the system's)

    to queue a comment:
      comenq OWNER/REPO NUMBER [BODY]
      comenq OWNER/REPO#NUMBER [BODY]
      comenq https://github.com/OWNER/REPO/pull/NUMBER [BODY]
      comenq NUMBER [BODY]
      comenq -b TEXT
    the last two are for a checkout, whose remotes and branch name the pull request

    commands (see comenq COMMAND --help):
      put          queue a comment
      list         list what is queued
      show         show everything about a job
      status       show the state of the queue, and what it is waiting for
      top          show the status live
      hist         list posted, skipped, failed and deleted jobs
      wait         wait until jobs are posted
      bump         move jobs to the front of the queue
      bust         move jobs to the back of the queue
      defer        move jobs to the back of the queue (alias of bust)
      hold         keep jobs from being posted
      release      let held jobs be posted again
      retry        queue failed jobs again, or look for unconfirmed ones again
      review       go through held comments one by one
      edit         edit a comment that is not posted yet
      resolve      say whether an unconfirmed job's comment is posted
      del          delete jobs that are not posted
      undelete     queue deleted jobs again
      forget       erase the texts of comments, which then cannot be posted
      pause        post nothing until the queue is resumed
      resume       resume posting
      flush        end back-offs, so that comenq tries again at once
      reviewers    show the reviewers that are followed; open a lane of one
      explain      say what the answer of a review bot means
      mcp          serve an agent: an MCP server on standard input and output
      completion   print a shell completion script

    exit status: 0 done, 1 refused or failed, 2 usage, 3 the daemon cannot be reached;
    4 (timed out) and 5 (a person has to do something): the comment stays queued
    """)
# Without a terminal, help is 80 columns wide.
WIDE_HELP = HELP.replace(
    "then\n                 your own, then", "then your own,\n                 then"
).replace("\n                 then your one", " then your\n                 one")
SCREENS = {
    "list": (LISTED_NARROW + SOME_HELD + SOME_FAILED, 0),
    "hist": (HISTORY_NARROW, 0),
    "show 0ar0": (SHOWN, 0),
    "status": (STATUS + SOME_HELD, 1),
    "--help": (HELP, 0),
    "--version": (f"comenq {__version__}\n", 0),
    "bump xfht": ("bumped xfht8m8racc2 · octo/site#125 · 1st in queue · now\n", 0),
    "del xfht": ("deleted xfht8m8racc2 · octo/site#125\n", 0),
    "wait 8fx7": ("https://github.com/octo/site/pull/1#c1\n", 0),
    "pause code freeze": ("the queue is paused; resume it with comenq resume\n", 0),
    "lits": (MISSPELT, 2),
    "release": (NAMELESS, 2),
    "release xfht": (WRONG, 1),
}
"""The screens on a terminal, with the exit status."""
PIPED = SCREENS | {
    "list": (LISTED + SOME_FAILED, 0),
    "hist": (HISTORY, 0),
    "status": (STATUS, 1),
    "--help": (WIDE_HELP, 0),
}
"""The same through a pipe, where nothing is cut."""


@pytest.mark.parametrize("line", SCREENS)
def test_terminal_shows(served: Served, line: str) -> None:
    """Each screen fits the terminal, and is as in the table above."""
    screen, status = SCREENS[line]
    env = environment(served.path, NO_COLOR="1")
    with on_terminal(*line.split(), env=env, columns=COLUMNS) as session:
        assert session.end() == status
    assert session.seen.replace("\r\n", "\n") == screen


@pytest.mark.parametrize("line", PIPED)
def test_pipe_gets(comenq: Comenq, line: str) -> None:
    """A pipe gets the same words, and standard output has only results."""
    screen, status = PIPED[line]
    done = comenq(*line.split())
    assert (done.stdout + done.stderr, done.returncode) == (screen, status)
    assert all(text.startswith(("comenq: ", "(see comenq ")) for text in done.stderr.splitlines())
    assert (done.stdout == "") == (status != 0 and line != "status")


def test_colours_tell_states_apart(served: Served) -> None:
    """Headings are bold, held is yellow, posted is green and failed is red."""
    env = environment(served.path)
    shown = ""
    for word in ("list", "hist"):
        with on_terminal(word, env=env, columns=COLUMNS) as session:
            session.end()
        shown += session.seen
    found = dict(re.findall(r"\x1b\[(\d+)m([A-Z a-z]+?) *\x1b\[m", shown)[::-1])
    assert found == {"1": "ID", "33": "held", "32": "posted", "31": "failed"}


def test_progress_is_shown_on_a_terminal(served: Served, directory: Path) -> None:
    """A progress bar is shown below the ids of many comments, and removed at the end."""
    file = directory / "many.jsonl"
    file.write_text('{"owner":"o","repo":"r","pr_number":1,"body":"x"}\n' * 1_000)
    with on_terminal("put", "--jsonl", str(file), env=environment(served.path)) as session:
        assert session.end() == 0
    shown = session.seen.split("\r\x1b[K")
    bars = [part for part in shown if part.startswith("[")]
    assert bars
    assert all(re.fullmatch(r"\[#*\.*\] +\d+%  [\d,]+ queued", bar) for bar in bars)
    *ids, last = "".join(part for part in shown if part not in bars).splitlines()
    waiting = served.store.pending(states=[State.WAITING])
    assert ids == [job.id for job in waiting][-1_000:]
    assert last == "comenq: queued 1,000 comments"
