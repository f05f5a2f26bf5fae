"""A third-party plugin of each kind: installed, selected, and used by the running daemon."""

from __future__ import annotations

import json

from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, Daemon
from tests.process.processes import kill, wait_for_end

INTAKE = """
from comenq_core import CommentRequest, Origin, hookimpl

class Greeter:
    def serve(self, queue, stop):
        request = CommentRequest(owner="o", repo="r", pr_number=1, body="a plugin's")
        queue.submit(request, Origin(intake="greeter"))
        stop.wait()

@hookimpl
def comenq_intakes():
    return {"greeter": lambda settings: Greeter()}
"""

STORE = """
from dataclasses import replace

from comenq_core import hookimpl
from comenq_plugins.spool import open_spool

def make(settings):
    return open_spool(replace(settings, queue_path=settings.queue_path.with_name("attic")))

@hookimpl
def comenq_stores():
    return {"attic": make}
"""

POSTER = """
from comenq_core import hookimpl
from comenq_core.model import Posted

class Board:
    account = "board"

    def __init__(self, path):
        self.path = path

    def credential(self):
        return ""

    def post(self, job):
        self.path.write_text(job.asked.body)
        return Posted(comment_id=job.id, url=f"board:{job.id}")

    def find(self, job, since, known):
        return None

@hookimpl
def comenq_posters():
    return {"board": lambda settings: [Board(settings.queue_path.with_name("board"))]}
"""

REVIEWER = """
from comenq_core import hookimpl
from comenq_core.model import Reading, ReadingKind
from comenq_core.protocols import same_login

class Critic:
    name = "critic"
    logins = ("critic[bot]",)

    def addresses(self, comment):
        return comment.strip() == "@critic go"

    def wrote(self, answer):
        return any(same_login(answer.login, login) for login in self.logins)

    def read(self, answer):
        if self.wrote(answer) and answer.text == "Done.":
            return Reading(kind=ReadingKind.REVIEWED, reason=answer.text, rule="done")
        return Reading(kind=ReadingKind.OTHER)

@hookimpl
def comenq_reviewers():
    return {"critics": lambda settings: [Critic()]}
"""

FORKING = """
import os, signal, time

from comenq_core import Log, hookimpl

class Forking:
    def serve(self, queue, stop):
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            Log("forking").info("forked", "A child sleeps.", child=os.getpid())
            while True:
                time.sleep(1000)
        stop.wait()

@hookimpl
def comenq_intakes():
    return {"forking": lambda settings: Forking()}
"""


def test_an_intake_plugin_feeds_the_daemon(forge: Forge) -> None:
    """What a plugged-in intake submits is posted, and the socket stays open beside it."""
    with Daemon(forge.url, intakes=["unix", "greeter"]) as daemon:
        daemon.install("greeter", INTAKE)
        daemon.start()

        assert [one.body for one in forge.wait_for_comments(1)] == ["a plugin's"]
        assert " intake=greeter" in daemon.log.last(r"queued: .*")[0]
        daemon.comenq("status")


def test_a_store_plugin_keeps_the_jobs(forge: Forge) -> None:
    """Jobs go through the plugged-in store, and the default one is not even made."""
    with Daemon(forge.url, store="attic") as daemon:
        daemon.install("attic", STORE)
        daemon.start()
        daemon.put("kept elsewhere")
        daemon.log.until(r"job_done: ")

        assert len(list((daemon.directory / "attic" / "done").iterdir())) == 1
        assert not daemon.queue.exists()


def test_a_poster_plugin_posts(forge: Forge) -> None:
    """The plugged-in poster is handed the job, and its URL is in the history."""
    with Daemon(forge.url, poster="board") as daemon:
        daemon.install("board", POSTER)
        daemon.start()
        job = daemon.put("on the board")
        daemon.log.until(r"job_done: ")

        assert (daemon.directory / "board").read_text() == "on the board"
        assert f"board:{job}" in daemon.comenq("hist")
    assert not forge.requests


def test_a_reviewer_plugin_reads_answers(forge: Forge) -> None:
    """The plugged-in reviewer is asked what an answer means, beside the shipped ones."""
    with Daemon(forge.url) as daemon:
        daemon.install("critic", REVIEWER)
        daemon.write("answer", "Done.")
        said = daemon.comenq("explain", "--json", "--login", "critic", "answer")
        assert json.loads(said)["rule"] == "done"
        assert "reviewers critics" in daemon.comenqd("plugins")


def test_two_reviewers_with_one_name_are_refused(forge: Forge) -> None:
    """The message names both plugins, and so does `check`."""
    with Daemon(forge.url) as daemon:
        daemon.install("critic", REVIEWER.replace('"critic"', '"codex"'))
        daemon.write("answer", "Done.")
        done = daemon.comenqd("check", status=1)
        assert "the reviewer codex is offered more than once" in done
        assert "plugin critic of critic 1.0" in done


def test_a_child_that_a_plugin_has_forked_ends_with_its_process(forge: Forge) -> None:
    """One that ignores SIGTERM is killed after the listener has died, and after it has ended."""
    with Daemon(forge.url, intakes=["unix", "forking"]) as daemon:
        daemon.install("forking", FORKING)
        daemon.spawn()
        first = int(daemon.log.until(r"forked: .* child=(\d+)", *READY)[1])
        with wait_for_end(first):
            kill(daemon.pid("listener"))
        second = int(daemon.log.until(r"forked: .* child=(\d+)")[1])
        with wait_for_end(second):
            assert daemon.terminate() == 0


def test_a_poster_that_fails_is_named_with_its_plugin(forge: Forge) -> None:
    """Log, status and check name the plugin, its distribution and the method, and no error text."""
    with Daemon(forge.url, poster="board", recheck_seconds=3600) as daemon:
        daemon.install("board", f"{POSTER}\nBoard.post = lambda self, job: {{}}['ghp_canary']\n")
        daemon.start().put("on the board")
        logged = daemon.log.until(r"poster_broken: (.*)", r"job_checking: ")[1]
        status = json.loads(daemon.comenq("status", "--json", status=1))
        check = daemon.comenqd("check")

    fault = "plugin board of board 1.0 failed in post: KeyError"
    assert 'plugin="plugin board of board 1.0" method=post account=board' in logged
    assert status["worker"]["fault"] == fault
    assert f"has a fault: {fault}\n" in check
    assert "ghp_canary" not in f"{daemon.log}{check}"
