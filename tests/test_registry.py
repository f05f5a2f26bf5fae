"""Plugins: which are found, which are broken, and what the settings select."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from comenq_core import Intake, PluginError, SettingsError, Store, hookimpl
from comenq_core.plugins.discovery import Plugin, load_plugin
from comenq_core.plugins.registry import load
from comenq_core.settings import Settings
from comenq_core.testing.memory_store import MemoryStore

WORKING = """
from comenq_core import hookimpl

@hookimpl
def comenq_intakes():
    return {"pigeon": lambda settings: "a pigeon"}
"""

MUTE = """
class Mute(Exception):
    def __str__(self):
        raise ValueError

raise Mute
"""


class Offering:
    """A plugin that offers what it is given."""

    def __init__(self, **offers: Callable[[Settings], object]) -> None:
        self.offers = offers

    @hookimpl
    def comenq_intakes(self) -> Mapping[str, Callable[[Settings], object]]:
        """Offer them as ways in."""
        return self.offers

    @hookimpl
    def comenq_stores(self) -> Mapping[str, Callable[[Settings], object]]:
        """Offer them as stores."""
        return self.offers

    @hookimpl
    def comenq_posters(self) -> Mapping[str, Callable[[Settings], object]]:
        """Offer them as posters."""
        return self.offers


class Installer:
    """Installs throwaway distributions, each with one plugin in the entry-point group."""

    def __init__(self, site: Path) -> None:
        self.site = site

    def install(self, distribution: str, plugin: str, source: str) -> None:
        """Install ``source`` as the module ``plugin`` of ``distribution`` 1.2."""
        (self.site / f"{plugin}.py").write_text(source)
        info = self.site / f"{distribution}-1.2.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        info.joinpath("entry_points.txt").write_text(f"[comenq]\n{plugin} = {plugin}\n")


class Panic(BaseException):
    """What an extension raises that is no Exception."""


def panic(_: Settings) -> object:
    """Fail as an extension does."""
    raise Panic


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installer]:
    """A directory for packages; the modules loaded from it are unloaded afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield Installer(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]


def plugin_named(name: str, *extra: tuple[str, object]) -> Plugin:
    """The plugin with this name, as a registry has it."""
    (found,) = [plugin for plugin in load(extra).plugins() if plugin.name == name]
    return found


def test_an_installed_plugin_is_found_and_used(installer: Installer) -> None:
    """A plugin in the entry-point group is found, with its distribution and its offers."""
    installer.install("pigeons", "coop", WORKING)

    plugin = plugin_named("coop")
    intakes = load().intakes(Settings(intakes=("pigeon",)))

    assert (str(plugin), plugin.broken) == ("plugin coop of pigeons 1.2", None)
    assert intakes == {"pigeon": cast("Intake", "a pigeon")}


def test_factories_get_the_settings() -> None:
    """Each factory is called with the settings, and only if they select it."""
    plugin = Offering(mine=lambda settings: [settings.queue_path], other=lambda _: 1 / 0)
    settings = Settings(intakes=("mine",), store="mine", poster="mine", queue_path=Path("/q"))
    registry = load([("p", plugin)])

    made: list[object] = [
        registry.intakes(settings),
        registry.store(settings),
        registry.posters(settings),
    ]

    assert made == [{"mine": [Path("/q")]}, [Path("/q")], (Path("/q"),)]


def test_intakes_come_in_the_settings_order() -> None:
    """The order in which plugins were installed decides nothing."""
    plugin = Offering(a=lambda _: 1, b=lambda _: 2)

    assert list(load([("p", plugin)]).intakes(Settings(intakes=("b", "a")))) == ["b", "a"]


def test_a_name_that_no_plugin_offers_is_explained() -> None:
    """The error lists what is offered."""
    registry = load([("p", Offering(heap=lambda _: 1))])

    with pytest.raises(PluginError, match=r"no plugin offers the store hepa; offered: .*heap"):
        registry.store(Settings(store="hepa"))


