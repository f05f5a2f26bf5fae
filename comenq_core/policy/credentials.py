"""Text that is unmistakably a credential, by its published form. Pure.

Each form begins with fixed characters, which are searched for first, and is checked there once. So
the time grows with the text and no further. Nothing is guessed by entropy: a hash is no credential.
No package with such a list alone is kept well; scanners bring entropy, plugins and a network.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FORMS", "Form", "credential_in", "with_article"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Not _ and -, which Markdown has around words as well: ``_ghp_…_``, ``-ghp_…``.
_WORD = frozenset(_DIGITS)
_ESCAPE = re.compile(
    r"(?:\\[abefnrtv]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|%[0-9a-f]{2}|\[[0-9;]{0,9}m)$",
    re.ASCII | re.IGNORECASE,
)
"""What ends in a letter or a digit and is no word: escapes of JSON, addresses and terminals."""
_LONGEST_ESCAPE = 12
_CHECKSUM = 6
_DOCUMENTED = b'"sub":"1234567890"'
"""What the web token has that documentations show."""
_LEAST_DIFFERENT = 8
"""Different characters, without which it is a placeholder, such as ``ghp_xxxxxxxx``."""


def _is_filled(text: str) -> bool:
    """Whether it is no placeholder of a documentation."""
    return len(set(text)) >= _LEAST_DIFFERENT and "EXAMPLE" not in text


def _has_checksum(text: str) -> bool:
    """Whether the last six digits are the CRC-32 of those before, in base 62."""
    random, checksum = text[-36:-_CHECKSUM], text[-_CHECKSUM:]
    number, found = zlib.crc32(random.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found == checksum


def _is_web_token(text: str) -> bool:
    """Whether it has the header and the claims of one, and is not that of the documentations."""
    header, claims, _ = f"eyJ{text}".split(".")
    try:
        described, claimed = (base64.urlsafe_b64decode(f"{one}==") for one in (header, claims))
        return "alg" in json.loads(described) and _DOCUMENTED not in claimed
    except (ValueError, TypeError, RecursionError):
        return False


def _ends_in_word(text: str, end: int) -> bool:
    """Whether a word is cut in two where what stands before this place ends."""
    if end == 0 or text[end - 1] not in _WORD:
        return False
    return not _ESCAPE.search(text[max(0, end - _LONGEST_ESCAPE) : end])


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one kind of credential.

    Args:
        name: what it is, for people.
        begins: the fixed characters with which it begins, one of these.
        rest: what follows, as a pattern; each repetition has an end, or one that it cannot pass.
        source: where the form is published.
        confirms: whether what follows is no placeholder.
    """

    name: str
    begins: tuple[str, ...]
    rest: re.Pattern[str]
    source: str
    confirms: Callable[[str], bool] = _is_filled

    def found_after(self, begin: str, text: str) -> bool:
        """Whether a text has one that begins so."""
        at = text.find(begin)
        while at >= 0:
            after = at + len(begin)
            # What stands within a longer word is part of something else.
            is_whole = begin[0] == "-" or not _ends_in_word(text, at)
            match = self.rest.match(text, after) if is_whole else None
            if match and self.confirms(match[0]):
                return True
            at = text.find(begin, after)
        return False


def _form(
    name: str, begins: str, rest: str, source: str, confirms: Callable[[str], bool] = _is_filled
) -> Form:
    return Form(name, tuple(begins.split("|")), re.compile(rest, re.ASCII), source, confirms)


_END = r"(?![_-]{0,9}[A-Za-z0-9])"
_THREE_PARTS = r"(?>[\w-]{10,2000})\.eyJ(?>[\w-]{10,8000})\.[\w-]{20,2000}"

_PRIVATE_KEYS = (
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY BLOCK",
)

