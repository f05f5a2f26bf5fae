"""The examples, installed into one environment, and used by a running daemon."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from gitlab_stand_in import Answer, GitLab

from comenq_core.testing.deadline import DEADLINE
from tests.process.daemon import TOKEN, Daemon


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """The stand-in for GitLab."""
    with GitLab() as serving:
        yield serving


@pytest.fixture
def configured(commands: Path, gitlab: GitLab) -> Iterator[Daemon]:
    """A daemon, not started yet, that accepts mails and posts notes."""
    selected = {"intakes": ["unix", "email"], "poster": "gitlab", "github_token_file": None}
    with Daemon("http://127.0.0.1:9", commands, **selected) as made:
        token = made.write("gitlab-token", TOKEN)
        made.change(**{"gitlab.url": gitlab.url, "gitlab.token_file": str(token)})
        yield made


@pytest.fixture
def daemon(configured: Daemon) -> Daemon:
    """The same, started."""
    start(configured)
    return configured


def start(daemon: Daemon) -> None:
    """Start it, and wait until all of it is ready."""
    daemon.spawn()
    daemon.log.until(" worker started: ", " unix listening: ", " email listening: ")


def deliver(daemon: Daemon, text: str, *, message_id: str) -> str:
    """Deliver a mail as a mail server does; return the job's id from the answer."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["Message-ID"] = "team/site#7", message_id
    mail.set_content(text)
    with smtplib.LMTP(str(daemon.socket.with_name("email.sock")), timeout=DEADLINE) as server:
        server.ehlo_or_helo_if_needed()
        server.mail("ada@example.org")
        server.rcpt("comments")
        code, answer = server.data(mail.as_bytes())
    assert code == 250
    return answer.decode().rpartition(" ")[2]


def test_a_mail_becomes_a_note(daemon: Daemon, gitlab: GitLab) -> None:
    """A mail delivered by LMTP is on the merge request, and its URL in the history."""
    deliver(daemon, "Grüße,\n\nit looks good.", message_id="<1@example.org>")

    (note,) = gitlab.wait_for_notes(1, DEADLINE)
    assert (note.project, note.iid, note.body) == ("team/site", 7, "Grüße,\n\nit looks good.")
    daemon.log.until(" worker job_done: ")
    assert f"/team/site/-/merge_requests/7#note_{note.id}" in daemon.comenq("hist")


@pytest.mark.full
def test_both_are_listed_with_what_they_offer(configured: Daemon) -> None:
    """`comenqd plugins` lists their distributions, and that they are selected."""
    rows = [" ".join(line.split()) for line in configured.comenqd("plugins").splitlines()]

    assert "email comenq-email 0.1.0 intake email (selected)" in rows
    assert "gitlab comenq-gitlab 0.1.0 poster gitlab (selected)" in rows


@pytest.mark.full
def test_a_mail_that_is_delivered_again_after_a_crash_is_posted_once(
    daemon: Daemon, gitlab: GitLab
) -> None:
    """A mail server that got no answer delivers again: it is the same comment."""
    daemon.comenq("pause")
    first = deliver(daemon, "once", message_id="<1@example.org>")
    daemon.kill()
    start(daemon)
    again = deliver(daemon, "once", message_id="<1@example.org>")
    other = deliver(daemon, "another", message_id="<2@example.org>")

    daemon.comenq("resume")

    assert first == again
    daemon.comenq("wait", first, other)
    assert [note.body for note in gitlab.notes] == ["once", "another"]


@pytest.mark.full
def test_a_note_whose_answer_is_lost_is_found(daemon: Daemon, gitlab: GitLab) -> None:
    """The worker looks the note up instead of posting again."""
    gitlab.answers = {"POST": Answer(drop=True)}
    deliver(daemon, "once", message_id="<1@example.org>")

    daemon.log.until(" worker job_done: ")
    (note,) = gitlab.notes
    assert f"#note_{note.id}" in daemon.comenq("hist")
