"""``comenqd plugins``: list the plugins, what they offer, what is selected, and what is wrong."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence

from comenq_core.cli.output import print_result
from comenq_core.plugins import registry
from comenq_core.plugins.discovery import Plugin
from comenq_core.process.program import output_apart
from comenq_core.settings import Settings

__all__ = ["plugins"]


def plugins(settings: Settings, given: Namespace) -> int:
    """Print every plugin, and the faults of the selection; return 1 if there are any, else 0."""
    with output_apart():
        found = registry.load()
        installed, faults = found.plugins(), found.faults(settings)
    if given.json:
        records = [_record(plugin, settings) for plugin in installed]
        print_result(json.dumps({"plugins": records, "faults": faults}))
    else:
        for line in _lines(installed, settings):
            print_result(line)
        for fault in faults:
            print_result(f"WRONG: {fault}")
    return 1 if faults else 0


def _record(plugin: Plugin, settings: Settings) -> dict[str, object]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "offers": [
            {"kind": kind, "name": name, "selected": selected}
            for kind, name, selected in _offers(plugin, settings)
        ],
        "broken": plugin.broken,
    }


def _lines(installed: Sequence[Plugin], settings: Settings) -> Iterator[str]:
    names = max((len(plugin.name) for plugin in installed), default=0)
    origins = max((len(plugin.origin) for plugin in installed), default=0)
    for plugin in installed:
        offers = _offers_text(plugin, settings)
        yield f"{plugin.name:<{names}}  {plugin.origin:<{origins}}  {offers}"


def _offers_text(plugin: Plugin, settings: Settings) -> str:
    if plugin.broken:
        return f"broken: {plugin.broken}"
    offers = [
        f"{kind} {name}{' (selected)' if selected else ''}"
        for kind, name, selected in _offers(plugin, settings)
    ]
    return ", ".join(offers) or "nothing"


def _offers(plugin: Plugin, settings: Settings) -> Iterator[tuple[str, str, bool]]:
    for kind, names, selected in (
        ("intake", plugin.intakes, settings.intakes),
        ("store", plugin.stores, (settings.store,)),
        ("poster", plugin.posters, (settings.poster,)),
        ("reviewers", plugin.reviewers, ()),
    ):
        for name in names:
            yield kind, name, name in selected
