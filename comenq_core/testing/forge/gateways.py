"""What stands between a client and GitHub may change a comment's text, and so do browsers.

Each was seen on GitHub: https://github.com/actions/runner/issues/1462 (line ends) and
https://github.com/Mergifyio/mergify/issues/3822 are two of the reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["GATEWAYS", "Gateway"]

Gateway = Callable[[str], str]
"""What becomes of a text."""

GATEWAYS: Mapping[str, Gateway] = {
    "": lambda text: text,
    "crlf": lambda text: re.sub(r"\r?\n", "\r\n", text),
    "footer": lambda text: f"{text}\n\n---\n_sent through the gateway_",
    "tick": lambda text: text.replace("- [ ]", "- [x]", 1),
    "references": lambda text: re.sub(r"(?<!\S)#(\d+)", r"o/r#\1", text),
    "newline": lambda text: text.removesuffix("\n"),
    "blanks": lambda text: re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE),
}
"""Line ends, a footer, a ticked box, long references, no last newline, no blanks at line ends."""
