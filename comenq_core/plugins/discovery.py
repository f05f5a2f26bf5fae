"""Find the installed plugins, and load each by itself; a broken one is recorded, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pluggy

from comenq_core import hookspecs
from comenq_core.errors import PluginError
from comenq_core.plugins.metadata import Named, Unreadable, named_plugins
from comenq_core.process.isolation import described, pass_on_interrupt
from comenq_core.protocols import IntakeFactory, PosterFactory, ReviewerFactory, StoreFactory

__all__ = ["Plugin", "installed", "load_plugin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin: where it comes from, and the factories that it offers, by name."""

    name: str
    distribution: str = "no distribution"
    version: str = ""
    intakes: Mapping[str, IntakeFactory] = field(default_factory=dict)
    stores: Mapping[str, StoreFactory] = field(default_factory=dict)
    posters: Mapping[str, PosterFactory] = field(default_factory=dict)
    reviewers: Mapping[str, ReviewerFactory] = field(default_factory=dict)
    broken: str | None = None
    """Why it cannot be used, if it cannot."""

    def __str__(self) -> str:
        return f"plugin {self.name} of {self.origin}"

    @property
    def origin(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.version}".rstrip()


def installed() -> Sequence[Plugin]:
    """Every plugin in the entry-point group, sorted by name; unreadable distributions, too."""
    return sorted(map(_load, named_plugins()), key=lambda plugin: plugin.name)


def _load(found: Named | Unreadable) -> Plugin:
    if isinstance(found, Unreadable):
        return Plugin(
            name=found.distribution,
            distribution=found.distribution,
            broken=f"its entry points cannot be read, so it is passed over: {found.reason}",
        )
    identity = Plugin(name=found.entry.name, distribution=found.distribution, version=found.version)
    return load_plugin(identity, found.entry.load)


def load_plugin(identity: Plugin, load: Callable[[], object]) -> Plugin:
    """The plugin with what it offers, or with the reason why it cannot be used.

    Args:
        identity: which plugin it is.
        load: gives the module or object that implements the hooks; it may raise anything.
    """
    try:
        offers = _offers(identity.name, load())
    except PluginError as error:
        return replace(identity, broken=str(error))
    except BaseException as error:
        pass_on_interrupt(error)
        return replace(identity, broken=described(error))
    return replace(
        identity,
        intakes=cast("Mapping[str, IntakeFactory]", offers["comenq_intakes"]),
        stores=cast("Mapping[str, StoreFactory]", offers["comenq_stores"]),
        posters=cast("Mapping[str, PosterFactory]", offers["comenq_posters"]),
        reviewers=cast("Mapping[str, ReviewerFactory]", offers["comenq_reviewers"]),
    )


def _offers(name: str, plugin: object) -> dict[str, Mapping[str, object]]:
    # One manager for each plugin: so each offer has a known source, and no plugin can wrap or
    # unregister another.
    manager = pluggy.PluginManager("comenq")
    manager.add_hookspecs(hookspecs)
    hooks: dict[str, pluggy.HookCaller] = vars(manager.hook)
    functions = {
        word
        for word in dir(plugin)
        if word.startswith("comenq_") and callable(getattr(plugin, word))
    }
    for word in sorted(functions - hooks.keys()):
        raise PluginError(f"{word} is not a hook; the hooks are {', '.join(sorted(hooks))}")
    manager.register(plugin, name)
    manager.check_pending()
    marked = {caller.name for caller in manager.get_hookcallers(plugin) or ()}
    for word in sorted(functions - marked):
        raise PluginError(f"{word} is not marked with @hookimpl")
    return {hook: _merged(hook, call()) for hook, call in hooks.items()}


def _merged(hook: str, results: Iterable[object]) -> Mapping[str, object]:
    merged: dict[str, object] = {}
    for offer in results:
        if not isinstance(offer, Mapping) or not all(
            isinstance(name, str) and callable(factory) for name, factory in offer.items()
        ):
            raise PluginError(
                f"{hook} must return a mapping of names to factories, and returned something else"
            )
        merged.update(offer)
    return merged
