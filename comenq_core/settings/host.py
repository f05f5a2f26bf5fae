"""Which host has the pages of the pull requests that an API is for. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

__all__ = ["host_of"]

_GITHUB = "github.com"
_GHE_COM = re.compile(r"api\.([a-z0-9-]+\.ghe\.com)")
_USUAL_PORTS = {("https", 443), ("http", 80)}


def host_of(api_url: str) -> str:
    """The host in the addresses of pull requests.

    An enterprise on GitHub's own machines has its API at ``https://api.NAME.ghe.com``, a GitHub
    Enterprise Server below ``/api/v3``. Any other address stands for github.com.
    """
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    if on_ghe := _GHE_COM.fullmatch(host):
        return on_ghe[1]
    if host == f"api.{_GITHUB}" or not parts.path.rstrip("/").endswith("/api/v3"):
        return _GITHUB
    name = f"[{host}]" if ":" in host else host
    is_usual = parts.port is None or (parts.scheme, parts.port) in _USUAL_PORTS
    return name if is_usual else f"{name}:{parts.port}"
