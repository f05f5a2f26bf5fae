"""The Unix-socket intake: JSON lines from every client that may open the socket.

`docs/protocol.md` describes the protocol. A comment takes this way from the socket to the disk::

    connection      cuts lines (framing), validates each and makes a Command of it,
        |           keeps the replies in order (pipeline)
    batcher         collects the commands of all connections into batches
        |           -- the event loop's thread above, one worker thread below --
    handlers        carries out a batch, writes a reply for each command
        |
    JobQueue        core's queue: estimates, the log
        |
    store           makes the batch durable

Replies go back from the batcher to the connections. `Connections` holds the limits that all of
them share, and the acceptor makes new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from comenq_core import hookimpl
from comenq_core.protocols import Intake, IntakeFactory

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["comenq_intakes"]


@hookimpl
def comenq_intakes() -> Mapping[str, IntakeFactory]:
    """Offer the intake ``unix``."""
    return {"unix": _make}


def _make(settings: Settings) -> Intake:
    # Every process loads this module, but only the listener needs asyncio.
    from comenq_plugins.unix_socket.intake import make_intake

    return make_intake(settings)
