"""May a redirect be followed? Pure.

requests turns a POST that is answered 301, 302 or 303 into a GET, whose 200 is no comment, and
GitHub answers so for repositories that were renamed or moved. So we follow redirects ourselves:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from comenq_core.model import Refused, Unknown
from comenq_core.text import printable
from comenq_plugins.github.http.responses import Reply

__all__ = ["HOPS", "Follow", "follow", "same_origin"]

HOPS = 3
FOLLOWED = {301, 302, 307, 308}
PERMANENT = {301, 308}
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Send the same request to ``url`` instead; from now on, if ``permanent``."""

    url: str
    permanent: bool


def follow(reply: Reply, *, url: str, hops: int) -> Follow | Refused | Unknown | None:
    """Decide what to do about an answer from ``url``, reached after ``hops`` redirects.

    Returns:
        ``None`` when it is no redirect. `Refused` when following it would give the token away, or
        never end. `Unknown` when it leads nowhere.
    """
    if reply.status not in FOLLOWED:
        return None
    location = reply.headers.get("location", "")
    if not location:
        return Unknown(message=f"{reply.summary}; it names no new address", status=reply.status)
    target = _absolute(url, location)
    if target is None or not same_origin(url, target.geturl()):
        place = printable(target.netloc if target else location)
        why = f"redirected to {place}, where the token is not sent; check github_api_url"
        return Refused(message=why, status=reply.status)
    if hops >= HOPS:
        return Refused(message=f"redirected more than {HOPS} times", status=reply.status)
    permanent = reply.status in PERMANENT
    return Follow(url=target._replace(fragment="").geturl(), permanent=permanent)


def same_origin(one: str, other: str) -> bool:
    """Whether both have the same scheme, host and port, and neither a user's name."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        return "@" not in second.netloc and _origin(first) == _origin(second)
    except ValueError:
        return False


def _absolute(base: str, location: str) -> SplitResult | None:
    try:
        return urlsplit(urljoin(base, location))
    except ValueError:
        return None


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or PORTS.get(url.scheme)
