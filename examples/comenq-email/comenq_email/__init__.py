"""An intake for comenq: mails become comments.

``mail`` reads them, and is pure; ``options`` reads the settings, ``endpoint`` opens the socket,
``lmtp`` speaks the protocol, and ``intake`` connects them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from comenq_core import hookimpl

if TYPE_CHECKING:
    from comenq_core import Intake, Settings
    from comenq_core.protocols import IntakeFactory

__all__ = ["comenq_intakes"]


@hookimpl
def comenq_intakes() -> Mapping[str, IntakeFactory]:
    """Offer the intake ``email``."""
    return {"email": _make}


def _make(settings: Settings) -> Intake:
    # Every process imports this module, but only some need asyncio and aiosmtpd.
    from comenq_email.intake import make_intake

    return make_intake(settings)
