"""The options in the table ``[email]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from comenq_core import Settings, SettingsError

__all__ = ["OPTIONS", "Options", "Tcp", "options_of"]

TABLE = "email"
OPTIONS: Mapping[str, str | int] = {"listen": "", "max_bytes": 1024 * 1024}
"""Every option with its default."""

LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    """A port on loopback."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options, checked.

    Args:
        place: where to listen: the path of a Unix socket, or a port.
        max_bytes: the largest mail that is accepted, with its headers and encoding.
    """

    place: Path | Tcp
    max_bytes: int


def options_of(settings: Settings) -> Options:
    """Read the table.

    Raises:
        SettingsError: an option is wrong.
    """
    given = settings.options(TABLE, OPTIONS)
    listen, max_bytes = str(given["listen"]), int(given["max_bytes"])
    if max_bytes < 1:
        raise SettingsError(f"[{TABLE}] max_bytes: expected a whole number from 1")
    place = _place(listen) if listen else settings.socket_path.with_name("email.sock")
    return Options(place=place, max_bytes=max_bytes)


def _place(listen: str) -> Path | Tcp:
    if listen.startswith("/"):
        return Path(listen)
    host, _, port = listen.rpartition(":")
    try:
        address, number = ip_address(host.removeprefix("[").removesuffix("]")), int(port)
    except ValueError:
        raise _wrong_listen() from None
    # A name could be resolved to another machine, and other addresses are open to other machines.
    if not address.is_loopback or not 1 <= number <= LARGEST_PORT:
        raise _wrong_listen()
    return Tcp(host=str(address), port=number)


def _wrong_listen() -> SettingsError:
    return SettingsError(
        f"[{TABLE}] listen: expected the absolute path of a socket, or a loopback address with a"
        " port, such as 127.0.0.1:2424"
    )