FORMS = (
    _form("GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_", rf"[A-Za-z0-9]{{36}}{_END}",
          "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/",
          _has_checksum),
    _form("GitHub token", "ghs_", rf"[0-9]{{1,20}}_eyJ{_THREE_PARTS}",
          "https://github.blog/changelog/2026-04-24-notice-about-upcoming-new-format-for-github-app-installation-tokens/"),
    _form("GitHub token", "github_pat_", rf"[A-Za-z0-9]{{22}}_[A-Za-z0-9]{{59}}{_END}",
          "https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns"),
    _form("GitLab token", "glpat-|gldt-|glrt-|glptt-|glcbt-|gloas-|glsoat-",
          rf"[\w-]{{20,255}}(?:\.[\w-]{{2,20}}){{0,2}}{_END}",
          "https://docs.gitlab.com/security/tokens/"),
    _form("AWS access key", "AKIA|ASIA", rf"[A-Z2-7]{{16}}{_END}",
          "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"),
    _form("AWS secret key", "aws_secret_access_key|AWS_SECRET_ACCESS_KEY|SecretAccessKey",
          r"(?:\\?[\"'])?[ \t]{0,9}[=:][ \t]{0,9}(?:\\?[\"'])?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
          "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"),
    _form("Slack token", "xoxb-|xoxp-|xoxa-|xoxr-|xoxs-",
          rf"[0-9]{{8,14}}-[A-Za-z0-9-]{{18,200}}{_END}",
          "https://docs.slack.dev/authentication/tokens/"),
    _form("Slack token", "xoxe-|xoxe.xoxb-|xoxe.xoxp-", rf"[0-9]-[A-Za-z0-9]{{100,300}}{_END}",
          "https://docs.slack.dev/authentication/using-token-rotation/"),
    _form("Slack webhook", "hooks.slack.com/services/",
          rf"T[A-Z0-9]{{8,12}}/B[A-Z0-9]{{8,12}}/[A-Za-z0-9]{{24}}{_END}",
          "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/"),
    _form("Stripe key", "sk_live_|rk_live_", rf"[A-Za-z0-9]{{24,255}}{_END}",
          "https://docs.stripe.com/keys"),
    _form("OpenAI key", "sk-proj-|sk-svcacct-|sk-admin-",
          rf"[\w-]{{20,200}}T3BlbkFJ[\w-]{{20,200}}{_END}",
          "https://platform.openai.com/docs/api-reference/authentication"),
    _form("OpenAI key", "sk-", rf"[A-Za-z0-9]{{20}}T3BlbkFJ[A-Za-z0-9]{{20}}{_END}",
          "https://platform.openai.com/docs/api-reference/authentication"),
    _form("Anthropic key", "sk-ant-", rf"[a-z]{{3,8}}[0-9]{{2}}-[\w-]{{80,200}}{_END}",
          "https://docs.anthropic.com/en/api/admin-api/apikeys/get-api-key"),
    _form("npm token", "npm_", rf"[A-Za-z0-9]{{36}}{_END}",
          "https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/",
          _has_checksum),
    _form("PyPI token", "pypi-AgEIcHlwaS5vcmc|pypi-AgENdGVzdC5weXBpLm9yZw", r"[\w-]{50}",
          "https://pypi.org/help/#apitoken"),
    _form("Google API key", "AIza", rf"[\w-]{{35}}{_END}",
          "https://cloud.google.com/docs/authentication/api-keys"),
    _form("Google client secret", "GOCSPX-", rf"[\w-]{{28}}{_END}",
          "https://developers.google.com/identity/protocols/oauth2/web-server"),
    _form("SendGrid key", "SG.", rf"[\w-]{{22}}\.[\w-]{{43}}{_END}",
          "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys"),
    _form("Hugging Face token", "hf_", rf"[A-Za-z0-9]{{34}}{_END}",
          "https://huggingface.co/docs/hub/security-tokens"),
    _form("DigitalOcean token", "dop_v1_|doo_v1_|dor_v1_", rf"[0-9a-f]{{64}}{_END}",
          "https://docs.digitalocean.com/reference/api/create-personal-access-token/"),
    _form("Docker token", "dckr_pat_|dckr_oat_", rf"[\w-]{{27,32}}{_END}",
          "https://docs.docker.com/security/access-tokens/"),
    _form("Shopify token", "shpat_|shpca_|shppa_|shpss_", rf"[0-9a-fA-F]{{32}}{_END}",
          "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens"),
    _form("Grafana token", "glsa_", rf"[A-Za-z0-9]{{32}}_[0-9a-fA-F]{{8}}{_END}",
          "https://grafana.com/docs/grafana/latest/administration/service-accounts/"),
    _form("Vault token", "hvs.", rf"[\w-]{{90,300}}{_END}",
          "https://developer.hashicorp.com/vault/docs/concepts/tokens"),
    _form("age key", "AGE-SECRET-KEY-1", rf"[0-9A-Z]{{58}}{_END}",
          "https://c2sp.org/age"),
    _form("RubyGems key", "rubygems_", rf"[0-9a-f]{{48}}{_END}",
          "https://guides.rubygems.org/api-key-scopes/"),
    _form("Linear key", "lin_api_", rf"[A-Za-z0-9]{{40}}{_END}",
          "https://linear.app/developers/graphql"),
    _form("New Relic key", "NRAK-", rf"[A-Z0-9]{{27}}{_END}",
          "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/"),
    _form("comenq token", "comenq_",
          # At random, there is an upper-case letter; in a name of a metric or a module, none.
          rf"(?=[a-z0-9_-]{{0,42}}[A-Z])[\w-]{{43}}{_END}", "docs/web.md"),
    _form("web token", "eyJ", _THREE_PARTS,
          "https://www.rfc-editor.org/rfc/rfc7519", _is_web_token),
    _form("private key",
          "|".join(f"-----BEGIN {kind}-----" for kind in _PRIVATE_KEYS),
          # Up to a hundred characters of line ends, headers, or quotation marks of the comment.
          r"(?:(?!-----)[\s\S]){1,100}?[A-Za-z0-9+/]{32}",
          "https://www.rfc-editor.org/rfc/rfc7468"),
)  # fmt: skip
"""What is looked for, in this order."""


_BEGINS = [(begin, form) for form in FORMS for begin in form.begins]


def credential_in(text: str) -> str:
    """What kind of credential a text has, for people, such as ``GitHub token``; ``""`` if none."""
    for begin, form in _BEGINS:
        if begin in text and form.found_after(begin, text):
            return form.name
    return ""


def with_article(kind: str) -> str:
    """What `credential_in` found, as it stands in a sentence: ``an AWS access key``."""
    return f"an {kind}" if kind.startswith((*"AEIOaeiou", "npm")) else f"a {kind}"
