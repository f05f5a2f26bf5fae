"""A stand-in for GitLab on loopback: it stores and lists notes, and answers as a test scripts it.

It does what https://docs.gitlab.com/api/notes/ says, as far as a client that posts notes can tell.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["OTHERS", "OURS", "Answer", "GitLab", "Note"]

OURS, OTHERS = 7, 8
"""The ids of two users; whoever has a token is the first."""

MERGE_REQUEST = r"/api/v4/projects/(?P<project>[^/]+)/merge_requests/(?P<iid>\d+)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note.

    Args:
        sent: its body as it was posted.
        body: as GitLab stores it.
    """

    id: int
    project: str
    iid: int
    sent: str
    body: str
    author: int
    at: datetime
    system: bool = False
    updated: datetime | None = None

    def shown(self) -> dict[str, object]:
        """The note as JSON shows it."""
        return {
            "id": self.id,
            "body": self.body,
            "author": {"id": self.author, "username": f"user{self.author}"},
            "created_at": self.at.isoformat(timespec="milliseconds"),
            "updated_at": (self.updated or self.at).isoformat(timespec="milliseconds"),
            "system": self.system,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How to answer a request; the rest is as GitLab answers.

    Args:
        status: the HTTP status; the request then has no effect.
        headers: these as well.
        body: these bytes.
        delay: seconds before the answer.
        drip: seconds before each byte of its body.
        drop: close the connection instead of answering, the request carried out.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0
    drip: float = 0.0
    drop: bool = False


class Reply(NamedTuple):
    """An answer; ``shown`` is its JSON value."""

    status: int
    headers: Mapping[str, str]
    shown: object


class GitLab:
    """Serves for the length of a ``with`` block, at ``url``.

    Args:
        tls: serve https, with this context's certificate for ``127.0.0.1``.
    """

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.notes: list[Note] = []
        self.paths: list[str] = []
        """The method and path of each request, as in ``GET /api/v4/user``."""
        self.headers: list[Mapping[str, str]] = []
        """The headers of each request, names in lower case."""
        self.state = "opened"
        self.head = "5" * 40
        self.awards: dict[int, list[dict[str, object]]] = {}
        """The reactions to each note, by its id, and to the description (0)."""
        self.answers: Mapping[str, Answer] = {}
        """How to answer every request of a method."""
        self.behind = timedelta(0)
        """How far its clock is behind."""
        self._changed = Condition()
        self._server = _Server(self, tls)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more, and close every connection; stopping again changes nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()

    @property
    def now(self) -> datetime:
        """The time by its clock."""
        return datetime.now(UTC) - self.behind

    def add(self, project: str, iid: int, **members: Any) -> Note:
        """Store a note; its other members are those of `Note`."""
        with self._changed:
            note = Note(id=301 + len(self.notes), project=project, iid=iid, **members)
            self.notes.append(note)
            self._changed.notify_all()
        return note

    def edit(self, note_id: int, body: str) -> None:
        """Change what a note says, now."""
        with self._changed:
            self.notes[:] = [
                replace(note, body=body, updated=self.now) if note.id == note_id else note
                for note in self.notes
            ]

    def award(self, note_id: int, name: str) -> None:
        """Let somebody else react to a note, or to the description (0)."""
        award = {
            "id": 1 + sum(map(len, self.awards.values())),
            "name": {"+1": "thumbsup", "-1": "thumbsdown"}.get(name, name),
            "user": {"id": OTHERS, "username": f"user{OTHERS}"},
            "created_at": self.now.isoformat(timespec="milliseconds"),
        }
        self.awards.setdefault(note_id, []).append(award)

    def wait_for_notes(self, count: int, timeout: float) -> list[Note]:
        """Block until there are that many notes; return them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.notes) >= count, timeout)
            return list(self.notes)

    def answer(self, method: str, path: str, payload: bytes) -> Reply:
        """Do what a request says, and return the answer."""
        url = urlsplit(path)
        awards = re.fullmatch(rf"{MERGE_REQUEST}(/notes/(?P<note>\d+))?/award_emoji", url.path)
        if awards:
            return self._awards(int(awards["note"] or 0))
        found = re.fullmatch(rf"{MERGE_REQUEST}(?P<notes>/notes)?", url.path)
        if url.path == "/api/v4/user":
            return Reply(200, {}, {"id": OURS, "username": f"user{OURS}"})
        if not found:
            return Reply(404, {}, {"error": "404 Not Found"})
        project, iid = unquote(found["project"]), int(found["iid"])
        if not found["notes"]:
            shown = {"iid": iid, "title": "A title", "state": self.state, "sha": self.head}
            return Reply(200, {}, shown)
        if method == "POST":
            sent = json.loads(payload)["body"]
            # As in GitLab's lib/gitlab/quick_actions/extractor.rb.
            body = sent.replace("\r", "").rstrip()
            note = self.add(project, iid, sent=sent, body=body, author=OURS, at=self.now)
            return Reply(201, {}, note.shown())
        notes = [note for note in self.notes if (note.project, note.iid) == (project, iid)]
        return _page(notes, parse_qs(url.query))

    def _awards(self, note_id: int) -> Reply:
        if note_id and not any(note.id == note_id for note in self.notes):
            return Reply(404, {}, {"message": "404 Not found"})
        return Reply(200, {}, self.awards.get(note_id, []))


def _page(notes: list[Note], query: dict[str, list[str]]) -> Reply:
    # The defaults are those of the documentation.
    newest_first = query.get("sort", ["desc"])[0] == "desc"
    by_change = query.get("order_by") == ["updated_at"]

    def order(note: Note) -> tuple[datetime, int]:
        return (by_change and note.updated) or note.at, note.id

    ordered = sorted(notes, key=order, reverse=newest_first)
    size, page = int(query.get("per_page", ["20"])[0]), int(query.get("page", ["1"])[0])
    following = "" if page * size >= len(ordered) else str(page + 1)
    shown = [note.shown() for note in ordered[(page - 1) * size : page * size]]
    return Reply(200, {"X-Next-Page": following}, shown)


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, gitlab: GitLab, tls: SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            # The handshake is left to the handler's thread, where it can wait.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.gitlab = gitlab
        self.ending = Event()
        self.connections: set[socket.socket] = set()

    def end_connections(self) -> None:
        """Wake every handler that waits or reads."""
        self.ending.set()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a client go that hung up; show anything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Tell the time as GitLab's clock has it."""
        return super().date_time_string(timestamp or self.server.gitlab.now.timestamp())

    def log_message(self, template: str, *args: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        gitlab = self.server.gitlab
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        gitlab.paths.append(f"{self.command} {self.path}")
        gitlab.headers.append({name.lower(): value for name, value in self.headers.items()})
        script = gitlab.answers.get(self.command, Answer())
        reply = Reply(script.status or 0, {}, None)
        if script.status is None:
            reply = gitlab.answer(self.command, self.path, payload)
        self.server.ending.wait(script.delay)
        if not script.drop:
            body = json.dumps(reply.shown).encode() if script.body is None else script.body
            self._send(reply.status, {**reply.headers, **script.headers}, body, script.drip)

    do_POST = do_GET  # noqa: N815 -- http.server looks for these names

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, drip: float) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in [body] if not drip else [bytes([byte]) for byte in body]:
            if drip and self.server.ending.wait(drip):
                return
            self.wfile.write(piece)
