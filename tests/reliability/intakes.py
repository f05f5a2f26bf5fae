"""A running daemon, and the two intakes into it that anybody may use."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comenq_core.testing.forge import Forge
from comenq_core.testing.forge.records import Comment
from tests.reliability.unsupervised import Program, Unsupervised
from tests.socket.serving import Talker

__all__ = ["CANARY", "LINE", "Intakes", "request", "running"]

CANARY = "canary-7f3kq2m8x1ab"
"""Stands in bodies that must not be shown anywhere."""

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warning|error) [a-z]+ [a-z_]+: .+"
)
"""An event, as the log has it."""


def request(body: str, **members: object) -> dict[str, object]:
    """A comment."""
    return {"owner": "o", "repo": "r", "pr_number": 1, "body": body, **members}


@dataclass
class Intakes:
    """Hands texts in, byte for byte, and tells what became of them."""

    forge: Forge
    daemon: Unsupervised
    listener: Program
    worker: Program
    outside: Path
    _dropped: int = 0

    def say(self, line: bytes) -> dict[str, Any]:
        """Send a line to the socket; return the reply."""
        with Talker(self.daemon.socket) as client:
            client.socket.sendall(line)
            client.end()
            return client.reply()

    def drop(self, text: bytes) -> None:
        """Rename a file in."""
        self._dropped += 1
        draft = self.outside / f"{self._dropped}.json"
        draft.write_bytes(text)
        draft.rename(self.daemon.queue / "new" / draft.name)

    def refusal_by_socket(self, text: bytes) -> str:
        """Send what is to be refused; return the reason that the client is told."""
        reply = self.say(text)
        assert reply["outcome"] == "error", reply
        return f"{reply['code']}: {reply['message']}"

    def refusal_by_file(self, text: bytes) -> str:
        """Drop what is to be refused; return the reason that an operator finds."""
        self.drop(text)
        self.worker.log.until(" warning spool drop_failed: ")
        return str(self.say(b'{"op":"hist","failed":true,"limit":1}')["history"][0]["reason"])

    def post_by_socket(self, body: str) -> Comment:
        """Hand a comment in over the socket, and see it posted."""
        before = len(self.forge.comments)
        reply = self.say(json.dumps(request(body)).encode())
        assert reply["outcome"] == "ok", reply
        return self.forge.wait_for_comments(before + 1)[before]

    def post_by_file(self, body: str) -> Comment:
        """Hand a comment in as a file, and see it posted."""
        before = len(self.forge.comments)
        self.drop(json.dumps(request(body), ensure_ascii=False).encode())
        return self.forge.wait_for_comments(before + 1)[before]

    @property
    def lines(self) -> list[str]:
        """What both processes have logged so far."""
        return [*self.listener.log.lines, *self.worker.log.lines]


@contextmanager
def running() -> Iterator[Intakes]:
    """A daemon with no cooldown that logs all that it can, for the length of a ``with`` block."""
    with Forge() as forge, Unsupervised(forge.url, log_level="debug") as daemon:
        listener, worker = daemon.listen(), daemon.work()
        outside = daemon.directory / "outside"
        os.mkdir(outside)
        yield Intakes(forge, daemon, listener, worker, outside)
