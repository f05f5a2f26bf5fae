"""Sends one request and returns the answer, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError

from comenq_core import __version__
from comenq_core.model import Unavailable, Unknown
from comenq_core.text import printable, words_of
from comenq_plugins.github.http.deadline import Adapter, Deadline, current
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.http.showing import shown

__all__ = ["ANSWER_LIMIT", "Transport"]

ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer: a page of a hundred of the longest comments fits."""

# https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#headers
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
ATTEMPTS = 3
# The share of an attempt's time that a request needs: one begun later would be cut off in its
# middle, and have to be checked.
MINIMUM_SHARE = 0.1


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
        agent = f"comenq/{__version__} (+{contact})" if contact else f"comenq/{__version__}"
        self._session.headers.update({**HEADERS, "User-Agent": agent})
        self._known: dict[tuple[str, str], Any] = {}
        self._retry = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=1),
            retry=retry_if_result(lambda result: isinstance(result, Unavailable)),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )

    def send(
        self, method: str, url: str, *, token: str, body: bytes | None = None, tag: str = ""
    ) -> Reply | Unavailable | Unknown:
        """Send one request within the current `Deadline`.

        As long as nothing has been sent, it is repeated at once, a few times. What comes back is
        as it came; it knows the token, so that no message shows it. With the entity ``tag`` of an
        earlier answer, one that would be the same is 304 and empty.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if tag:
            headers["If-None-Match"] = tag
        return self._retry(self._send_once, method, url, token, body, headers)

    def _send_once(
        self, method: str, url: str, token: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply | Unavailable | Unknown:
        deadline = current()
        deadline.may_be_sent = False
        if deadline.remaining <= MINIMUM_SHARE * deadline.seconds:
            return _failure(url, deadline, "too little time is left")
        # So long for each of the host's addresses: four that do not answer fit in.
        connect = deadline.remaining / 4
        try:
            with self._session.request(
                method,
                url,
                data=body,
                auth=_Bearer(token),
                headers=headers,
                timeout=(connect, deadline.remaining),
                allow_redirects=False,
                **self._environment(url),
            ) as response:
                return _reply(response, token)
        except (requests.RequestException, HTTPError, OSError) as error:
            return _failure(url, deadline, shown(_cause(error), token))

    def _environment(self, url: str) -> dict[str, Any]:
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
        """Report no redirect: we follow them ourselves, and requests would read the whole body."""


class _Bearer(AuthBase):
    """Sets the header, given a token. With any auth of our own, requests leaves netrc alone."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
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
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(body),
        secret=token,
    )


def _failure(url: str, deadline: Deadline, cause: str) -> Unavailable | Unknown:
    host = printable(urlsplit(url).netloc)
    why = cause if deadline.remaining else f"no complete answer in {deadline.seconds:g} s"
    if deadline.may_be_sent:
        return Unknown(message=f"{host} may or may not have the request: {why}")
    return Unavailable(message=f"{host} cannot be reached: {why}")


def _cause(error: BaseException) -> str:
    """The innermost cause: each library above only repeats it in more words."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return words_of(error) or type(error).__name__
