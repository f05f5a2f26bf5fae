"""Takes mails in by LMTP: a mail is acknowledged when its comment is durable, and not before.

LMTP is what mail servers speak to the last program on a mail's way: unlike SMTP, it expects no
queue on the other side, for the mail server keeps what is not acknowledged.
https://www.rfc-editor.org/rfc/rfc2033 The codes are those of RFC 5321 and RFC 3463: after 4xx the
mail server tries again later, after 5xx it tells the sender.
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

__all__ = ["Reception"]

MOST_CONNECTIONS = 16
TIMEOUT_SECONDS = 60.0
"""Seconds for which a client may be silent, and that a whole mail may take."""

# struct ucred: pid_t, uid_t, gid_t. https://man7.org/linux/man-pages/man7/unix.7.html
UCRED = struct.Struct("iII")

log = Log("email")


class Reception:
    """Makes the protocol for each connection, and does what comes over it.

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
        """Those that are open."""

    def connect(self) -> asyncio.Protocol:
        """Make the protocol for a new connection."""
        if len(self.connections) >= MOST_CONNECTIONS:
            return Goodbye()
        return Conversation(self, self._max_bytes)

    async def finish(self) -> None:
        """Wait until every mail that is here in full has its answer."""
        await self._is_idle.wait()

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd looks for these names
        self,
        _server: Conversation,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take one recipient: in LMTP each would get an answer of its own to the mail."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time: send the mail again for the next"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802
        self, server: Conversation, _session: Session, envelope: Envelope
    ) -> str:
        """Queue the comment in a thread, since the disk may take its time."""
        content = envelope.original_content or b""
        self._working += 1
        self._is_idle.clear()
        try:
            return await asyncio.to_thread(self._take, content, server.origin)
        finally:
            self._working -= 1
            if not self._working:
                self._is_idle.set()

    async def handle_exception(self, error: Exception) -> str:
        """Tell of what should not happen: not its text, which may hold anything."""
        log.error("internal", "A mail met an error that is ours.", error=type(error).__name__)
        return "451 4.3.0 internal error"

    def _take(self, content: bytes, origin: Origin) -> str:
        try:
            job = self._queue.submit(request_of(content), origin).job
        except ComenqError as error:
            log.warning("refused", "A mail is refused.", reason=error, uid=origin.uid)
            # What is told to the client is ASCII, unless it has asked for more.
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


class Conversation(LMTP):
    """One connection; it counts as long as it is open.

    Args:
        reception: what does as the client says.
        max_bytes: the largest mail that is taken.
    """

    def __init__(self, reception: Reception, max_bytes: int) -> None:
        super().__init__(
            reception,
            data_size_limit=max_bytes,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="comenq",
            timeout=TIMEOUT_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self._open = reception.connections
        self.origin = Origin(intake="email")
        """Who is at the other end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._open.add(self)
        self.origin = _origin_of(transport.get_extra_info("socket"))
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._open.discard(self)
        super().connection_lost(error)


class Goodbye(asyncio.Protocol):
    """Sends a client away, who may come again."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and end."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"421 4.3.2 too many connections: try again later\r\n")
        transport.close()


def _origin_of(connection: socket.socket) -> Origin:
    """Who has connected, where the kernel knows."""
    if connection.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return Origin(intake="email")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
    pid, uid, _gid = UCRED.unpack(credentials)
    return Origin(intake="email", uid=uid, pid=pid)
