"""comenq: the outbox for GitHub comments.

How to write a plugin
---------------------

A plugin is a module (or any object) that implements one or more of the three hooks in
`comenq_core.hookspecs`, each of which offers *factories* by name::

    from comenq_core import hookimpl

    class Fixed:
        def serve(self, queue, stop):
            queue.submit(CommentRequest(owner="o", repo="r", pr_number=1, body="hi"),
                         Origin(intake="fixed"))
            stop.wait()

    @hookimpl
    def comenq_intakes():
        return {"fixed": lambda settings: Fixed()}

Register it in the entry-point group ``comenq`` of your distribution, install it beside comenq,
and select it: ``intakes = ["unix", "fixed"]``. What a store, an intake and a poster have to be
stands in `comenq_core.protocols`; what travels between them, in `comenq_core.model`.
Names are loaded when they are first used, so that the client starts fast.
"""

from __future__ import annotations

from importlib import import_module

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
    from comenq_core.model import CommentRequest, Job, Origin, Outcome, Submission, Verdict
    from comenq_core.protocols import Intake, Poster, Queue, Stop, Store
    from comenq_core.settings import Settings

__version__ = "0.1.0"

_HOMES = {
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
    "comenq_core.model": ("CommentRequest", "Job", "Origin", "Outcome", "Submission", "Verdict"),
    "comenq_core.protocols": ("Intake", "Poster", "Queue", "Stop", "Store"),
    "comenq_core.settings": ("Settings",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ComenqError",
    "CommentRequest",
    "Intake",
    "InvalidRequest",
    "Job",
    "NoSuchJob",
    "Origin",
    "Outcome",
    "PluginError",
    "Poster",
    "Queue",
    "QueueRefused",
    "Settings",
    "SettingsError",
    "Stop",
    "Store",
    "StoreError",
    "Submission",
    "Verdict",
    "__version__",
    "hookimpl",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
