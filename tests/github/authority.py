"""A certificate authority for the tests, and a proxy that keeps what passes through it."""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

__all__ = ["Proxy", "bundle", "context", "proxy"]


def context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """What a server needs to be trusted as ``name`` by who trusts the authority."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(made)
    return made


def bundle(authority: trustme.CA, directory: Path) -> str:
    """The path of a file with the authority's certificate."""
    path = directory / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


class Proxy(socketserver.ThreadingTCPServer):
    """Opens a tunnel to wherever it is asked to, and keeps all that it could read."""

    # A tunnel ends when the client closes its connection, which it keeps.
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.asked: list[str] = []
        self.seen = b""

    @property
    def url(self) -> str:
        """What the environment has to name."""
        return f"http://user:secret@127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy
    rbufsize = 0

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.read(1)
        self.server.asked.append(head.decode())
        host, _, port = head.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            self._pass(server)

    def _pass(self, server: socket.socket) -> None:
        other = {self.connection: server, server: self.connection}
        while True:
            for readable in select.select(list(other), [], [])[0]:
                data = readable.recv(65_536)
                if not data:
                    return
                self.server.seen += data
                other[readable].sendall(data)


@contextmanager
def proxy() -> Iterator[Proxy]:
    """Serve a proxy on loopback."""
    with Proxy() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
