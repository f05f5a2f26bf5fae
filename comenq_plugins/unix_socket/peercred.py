"""Who is at the other end of a connection, as the kernel reports."""

from __future__ import annotations

import socket
import struct
from typing import Final

from comenq_core.model import Origin

__all__ = ["origin_of"]

# struct ucred: pid_t, uid_t, gid_t. https://man7.org/linux/man-pages/man7/unix.7.html
_UCRED: Final = struct.Struct("iII")


def origin_of(connection: socket.socket) -> Origin:
    """The origin of requests over ``connection``; without a uid where the kernel reports none."""
    if not hasattr(socket, "SO_PEERCRED"):
        return Origin(intake="unix")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, _gid = _UCRED.unpack(credentials)
    return Origin(intake="unix", uid=uid, pid=pid)
