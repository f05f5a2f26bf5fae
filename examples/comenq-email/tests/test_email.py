"""The intake's own tests, and the contract that every intake keeps."""

from __future__ import annotations

import shutil
import smtplib
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from pathlib import Path

import pytest

from comenq_core import (
    ComenqError,
    Intake,
    NewJob,
    QueueRefused,
    SettingsError,
    StoreError,
)
from comenq_core.model import Entry
from comenq_core.process.stop import StopFlag
from comenq_core.testing.contract import IntakeContract
from comenq_core.testing.contract.intake import HandIn, Inbox, Serving
from comenq_core.testing.deadline import DEADLINE
from comenq_email.intake import EmailIntake
from comenq_email.options import Options, Tcp
from comenq_email.reception import MOST_CONNECTIONS

MAX_BYTES = 1024 * 1024


@pytest.fixture
def path() -> Iterator[Path]:
    """Where mails are delivered: in a directory of its own, since the path has to be short."""
    directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
    yield directory / "run" / "email.sock"
    shutil.rmtree(directory)


def intake_at(place: Path | Tcp, max_bytes: int = MAX_BYTES) -> EmailIntake:
    """An intake that listens there."""
    return EmailIntake(Options(place=place, max_bytes=max_bytes))


def a_mail(body: str, subject: str = "octo-org/site#7") -> EmailMessage:
    """What a mail program sends."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    mail["From"], mail["To"] = "ada@example.org", "comments@localhost"
    mail["Message-ID"] = make_msgid(domain="example.org")
    mail.set_content(body)
    return mail


class Mta:
    """What a mail server does to deliver a mail.

    Args:
        host: where to; or the path of a Unix socket.
        port: of the host.
    """

    def __init__(self, host: str, port: int = 0) -> None:
        self._host = host
        self._port = port

    def connect(self) -> smtplib.LMTP:
        """Connect, as soon as somebody listens."""
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                return smtplib.LMTP(self._host, self._port, timeout=DEADLINE)
            except (FileNotFoundError, ConnectionRefusedError):
                assert time.monotonic() < deadline, f"nobody listens on {self._host}"
                time.sleep(0.005)

    def deliver(self, mail: EmailMessage) -> tuple[int, str]:
        """Deliver it; what was answered to it."""
        with self.connect() as connection:
            connection.ehlo_or_helo_if_needed()
            connection.mail("ada@example.org")
            connection.rcpt("comments@localhost")
            code, text = connection.data(mail.as_bytes())
            return code, text.decode()


@pytest.fixture
def mta(path: Path) -> Mta:
    """Delivers to the intake."""
    return Mta(str(path))


class TestEmailIntake(IntakeContract):
    name = "email"
    text_only = True

    @pytest.fixture
    def intake(self, path: Path) -> Intake:
        """An intake that was not used yet."""
        return intake_at(path)

    @pytest.fixture
    def hand_in(self, mta: Mta) -> HandIn:
        """Deliver a mail of that subject and text."""

        def deliver(*, owner: str, repo: str, pr_number: int, body: str) -> str:
            code, text = mta.deliver(a_mail(body, f"{owner}/{repo}#{pr_number}"))
            return "" if code == 250 else text

        return deliver

    @pytest.fixture
    def hand_in_nonsense(self, mta: Mta) -> Callable[[], str]:
        """Deliver a mail about something else."""
        return lambda: mta.deliver(a_mail("Dear friend", "You have won"))[1]


@pytest.fixture
def inbox() -> Inbox:
    """A queue that can refuse."""
    return Inbox()


@pytest.fixture
def serve() -> Iterator[Callable[[Intake, Inbox], Serving]]:
    """Let an intake serve until the test ends."""
    with ExitStack() as stack:

        def start(intake: Intake, inbox: Inbox) -> Serving:
            stop = stack.enter_context(StopFlag())
            serving = Serving(intake, inbox, stop)
            stack.callback(serving.finish)
            return serving

        yield start


@pytest.fixture
def served(serve: Callable[[Intake, Inbox], Serving], inbox: Inbox, path: Path) -> Serving:
    """An intake at work."""
    return serve(intake_at(path), inbox)


@pytest.mark.usefixtures("served")
def test_a_mail_that_comes_again_is_the_same_comment(mta: Mta, inbox: Inbox) -> None:
    """Both deliveries are acknowledged, with the same id, and the comment is queued once."""
    mail = a_mail("Looks good.")
    assert mta.deliver(mail) == mta.deliver(mail)
    assert len(inbox.requests) == 1


@pytest.mark.usefixtures("served")
def test_two_mails_that_read_the_same_are_two_comments(mta: Mta, inbox: Inbox) -> None:
    """It is the Message-ID that tells mails apart."""
    for _ in range(2):
        mta.deliver(a_mail("ping"))
    assert len(inbox.requests) == 2


@pytest.mark.usefixtures("served")
def test_a_message_id_is_of_one_mail(mta: Mta, inbox: Inbox) -> None:
    """Another text under the same Message-ID is refused for good."""
    first, second = a_mail("one"), a_mail("another")
    second.replace_header("Message-ID", str(first["Message-ID"]))
    assert mta.deliver(first)[0] == 250
    assert mta.deliver(second)[0] == 550
    assert [request.body for request in inbox.requests] == ["one"]


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QueueRefused("queue_full", "the queue is full"), 452),
        (StoreError("the disk does not answer"), 451),
    ],
)
def test_what_passes_is_temporary(mta: Mta, inbox: Inbox, error: ComenqError, code: int) -> None:
    """While the queue takes nothing, the mail server is told why, and to try again later."""
    inbox.error = error
    answer, text = mta.deliver(a_mail("Looks good."))
    assert answer == code
    assert str(error) in text


@pytest.mark.usefixtures("served")
def test_what_never_passes_is_permanent(mta: Mta) -> None:
    """A mail that asks for nothing is refused for good, with the reason for its sender."""
    code, text = mta.deliver(a_mail("Looks good.", "no.owner/site#7"))
    assert code == 550
    assert text.startswith("5.6.0 owner: must be")


class Slow(Inbox):
    """A queue whose disk takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.done = threading.Event()

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        """Take these, in the end."""
        self.asked.set()
        assert self.done.wait(DEADLINE)
        return super().submit_all(new_jobs)


