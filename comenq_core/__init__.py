"""comenq: the outbox for GitHub comments.

This is what a plugin needs: `hookimpl` marks what it offers, and the protocols say which methods
intakes, stores and posters have. More records are in `comenq_core.model`. How to write and test a
plugin, and what is stable, is in docs/plugins.md, which is comenq-plugins(7) as well.

Names are imported when they are first used, so that the client starts fast.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the client, which has to start fast, does without typing
if TYPE_CHECKING:
    from comenq_core.errors import (
        ComenqError,
        InvalidRequest,
        NoSuchJob,
        PluginError,
        QueueRefused,
        SettingsError,
        StoreError,
    )
    from comenq_core.hookspecs import hookimpl
    from comenq_core.model import CommentRequest, Job, NewJob, Origin, Outcome, Verdict
    from comenq_core.process.clock import system_clock
    from comenq_core.process.log import Log
    from comenq_core.protocols import Intake, Poster, Queue, Stop, Store
    from comenq_core.settings import Secret, Settings
    from comenq_core.text import printable

__version__ = "0.2.0"

_HOMES = {
    "comenq_core.process.clock": ("system_clock",),
    "comenq_core.errors": (
        "ComenqError",
        "InvalidRequest",
        "NoSuchJob",
        "PluginError",
        "QueueRefused",
        "SettingsError",
        "StoreError",
    ),
    "comenq_core.hookspecs": ("hookimpl",),
    "comenq_core.process.log": ("Log",),
    "comenq_core.model": ("CommentRequest", "Job", "Origin", "Outcome", "NewJob", "Verdict"),
    "comenq_core.protocols": ("Intake", "Poster", "Queue", "Stop", "Store"),
    "comenq_core.settings": ("Secret", "Settings"),
    "comenq_core.text": ("printable",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ComenqError",
    "CommentRequest",
    "Intake",
    "InvalidRequest",
    "Job",
    "Log",
    "NewJob",
    "NoSuchJob",
    "Origin",
    "Outcome",
    "PluginError",
    "Poster",
    "Queue",
    "QueueRefused",
    "Secret",
    "Settings",
    "SettingsError",
    "Stop",
    "Store",
    "StoreError",
    "Verdict",
    "__version__",
    "hookimpl",
    "printable",
    "system_clock",
]

if not TYPE_CHECKING:  # or a misspelt name would seem to be there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(home), name)
