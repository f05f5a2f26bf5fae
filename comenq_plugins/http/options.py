"""The table ``[http]``: where to listen, for whom, and under which address people know it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from comenq_core.errors import SettingsError

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["DEFAULTS", "MEANINGS", "Options", "Tcp", "options_of"]

DEFAULTS: Mapping[str, str | bool | tuple[str, ...]] = {
    "listen": "127.0.0.1:8730",
    "tokens_file": "http_tokens",
    "hosts": (),
    "url": "",
    "trusted_proxy": False,
    "group": "",
}
"""The keys of the table, with their defaults."""
MEANINGS: Mapping[str, str] = {
    "listen": "an IP address and a port, or `unix:` and the absolute path of a socket, which needs"
    " `url`",
    "tokens_file": "the file with the tokens that `comenqd token` makes; a relative path begins at"
    " `queue_path`",
    "hosts": "further hosts, with their ports, by which browsers and programs reach it; others are"
    " refused",
    "url": "the address at which a proxy shows it: `https://example.org/comenq`",
    "trusted_proxy": "whether it may listen on an address that other machines reach, because only a"
    " proxy with TLS can connect",
    "group": "members of this group may connect to the Unix socket; by default, the daemon's own"
    " group",
}
"""What each of them means."""
DEFAULT_PORT = 80
HOST_PATTERN = r"[a-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?"


@dataclass(frozen=True, slots=True)
class Tcp:
    """A TCP port of this machine.

    Args:
        host: an IP address, without brackets.
        port: from 0, which is any free one, to 65535.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"

    @property
    def name(self) -> str:
        """The host as addresses have it: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return ip_address(self.host).is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the table asks for.

    Args:
        listen: a port, or the path of a Unix socket.
        tokens_file: the file with the clients' tokens.
        hosts: further values of ``Host`` that are answered, in lower case.
        url: the address at which people reach it through a proxy, without a slash at its end.
        group: the group that may connect to the Unix socket.
    """

    listen: Tcp | Path
    tokens_file: Path
    hosts: frozenset[str] = frozenset()
    url: str = ""
    group: str = ""

    @property
    def prefix(self) -> str:
        """The path below which a proxy shows it; ``""`` for the root."""
        return urlsplit(self.url).path

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.url.startswith("https:")

    def allowed_hosts(self, port: int | None) -> frozenset[str]:
        """The values of ``Host`` that are answered: any other one may be DNS rebinding.

        Args:
            port: the one that it listens on; ``None`` for a Unix socket.
        """
        own = {urlsplit(self.url).netloc.lower()} if self.url else set()
        if isinstance(self.listen, Tcp):
            names = {"localhost", self.listen.name}
            own |= {f"{name}:{port}" for name in names} | (names if port == DEFAULT_PORT else set())
        return self.hosts | own


def options_of(settings: Settings) -> Options:
    """The options in the settings' table.

    Raises:
        SettingsError: one of them is wrong; the text names it.
    """
    given = settings.options("http", DEFAULTS)
    listen, url = _listen(str(given["listen"])), str(given["url"]).rstrip("/")
    if isinstance(listen, Tcp) and not listen.is_loopback and not given["trusted_proxy"]:
        raise SettingsError(
            f"http.listen: {listen} can be reached from other machines, and plain http shows tokens"
            " to the network: listen on 127.0.0.1 or on unix:PATH behind a proxy with TLS, or say"
            " trusted_proxy = true if such a proxy is the only one that can connect"
        )
    if url and not re.fullmatch(r"https?://[^/?#@\s]+(/[A-Za-z0-9._~/-]*)?", url):
        raise SettingsError("http.url: expected an address such as https://example.org/comenq")
    if isinstance(listen, Path) and not url:
        raise SettingsError("http.url: needed with listen = unix:PATH: the proxy's address")
    group = str(given["group"])
    if group and isinstance(listen, Tcp):
        raise SettingsError("http.group: only a Unix socket has a group")
    return Options(
        listen=listen,
        # Relative to the queue, which is the daemon's own.
        tokens_file=settings.queue_path / str(given["tokens_file"]),
        hosts=frozenset(_host(one) for one in _names(given["hosts"])),
        url=url,
        group=group,
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple) else ()


def _listen(text: str) -> Tcp | Path:
    if text.startswith("unix:"):
        path = Path(text.removeprefix("unix:"))
        if path.is_absolute():
            return path
    elif found := re.fullmatch(r"\[?([0-9A-Fa-f:.]+)\]?:([0-9]{1,5})", text):
        try:
            host, port = str(ip_address(found[1])), int(found[2])
        except ValueError:
            host, port = "", 0
        if host and port < 2**16:
            return Tcp(host, port)
    raise SettingsError(
        "http.listen: expected an IP address and a port, such as 127.0.0.1:8730, or unix: and an"
        " absolute path"
    )


def _host(text: str) -> str:
    if not re.fullmatch(HOST_PATTERN, text.lower()):
        raise SettingsError(
            "http.hosts: expected names as browsers send them, such as comenq.example.org or"
            " comenq.example.org:8443"
        )
    return text.lower()