def begin(connection: smtplib.LMTP, mail: EmailMessage) -> socket.socket:
    """Send a mail, and do not wait for the answer to it."""
    connection.ehlo_or_helo_if_needed()
    connection.mail("ada@example.org")
    connection.rcpt("comments@localhost")
    connection.docmd("DATA")
    assert connection.sock is not None
    connection.sock.sendall(mail.as_bytes() + b".\r\n")
    return connection.sock


def test_nothing_is_acknowledged_before_it_is_durable(
    serve: Callable[[Intake, Inbox], Serving], path: Path, mta: Mta
) -> None:
    """As long as the queue has not taken the comment, the mail server hears nothing."""
    inbox = Slow()
    serve(intake_at(path), inbox)
    with mta.connect() as connection:
        wire = begin(connection, a_mail("Looks good."))
        assert inbox.asked.wait(DEADLINE)
        wire.settimeout(0)
        with pytest.raises(BlockingIOError):
            wire.recv(1, socket.MSG_PEEK)
        inbox.done.set()
        wire.settimeout(DEADLINE)
        assert connection.getreply()[0] == 250
    assert len(inbox.requests) == 1


def test_what_has_begun_is_finished(path: Path, mta: Mta) -> None:
    """When it has to end, the intake lets nobody in, and answers the mails that it has."""
    inbox = Slow()
    with StopFlag() as stop:
        serving = Serving(intake_at(path), inbox, stop)
        with mta.connect() as connection:
            begin(connection, a_mail("Looks good."))
            assert inbox.asked.wait(DEADLINE)
            stop.set()
            while path.exists():
                time.sleep(0.005)
            inbox.done.set()
            assert connection.getreply()[0] == 250
        serving.finish()
    assert len(inbox.requests) == 1


def test_a_mail_that_is_too_large_is_refused(
    serve: Callable[[Intake, Inbox], Serving], path: Path, inbox: Inbox, mta: Mta
) -> None:
    """More than `max_bytes` are not read, and the next mail is taken."""
    serve(intake_at(path, max_bytes=1_000), inbox)
    assert mta.deliver(a_mail("word " * 1_000))[0] == 552
    assert mta.deliver(a_mail("word"))[0] == 250


@pytest.mark.usefixtures("served")
def test_each_recipient_is_a_delivery(mta: Mta) -> None:
    """A second recipient has to be served by another delivery, which its answer can then be of."""
    with mta.connect() as connection:
        connection.ehlo_or_helo_if_needed()
        connection.mail("ada@example.org")
        assert connection.rcpt("comments@localhost")[0] == 250
        assert connection.rcpt("more@localhost")[0] == 452
        assert connection.data(a_mail("Looks good.").as_bytes())[0] == 250


@pytest.mark.usefixtures("served")
def test_too_many_connections_are_sent_away(mta: Mta) -> None:
    """Who idles takes no place for ever, and who finds none is told to come again."""
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stack.enter_context(mta.connect())
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            mta.connect()
        assert caught.value.smtp_code == 421


@pytest.mark.usefixtures("served")
def test_only_the_group_can_deliver(mta: Mta, path: Path) -> None:
    """Neither the socket nor its directory lets in whoever is not of the daemon's group."""
    mta.connect().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_a_socket_that_was_left_behind_is_replaced(
    serve: Callable[[Intake, Inbox], Serving], path: Path, inbox: Inbox, mta: Mta
) -> None:
    """What a daemon that died has left does not hinder the next, which leaves nothing."""
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    serving = serve(intake_at(path), inbox)
    assert mta.deliver(a_mail("Looks good."))[0] == 250
    serving.finish()
    assert not list(path.parent.iterdir())


@pytest.mark.usefixtures("served")
def test_a_socket_in_use_is_not_taken(path: Path, inbox: Inbox, mta: Mta) -> None:
    """A second daemon says that there is one, and the first serves on."""
    mta.connect().close()
    with StopFlag() as stop, pytest.raises(SettingsError, match="another daemon"):
        intake_at(path).serve(inbox, stop)
    assert mta.deliver(a_mail("Looks good."))[0] == 250


def test_another_kind_of_file_is_left_alone(path: Path, inbox: Inbox) -> None:
    """What is no socket is not removed."""
    path.parent.mkdir()
    path.write_text("mine")
    with StopFlag() as stop, pytest.raises(SettingsError, match="is no socket"):
        intake_at(path).serve(inbox, stop)
    assert path.read_text() == "mine"


def test_a_port_on_loopback_takes_mails(
    serve: Callable[[Intake, Inbox], Serving], inbox: Inbox
) -> None:
    """Where the settings ask for it, mails are delivered by TCP, and nobody knows by whom."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve(intake_at(Tcp(host="127.0.0.1", port=port)), inbox)
    mta = Mta("127.0.0.1", port)
    assert mta.deliver(a_mail("Looks good."))[0] == 250
    assert [job.origin.uid for job in inbox.store.pending()] == [None]
