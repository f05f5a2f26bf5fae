"""What the installed plugins offer, and the only way to what the settings select of it.

A plugin that cannot be used is remembered with the cause. It does no harm until the settings
select something that nobody else offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from comenq_core.errors import ComenqError, PluginError
from comenq_core.plugins.discovery import Plugin, check_credential, installed
from comenq_core.protocols import (
    ClientEndpoint,
    Inspectable,
    Intake,
    IntakeFactory,
    Poster,
    PosterFactory,
    Store,
    StoreFactory,
)
from comenq_core.settings import Settings
from comenq_core.text import printable

__all__ = ["Registry", "load"]

T = TypeVar("T")


class Registry:
    """What the plugins offer.

    Args:
        plugins: every one that is installed, the broken ones too.
    """

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._plugins = tuple(plugins)

    def plugins(self) -> Sequence[Plugin]:
        """Every plugin that is installed, the broken ones too."""
        return self._plugins

    def faults(self, settings: Settings) -> Sequence[str]:
        """Why what the settings select cannot be had: a sentence for each; nothing is made."""
        wanted: list[tuple[str, str, Callable[[Plugin], Mapping[str, object]]]] = [
            *(("intake", name, _intakes) for name in settings.intakes),
            ("store", settings.store, _stores),
            ("poster", settings.poster, _posters),
        ]
        return [fault for selection in wanted if (fault := self._fault(*selection))]

    def require(self, settings: Settings) -> None:
        """Find out whether everything that the settings select can be had; make nothing.

        Raises:
            PluginError: something is not offered, or is offered twice.
        """
        faults = self.faults(settings)
        if faults:
            raise PluginError("; ".join(faults))

    def intakes(self, settings: Settings) -> dict[str, Intake]:
        """The selected ways in, by name, in the settings' order.

        Raises:
            PluginError: one is not offered, is offered twice, or cannot be made.
        """
        made: dict[str, Intake] = {}
        for name in settings.intakes:
            plugin, factory = self._select("intake", name, _intakes)
            with _blaming(plugin, f"the intake {name}"):
                made[name] = factory(settings)
        return made

    def client_sockets(self, settings: Settings) -> Sequence[Path]:
        """Where the selected intakes answer comenq's clients. Raises as `intakes`."""
        return [
            intake.socket_path
            for intake in self.intakes(settings).values()
            if isinstance(intake, ClientEndpoint)
        ]

    def store(self, settings: Settings) -> Store:
        """The selected store. Raises as `intakes`."""
        plugin, factory = self._select("store", settings.store, _stores)
        with _blaming(plugin, f"the store {settings.store}"):
            return factory(settings)

    def inspect(self, settings: Settings) -> Store | None:
        """The selected store as it is, if it is there and can be looked at. Raises as `intakes`."""
        plugin, made_by = self._select("store", settings.store, _stores)
        factory: object = made_by  # which may be more than something that can be called
        with _blaming(plugin, f"the store {settings.store}"):
            return factory.inspect(settings) if isinstance(factory, Inspectable) else None

    def posters(self, settings: Settings) -> Sequence[Poster]:
        """The selected posters, one for each posting account. Raises as `intakes`."""
        plugin, factory = self._select("poster", settings.poster, _posters)
        with _blaming(plugin, f"the poster {settings.poster}"):
            return tuple(factory(settings))

    def _fault(
        self, what: str, name: str, offers: Callable[[Plugin], Mapping[str, object]]
    ) -> str | None:
        try:
            self._select(what, name, offers)
        except PluginError as error:
            return str(error)
        return None

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


def _intakes(plugin: Plugin) -> Mapping[str, IntakeFactory]:
    return plugin.intakes


def _stores(plugin: Plugin) -> Mapping[str, StoreFactory]:
    return plugin.stores


def _posters(plugin: Plugin) -> Mapping[str, PosterFactory]:
    return plugin.posters


def load(extra: Iterable[tuple[str, object]] = ()) -> Registry:
    """A registry of every plugin that is installed, and of ``extra`` ones.

    Args:
        extra: plugins that are not installed, each with a name.
    """
    given = [check_credential(Plugin(name=name), _constantly(plugin)) for name, plugin in extra]
    return Registry([*installed(), *given])


def _constantly(plugin: object) -> Callable[[], object]:
    return lambda: plugin


@contextmanager
def _blaming(plugin: Plugin, what: str) -> Iterator[None]:
    try:
        yield
    except ComenqError:
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {printable(error)}"
        raise PluginError(f"{plugin} cannot make {what}: {cause}") from error
