"""The client's side of the socket. It imports nothing but the standard library, to start fast."""

from __future__ import annotations

# What socket is made of. The rest of that module is a fifth of the client's start: enumerations of
# all constants, and selectors.
import _socket as socket
import json
import os
import select
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from comenq_core.errors import DaemonRefused, DaemonUnreachable, NotAcknowledged
from comenq_core.paths import (
    DAEMON_VARIABLE,
    SYSTEM_CONFIG,
    SYSTEM_SOCKET,
    agent_file,
    client_sockets,
    config_file,
    name_fault,
    unit_file,
)
from comenq_core.text import printable

__all__ = [
    "SOCKET_VARIABLE",
    "Client",
    "accepted",
    "candidates",
    "connect",
    "knows_via",
    "put",
    "send",
    "start_command",
]

TYPE_CHECKING = False  # without the import of typing, which costs as much as json's
if TYPE_CHECKING:
    from typing import Any, Self

    Message = Mapping[str, Any]
    Reply = dict[str, Any]

SOCKET_VARIABLE = "COMENQ_SOCKET"
"""Names the socket of the daemon to talk to."""
STOPPING = "stopping"
"""The code of the error with which a daemon that stops answers what it does not do."""
INVALID = "invalid_request"
"""The code of the error with which it answers what it does not understand."""
TIMEOUT_SECONDS = 30.0
"""How long a client waits by default; a durable write can be slow."""
CHUNK = 65_536
RELOAD_SECONDS = 5.0
"""For how long a client waits for a daemon that was here, and may be in a reload."""
PAUSE_SECONDS = 0.1
NAMED_ADVICE = "start the daemon that serves it, or leave out --socket and COMENQ_SOCKET"


def candidates(explicit: str | None, environ: Mapping[str, str]) -> list[str]:
    """The sockets to try, best first.

    Args:
        explicit: the one that the user names, if any; then there is no other.
        environ: the environment. Its ``COMENQ_SOCKET`` names a socket as well, and its
            ``COMENQ_DAEMON`` one of the user's daemons; the system's daemon has no name.

    Raises:
        DaemonUnreachable: no daemon can have the name in ``COMENQ_DAEMON``.
    """
    named = explicit or environ.get(SOCKET_VARIABLE)
    if named:
        return [named]
    name = environ.get(DAEMON_VARIABLE, "")
    if name and (fault := name_fault(name)):
        raise DaemonUnreachable(printable(f"{DAEMON_VARIABLE}: {fault}"))
    own = client_sockets(environ, os.geteuid(), name)
    return own if name else [*own, SYSTEM_SOCKET]


def send(paths: Sequence[str], message: Message) -> Reply:
    """Send one request to the first daemon that answers; return its reply.

    A daemon that stops does nothing more: the request is sent again, for `RELOAD_SECONDS`.

    Raises:
        DaemonUnreachable: no daemon answers; nothing was sent.
        DaemonRefused: the daemon replied with an error.
        NotAcknowledged: it did not reply.
    """
    deadline = time.monotonic() + RELOAD_SECONDS
    while True:
        try:
            with connect(paths) as daemon:
                return daemon.ask(message)
        except DaemonRefused as error:
            if error.why != STOPPING or time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def put(paths: Sequence[str], message: Message, via: str) -> Reply:
    """Queue a comment, as a client that calls itself ``via``; return the reply.

    An older daemon refuses such a word: it gets the comment without.

    Args:
        paths: the sockets, best first.
        message: a ``put``, or a bare request.
        via: 1 to 64 printable characters of ASCII, such as ``mcp claude-code``.

    Raises:
        DaemonError: as `send`.
    """
    try:
        return send(paths, {**message, "via": via})
    except DaemonRefused as error:
        if error.why != INVALID or not str(error).startswith("via: is not known"):
            raise
    return send(paths, message)


def knows_via(paths: Sequence[str], via: str) -> bool:
    """Whether the daemon takes the member ``via``, for those that send many comments."""
    try:
        send(paths, {"op": "ping", "via": via})
    except (DaemonRefused, NotAcknowledged):
        return False
    return True


def connect(paths: Sequence[str], patience: float = RELOAD_SECONDS) -> Client:
    """Connect to the first socket that a daemon answers; a stale one is passed over.

    Args:
        paths: the sockets, best first.
        patience: for how many seconds to try again, where a daemon was and may come back.

    Raises:
        DaemonUnreachable: no daemon answers; the error says what was tried and what to do.
    """
    deadline = time.monotonic() + patience
    while True:
        failures = {}
        for path in paths:
            try:
                return Client(path)
            except OSError as error:
                failures[path] = error
        if time.monotonic() > deadline or not any(map(_may_come_back, failures, failures.values())):
            causes = [f"  {printable(path)}: {_cause(error)}" for path, error in failures.items()]
            is_usual = SYSTEM_SOCKET in paths or len(paths) > 1
            advice = start_command(os.environ) if is_usual else NAMED_ADVICE
            raise DaemonUnreachable("\n".join(["no daemon answers; tried", *causes, advice]))
        time.sleep(PAUSE_SECONDS)


