"""What the installed plugins offer, and the parts that the settings select.

A plugin that cannot be used is kept with the cause. It is no error until the settings select
something that no other plugin offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from comenq_core.errors import PluginError
from comenq_core.model import Answer
from comenq_core.plugins.discovery import Plugin, installed, load_plugin
from comenq_core.plugins.lanes import division, lane_policy
from comenq_core.plugins.selection import INTAKE, POSTER, STORE, Selection, naming
from comenq_core.policy.from_settings import admission_policies
from comenq_core.policy.lanes import LanePolicy
from comenq_core.process.log import Log
from comenq_core.protocols import (
    AccountDirectory,
    AnswerSource,
    ClientEndpoint,
    FollowKeeper,
    ForgeHost,
    Inspectable,
    Intake,
    LaneKeeper,
    Poster,
    Reviewer,
    Store,
    ThreadDirectory,
    TokenHolder,
)
from comenq_core.settings import Settings
from comenq_core.text import printable

__all__ = ["Registry", "load"]

log = Log("plugins")


class Registry:
    """What the plugins offer.

    Args:
        plugins: all of them, the broken ones too.
    """

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._plugins = tuple(plugins)
        self._selection = Selection(self._plugins)
        self._reviewers: tuple[Settings, Mapping[str, Reviewer]] | None = None

    def plugins(self) -> Sequence[Plugin]:
        """All plugins, the broken ones too."""
        return self._plugins

    def report_broken(self) -> None:
        """Log each plugin that cannot be used, selected or not."""
        for plugin in self._plugins:
            if plugin.broken:
                log.warning("plugin_broken", "An installed plugin cannot be used.",
                            plugin=plugin, reason=plugin.broken)  # fmt: skip

    def faults(self, settings: Settings) -> Sequence[str]:
        """What is wrong with the settings' selection, one text for each fault; make nothing."""
        faults = [
            *(self._selection.fault(INTAKE, name) for name in settings.intakes),
            self._selection.fault(STORE, settings.store),
            self._selection.fault(POSTER, settings.poster),
        ]
        return [fault for fault in faults if fault]

    def require(self, settings: Settings) -> None:
        """Check that everything that the settings select is offered once; make nothing.

        Raises:
            PluginError: something is not offered, or is offered twice.
            SettingsError: a policy is wrong, without which too much would be let in.
        """
        faults = self.faults(settings)
        if faults:
            raise PluginError("; ".join(faults))
        admission_policies(settings)

    def intakes(self, settings: Settings) -> dict[str, Intake]:
        """The selected intakes, by name, in the order of the settings.

        Raises:
            PluginError: one is not offered, is offered twice, or cannot be made.
        """
        return {name: self.intake(settings, name) for name in settings.intakes}

    def intake(self, settings: Settings, name: str) -> Intake:
        """One intake, made anew. Raises as `intakes`."""
        with self._selection.factory(INTAKE, name) as factory:
            return factory(settings)

    def intake_plugin(self, name: str) -> str:
        """The plugin that offers an intake, in words. Raises as `intakes`."""
        return str(self._selection.plugin(INTAKE, name))

    def poster_plugin(self, settings: Settings) -> str:
        """The plugin that offers the selected poster, in words. Raises as `intakes`."""
        return str(self._selection.plugin(POSTER, settings.poster))

    def client_sockets(self, settings: Settings) -> Sequence[Path]:
        """Where the selected intakes answer comenq's clients. Raises as `intakes`."""
        found: list[Path] = []
        for name, intake in self.intakes(settings).items():
            with self._selection.factory(INTAKE, name):
                if isinstance(intake, ClientEndpoint):
                    found.append(intake.socket_path)
        return found

    def token_files(self, settings: Settings) -> Sequence[Path]:
        """Where the selected intakes have their clients' tokens. Raises as `intakes`."""
        made = self.intakes(settings).values()
        return [intake.tokens_file for intake in made if isinstance(intake, TokenHolder)]

    def store(self, settings: Settings) -> Store:
        """The selected store. Raises as `intakes`."""
        with self._selection.factory(STORE, settings.store) as factory:
            store = factory(settings)
        if policy := self.lane_policy(settings):
            if not isinstance(store, LaneKeeper):
                raise PluginError(
                    f"the store {settings.store} keeps no lanes, which the setting reviewers needs"
                )
            if not isinstance(store, FollowKeeper):
                raise PluginError(
                    f"the store {settings.store} keeps nothing of triggers, which the setting"
                    " reviewers needs"
                )
            store.divide(division(settings, policy))
        return store

    def lane_policy(self, settings: Settings) -> LanePolicy | None:
        """The lanes of the reviewers in the settings; ``None`` without. Raises as `intakes`."""
        if not settings.reviewers:
            return None
        return lane_policy(settings, self.reviewers(settings))

    def inspect(self, settings: Settings) -> Store | None:
        """The selected store as it is, if it is there and can be inspected. Raises as `intakes`."""
        with self._selection.factory(STORE, settings.store) as made_by:
            factory: object = made_by  # it may have more than `__call__`
            return factory.inspect(settings) if isinstance(factory, Inspectable) else None

    def posters(self, settings: Settings) -> Sequence[Poster]:
        """The selected posters, one for each posting account. Raises as `intakes`."""
        with self._selection.factory(POSTER, settings.poster) as factory:
            return tuple(factory(settings))

    def reviewers(self, settings: Settings) -> Mapping[str, Reviewer]:
        """Every reviewer that is offered, by name; none is offered twice. Raises as `intakes`.

        They are made once for the same settings.
        """
        if self._reviewers is None or self._reviewers[0] is not settings:
            self._reviewers = settings, self._make_reviewers(settings)
        return self._reviewers[1]

    def _make_reviewers(self, settings: Settings) -> Mapping[str, Reviewer]:
        found: dict[str, Reviewer] = {}
        source: dict[str, Plugin] = {}
        for plugin in self._plugins:
            for offer, factory in plugin.reviewers.items():
                with naming(plugin, f"the reviewers {offer}"):
                    made = {reviewer.name: reviewer for reviewer in factory(settings)}
                for name in made.keys() & found.keys():
                    raise PluginError(
                        f"the reviewer {printable(name)} is offered more than once: by"
                        f" {source[name]} and by {plugin}; uninstall one of them"
                    )
                found |= made
                source |= dict.fromkeys(made, plugin)
        return found

    def selected_reviewers(self, settings: Settings) -> Sequence[Reviewer]:
        """The reviewers that the settings name, in their order. Raises as `lane_policy`."""
        policy = self.lane_policy(settings)
        known = self.reviewers(settings) if policy else {}
        return [known[quota.reviewer] for quota in policy.quotas] if policy else []

    def accounts(self, settings: Settings) -> Mapping[str, Sequence[str]]:
        """The posting accounts and their repositories, as `AccountDirectory` says.

        None where nobody can tell: the poster is no `AccountDirectory`, or is not installed here,
        as where only a listener runs. Raises as `intakes`.
        """
        with self._poster_factory(settings) as factory:
            return factory.accounts(settings) if isinstance(factory, AccountDirectory) else {}

    def can_reply(self, settings: Settings) -> bool:
        """Whether the posters can reply in threads; also where nobody can tell, as in `accounts`.

        A `ThreadDirectory` can tell. Raises as `intakes`.
        """
        with self._poster_factory(settings) as factory:
            return not isinstance(factory, ThreadDirectory) or factory.can_reply(settings)

    def host(self, settings: Settings) -> str:
        """The forge's host, as `ForgeHost` says; ``""`` where nobody can tell, as in `accounts`."""
        with self._poster_factory(settings) as factory:
            return factory.host(settings) if isinstance(factory, ForgeHost) else ""

    def answers(self, settings: Settings, url: str, *, token: str = "") -> Sequence[Answer]:
        """What is said at an address, as `AnswerSource` says. Raises as it, and as `intakes`."""
        with self._poster_factory(settings) as factory:
            if not isinstance(factory, AnswerSource):
                raise PluginError(f"the poster {settings.poster} cannot read what is at an address")
            return factory.answers(settings, url, token=token)

    @contextmanager
    def _poster_factory(self, settings: Settings) -> Iterator[object]:
        """What makes the selected poster; ``None`` if it is not installed here."""
        if self._selection.fault(POSTER, settings.poster):
            yield None
            return
        with self._selection.factory(POSTER, settings.poster) as factory:
            yield factory  # it may have more than `__call__`


def load(extra: Iterable[tuple[str, object]] = ()) -> Registry:
    """A registry of all installed plugins and the ``extra`` ones.

    Args:
        extra: plugins that are not installed, each with a name.
    """
    given = [load_plugin(Plugin(name=name), _constantly(plugin)) for name, plugin in extra]
    return Registry([*installed(), *given])


def _constantly(plugin: object) -> Callable[[], object]:
    return lambda: plugin
