"""The keys that a terminal sends, by name. Pure."""

from __future__ import annotations

import re

__all__ = ["named"]

# What xterm and its kin send, with the cursor keys in either mode.
# https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-PC-Style-Function-Keys
NAMES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\x1b[H": "home",
    b"\x1bOH": "home",
    b"\x1b[1~": "home",
    b"\x1b[F": "end",
    b"\x1bOF": "end",
    b"\x1b[4~": "end",
    b"\x1b": "escape",
    b"\r": "enter",
    b"\n": "enter",
}
_KEY = re.compile(rb"\x1b\[[0-9;]*[@-~]|\x1bO.|.", re.DOTALL)


def named(data: bytes) -> list[str]:
    """The keys in what a terminal sent: characters, and the names of other keys that are known."""
    return [NAMES.get(key, key.decode("ascii", "replace")) for key in _KEY.findall(data)]
