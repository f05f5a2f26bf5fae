"""What ``comenqd check`` finds of the tokens of clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from comenq_core.errors import ComenqError, SettingsError
from comenq_core.model import CheckResult, Severity
from comenq_core.plugins.registry import Registry
from comenq_core.presentation.formatting import plural
from comenq_core.process.token_file import read_tokens
from comenq_core.settings import Settings
from comenq_core.text import nearest

__all__ = ["check_tokens"]


def check_tokens(settings: Settings, plugins: Registry) -> Iterator[CheckResult]:
    """Whether each intake that tells clients by tokens has some, and can read them."""
    with suppress(ComenqError):  # an earlier result says so
        for file in plugins.token_files(settings):
            try:
                tokens = read_tokens(file)
            except SettingsError as error:
                yield CheckResult(subject="tokens", severity=Severity.ERROR, text=str(error))
                continue
            yield from _unknown(settings, [token.name for token in tokens])
            if tokens:
                yield CheckResult(
                    subject="tokens", text=f"{plural(len(tokens), 'token')} in {file}"
                )
            else:
                text = f"there are none in {file}, so nobody is served; run: comenqd token create"
                yield CheckResult(subject="tokens", severity=Severity.WARNING, text=text)


def _unknown(settings: Settings, known: Sequence[str]) -> Iterator[CheckResult]:
    """The tokens that policies name and that are not there: a misspelt name binds nobody."""
    for name, table in settings.policies().items():
        for token in table.tokens:
            if token not in known:
                meant = nearest(token, known)
                hint = f"; did you mean {meant}?" if meant else ""
                yield CheckResult(
                    subject=f"policies.{name}",
                    severity=Severity.WARNING,
                    text=f"there is no token {token}, so it binds nobody{hint}",
                )
