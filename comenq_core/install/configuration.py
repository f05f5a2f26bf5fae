"""The text of a new configuration: the example, with the settings that were given. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from comenq_core.settings import Secret

__all__ = ["configuration"]

ALWAYS_SHOWN = "github_token_file"
"""The only setting that the example sets."""


def configuration(
    example: str, settings: Mapping[str, object], defaults: Mapping[str, object]
) -> str:
    """The example with other settings in effect.

    Args:
        example: ``conf/config.toml``, which has a line for each setting.
        settings: the settings by key, as `Settings` has them.
        defaults: those that this daemon has without a line, where the example shows others.
    """
    text = re.sub(rf"(?m)^{ALWAYS_SHOWN} = .*$", lambda line: f"# {line[0]}", example)
    for prefix, shown in (("# ", defaults), ("", settings)):
        for key, value in shown.items():
            line = f"{prefix}{key} = {_toml(value)}"
            before, _, after = re.split(rf"(?m)^((?:# )?{key} = .*)$", text, maxsplit=1)
            text = f"{before}{line}{after}"
    return text


def _toml(value: object) -> str:
    """A value as TOML has it, whose texts, numbers and lists are JSON's."""
    match value:
        case Secret():
            value = value.reveal()
        case Path():
            value = str(value)
    # TOML has no surrogates, as JSON has for what is not ASCII, and wants DEL escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
