"""Tokens of a GitHub App's installations: made with the App's key, valid for an hour, renewed.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from comenq_core.model import (
    Blocked,
    Fault,
    Outcome,
    Refused,
    Severity,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.process.clock import since_boot
from comenq_core.text import printable
from comenq_plugins.github.app.app_jwt import AppJwt
from comenq_plugins.github.auth.sources import App
from comenq_plugins.github.auth.tokens import NoToken, TokenSource
from comenq_plugins.github.check_token import BOT, Remark
from comenq_plugins.github.client import GitHubClient, NoReply, found, outcome_of
from comenq_plugins.github.http.rate_limit import http_date
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.http.transport import Transport

__all__ = ["AppToken"]

RENEW_BEFORE = timedelta(minutes=5)
# An App can be installed, and a repository moved, at any time.
INSTALLATION_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    renew_at: float


class AppToken(TokenSource):
    """The tokens of a GitHub App: one for each installation, which is each owner's own.

    Args:
        url: of the API, without a slash at its end.
        app: the App.
        transport: what to ask GitHub through.

    Raises:
        SettingsError: the key cannot be used, or the extra ``comenq[app]`` is not installed.
    """

    def __init__(self, *, url: str, app: App, transport: Transport) -> None:
        super().__init__()
        self._app = app
        self._jwt = AppJwt(app)
        self._client = GitHubClient(url, transport, self._jwt)
        self._installations: dict[str, tuple[int, float]] = {}
        self._tokens: dict[int, _Token] = {}
        self._latest = app.installation
        self._jwt.current()

    @property
    def is_of_owners(self) -> bool:
        return not self._app.installation

    def current(self, repository: str = "") -> str | NoToken:
        """The token of the repository's installation, renewed in time. Called within a `Deadline`.

        Without ``repository``, it is that of the latest installation.
        """
        installation = self._app.installation or self._installation(repository)
        if not isinstance(installation, int):
            return installation
        self._latest = installation
        known = self._tokens.get(installation)
        if known and since_boot() < known.renew_at:
            return known.text
        return self._renew(installation)

    def rejected(self, token: str, reply: Reply) -> bool:  # noqa: ARG002 -- why does not matter
        """Ask for another token: one may end before its hour, or be too new for all servers."""
        self._tokens = {key: known for key, known in self._tokens.items() if known.text != token}
        return True

    def whoami(self) -> str | Outcome:
        """The name under which the App comments. Called within a `Deadline`."""
        reply = self._client.ask("GET", f"{self._client.url}/app")
        app = found(reply)
        if isinstance(app, dict) and isinstance(app.get("slug"), str):
            return f"{app['slug']}[bot]"
        return outcome_of(reply)

    def probe(self) -> str | Outcome:
        """Ask whether the App gets tokens: for the latest installation, or else who it is."""
        if not self._latest:
            return self.whoami()
        token = self._renew(self._latest)
        return "" if isinstance(token, str) else token

    def check(self) -> Iterator[Remark]:
        """What there is to tell an operator about the App. Called within a `Deadline`."""
        name = self.whoami()
        if not isinstance(name, str):
            yield Severity.ERROR, name.message
            return
        yield Severity.OK, f"the App comments as {printable(name)}"
        token = self._renew(self._latest) if self._latest else ""
        if not isinstance(token, str):
            yield Severity.ERROR, token.message
        yield BOT

    def fingerprint(self) -> str:
        # The App's key, not the hourly token.
        return self._jwt.fingerprint()

    def secrets(self) -> Iterable[str]:
        return [*self._jwt.secrets(), *(token.text for token in self._tokens.values())]

    def fault(self) -> str:
        return self._jwt.fault()

    def _installation(self, repository: str) -> int | NoToken:
        if not repository:
            return self._latest or Unavailable(message="an App has tokens for repositories only")
        name = repository.lower()
        owner = name.partition("/")[0]
        for place in (name, owner):
            installation, until = self._installations.get(place, (0, 0.0))
            if since_boot() < until:
                return installation
        reply = self._client.ask("GET", f"{self._client.url}/repos/{repository}/installation")
        value = found(reply)
        if not isinstance(value, dict) or type(value.get("id")) is not int:
            return _not_installed(reply, repository)
        # A repository that has moved has its new owner's installation, which the old owner's other
        # repositories do not have.
        place = owner if _login(value.get("account")) in {"", owner} else name
        self._installations[place] = value["id"], since_boot() + INSTALLATION_SECONDS
        return int(value["id"])

    def _renew(self, installation: int) -> str | NoToken:
        url = f"{self._client.url}/app/installations/{installation}/access_tokens"
        reply = self._client.ask("POST", url)
        made = _read_token(reply) if isinstance(reply, Reply) else None
        if made:
            self._tokens[installation] = made
            return made.text
        failure = _no_token(reply)
        if not self.is_of_owners:
            return _of_the_account(failure)
        # It is looked up again: it may have been replaced by another.
        self._installations = {
            place: known for place, known in self._installations.items() if known[0] != installation
        }
        return _of_the_owner(failure)


def _read_token(reply: Reply) -> _Token | None:
    fields = reply.json
    if reply.status != HTTPStatus.CREATED or not isinstance(fields, dict):
        return None
    text, expires = fields.get("token"), _instant(fields.get("expires_at"))
    if not isinstance(text, str) or not text or not expires:
        return None
    now = http_date(reply.headers.get("date", "")) or datetime.now(UTC)
    renew_in = (expires - now - RENEW_BEFORE).total_seconds()
    return _Token(text=text, renew_at=since_boot() + renew_in)


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def _login(account: object) -> str:
    login = account.get("login") if isinstance(account, dict) else None
    return login.lower() if isinstance(login, str) else ""


def _not_installed(reply: Reply | NoReply, repository: str) -> NoToken:
    if isinstance(reply, Reply) and reply.status == HTTPStatus.NOT_FOUND and reply.texts:
        return Refused(
            message=f"the App is not installed for {repository}",
            status=reply.status,
            fault=Fault.ACCOUNT,
        )
    return _of_the_owner(_no_token(reply))


def _no_token(reply: Reply | NoReply) -> NoToken:
    """Why the App gets no token: nothing of a comment was sent."""
    result = outcome_of(reply)
    message = f"no token for the App's installation: {result.message}"
    match result:
        case Throttled(wait=wait) | Unknown(wait=timedelta() as wait):
            return Throttled(wait=wait, message=message, status=result.status)
        case Refused() | Unauthorized() | Blocked():
            return replace(result, message=message)
        case _:
            return Unavailable(message=message, status=result.status)


def _of_the_account(failure: NoToken) -> NoToken:
    """What it means where the settings name the installation: every comment needs its token."""
    if isinstance(failure, Refused):
        return Unauthorized(message=failure.message, status=failure.status)
    return failure


def _of_the_owner(failure: NoToken) -> NoToken:
    """What it means for an owner's installation: it was removed or suspended, others are not."""
    match failure:
        case Refused() | Blocked(fault=Fault.ACCOUNT):
            return Refused(message=failure.message, status=failure.status, fault=Fault.ACCOUNT)
    return failure
