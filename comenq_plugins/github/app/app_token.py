"""Tokens of a GitHub App's installation: made with the App's key, valid for an hour, renewed.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from comenq_core.errors import SettingsError
from comenq_core.model import Refused, Throttled, Unauthorized, Unavailable
from comenq_core.text import printable
from comenq_plugins.github.auth.secret_file import read_secret
from comenq_plugins.github.auth.tokens import TokenSource
from comenq_plugins.github.http.rate_limit import http_date
from comenq_plugins.github.http.responses import Reply, outcome
from comenq_plugins.github.http.transport import Transport

__all__ = ["AppToken"]

# GitHub accepts ten minutes at most, and recommends a margin for a clock that is ahead.
JWT_SECONDS = 540
CLOCK_SECONDS = 60
RENEW_BEFORE = timedelta(minutes=5)


class AppToken(TokenSource):
    """The token of one installation of a GitHub App.

    Args:
        url: of the API.
        app: the App's id or client id.
        installation: the installation's id.
        key_file: the App's private key, PEM; ``${CREDENTIALS_DIRECTORY}`` in it is expanded.
        transport: what to ask GitHub through.

    Raises:
        SettingsError: the key cannot be used, or the extra ``comenq[app]`` is not installed.
    """

    def __init__(
        self, *, url: str, app: str, installation: int, key_file: str, transport: Transport
    ) -> None:
        self._endpoint = f"{url}/app/installations/{installation}/access_tokens"
        self._identity = f"{app} {installation}"
        self._app = app
        self._key_file = key_file
        self._transport = transport
        self._token = ""
        self._renew_at = 0.0
        self._jwt()

    def current(self) -> str | Throttled | Unauthorized | Unavailable:
        """The installation's token, renewed in time. Called within a `Deadline`."""
        if self._token and time.monotonic() < self._renew_at:
            return self._token
        reply = self._transport.send("POST", self._endpoint, token=self._jwt(), body=b"")
        return self._take(reply) if isinstance(reply, Reply) else Unavailable(message=reply.message)

    def rejected(self) -> None:
        """Ask for another token next time."""
        self._token = ""

    def _credential(self) -> str:
        # The App's key, not the hourly token.
        return self._identity + read_secret(self._key_file)

    def _take(self, reply: Reply) -> str | Throttled | Unauthorized | Unavailable:
        now = datetime.now(UTC)
        fields = reply.json
        if reply.status == HTTPStatus.CREATED and isinstance(fields, dict):
            token, expires = fields.get("token"), _instant(fields.get("expires_at"))
            if isinstance(token, str) and token and expires:
                lifetime = expires - (http_date(reply.headers.get("date", "")) or now)
                self._token = token
                self._renew_at = time.monotonic() + (lifetime - RENEW_BEFORE).total_seconds()
                return token
        return _no_token(reply, now)

    def _jwt(self) -> str:
        try:
            import jwt
        except ImportError as error:
            raise SettingsError(
                "[github] app_id: needs PyJWT; run: pip install 'comenq[app]'"
            ) from error
        now = int(time.time())
        claims = {"iat": now - CLOCK_SECONDS, "exp": now + JWT_SECONDS, "iss": self._app}
        try:
            return jwt.encode(claims, read_secret(self._key_file), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise SettingsError(
                f"{printable(self._key_file)}: is not the private key of a GitHub App (PEM, RSA)"
            ) from error


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def _no_token(reply: Reply, now: datetime) -> Throttled | Unauthorized | Unavailable:
    message = f"no token for the App's installation: {reply.summary}"
    match outcome(reply, now):
        case Throttled(wait=wait):
            return Throttled(wait=wait, message=message, status=reply.status)
        case Refused() | Unauthorized() as result:
            return Unauthorized(message=message, status=result.status)
        case result:
            return Unavailable(message=message, status=result.status)
