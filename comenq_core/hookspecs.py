"""The four hooks. Plugins offer named factories; the settings select among the names.

There is no ``firstresult`` hook: the order of installation never decides.
"""

from __future__ import annotations

from collections.abc import Mapping

import pluggy

from comenq_core.protocols import IntakeFactory, PosterFactory, ReviewerFactory, StoreFactory

__all__ = [
    "ENTRY_POINT_GROUP",
    "comenq_intakes",
    "comenq_posters",
    "comenq_reviewers",
    "comenq_stores",
    "hookimpl",
]

ENTRY_POINT_GROUP = "comenq"
"""The entry-point group of comenq's plugins."""

hookspec = pluggy.HookspecMarker("comenq")
hookimpl = pluggy.HookimplMarker("comenq")
"""Marks a plugin's implementation of a hook."""


@hookspec
def comenq_intakes() -> Mapping[str, IntakeFactory]:
    """Offer intakes, by the names that the setting ``intakes`` selects."""
    return {}


@hookspec
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer stores, by the names that the setting ``store`` selects."""
    return {}


@hookspec
def comenq_posters() -> Mapping[str, PosterFactory]:
    """Offer posters, by the names that the setting ``poster`` selects."""
    return {}


@hookspec
def comenq_reviewers() -> Mapping[str, ReviewerFactory]:
    """Offer reviewers: each factory makes some, which have names of their own."""
    return {}
