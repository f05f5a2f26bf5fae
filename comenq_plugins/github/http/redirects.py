"""May a redirect be followed? Pure.

requests turns a POST that is answered 301, 302 or 303 into a GET, whose 200 is no comment, and
GitHub answers so for repositories that were renamed or moved. So we follow redirects ourselves:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from comenq_core.model import Blocked, Fault, Unknown
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.http.showing import shown

__all__ = ["HOPS", "Follow", "follow", "same_origin"]

HOPS = 3
FOLLOWED = {301, 302, 307, 308}
# These do not ask to send the request again. But a login page may lie there.
NOT_FOLLOWED = {300, 303}
PERMANENT = {301, 308}
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Send the same request to ``url`` instead; from now on, if ``permanent``."""

    url: str
    permanent: bool


def follow(reply: Reply, *, url: str, hops: int) -> Follow | Blocked | Unknown | None:
    """Decide what to do about an answer from ``url``, reached after ``hops`` redirects.

    Returns:
        ``None`` when it is no redirect. `Blocked` when following it would give the token away, as
        with a gateway's login page, or never end: it says nothing about the comment. `Unknown`
        when it leads nowhere.
    """
    if reply.status not in FOLLOWED | NOT_FOLLOWED:
        return None
    location = reply.headers.get("location", "")
    target = _absolute(url, location)
    if location and (target is None or not same_origin(url, target.geturl())):
        place = shown(target.netloc if target else location, reply.secret)
        return _blocked(
            reply, f"redirected to {place}, where the token is not sent; check github_api_url"
        )
    if reply.status in NOT_FOLLOWED:
        return None
    if not location or target is None:
        return Unknown(message=f"{reply.summary}; it names no new address", status=reply.status)
    if hops >= HOPS:
        return _blocked(reply, f"redirected more than {HOPS} times; check github_api_url")
    permanent = reply.status in PERMANENT
    return Follow(url=target._replace(fragment="").geturl(), permanent=permanent)


def same_origin(one: str, other: str) -> bool:
    """Whether both have the same scheme, host and port, and neither a user's name."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        return "@" not in second.netloc and _origin(first) == _origin(second)
    except ValueError:
        return False


def _blocked(reply: Reply, why: str) -> Blocked:
    return Blocked(message=why, status=reply.status, fault=Fault.ROUTE)


def _absolute(base: str, location: str) -> SplitResult | None:
    try:
        return urlsplit(urljoin(base, location))
    except ValueError:
        return None


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or PORTS.get(url.scheme)
