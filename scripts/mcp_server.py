"""Describes `comenq mcp` for the registry of MCP servers, for `scripts/generate`.

https://github.com/modelcontextprotocol/registry/tree/main/docs/reference/server-json
"""

from __future__ import annotations

import re
from pathlib import Path

import comenq_core

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
MARK = re.compile(r"<!-- mcp-name: (io\.github\.([\w-]+)/comenq) -->")
"""By this line in the README of the published package, the registry knows whose it is."""


def description(readme: Path) -> dict[str, object]:
    """What goes to the registry; who publishes it is said in the README alone."""
    marked = MARK.search(readme.read_text("utf-8"))
    assert marked, f"{readme} has no line like {MARK.pattern}"
    name, owner = marked.groups()
    version = comenq_core.__version__
    return {
        "$schema": SCHEMA,
        "name": name,
        "title": "comenq",
        "description": "Queue comments on GitHub pull requests; each is posted later, once",
        "version": version,
        "repository": {"url": f"https://github.com/{owner}/comenq", "source": "github"},
        "packages": [
            {
                "registryType": "pypi",
                "identifier": "comenq",
                "version": version,
                "transport": {"type": "stdio"},
                "runtimeHint": "uvx",
                "runtimeArguments": [
                    {"type": "named", "name": "--with", "value": f"comenq[mcp]=={version}"}
                ],
                "packageArguments": [
                    {"type": "positional", "value": "mcp"},
                    {
                        "type": "named",
                        "name": "--repo",
                        "description": "Let no other repository be named; OWNER/* for all of OWNER",
                        "placeholder": "OWNER/REPO",
                        "isRepeated": True,
                    },
                ],
            }
        ],
    }
