"""What the worker needs besides its plugins, for ``comenqd check``: a credential, its commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from comenq_core.errors import ComenqError
from comenq_core.model import CheckResult, Severity
from comenq_core.process.isolation import described, pass_on_interrupt
from comenq_core.protocols import ConversationReader, CredentialHolder, Poster
from comenq_core.settings import Settings
from comenq_core.worker.notifier import missing_commands

__all__ = ["check_commands", "check_credentials", "check_following"]


def check_commands(settings: Settings) -> Iterator[CheckResult]:
    """An error for each command that is told of jobs and is not there; none is run."""
    for name, text in missing_commands(settings):
        yield CheckResult(subject=name, severity=Severity.ERROR, text=text)


def check_credentials(posters: Sequence[Poster], plugin: str) -> Iterator[CheckResult]:
    """An error for each account that has no credential to use; the forge is not asked.

    Args:
        posters: one for each account.
        plugin: whose posters they are, in words.
    """
    for poster in posters:
        if fault := _fault(poster, plugin):
            yield CheckResult(subject=poster.account, severity=Severity.ERROR, text=fault)


def check_following(
    settings: Settings, posters: Sequence[Poster], plugin: str
) -> Iterator[CheckResult]:
    """A warning for each account that cannot read what a reviewer answers, if there are reviewers.

    Args:
        settings: those of the daemon.
        posters: one for each account.
        plugin: whose posters they are, in words.
    """
    for poster in posters if settings.reviewers else ():
        if not isinstance(poster, ConversationReader):
            text = f"{plugin} cannot read what reviewers answer: their triggers are not followed"
            yield CheckResult(subject=poster.account, severity=Severity.WARNING, text=text)


def _fault(poster: Poster, plugin: str) -> str:
    if not isinstance(poster, CredentialHolder):
        return ""
    try:
        return poster.credential_fault()
    except ComenqError as error:
        return str(error)
    except BaseException as error:  # noqa: BLE001 -- a plugin may raise anything
        pass_on_interrupt(error)
        return f"{plugin} failed: {described(error)}"