def test_a_name_offered_twice_is_explained(installer: Installer) -> None:
    """Two distributions that offer the same name are both named, and neither wins."""
    installer.install("pigeons", "coop", WORKING)
    installer.install("doves", "cote", WORKING)

    with pytest.raises(PluginError) as caught:
        load().intakes(Settings(intakes=("pigeon",)))
    assert "plugin coop of pigeons 1.2 and by plugin cote of doves 1.2" in str(caught.value)


def test_a_name_offered_twice_affects_no_other(installer: Installer) -> None:
    """Two plugins with the same offer are no error until it is selected."""
    installer.install("pigeons", "coop", WORKING)
    installer.install("doves", "cote", WORKING)
    registry = load([("p", Offering(heap=lambda _: 1))])

    assert list(registry.intakes(Settings(intakes=("heap",)))) == ["heap"]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import missing_module", "ModuleNotFoundError: No module named 'missing_module'"),
        ("raise SystemExit('no\\nway')", "SystemExit: no\\nway"),
        ("class Panic(BaseException): ...\nraise Panic('broken')", "Panic: broken"),
        ("raise GeneratorExit", "GeneratorExit: "),
        (MUTE, "Mute: (its text cannot be shown)"),
        (
            WORKING.replace("comenq_intakes", "comenq_intake"),
            "comenq_intake is not a hook; the hooks",
        ),
        (WORKING.replace("comenq_intakes", "intakes"), "unknown hook 'intakes'"),
        (WORKING.replace("@hookimpl", ""), "comenq_intakes is not marked with @hookimpl"),
        (WORKING.replace("intakes()", "intakes(x)"), "Argument(s) {'x'} are declared"),
        (WORKING.replace("return", "return 1 /"), "TypeError: unsupported operand"),
        (WORKING.replace('{"pigeon": lambda settings: "a pigeon"}', "[]"), "must return a mapping"),
        (WORKING.replace("lambda settings:", ""), "must return a mapping of names to factories"),
        (WORKING.replace('"pigeon"', "1"), "must return a mapping of names to factories"),
    ],
)
def test_a_broken_plugin_is_reported(installer: Installer, source: str, cause: str) -> None:
    """A plugin that cannot be used is listed with the cause, on one line."""
    installer.install("pigeons", "coop", source)

    plugin = plugin_named("coop")

    assert (plugin.origin, dict(plugin.intakes)) == ("pigeons 1.2", {})
    assert plugin.broken is not None
    assert cause in plugin.broken
    assert len(plugin.broken.splitlines()) == 1


def test_a_selected_plugin_that_is_broken_is_named(installer: Installer) -> None:
    """The error for a missing offer names each broken plugin and its cause."""
    installer.install("pigeons", "coop", "import missing_module")

    with pytest.raises(PluginError, match=r"plugin coop of pigeons 1\.2 is broken: ModuleNotFound"):
        load().intakes(Settings(intakes=("pigeon",)))


def test_a_plugin_of_a_damaged_distribution_is_used(installer: Installer) -> None:
    """A plugin is found even if the metadata of its distribution is missing."""
    installer.install("pigeons", "coop", WORKING)
    (installer.site / "pigeons-1.2.dist-info" / "METADATA").unlink()

    assert list(plugin_named("coop").intakes) == ["pigeon"]


def test_what_a_killed_pip_leaves_is_passed_over(installer: Installer) -> None:
    """The metadata that pip renames before it replaces a distribution names no second plugin."""
    installer.install("pigeons", "coop", WORKING)
    info = installer.site / "pigeons-1.2.dist-info"
    shutil.copytree(info, installer.site / "~igeons-1.2.dist-info")

    assert list(plugin_named("coop").intakes) == ["pigeon"]
    load().require(Settings(intakes=("pigeon",)))


