"""The HTTP intake: a page for people, and an API, behind tokens.

A request takes this way::

    connection      HTTP/1.1 (uvicorn), each with an end by which it has to be done
        |
    guard           Host, size, security headers
        |
    access          whose request it is: a bearer token, or the cookie of the login form
        |
    api, page       routes; what blocks runs in a few threads
        |
    Queue           core's queue, as for every intake

docs/web.md describes both. It is off until the setting ``intakes`` names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from comenq_core import hookimpl
from comenq_core.errors import PluginError
from comenq_core.presentation.extras import how_to_get
from comenq_core.protocols import Intake, IntakeFactory

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["comenq_intakes"]


@hookimpl
def comenq_intakes() -> Mapping[str, IntakeFactory]:
    """Offer the intake ``http``."""
    return {"http": _make}


def _make(settings: Settings) -> Intake:
    # Every process loads this module, but only the listener needs a web server.
    try:
        from comenq_plugins.http.intake import make_intake
    except ImportError as error:
        raise PluginError(
            f"the intake http needs a web server, which cannot be imported ({error});"
            f" {how_to_get('http')}"
        ) from error
    return make_intake(settings)