def start_command(environ: Mapping[str, str]) -> str:
    """The command that starts the user's daemon: what to do if it does not answer."""
    name = environ.get(DAEMON_VARIABLE, "")
    option = f" --name {name}" if name else ""
    file = config_file(environ, name)
    if file is not None and os.path.exists(file):
        services = (unit_file(environ, name), agent_file(environ, name))
        if any(service and os.path.exists(service) for service in services):
            command = f"comenqd service start{option}"
        else:
            # comenqd finds the configuration of a daemon without a name by itself.
            command = f"comenqd --config {printable(file)}" if name else "comenqd"
    elif not name and os.path.exists(SYSTEM_CONFIG):
        command = "sudo systemctl start comenq"
    else:
        command = f"comenqd setup{option}"
    return f"start it with: {command}"


def _may_come_back(path: str, error: OSError) -> bool:
    """Whether a daemon was at this socket, or is, and has no time for another client."""
    if isinstance(error, BlockingIOError):
        return True
    is_away = isinstance(error, (ConnectionRefusedError, FileNotFoundError))
    return is_away and os.path.exists(f"{path}.lock")


def _cause(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens on it"
    if isinstance(error, BlockingIOError):
        return "the daemon has no time"
    if isinstance(error, PermissionError):
        return "not permitted; members of the socket's group may connect"
    return (error.strerror or str(error)).lower()


def accepted(reply: Reply) -> Reply:
    """Return the reply if it says that all went well.

    Raises:
        DaemonRefused: it does not; the error has its code and message.
    """
    if reply.get("outcome") == "ok":
        return reply
    raise DaemonRefused(
        str(reply.get("code", "failed")), str(reply.get("message", "the daemon gives no reason"))
    )


class Client:
    """A connection to the daemon. Use it in a ``with`` block, which closes it.

    Args:
        path: the daemon's socket.
        timeout: seconds that the daemon may take to send or to read something.

    Raises:
        OSError: no daemon answers; `connect` makes that a `DaemonUnreachable`.
    """

    def __init__(self, path: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._parts: list[bytes] = []
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(os.fspath(path))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, message: Message) -> Reply:
        """Send one request, and none after it; return its reply.

        Raises:
            DaemonRefused: the daemon replied with an error.
            NotAcknowledged: it did not reply.
        """
        (reply,) = self.ask_many([message])
        return accepted(reply)

    def ask_many(self, messages: Iterable[Message]) -> Iterator[Reply]:
        """Send many requests without waiting, and none after them; yield their replies in order.

        Error replies are yielded, too. The requests are ended by half-closing, which the Rust
        daemon waits for. A daemon that stops sends one more reply, which is dropped where all
        requests are answered.

        Raises:
            NotAcknowledged: the daemon did not reply to all of them.
        """
        outgoing = _Outgoing(self._socket, map(_line, messages))
        answered = 0
        replies: deque[Reply] = deque()
        while not outgoing.is_done or answered < outgoing.count:
            if replies and answered < outgoing.count:
                answered += 1
                yield replies.popleft()
                continue
            events = self._wait(select.POLLIN | (0 if outgoing.is_done else select.POLLOUT))
            if events & select.POLLOUT:
                outgoing.send_some()
            if events & ~select.POLLOUT:
                replies += self._receive()

    def _wait(self, events: int) -> int:
        poll = select.poll()
        poll.register(self._socket, events)
        ready = poll.poll(self._timeout * 1000)
        if not ready:
            raise NotAcknowledged(f"the daemon did not answer within {self._timeout:g} seconds")
        return ready[0][1]

    def _receive(self) -> list[Reply]:
        try:
            data = self._socket.recv(CHUNK)
        except ConnectionResetError:
            data = b""
        if not data:
            return self._last_reply()
        head, *rest = data.split(b"\n")
        self._parts.append(head)
        lines = []
        for part in rest:
            lines.append(b"".join(self._parts))
            self._parts = [part]
        return [_reply(line) for line in lines]

    def _last_reply(self) -> list[Reply]:
        line = b"".join(self._parts)
        self._parts.clear()
        if not line:
            raise NotAcknowledged("the daemon closed the connection without a reply")
        try:
            return [_reply(line)]
        except NotAcknowledged:
            cut = "the daemon closed the connection in the middle of its reply"
            raise NotAcknowledged(cut) from None


class _Outgoing:
    """Sends lines to the daemon, then half-closes."""

    def __init__(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        self._connection = connection
        self._lines = lines
        self._rest = b""
        self.count = 0
        self.is_done = False

    def send_some(self) -> None:
        """Send as much as is possible without waiting."""
        while len(self._rest) < CHUNK and (line := next(self._lines, b"")):
            self._rest += line
            self.count += 1
        try:
            if self._rest:
                sent = self._connection.send(self._rest, socket.MSG_DONTWAIT)
                self._rest = self._rest[sent:]
            else:
                self._connection.shutdown(socket.SHUT_WR)
                self.is_done = True
        except BlockingIOError:
            return
        except OSError:
            self.is_done = True  # the daemon has closed, and may have said why


def _line(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _reply(line: bytes) -> Reply:
    try:
        reply = json.loads(line)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise NotAcknowledged("what answers is no comenq daemon")
    for entry in (reply.get("entry"), *reply.get("entries", ())):
        # The number that stands in for an unknown time is for the Rust client.
        if entry and not entry.pop("eta_known", True):
            entry["eta_seconds"] = None
    return reply