def test_a_distribution_that_is_there_twice_is_one(installer: Installer) -> None:
    """Two versions' metadata, of which an update has removed none, are one distribution."""
    installer.install("pigeons", "coop", WORKING)
    info = installer.site / "pigeons-1.2.dist-info"
    shutil.copytree(info, installer.site / "pigeons_old-1.1.dist-info")

    assert list(plugin_named("coop").intakes) == ["pigeon"]
    load().require(Settings(intakes=("pigeon",)))


def test_unreadable_entry_points_are_told(installer: Installer) -> None:
    """A stranger's distribution whose entry points are damaged is named, and the others work."""
    installer.install("pigeons", "coop", WORKING)
    damaged = installer.site / "owls-1.0.dist-info"
    damaged.mkdir()
    (damaged / "entry_points.txt").write_bytes(b"[console_scripts]\nowl = \xff\n")

    assert list(plugin_named("coop").intakes) == ["pigeon"]
    broken = plugin_named("owls-1.0.dist-info").broken
    assert broken is not None
    assert "its entry points cannot be read, so it is passed over: UnicodeDecodeError: " in broken


def test_an_interrupt_by_the_user_ends_the_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a plugin is loaded ends the command; with a handler of comenq's, it cannot."""

    def interrupted() -> object:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            load_plugin(Plugin(name="slow"), interrupted)
        signal.signal(signal.SIGINT, lambda *_: None)
        assert load_plugin(Plugin(name="slow"), interrupted).broken == "KeyboardInterrupt: "
    finally:
        signal.signal(signal.SIGINT, before)


def test_every_fault_of_a_selection_is_reported() -> None:
    """Each missing offer is reported, before anything is made."""
    registry = load([("p", Offering(heap=lambda _: 1 / 0))])
    settings = Settings(intakes=("heap", "owl"), store="pile", poster="heap")

    assert [fault.partition(";")[0] for fault in registry.faults(settings)] == [
        "no plugin offers the intake owl",
        "no plugin offers the store pile",
    ]
    with pytest.raises(PluginError, match=r"the intake owl;.*the store pile;"):
        registry.require(settings)


def test_a_selection_in_order_has_no_fault() -> None:
    """The default settings select what the built-in plugins offer."""
    load().require(Settings())


def test_a_factory_that_fails_is_named() -> None:
    """An unexpected error in a factory names the plugin, what was to be made, and the cause."""
    registry = load([("p", Offering(heap=lambda _: 1 / 0))])

    with pytest.raises(
        PluginError, match=r"plugin p of no distribution cannot make the store heap"
    ):
        registry.store(Settings(store="heap"))


def test_a_generator_of_posters_that_fails_is_named() -> None:
    """An error in a factory that yields its posters names the plugin, too."""
    registry = load([("p", Offering(forge=lambda _: (1 / n for n in [1, 0])))])

    with pytest.raises(PluginError, match=r"cannot make the poster forge: ZeroDivisionError"):
        registry.posters(Settings(poster="forge"))


def test_a_factory_that_panics_is_named() -> None:
    """An error that is no Exception is one of the plugin's, too."""
    registry = load([("p", Offering(heap=panic))])

    with pytest.raises(PluginError, match=r"plugin p .* cannot make the store heap: Panic"):
        registry.store(Settings(store="heap"))


def test_a_factorys_own_message_is_kept() -> None:
    """An error that a factory raises on purpose reaches the user as it is."""

    def refuse(_: Settings) -> object:
        raise SettingsError("no token")

    with pytest.raises(SettingsError, match=r"\Ano token\Z"):
        load([("p", Offering(forge=refuse))]).posters(Settings(poster="forge"))


def test_a_module_may_use_names_that_are_not_hooks() -> None:
    """Only functions count: a plugin may import comenq_core as a whole."""
    module = cast("Any", ModuleType("quiet"))
    module.comenq_core = SimpleNamespace()

    assert plugin_named("quiet", ("quiet", module)).broken is None


def test_two_registries_share_nothing() -> None:
    """A plugin that one registry was given is not in the next."""
    load([("p", Offering(heap=lambda _: 1))])

    assert "p" not in {plugin.name for plugin in load().plugins()}


