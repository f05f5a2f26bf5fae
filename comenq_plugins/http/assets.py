"""The style and the script: each has an address that changes with its content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from comenq_plugins.http.etags import is_known

__all__ = ["Assets"]

TYPES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    version: str
    media_type: str


class Assets:
    """The files in ``static``."""

    def __init__(self) -> None:
        self._assets = {name: _read(name, media_type) for name, media_type in TYPES.items()}

    def routes(self) -> Sequence[Route]:
        """Where they are; nothing in them is secret."""
        return [Route("/static/{version}/{name}", self._answer, name="static")]

    def version(self, name: str) -> str:
        """What the address of a file has to say, so that no cache keeps an earlier one."""
        return self._assets[name].version

    async def _answer(self, request: Request) -> Response:
        asset = self._assets.get(request.path_params["name"])
        if asset is None or asset.version != request.path_params["version"]:
            raise HTTPException(404)
        headers = {
            "ETag": f'"{asset.version}"',
            "Cache-Control": "public, max-age=31536000, immutable",
        }
        if is_known(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(asset.content, headers=headers, media_type=asset.media_type)


def _read(name: str, media_type: str) -> _Asset:
    content = files("comenq_plugins.http").joinpath("static", name).read_bytes()
    return _Asset(content, hashlib.sha256(content).hexdigest()[:16], media_type)
