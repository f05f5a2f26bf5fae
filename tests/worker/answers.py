"""What GitHub, and what stands before it, is known to answer: members of the stand-in's `Answer`.

The words are those of public reports; the report is named where the documentation does not have it.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "EVERYBODYS",
    "ONE_TARGETS",
    "SAML",
    "SECONDARY_PAGE",
    "UNHEARD_OF",
    "Said",
    "page",
    "said",
]

Said = dict[str, Any]


def said(status: int, message: str, **headers: str) -> Said:
    """An answer of the API's own."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "body": {"message": message, "status": str(status)}, "headers": named}


def page(status: int, text: str, content_type: str = "text/html; charset=utf-8") -> Said:
    """An answer of a proxy's, or of GitHub's edge."""
    return {"status": status, "text": text, "content_type": content_type}


SECONDARY_PAGE = page(
    403,
    "<!DOCTYPE html><html><body><p>You have exceeded a secondary rate limit.</p><p>Please wait a"
    " few minutes before you try again; in some cases this may take up to an hour.</p></body>",
)
"""pksunkara/octonode#264."""

SAML = said(
    403,
    "Resource protected by organization SAML enforcement. You must grant your Personal Access"
    " token access to this organization.",
    X_GitHub_SSO="required; url=https://github.com/orgs/octo/sso?authorization_request=ABC",
)
"""mcanouil/quarto-wizard#323."""

UNHEARD_OF = said(403, "This comment cannot be taken at the moment.")
"""A refusal in words that are in no table."""

EVERYBODYS: dict[str, Said] = {
    "version": said(
        400,
        'Bad Request: The version you specified in the "X-GitHub-API-Version" request header,'
        ' "2022-11-28", is not a supported version.',
    ),
    "suspended": said(
        403,
        "Sorry. This installation owned by octo suspended your access at 2026-03-02T22:29:29Z.",
    ),
    "allow_list": said(
        403,
        "Although you appear to have the correct authorization credentials, the `octo`"
        " organization has an IP allow list enabled, and 203.0.113.7 is not permitted to access"
        " this resource.",
    ),
    "email": said(403, "At least one email address must be verified to do that."),
    "no_backend": page(404, "default backend - 404", "text/plain"),
    "gone_page": page(410, "<html>Gone</html>"),
    "invalid_page": page(422, "<html>Unprocessable</html>"),
    "forbidden_page": page(403, "<html>Access denied by policy</html>"),
    "proxys_401": page(401, "<html>Log in to the proxy</html>"),
    "login": {"status": 302, "headers": {"Location": "https://login.example/?next=comments"}},
}
"""What every comment gets, whatever it says and wherever it is to go."""

ONE_TARGETS: dict[str, Said] = {
    "deleted": said(410, "This issue was deleted"),
    "locked": said(403, "Unable to create comment because issue is locked."),
    "invalid": {
        "status": 422,
        "body": {
            "message": "Validation Failed",
            "errors": [
                {
                    "resource": "IssueComment",
                    "code": "unprocessable",
                    "message": "Body is too long (maximum is 65536 characters)",
                }
            ],
        },
    },
}
"""What has a known meaning for one comment or its pull request."""