def test_plugins_cannot_be_wrapped_by_others() -> None:
    """A plugin that wraps a hook changes only its own offers."""

    class Wrapper:
        @hookimpl(wrapper=True)
        def comenq_stores(self) -> Iterator[None]:
            yield
            raise RuntimeError

    registry = load([("p", Offering(heap=lambda _: 1)), ("w", Wrapper())])

    assert registry.store(Settings(store="heap")) == cast("Store", 1)


def test_a_client_endpoint_is_found_by_what_it_can_do() -> None:
    """A registry knows the sockets of those selected intakes that clients can use."""
    endpoint = SimpleNamespace(serve=lambda _queue, _stop: None, socket_path=Path("/run/s"))
    plugin = Offering(pigeon=lambda _: "a pigeon", door=lambda _: endpoint, other=lambda _: 1 / 0)
    registry = load([("p", plugin)])

    assert registry.client_sockets(Settings(intakes=("pigeon", "door"))) == [Path("/run/s")]
    assert registry.client_sockets(Settings(intakes=("pigeon",))) == []
    assert registry.client_sockets(Settings()) == [Settings().socket_path]


class Directory:
    """A factory that names its accounts."""

    def __call__(self, settings: Settings) -> object:
        """Fail."""
        return 1 / 0

    def accounts(self, settings: Settings) -> Mapping[str, tuple[str, ...]]:
        """One account."""
        return {settings.poster: ("o/*",)}


def test_accounts_are_named_without_making_posters() -> None:
    """A factory may name its accounts; others, and a poster that is not installed, have none."""
    registry = load([("p", Offering(board=Directory(), other=lambda _: 1 / 0))])

    told = [
        registry.accounts(Settings(poster=poster)) for poster in ("board", "other", "elsewhere")
    ]

    assert told == [{"board": ("o/*",)}, {}, {}]


class WithoutThreads(Directory):
    """A factory whose posters cannot reply."""

    def can_reply(self, _settings: Settings) -> bool:
        """They cannot."""
        return False


def test_a_factory_may_say_that_its_posters_cannot_reply() -> None:
    """Of others, and of a poster that is not installed, that is not known."""
    registry = load([("p", Offering(mute=WithoutThreads(), board=Directory()))])
    told = [
        registry.can_reply(Settings(poster=poster))
        for poster in ("mute", "board", "elsewhere", "github")
    ]
    assert told == [False, True, True, True]


@pytest.mark.parametrize(("lacking", "text"), [("divide", "lanes"), ("conclude", "triggers")])
def test_reviewers_need_a_store_that_keeps_lanes_and_triggers(lacking: str, text: str) -> None:
    """A store without one of these abilities is refused before anything is posted."""
    names = (name for name in dir(MemoryStore) if not name.startswith("_"))
    store = SimpleNamespace(**{name: lambda *_: None for name in names if name != lacking})
    settings = Settings(store="mine", reviewers=("coderabbit",))
    with pytest.raises(PluginError, match=f"the store mine keeps .*{text}"):
        load([("mine", Offering(mine=lambda _: store))]).store(settings)


class Reviewing:
    """A plugin with one reviewer, which counts how often that is made."""

    made = 0

    @hookimpl
    def comenq_reviewers(self) -> Mapping[str, Callable[[Settings], object]]:
        """Offer it."""
        return {"mine": self._make}

    def _make(self, _: Settings) -> list[object]:
        self.made += 1
        return [SimpleNamespace(name="bot", addresses="@bot go".__eq__)]


def test_reviewers_are_made_once_for_the_same_settings() -> None:
    """A daemon asks for its store, its lanes and its reviewers; other settings have their own."""
    plugin = Reviewing()
    registry = load([("mine", plugin)])
    settings = Settings(reviewers=("bot",))
    assert registry.lane_policy(settings)
    (reviewer,) = registry.selected_reviewers(settings)
    assert registry.reviewers(settings)["bot"] is reviewer
    assert plugin.made == 1
    registry.reviewers(Settings())
    assert plugin.made == 2
