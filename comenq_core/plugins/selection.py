"""Which plugin offers what the settings select: one alone, or it is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from comenq_core.errors import ComenqError, PluginError
from comenq_core.plugins.discovery import Plugin
from comenq_core.process.isolation import described, pass_on_interrupt
from comenq_core.protocols import IntakeFactory, PosterFactory, StoreFactory
from comenq_core.text import printable

__all__ = ["INTAKE", "POSTER", "STORE", "Kind", "Selection", "naming"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What a setting selects by name.

    Args:
        word: what it is, for messages.
        offers: the factories for it that a plugin offers, by name.
    """

    word: str
    offers: Callable[[Plugin], Mapping[str, T]]


INTAKE: Kind[IntakeFactory] = Kind("intake", lambda plugin: plugin.intakes)
STORE: Kind[StoreFactory] = Kind("store", lambda plugin: plugin.stores)
POSTER: Kind[PosterFactory] = Kind("poster", lambda plugin: plugin.posters)


class Selection:
    """Selects among the offers of plugins.

    Args:
        plugins: all of them, the broken ones too.
    """

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._plugins = plugins

    def plugin(self, kind: Kind[T], name: str) -> Plugin:
        """The plugin that offers what a setting selects.

        Raises:
            PluginError: none does, or several do.
        """
        offering = [plugin for plugin in self._plugins if name in kind.offers(plugin)]
        if len(offering) > 1:
            raise PluginError(
                f"the {kind.word} {printable(name)} is offered more than once: by"
                f" {' and by '.join(map(str, offering))}; uninstall all but one of them"
            )
        if not offering:
            offered = sorted(name for plugin in self._plugins for name in kind.offers(plugin))
            broken = [
                f"; {plugin} is broken: {plugin.broken}"
                for plugin in self._plugins
                if plugin.broken
            ]
            raise PluginError(
                f"no plugin offers the {kind.word} {printable(name)}; offered:"
                f" {', '.join(offered) or 'none'}{''.join(broken)}"
            )
        return offering[0]

    def fault(self, kind: Kind[T], name: str) -> str:
        """Why nothing can be made of what a setting selects; ``""`` if something can."""
        try:
            self.plugin(kind, name)
        except PluginError as error:
            return str(error)
        return ""

    @contextmanager
    def factory(self, kind: Kind[T], name: str) -> Iterator[T]:
        """What makes what a setting selects. What it raises names its plugin.

        Raises:
            PluginError: as `plugin`.
        """
        plugin = self.plugin(kind, name)
        with naming(plugin, f"the {kind.word} {name}"):
            yield kind.offers(plugin)[name]


@contextmanager
def naming(plugin: Plugin, what: str) -> Iterator[None]:
    """Name the plugin in what is raised while something is made, unless it is one of our errors."""
    try:
        yield
    except ComenqError:
        raise
    except BaseException as error:
        pass_on_interrupt(error)
        raise PluginError(f"{plugin} cannot make {what}: {described(error)}") from error
