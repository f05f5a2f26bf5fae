"""What GitHub is known to say when it refuses a comment, and on whom that is booked. Data.

The rows of ``docs/github.md`` are made of these. What is in no row is booked on nobody yet
(`Fault.UNCLEAR`), which is the safe side: the comment waits, and is tried once more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from comenq_core.model import Blocked, Fault, Refused

__all__ = ["LIMIT_TEXTS", "Refusal", "refusal"]

# The first three are secondary limits; the fourth is the primary one; the fifth is what all calls
# get for a while after several bad credentials; the last two are in the pages of GitHub's edge.
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
# https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#failed-login-limit
LIMIT_TEXTS = (
    "secondary rate limit",
    "abuse detection",
    "submitted too quickly",
    "rate limit exceeded",
    "maximum number of login attempts",
    "temporarily blocked from content creation",
    "too many requests",
)
"""What GitHub says of a limit, in lower case, in JSON and in HTML."""


class Refusal(NamedTuple):
    """What a refusal means.

    Args:
        kind: `Refused`, or `Blocked` if every comment would be refused so.
        fault: on whom it is booked.
        hint: what may be wrong, for people.
    """

    kind: type[Refused | Blocked]
    fault: Fault
    hint: str = ""


class _Row(NamedTuple):
    statuses: Collection[int]
    words: str
    meaning: Refusal


_COMMENT = Refusal(Refused, Fault.COMMENT)
_ACCOUNT = Refusal(Refused, Fault.ACCOUNT)
_BLOCKED = Refusal(Blocked, Fault.ACCOUNT)
_OTHER_API = Refusal(Blocked, Fault.ROUTE, "github_api_url may lead to something else")
_VERSION = Refusal(Blocked, Fault.ROUTE, "this server speaks another version: update comenq")
_UNCLEAR = Refusal(Refused, Fault.UNCLEAR)
_MISSING = Refusal(
    Refused,
    Fault.PULL_REQUEST,
    "no such pull request, or the token may not see the repository",
)
_GONE = Refusal(Refused, Fault.COMMENT, "comments were switched off or the issue was deleted")

_ANY = range(400, 500)
_ROWS = (
    # https://docs.github.com/en/rest/about-the-rest-api/api-versions: 400 for a version that is
    # not, or no longer, supported. It hits every comment, whatever the status.
    _Row(_ANY, "not a supported version", _VERSION),
    _Row(_ANY, "x-github-api-version", _VERSION),
    _Row(_ANY, "api version", _VERSION),
    # https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
    # A User-Agent or an Accept that does not arrive was changed on the way.
    _Row({403}, "administrative rules", _OTHER_API),
    _Row({406, 415}, "accept", _OTHER_API),
    # Kong's and AWS's API gateways speak JSON with a "message" as well.
    _Row({404}, "no route matched", _OTHER_API),
    _Row({403}, "missing authentication token", _OTHER_API),
    # The installation (probot/probot#1482) or the user is suspended; GitHub's staff have flagged
    # the account; the addresses that may use the organization's data are listed; the e-mail
    # address is not verified. Each of them hits all that the account does.
    _Row({403}, "suspended your access", _BLOCKED),
    _Row({403}, "installation has been suspended", _BLOCKED),
    _Row({403}, "installation is suspended", _BLOCKED),
    _Row({403}, "account was suspended", _BLOCKED),
    _Row({403}, "account has been suspended", _BLOCKED),
    _Row({403}, "account is suspended", _BLOCKED),
    _Row({403}, "account was flagged", _BLOCKED),
    _Row({403}, "account has been flagged", _BLOCKED),
    _Row({403}, "account is flagged", _BLOCKED),
    _Row({403}, "ip allow list", _BLOCKED),
    _Row({403}, "ip address is not permitted", _BLOCKED),
    _Row({403, 422}, "email address must be verified", _BLOCKED),
    _Row({403, 422}, "verify your email", _BLOCKED),
    _Row({403, 422}, "verified email", _BLOCKED),
    # One organization's rules, or one repository's, for this account: another may be allowed to.
    # https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    # https://docs.github.com/en/organizations/managing-oauth-access-to-your-organizations-data
    _Row({403}, "resource not accessible by", _ACCOUNT),
    _Row({403}, "x-github-sso: required", _ACCOUNT),
    _Row({403}, "saml enforcement", _ACCOUNT),
    _Row({403}, "oauth app access restrictions", _ACCOUNT),
    _Row({403}, "forbids access via a", _ACCOUNT),
    _Row({403}, "enterprise managed user", _ACCOUNT),
    _Row({403}, "must have admin rights", _ACCOUNT),
    _Row({403}, "must have push access", _ACCOUNT),
    _Row({403}, "must have write access", _ACCOUNT),
    _Row({403}, "limited the ability to comment", _ACCOUNT),
    _Row({403}, "interactions on this repository", _ACCOUNT),
    _Row({403, 422}, "user is blocked", _ACCOUNT),
    _Row({403, 422}, "blocked from commenting", _ACCOUNT),
    # This conversation or this repository takes no comment, whoever writes it.
    _Row({403}, "issue is locked", _COMMENT),
    _Row({403}, "conversation is locked", _COMMENT),
    _Row({403}, "conversation has been locked", _COMMENT),
    _Row({403}, "archived so is read-only", _COMMENT),
    # GitHub's staff have taken the repository down: 451 for a DMCA notice, 403 for other reasons.
    _Row({403, 451}, "repository access blocked", _COMMENT),
    _Row({451}, "", _COMMENT),
    # 422 about the text. Other words with this status may be about anything.
    _Row({422}, "validation failed", _COMMENT),
    _Row({422}, "invalid request", _COMMENT),
    _Row({422}, "properties/body", _COMMENT),
    _Row({422}, "body is too long", _COMMENT),
    _Row({422}, "body cannot be", _COMMENT),
    _Row({422}, "body can't be", _COMMENT),
    _Row({404}, "", _MISSING),
    _Row({410}, "", _GONE),
)


def refusal(status: int, words: str) -> Refusal:
    """What the API's refusal means.

    Args:
        status: 400 to 499.
        words: what it says, in lower case.
    """
    fitting = (row.meaning for row in _ROWS if status in row.statuses and row.words in words)
    return next(fitting, _UNCLEAR)
