"""What GitHub answers to an App itself, which signs its requests with its key.

The shapes follow https://docs.github.com/en/rest/apps/apps.
"""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.testing.forge.calls import REPO, Call, Route, error
from comenq_core.testing.forge.records import Installation, Reply

__all__ = ["APP_ID", "APP_ROUTES", "SUSPENDED"]

APP_ID = 12_345
SUSPENDED = "2026-03-02T22:29:29Z"
ANYWHERE = Installation(id=42)


def _app(call: Call) -> Reply:
    slug = call.state.tokens.app
    return Reply(status=200, body={"id": APP_ID, "slug": slug, "name": slug})


def _installation(call: Call) -> Reply:
    tokens, owner = call.state.tokens, call.match["owner"]
    known = {name.lower(): one for name, one in tokens.installations.items()}
    found = known.get(owner.lower()) if known else ANYWHERE
    if found is None:
        return error(404, "Not Found")
    since = SUSPENDED if found.suspended else None
    account = {"login": owner, "type": "Organization"}
    shown = {"id": found.id, "account": account, "app_slug": tokens.app, "suspended_at": since}
    return Reply(status=200, body=shown)


def _access_token(call: Call) -> Reply:
    tokens, installation = call.state.tokens, int(call.match["id"])
    owner = tokens.owner(installation)
    if tokens.installations and not owner:
        return error(404, "Not Found")
    if owner and tokens.installations[owner].suspended:
        return error(403, "This installation has been suspended")
    return Reply(status=201, body=tokens.mint(installation, call.state.now()))


APP_ROUTES: Sequence[Route] = (
    Route("GET", "/app", _app),
    Route("GET", rf"{REPO}/installation", _installation),
    Route("POST", r"/app/installations/(?P<id>\d+)/access_tokens", _access_token),
)
