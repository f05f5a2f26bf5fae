"""An intake for comenq: mails become comments.

``mail`` reads them and touches nothing; ``options`` says what the settings mean, ``endpoint``
opens the socket, ``reception`` speaks LMTP, and ``intake`` holds them together.
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
    # Every process loads this module, but only the listener pays for asyncio and aiosmtpd.
    from comenq_email.intake import make_intake

    return make_intake(settings)
