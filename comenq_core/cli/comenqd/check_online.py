"""``comenqd check --online``: whether the forge accepts each account's credential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from comenq_core.errors import ComenqError
from comenq_core.model import CheckResult, Severity
from comenq_core.policy.pacing import until_request
from comenq_core.presentation.formatting import duration
from comenq_core.process.isolation import described, pass_on_interrupt
from comenq_core.protocols import CredentialChecker, Identifiable, Poster, Store
from comenq_core.text import printable

__all__ = ["check_accounts"]


def check_accounts(
    posters: Sequence[Poster], store: Store | None, plugin: str
) -> Iterator[CheckResult]:
    """Ask the forge about each account, unless it is rate-limited or its credential was rejected.

    Args:
        posters: one for each account.
        store: has the pacing records; ``None`` if there is none yet.
        plugin: whose posters they are, in words.
    """
    logins: dict[str, str] = {}
    for poster in posters:
        try:
            obstacle = _obstacle(poster, store) if store else None
            if obstacle:
                yield obstacle
                continue
            results = _check_account(poster)
            yield from results
            is_wrong = any(result.severity is Severity.ERROR for result in results)
            if len(posters) > 1 and isinstance(poster, Identifiable) and not is_wrong:
                login = poster.login()
                if isinstance(login, str):
                    yield from _same_account(poster.account, login, logins)
        except ComenqError as error:
            yield CheckResult(subject=poster.account, severity=Severity.ERROR, text=str(error))
        except BaseException as error:  # noqa: BLE001 -- a plugin may raise anything
            pass_on_interrupt(error)
            text = f"{plugin} failed: {described(error)}"
            yield CheckResult(subject=poster.account, severity=Severity.ERROR, text=text)


def _check_account(poster: Poster) -> Sequence[CheckResult]:
    if isinstance(poster, CredentialChecker):
        return poster.check_credential()
    text = "not checked: this poster cannot check its credential"
    return [CheckResult(subject=poster.account, severity=Severity.WARNING, text=text)]


def _same_account(account: str, login: str, logins: dict[str, str]) -> Iterator[CheckResult]:
    """Whether another account before this one has its login; ``logins`` has the accounts so far."""
    first = logins.setdefault(login.lower(), account) if login else account
    if first != account:
        text = (
            f"is the same account as {first} ({printable(login)}): both together post at the pace"
            " of one"
        )
        yield CheckResult(subject=account, severity=Severity.WARNING, text=text)


def _obstacle(poster: Poster, store: Store) -> CheckResult | None:
    record = store.pacing().get(poster.account)
    if record is None:
        return None
    if record.rejected_credential and record.rejected_credential == poster.credential():
        text = f"not checked: the forge has rejected this credential: {record.reason}"
        return CheckResult(subject=record.account, severity=Severity.ERROR, text=text)
    wait = until_request(record, store.now())
    if wait:
        text = f"not checked: no request may be sent for {duration(wait)}: {record.reason}"
        return CheckResult(subject=record.account, severity=Severity.WARNING, text=text)
    return None
