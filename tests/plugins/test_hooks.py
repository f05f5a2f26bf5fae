"""Every hook is documented and used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping

import pytest

from comenq_core import Settings, hookimpl
from comenq_core.plugins.discovery import Plugin, load_plugin
from comenq_core.plugins.registry import Registry, load
from tests.plugins.page import HOOKS, PAGE, module
from tests.process.test_plugins import INTAKE, POSTER, REVIEWER, STORE

USES: Mapping[str, Callable[[Registry, Settings], object]] = {
    "comenq_intakes": Registry.intakes,
    "comenq_stores": Registry.store,
    "comenq_posters": Registry.posters,
    "comenq_reviewers": Registry.reviewers,
}
"""What uses the offers of each hook."""
SELECTED = Settings(intakes=("mine",), store="mine", poster="mine")


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_documented(hook: str) -> None:
    """The page has a section with its signature, which begins with who calls it."""
    signature = str(inspect.signature(HOOKS[hook])).replace("'", "")
    section = PAGE.read_text().partition(f"\n### {hook}{signature}\n")[2]
    assert re.match(r"\s*[A-Z][\w ]+ calls this hook\. ", section)


def test_only_hooks_are_documented_as_hooks() -> None:
    """The page documents no hook that does not exist."""
    assert re.findall(r"^### (\w+)\(", PAGE.read_text(), re.MULTILINE) == list(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_is_called_and_its_offer_used(hook: str) -> None:
    """A selected factory is called with the settings."""
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
    """The tests of whole daemons install a plugin for each hook."""
    implemented = {
        name
        for source in (INTAKE, STORE, POSTER, REVIEWER)
        for name in vars(module("sample", source))
    }
    assert HOOKS.keys() <= implemented


@pytest.mark.parametrize("source", [INTAKE, STORE, POSTER, REVIEWER])
def test_the_sample_plugins_are_not_broken(source: str) -> None:
    """The plugins that the tests of whole daemons install are in order."""
    assert load_plugin(Plugin(name="sample"), lambda: module("sample", source)).broken is None
