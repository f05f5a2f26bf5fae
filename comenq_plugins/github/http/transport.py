"""Sends one request and brings back the answer, or what is known about why there is none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError

from comenq_core import __version__
from comenq_core.model import Unavailable, Unknown
from comenq_core.text import printable
from comenq_plugins.github.http.deadline import Adapter, Deadline, current
from comenq_plugins.github.http.responses import Reply

__all__ = ["ANSWER_LIMIT", "Transport"]

ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer: a page of a hundred of the longest comments fits."""

# https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#headers
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
ATTEMPTS = 3
# Of the attempt's time: a request that is begun later is cut off in its middle, and in doubt.
LEAST = 0.1


class Transport:
    """A session with GitHub: one connection, kept; proxies and CA bundles as requests has them.

    Args:
        contact: where the operator can be reached; it becomes part of the User-Agent.
    """

    def __init__(self, contact: str = "") -> None:
        self._session = _Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Adapter(max_retries=0))
        agent = f"comenq/{__version__}"
        named = f"{agent} (+{contact})" if contact else agent
        self._session.headers.update({**HEADERS, "User-Agent": named})
        self._known: dict[tuple[str, str], Any] = {}
        self._persist = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=1),
            retry=retry_if_result(lambda result: isinstance(result, Unavailable)),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )

    def send(
        self, method: str, url: str, *, token: str, body: bytes | None = None
    ) -> Reply | Unavailable | Unknown:
        """Send one request within the current `Deadline`.

        As long as nothing has been sent, it is tried again at once, a few times. The token is
        struck out of what comes back, so that no message can show it.
        """
        return self._persist(self._send_once, method, url, token, body)

    def _send_once(
        self, method: str, url: str, token: str, body: bytes | None
    ) -> Reply | Unavailable | Unknown:
        attempt = current()
        attempt.may_be_sent = False
        if attempt.remaining <= LEAST * attempt.seconds:
            return _failure(url, attempt, "too little time is left")
        # Each of the host's addresses is given this long, and four that do not answer fit in.
        connect = attempt.remaining / 4
        try:
            with self._session.request(
                method,
                url,
                data=body,
                auth=_Bearer(token),
                headers={"Content-Type": "application/json"} if body is not None else None,
                timeout=(connect, attempt.remaining),
                allow_redirects=False,
                **self._surroundings(url),
            ) as response:
                return _reply(response, token)
        except (requests.RequestException, HTTPError, OSError) as error:
            return _failure(url, attempt, _cause(error))

    def _surroundings(self, url: str) -> dict[str, Any]:
        # The environment's proxies and CA bundles. It does not change, and reading it for each
        # request, as requests does, takes a quarter of the request's time.
        scheme, host, *_ = urlsplit(url)
        if (scheme, host) not in self._known:
            with requests.Session() as trusting:
                found = trusting.merge_environment_settings(
                    url, proxies={}, stream=True, verify=None, cert=None
                )
            # What is not encrypted is for this machine only, and a proxy could read the token.
            self._known[scheme, host] = {**found, "proxies": {}} if scheme == "http" else found
        return dict(self._known[scheme, host])


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """See no redirect anywhere: we follow by our own hand, and requests would read it all."""


class _Bearer(AuthBase):
    """Sets the header. With any auth of our own, requests leaves netrc alone."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _reply(response: requests.Response, token: str) -> Reply:
    body = bytearray()
    for chunk in response.iter_content(65_536):
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise requests.RequestException(f"the answer is longer than {ANSWER_LIMIT} bytes")
    return Reply(
        status=response.status_code,
        headers={name.lower(): _without(token, value) for name, value in response.headers.items()},
        body=bytes(body).replace(token.encode(), b"***"),
    )


def _without(token: str, text: str) -> str:
    return text.replace(token, "***")


def _failure(url: str, attempt: Deadline, cause: str) -> Unavailable | Unknown:
    host = printable(urlsplit(url).netloc)
    why = cause if attempt.remaining else f"no complete answer in {attempt.seconds:g} s"
    if attempt.may_be_sent:
        return Unknown(message=f"{host} may or may not have the request: {why}")
    return Unavailable(message=f"{host} cannot be reached: {why}")


def _cause(error: BaseException) -> str:
    """What went wrong at the bottom: above it, each library only repeats it at greater length."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return printable(str(error) or type(error).__name__)
