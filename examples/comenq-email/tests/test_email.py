"""The contract of every intake, and the tests of this one."""

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
from comenq_email.lmtp import MOST_CONNECTIONS
from comenq_email.options import Options, Tcp

MAX_BYTES = 1024 * 1024


@pytest.fixture
def path() -> Iterator[Path]:
    """A socket's path, which has to be short, in a directory that is not there yet."""
    directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
    yield directory / "run" / "email.sock"
    shutil.rmtree(directory)


def intake_at(place: Path | Tcp, max_bytes: int = MAX_BYTES) -> EmailIntake:
    """An intake that listens there."""
    return EmailIntake(Options(place=place, max_bytes=max_bytes))


def a_mail(body: str, subject: str = "octo-org/site#7") -> EmailMessage:
    """A mail as a mail program sends it."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    mail["From"], mail["To"] = "ada@example.org", "comments@localhost"
    mail["Message-ID"] = make_msgid(domain="example.org")
    mail.set_content(body)
    return mail


class Mta:
    """Delivers mails as a mail server does.

    Args:
        host: a host, or the path of a Unix socket.
        port: of the host.
    """

    def __init__(self, host: str, port: int = 0) -> None:
        self._host = host
        self._port = port

    def connect(self) -> smtplib.LMTP:
        """Connect, as soon as something listens."""
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                return smtplib.LMTP(self._host, self._port, timeout=DEADLINE)
            except (FileNotFoundError, ConnectionRefusedError):
                assert time.monotonic() < deadline, f"nobody listens on {self._host}"
                time.sleep(0.005)

    def deliver(self, mail: EmailMessage) -> tuple[int, str]:
        """Deliver a mail; return the answer."""
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
        """A new intake."""
        return intake_at(path)

    @pytest.fixture
    def hand_in(self, mta: Mta) -> HandIn:
        """Deliver a mail with that target and body."""

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
    """A queue that can refuse comments."""
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
def test_a_mail_that_is_delivered_twice_is_one_comment(mta: Mta, inbox: Inbox) -> None:
    """Both deliveries are acknowledged, with the same id, and the comment is queued once."""
    mail = a_mail("Looks good.")
    assert mta.deliver(mail) == mta.deliver(mail)
    assert len(inbox.requests) == 1


@pytest.mark.usefixtures("served")
def test_two_mails_with_the_same_text_are_two_comments(mta: Mta, inbox: Inbox) -> None:
    """Mails with different Message-IDs are different comments, even with the same text."""
    for _ in range(2):
        mta.deliver(a_mail("ping"))
    assert len(inbox.requests) == 2


@pytest.mark.usefixtures("served")
def test_a_message_id_belongs_to_one_comment(mta: Mta, inbox: Inbox) -> None:
    """Another text under the same Message-ID is refused permanently."""
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
def test_an_error_of_the_queue_is_temporary(
    mta: Mta, inbox: Inbox, error: ComenqError, code: int
) -> None:
    """While the queue accepts nothing, the mail server gets the reason and a 4xx code."""
    inbox.error = error
    answer, text = mta.deliver(a_mail("Looks good."))
    assert answer == code
    assert str(error) in text


@pytest.mark.usefixtures("served")
def test_an_error_in_the_mail_is_permanent(mta: Mta) -> None:
    """A mail without a valid request gets the reason and a 5xx code."""
    code, text = mta.deliver(a_mail("Looks good.", "no.owner/site#7"))
    assert code == 550
    assert text.startswith("5.6.0 owner: must be")


class SlowInbox(Inbox):
    """A queue that waits before it queues anything."""

    def __init__(self) -> None:
        super().__init__()
        self.called = threading.Event()
        self.done = threading.Event()

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        """Queue these once ``done`` is set."""
        self.called.set()
        assert self.done.wait(DEADLINE)
        return super().submit_all(new_jobs)


def begin(connection: smtplib.LMTP, mail: EmailMessage) -> socket.socket:
    """Send a mail without waiting for its answer."""
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
    """Until the comment is queued, the mail server gets no answer."""
    inbox = SlowInbox()
    serve(intake_at(path), inbox)
    with mta.connect() as connection:
        wire = begin(connection, a_mail("Looks good."))
        assert inbox.called.wait(DEADLINE)
        wire.settimeout(0)
        with pytest.raises(BlockingIOError):
            wire.recv(1, socket.MSG_PEEK)
        inbox.done.set()
        wire.settimeout(DEADLINE)
        assert connection.getreply()[0] == 250
    assert len(inbox.requests) == 1


def test_a_mail_that_was_received_is_answered_before_the_end(path: Path, mta: Mta) -> None:
    """Once `stop` is set, the intake accepts no connection, and answers the mails that it has."""
    inbox = SlowInbox()
    with StopFlag() as stop:
        serving = Serving(intake_at(path), inbox, stop)
        with mta.connect() as connection:
            begin(connection, a_mail("Looks good."))
            assert inbox.called.wait(DEADLINE)
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
    """A mail of more than `max_bytes` is refused, and the next one is accepted."""
    serve(intake_at(path, max_bytes=1_000), inbox)
    assert mta.deliver(a_mail("word " * 1_000))[0] == 552
    assert mta.deliver(a_mail("word"))[0] == 250


@pytest.mark.usefixtures("served")
def test_a_second_recipient_is_refused(mta: Mta) -> None:
    """A mail is delivered to one recipient at a time."""
    with mta.connect() as connection:
        connection.ehlo_or_helo_if_needed()
        connection.mail("ada@example.org")
        assert connection.rcpt("comments@localhost")[0] == 250
        assert connection.rcpt("more@localhost")[0] == 452
        assert connection.data(a_mail("Looks good.").as_bytes())[0] == 250


@pytest.mark.usefixtures("served")
def test_too_many_connections_are_rejected(mta: Mta) -> None:
    """A connection beyond the limit gets 421: try again later."""
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stack.enter_context(mta.connect())
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            mta.connect()
        assert caught.value.smtp_code == 421


@pytest.mark.usefixtures("served")
def test_only_the_group_can_deliver(mta: Mta, path: Path) -> None:
    """The socket and its directory are open to the daemon's user and group only."""
    mta.connect().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_a_socket_that_was_left_behind_is_replaced(
    serve: Callable[[Intake, Inbox], Serving], path: Path, inbox: Inbox, mta: Mta
) -> None:
    """The socket of a killed daemon is replaced, and removed at the end."""
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    serving = serve(intake_at(path), inbox)
    assert mta.deliver(a_mail("Looks good."))[0] == 250
    serving.finish()
    assert not list(path.parent.iterdir())


