"""``comenqd plugins``: what is installed, what it offers, and what is selected."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator

from comenq_core import registry
from comenq_core.registry import Plugin
from comenq_core.settings import Settings

__all__ = ["plugins"]


def plugins(settings: Settings, given: Namespace) -> int:
    """Print every plugin, the broken ones with the cause; return 0."""
    installed = registry.load().plugins()
    if given.json:
        print(json.dumps([_record(plugin, settings) for plugin in installed]))
    else:
        for plugin in installed:
            print(_line(plugin, settings))
    return 0


def _record(plugin: Plugin, settings: Settings) -> dict[str, object]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "offers": [
            {"kind": kind, "name": name, "selected": selected}
            for kind, name, selected in _offers(plugin, settings)
        ],
        "broken": plugin.broken,
    }


def _line(plugin: Plugin, settings: Settings) -> str:
    words = [
        f"{kind} {name}{' (selected)' if selected else ''}"
        for kind, name, selected in _offers(plugin, settings)
    ]
    offers = f"broken: {plugin.broken}" if plugin.broken else ", ".join(words) or "nothing"
    return f"{plugin.name:<10} {plugin.distribution:<20} {offers}"


def _offers(plugin: Plugin, settings: Settings) -> Iterator[tuple[str, str, bool]]:
    for kind, names, selected in (
        ("intake", plugin.intakes, settings.intakes),
        ("store", plugin.stores, (settings.store,)),
        ("poster", plugin.posters, (settings.poster,)),
    ):
        for name in names:
            yield kind, name, name in selected
