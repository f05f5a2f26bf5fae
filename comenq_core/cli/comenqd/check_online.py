"""``comenqd check --online``: what the forge thinks of each account's credential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from comenq_core.cli.formatting import duration
from comenq_core.errors import ComenqError
from comenq_core.model import CheckResult, Severity
from comenq_core.policy.pacing import until_request
from comenq_core.protocols import CredentialChecker, Poster, Store
from comenq_core.text import printable

__all__ = ["examined"]


def examined(posters: Sequence[Poster], store: Store | None) -> Iterator[CheckResult]:
    """Ask the forge about each account, unless asking would make matters worse.

    Args:
        posters: one for each account.
        store: what knows which accounts have to be silent, if it is there.
    """
    for poster in posters:
        try:
            yield from _check_credentials(poster, store)
        except ComenqError as error:
            yield CheckResult(subject=poster.account, severity=Severity.ERROR, text=str(error))
        except Exception as error:  # noqa: BLE001 -- a stranger's code may raise anything
            text = f"the poster failed: {type(error).__name__}: {printable(error)}"
            yield CheckResult(subject=poster.account, severity=Severity.ERROR, text=text)


def _check_credentials(poster: Poster, store: Store | None) -> Sequence[CheckResult]:
    obstacle = _obstacle(poster, store) if store else None
    if obstacle:
        return [obstacle]
    if isinstance(poster, CredentialChecker):
        return poster.check_credential()
    text = "the poster has no way to examine it"
    return [CheckResult(subject=poster.account, severity=Severity.WARNING, text=text)]


def _obstacle(poster: Poster, store: Store) -> CheckResult | None:
    record = store.pacing().get(poster.account)
    if record is None:
        return None
    if record.rejected_credential and record.rejected_credential == poster.credential():
        text = f"its credential was refused, so it is not tried again: {record.reason}"
        return CheckResult(subject=record.account, severity=Severity.ERROR, text=text)
    silence = until_request(record, store.now())
    if silence:
        text = f"not asked: it has to be silent for {duration(silence)}: {record.reason}"
        return CheckResult(subject=record.account, severity=Severity.WARNING, text=text)
    return None
