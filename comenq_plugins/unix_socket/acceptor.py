"""Accepts connections, and waits where the process has no descriptor left for one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from comenq_core.process.log import Log

__all__ = ["accept_connections"]

log = Log("unix")

AT_ONCE = 8
RETRY_SECONDS = 0.5
"""asyncio's own server would retry at once, for each connection of its backlog.

https://github.com/python/cpython/issues/151615
"""


async def accept_connections(
    listener: socket.socket, connect: Callable[[], asyncio.Protocol]
) -> None:
    """Accept connections until cancelled.

    Only a few are made at once. Then the loop reads what their clients have sent, and knows who
    is idle, before more connections can displace them.

    Args:
        listener: the listening socket, which does not block.
        connect: makes our end of a new connection.
    """
    loop = asyncio.get_running_loop()
    is_exhausted = False
    while True:
        try:
            peers = await _accept_some(listener)
        except ConnectionAbortedError:
            continue
        except OSError as error:
            if not is_exhausted:
                log.error("not_accepting", "No client can connect for want of resources.",
                          error=error.strerror)  # fmt: skip
            is_exhausted = True
            await asyncio.sleep(RETRY_SECONDS)
            continue
        if is_exhausted:
            is_exhausted = False
            log.info("accepting", "Clients can connect again.")
        made = [loop.connect_accepted_socket(connect, peer) for peer in peers]
        # Unlike gather(), this does not cancel what it waits for: a request may be in work.
        await asyncio.wait(map(loop.create_task, made))


async def _accept_some(listener: socket.socket) -> list[socket.socket]:
    """Wait for a client; accept it, and a few more that are there already."""
    peer, _address = await asyncio.get_running_loop().sock_accept(listener)
    peers = [peer]
    with suppress(OSError):
        while len(peers) < AT_ONCE:
            peers.append(listener.accept()[0])
    return peers