@pytest.mark.usefixtures("served")
def test_a_socket_in_use_is_not_replaced(path: Path, inbox: Inbox, mta: Mta) -> None:
    """A second daemon gets an error, and the first one still serves."""
    mta.connect().close()
    with StopFlag() as stop, pytest.raises(SettingsError, match="another daemon"):
        intake_at(path).serve(inbox, stop)
    assert mta.deliver(a_mail("Looks good."))[0] == 250


def test_another_kind_of_file_is_left_alone(path: Path, inbox: Inbox) -> None:
    """A file that is not a socket is an error, and is not removed."""
    path.parent.mkdir()
    path.write_text("mine")
    with StopFlag() as stop, pytest.raises(SettingsError, match="is no socket"):
        intake_at(path).serve(inbox, stop)
    assert path.read_text() == "mine"


def test_mails_are_delivered_to_a_port_on_loopback(
    serve: Callable[[Intake, Inbox], Serving], inbox: Inbox
) -> None:
    """Over TCP, a mail is queued with no user in its origin."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve(intake_at(Tcp(host="127.0.0.1", port=port)), inbox)
    mta = Mta("127.0.0.1", port)
    assert mta.deliver(a_mail("Looks good."))[0] == 250
    assert [job.origin.uid for job in inbox.store.pending()] == [None]
