"""The three hooks. Plugins offer named factories; the settings select among the names.

There is no ``firstresult`` hook: the order in which plugins were installed never decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import pluggy

from comenq_core.protocols import IntakeFactory, PosterFactory, StoreFactory

__all__ = ["ENTRY_POINT_GROUP", "comenq_intakes", "comenq_posters", "comenq_stores", "hookimpl"]

ENTRY_POINT_GROUP = "comenq"
"""Where installed plugins are looked for."""

hookspec = pluggy.HookspecMarker("comenq")
hookimpl = pluggy.HookimplMarker("comenq")
"""Marks a plugin's implementation of a hook."""


@hookspec
def comenq_intakes() -> Mapping[str, IntakeFactory]:
    """Offer ways in, keyed by the names that the setting ``intakes`` selects."""
    return {}


@hookspec
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer places to keep jobs, keyed by the names that the setting ``store`` selects."""
    return {}


@hookspec
def comenq_posters() -> Mapping[str, PosterFactory]:
    """Offer ways to a forge, keyed by the names that the setting ``poster`` selects."""
    return {}
