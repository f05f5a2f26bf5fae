"""Receives mails by LMTP: a mail is acknowledged once its comment is durable.

Mail servers use LMTP to deliver to local programs. Unlike SMTP, it needs no queue on the other
side: the mail server keeps what is not acknowledged. https://www.rfc-editor.org/rfc/rfc2033
The codes are those of RFC 5321 and RFC 3463: after 4xx the mail server tries again later, after
5xx it tells the sender.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from comenq_core import ComenqError, InvalidRequest, Log, Origin, Queue, QueueRefused, printable
from comenq_core.errors import WrongState
from comenq_email.mail import request_of

__all__ = ["MailHandler"]

MOST_CONNECTIONS = 16
TIMEOUT_SECONDS = 60.0
"""Seconds that a client may be idle, and that a whole mail may take."""

# struct ucred: pid_t, uid_t, gid_t. https://man7.org/linux/man-pages/man7/unix.7.html
UCRED = struct.Struct("iII")

log = Log("email")


class MailHandler:
    """Makes the protocol for each connection, and handles its mails.

    Args:
        queue: where the comments go.
        max_bytes: the largest mail that is taken.
    """

    def __init__(self, queue: Queue, max_bytes: int) -> None:
        self._queue = queue
        self._max_bytes = max_bytes
        self._working = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.connections: set[asyncio.Protocol] = set()
        """The open connections."""

    def connect(self) -> asyncio.Protocol:
        """Make the protocol for a new connection."""
        if len(self.connections) >= MOST_CONNECTIONS:
            return RejectedConnection()
        return Connection(self, self._max_bytes)

    async def finish(self) -> None:
        """Wait until every mail that was received in full is answered."""
        await self._is_idle.wait()

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd looks for these names
        self,
        _server: Connection,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Accept one recipient: in LMTP, each needs an answer of its own."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time: send the mail again for the next"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802
        self, server: Connection, _session: Session, envelope: Envelope
    ) -> str:
        """Queue the comment, in a thread, since the disk may be slow."""
        content = envelope.original_content or b""
        self._working += 1
        self._is_idle.clear()
        try:
            return await asyncio.to_thread(self._submit, content, server.origin)
        finally:
            self._working -= 1
            if not self._working:
                self._is_idle.set()

    async def handle_exception(self, error: Exception) -> str:
        """Log an unexpected error without its text, which may hold anything."""
        log.error(
            "internal",
            "A mail could not be handled: an error in comenq-email.",
            error=type(error).__name__,
        )
        return "451 4.3.0 internal error"

    def _submit(self, content: bytes, origin: Origin) -> str:
        try:
            job = self._queue.submit(request_of(content), origin).job
        except ComenqError as error:
            log.warning("refused", "A mail is refused.", reason=error, uid=origin.uid)
            # An answer is ASCII, unless the client has asked for UTF-8.
            reason = printable(error).encode("ascii", "replace").decode()
            return f"{_code(error)} {reason}"
        return f"250 2.0.0 queued as {job.id}"


def _code(error: ComenqError) -> str:
    match error:
        case InvalidRequest() | WrongState():
            return "550 5.6.0"
        case QueueRefused():
            return "452 4.3.1"
        case _:
            return "451 4.3.0"


class Connection(LMTP):
    """One connection, of which `MailHandler` counts the open ones.

    Args:
        handler: handles its mails.
        max_bytes: the largest mail that is taken.
    """

    def __init__(self, handler: MailHandler, max_bytes: int) -> None:
        super().__init__(
            handler,
            data_size_limit=max_bytes,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="comenq",
            timeout=TIMEOUT_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self._open = handler.connections
        self.origin = Origin(intake="email")
        """Who has connected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, and find out who has connected."""
        self._open.add(self)
        self.origin = _origin_of(transport.get_extra_info("socket"))
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it no more."""
        self._open.discard(self)
        super().connection_lost(error)


class RejectedConnection(asyncio.Protocol):
    """A connection beyond the limit."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the client to try again later, and close."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"421 4.3.2 too many connections: try again later\r\n")
        transport.close()


def _origin_of(connection: socket.socket) -> Origin:
    """The client's user and process, where the kernel knows them."""
    if connection.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return Origin(intake="email")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
    pid, uid, _gid = UCRED.unpack(credentials)
    return Origin(intake="email", uid=uid, pid=pid)
