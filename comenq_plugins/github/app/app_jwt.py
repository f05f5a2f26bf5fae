"""The signed requests of a GitHub App itself, by which it asks for tokens.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from comenq_core.errors import SettingsError
from comenq_core.presentation.extras import how_to_get
from comenq_core.process.secret_file import read_secret
from comenq_core.text import printable
from comenq_plugins.github.auth.sources import App
from comenq_plugins.github.auth.tokens import TokenSource
from comenq_plugins.github.http.rate_limit import http_date
from comenq_plugins.github.http.responses import Reply

__all__ = ["AppJwt"]

# GitHub accepts ten minutes at most, and recommends a minute's margin for a clock that is ahead.
LIFETIME = timedelta(seconds=540)
MARGIN = timedelta(seconds=60)
# A line of a key in PEM has 64 characters, but for the last one.
KEY_LINE = 48


class AppJwt(TokenSource):
    """A JSON web token, made for each request.

    Its times are the machine's. Where GitHub rejects it, and the response's ``Date`` shows that
    one of the clocks is wrong, the times are GitHub's from then on.

    Args:
        app: the App.
    """

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app
        self._ahead = timedelta(0)

    def current(self, repository: str = "") -> str:  # noqa: ARG002 -- it is for all
        try:
            import jwt
        except ImportError as error:
            place = f"{self._app.place}: app_id"
            raise SettingsError(f"{place}: needs PyJWT; {how_to_get('app')}") from error
        now = datetime.now(UTC) + self._ahead
        claims = {"iat": now - MARGIN, "exp": now + LIFETIME, "iss": self._app.app_id}
        key_file = self._app.key_file
        try:
            return jwt.encode(claims, read_secret(key_file), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise SettingsError(
                f"{printable(key_file)}: is not the private key of a GitHub App (PEM, RSA)"
            ) from error

    def rejected(self, token: str, reply: Reply) -> bool:  # noqa: ARG002 -- it is always the latest
        """Take GitHub's time from now on, if it is another than was used."""
        date = http_date(reply.headers.get("date", ""))
        if date is None:
            return False
        ahead = date - datetime.now(UTC)
        is_other = abs(ahead - self._ahead) > MARGIN / 2
        self._ahead = ahead if is_other else self._ahead
        return is_other

    def secrets(self) -> Iterable[str]:
        """The key in lines of its own: a comment may have them without the first and the last."""
        lines = read_secret(self._app.key_file).splitlines()
        return [line for line in lines if len(line) >= KEY_LINE and "-----" not in line]

    def _credential(self) -> str:
        app = self._app
        return f"{app.app_id} {app.installation}" + read_secret(app.key_file)
