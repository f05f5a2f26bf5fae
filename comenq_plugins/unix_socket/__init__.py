"""The Unix-socket intake: JSON lines from whoever may open the socket.

The protocol stands in `docs/protocol.md`; its words and shapes, in `comenq_core.wire.messages`.
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
    # Every process loads this module, but only the listener pays for asyncio.
    from comenq_plugins.unix_socket.intake import make_intake

    return make_intake(settings)
