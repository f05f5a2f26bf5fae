"""Who the accounts are at the forge, and whether it works: questions that change nothing there."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.model import Pacing, Unknown
from comenq_core.policy.recording import Demand
from comenq_core.process.log import Log
from comenq_core.protocols import AccountProbe, Identifiable, Poster

__all__ = ["Identities", "ask"]

log = Log("worker")


class Identities:
    """The accounts' names at the forge, as far as they are known."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    def read(self, records: Mapping[str, Pacing]) -> None:
        """Take over what the pacing records tell of accounts that were not asked yet."""
        for account, record in records.items():
            self.known.setdefault(account, record.login)

    def identify(self, poster: Poster) -> str:
        """The account's name at the forge; ``""`` where that cannot be known. Raises nothing."""
        if isinstance(poster, Identifiable):
            try:
                self.known[poster.account] = poster.login()
            except Exception as error:  # noqa: BLE001 -- a plugin may raise anything
                log.error("poster_broken", "The poster plugin failed.", account=poster.account,
                          error=type(error).__name__)  # fmt: skip
        self._report_twins(poster.account)
        return self.known.get(poster.account, "")

    def _report_twins(self, account: str) -> None:
        login = self.known.get(account, "").lower()
        twins = [name for name, known in self.known.items() if login and known.lower() == login]
        if len(twins) > 1 and (account, login) not in self._told:
            self._told.update((twin, login) for twin in twins)
            log.warning("same_account", "Several credentials are of one account at the forge: they"
                        " share its cooldown.", accounts=" ".join(sorted(twins)),
                        login=login)  # fmt: skip


def ask(poster: Poster) -> Demand | None:
    """Ask the forge whether it works and takes the account's credential; raise nothing.

    A poster that cannot ask leaves the question to the next comment.
    """
    if not isinstance(poster, AccountProbe):
        return None
    try:
        answer: object = poster.probe()
    except Exception as error:  # noqa: BLE001 -- a plugin may raise anything
        return _broken(poster, type(error).__name__)
    if answer is None or isinstance(answer, Demand):
        return answer
    return _broken(poster, f"it returned a {type(answer).__name__}")


def _broken(poster: Poster, why: str) -> Demand:
    log.error("poster_broken", "The poster plugin failed.", account=poster.account, error=why)
    return Unknown(message=f"the poster failed: {why}")
