"""Every hook is documented, and used: whoever adds one is told what else it takes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping

import pytest

from comenq_core import Settings, hookimpl
from comenq_core.plugins.discovery import Plugin, load_plugin
from comenq_core.plugins.registry import Registry, load
from tests.plugins.page import HOOKS, PAGE, module
from tests.process.test_plugins import INTAKE, POSTER, STORE

USES: Mapping[str, Callable[[Registry, Settings], object]] = {
    "comenq_intakes": Registry.intakes,
    "comenq_stores": Registry.store,
    "comenq_posters": Registry.posters,
}
"""How comenq comes to what each hook offers."""
SELECTED = Settings(intakes=("mine",), store="mine", poster="mine")


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_documented(hook: str) -> None:
    """The reference has it with its signature, and says who calls it."""
    signature = str(inspect.signature(HOOKS[hook])).replace("'", "")
    section = PAGE.read_text().partition(f"\n### {hook}{signature}\n")[2]
    assert section.lstrip().startswith("Called by ")


def test_nothing_else_is_documented_as_a_hook() -> None:
    """The reference has no hook that there is not."""
    assert re.findall(r"^### (\w+)\(", PAGE.read_text(), re.MULTILINE) == list(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_called_and_its_offer_used(hook: str) -> None:
    """A plugin's offer through it is taken, with the settings, when it is selected."""
    given: list[Settings] = []

    def make(settings: Settings) -> tuple[()]:
        given.append(settings)
        return ()

    def offer() -> object:
        return {"mine": make}

    plugin = type("Plugin", (), {hook: staticmethod(hookimpl(offer, specname=hook))})
    USES[hook](load([("mine", plugin)]), SELECTED)
    assert given == [SELECTED]


def test_each_hook_is_used_by_a_running_daemon() -> None:
    """For each, the tests of whole daemons install a plugin that implements it."""
    implemented = {
        name for source in (INTAKE, STORE, POSTER) for name in vars(module("sample", source))
    }
    assert HOOKS.keys() <= implemented


@pytest.mark.parametrize("source", [INTAKE, STORE, POSTER], ids=["intake", "store", "poster"])
def test_the_daemons_samples_are_sound(source: str) -> None:
    """What the tests of whole daemons install is a plugin without fault."""
    assert load_plugin(Plugin(name="sample"), lambda: module("sample", source)).broken is None
