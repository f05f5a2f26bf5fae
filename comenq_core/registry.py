"""Find the installed plugins, check them one by one, and make what the settings select.

A plugin that cannot be used is remembered with the cause. It does no harm until the settings
select something that nobody else offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar, cast

import pluggy

from comenq_core import hookspecs
from comenq_core.errors import ComenqError, PluginError
from comenq_core.hookspecs import ENTRY_POINT_GROUP
from comenq_core.protocols import (
    Intake,
    IntakeFactory,
    Poster,
    PosterFactory,
    Store,
    StoreFactory,
)
from comenq_core.settings import Settings
from comenq_core.text import printable

__all__ = ["Plugin", "Registry", "load"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """An installed plugin: where it comes from, and what it offers by name."""

    name: str
    distribution: str
    intakes: Mapping[str, IntakeFactory] = field(default_factory=dict)
    stores: Mapping[str, StoreFactory] = field(default_factory=dict)
    posters: Mapping[str, PosterFactory] = field(default_factory=dict)
    broken: str | None = None
    """Why it cannot be used, if it cannot."""

    def __str__(self) -> str:
        return f"plugin {self.name} of {self.distribution}"


class Registry:
    """What the plugins offer, and the only way to what the settings select of it."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._plugins = tuple(plugins)

    def plugins(self) -> Sequence[Plugin]:
        """Every plugin that is installed, the broken ones too."""
        return self._plugins

    def intakes(self, settings: Settings) -> dict[str, Intake]:
        """The selected ways in, by name, in the settings' order.

        Raises:
            PluginError: one is not offered, is offered twice, or cannot be made.
        """
        made: dict[str, Intake] = {}
        for name in settings.intakes:
            plugin, factory = self._select("intake", name, lambda plugin: plugin.intakes)
            with _blaming(plugin, f"the intake {name}"):
                made[name] = factory(settings)
        return made

    def store(self, settings: Settings) -> Store:
        """The selected store. Raises as `intakes`."""
        plugin, factory = self._select("store", settings.store, lambda plugin: plugin.stores)
        with _blaming(plugin, f"the store {settings.store}"):
            return factory(settings)

    def posters(self, settings: Settings) -> Sequence[Poster]:
        """The selected posters, one for each posting account. Raises as `intakes`."""
        plugin, factory = self._select("poster", settings.poster, lambda plugin: plugin.posters)
        with _blaming(plugin, f"the poster {settings.poster}"):
            return tuple(factory(settings))

    def _select(
        self, what: str, name: str, offers: Callable[[Plugin], Mapping[str, T]]
    ) -> tuple[Plugin, T]:
        offering = [plugin for plugin in self._plugins if name in offers(plugin)]
        if len(offering) > 1:
            raise PluginError(
                f"the {what} {printable(name)} is offered more than once: by"
                f" {' and by '.join(map(str, offering))}; uninstall all but one of them"
            )
        if not offering:
            offered = sorted(name for plugin in self._plugins for name in offers(plugin))
            broken = [
                f"; {plugin} is broken: {plugin.broken}"
                for plugin in self._plugins
                if plugin.broken
            ]
            raise PluginError(
                f"no plugin offers the {what} {printable(name)}; offered:"
                f" {', '.join(offered) or 'none'}{''.join(broken)}"
            )
        return offering[0], offers(offering[0])[name]


def load(extra: Iterable[tuple[str, object]] = ()) -> Registry:
    """A registry of every plugin in the entry-point group, and of ``extra`` ones.

    Args:
        extra: plugins that are not installed, each with a name.
    """
    installed = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name)
    found = [_examine(entry.name, _distribution(entry), entry.load) for entry in installed]
    given = [_examine(name, "no distribution", _constantly(plugin)) for name, plugin in extra]
    return Registry(found + given)


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "no distribution"


def _constantly(plugin: object) -> Callable[[], object]:
    return lambda: plugin


def _examine(name: str, distribution: str, load_plugin: Callable[[], object]) -> Plugin:
    try:
        offers = _offers(name, load_plugin())
    except PluginError as error:
        return Plugin(name=name, distribution=distribution, broken=str(error))
    except (Exception, SystemExit) as error:
        cause = f"{type(error).__name__}: {printable(error)}"
        return Plugin(name=name, distribution=distribution, broken=cause)
    return Plugin(
        name=name,
        distribution=distribution,
        intakes=cast("Mapping[str, IntakeFactory]", offers["comenq_intakes"]),
        stores=cast("Mapping[str, StoreFactory]", offers["comenq_stores"]),
        posters=cast("Mapping[str, PosterFactory]", offers["comenq_posters"]),
    )


def _offers(name: str, plugin: object) -> dict[str, Mapping[str, object]]:
    # One manager for each plugin, so that it is known who offers what, and so that no plugin
    # can wrap or unregister another.
    manager = pluggy.PluginManager("comenq")
    manager.add_hookspecs(hookspecs)
    hooks: dict[str, pluggy.HookCaller] = vars(manager.hook)
    functions = {
        word
        for word in dir(plugin)
        if word.startswith("comenq_") and callable(getattr(plugin, word))
    }
    for word in sorted(functions - hooks.keys()):
        raise PluginError(f"{word} is no hook; the hooks are {', '.join(sorted(hooks))}")
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
                f"{hook} returned something else than a mapping of names to factories"
            )
        merged.update(offer)
    return merged


@contextmanager
def _blaming(plugin: Plugin, what: str) -> Iterator[None]:
    try:
        yield
    except ComenqError:
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {printable(error)}"
        raise PluginError(f"{plugin} cannot make {what}: {cause}") from error
