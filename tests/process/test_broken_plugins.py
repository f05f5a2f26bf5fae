"""Plugins that are broken in each way there is, installed beside a real daemon."""

from __future__ import annotations

import json

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon
from tests.process.test_plugins import INTAKE

HOOK = """
from comenq_core import hookimpl

@hookimpl
def comenq_intakes({parameters}):
    return {offer}
"""
SOUND = HOOK.format(parameters="", offer='{"pigeon": lambda settings: None}')
BROKEN = {
    "importing": ("import no_such_module", "ModuleNotFoundError: No module named"),
    "grammar": ("def comenq_intakes(:\n", "SyntaxError: "),
    "raising": ("raise ValueError('no use')", "ValueError: no use"),
    "leaving": ("raise SystemExit('enough')", "SystemExit: enough"),
    "signature": (HOOK.format(parameters="queue", offer="{}"), "Argument(s) {'queue'} are"),
    "hook": (HOOK.format(parameters="", offer="1 / 0"), "ZeroDivisionError: division by zero"),
    "offer": (HOOK.format(parameters="", offer="[1]"), "must return a mapping of names"),
    "unmarked": (SOUND.replace("@hookimpl", ""), "comenq_intakes is not marked with @hookimpl"),
    "misspelt": (SOUND.replace("intakes", "intake"), "comenq_intake is not a hook; the hooks are"),
}
"""Each with its source and the cause that is told."""


def test_broken_plugins_that_are_not_selected_do_no_harm(forge: Forge) -> None:
    """The daemon posts beside them and two rivals; `comenqd plugins` tells each with its cause."""
    with Daemon(forge.url) as daemon:
        for name, (source, _) in BROKEN.items():
            daemon.install(name, source)
        for rival in ("coop", "cote"):
            daemon.install(rival, SOUND)
        daemon.start().put("all the same")
        told = json.loads(daemon.comenqd("plugins", "--json"))
        posted = forge.wait_for_comments(1)[0].body

    assert posted == "all the same"
    assert told["faults"] == []
    plugins = {plugin["name"]: plugin for plugin in told["plugins"]}
    for name, (_, cause) in BROKEN.items():
        assert (plugins[name]["distribution"], plugins[name]["version"]) == (name, "1.0")
        assert cause in plugins[name]["broken"]


@pytest.mark.parametrize(
    "name",
    [
        "grammar",
        *(pytest.param(name, marks=pytest.mark.full) for name in BROKEN if name != "grammar"),
    ],
)
def test_a_broken_plugin_that_is_selected_is_named(name: str) -> None:
    """The daemon does not start, and says which plugin of which distribution, and why."""
    source, cause = BROKEN[name]
    with Daemon("http://127.0.0.1:9", intakes=["unix", "pigeon"]) as daemon:
        daemon.install(name, source)
        said = daemon.comenqd(status=1)

    assert said.startswith("comenqd: no plugin offers the intake pigeon; offered: http, unix; ")
    assert cause in said.partition(f"plugin {name} of {name} 1.0 is broken: ")[2]


def test_a_name_that_two_offer_is_told() -> None:
    """While it is selected, the daemon does not start; it names both, as `plugins` does."""
    with Daemon("http://127.0.0.1:9", intakes=["pigeon"]) as daemon:
        daemon.install("coop", SOUND)
        daemon.install("cote", SOUND)
        said, listed = daemon.comenqd(status=1), daemon.comenqd("plugins", status=1)

    fault = (
        "the intake pigeon is offered more than once: by plugin coop of coop 1.0 and by plugin"
        " cote of cote 1.0; uninstall all but one of them\n"
    )
    assert said == f"comenqd: {fault}"
    assert listed.endswith(f"WRONG: {fault}")


def test_a_factory_that_fails_is_named() -> None:
    """A plugin that breaks only when its intake is made is named, with the cause."""
    with Daemon("http://127.0.0.1:9", intakes=["greeter"]) as daemon:
        daemon.install("greeter", INTAKE.replace("Greeter()", "{}[settings.store]"))
        said = daemon.comenqd("listen", status=1)

    assert "plugin greeter of greeter 1.0 cannot make the intake greeter: KeyError: 'spool'" in said
