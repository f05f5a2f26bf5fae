"""Who the accounts are at the forge, and whether it works: questions that change nothing there."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.model import Demand, Pacing
from comenq_core.policy.recording import must_persist_backoff
from comenq_core.process.log import Log
from comenq_core.protocols import AccountProbe, Identifiable, Poster
from comenq_core.worker.calls import PosterCalls

__all__ = ["Identities", "ask"]

log = Log("worker")


class Identities:
    """The accounts' names at the forge, as far as they are known.

    Args:
        calls: of the posters, which tell them.
    """

    def __init__(self, calls: PosterCalls) -> None:
        self._calls = calls
        self.known: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    def read(self, records: Mapping[str, Pacing]) -> None:
        """Take over what the pacing records tell of accounts that were not asked yet."""
        for account, record in records.items():
            self.known.setdefault(account, record.login)

    def identify(self, poster: Poster) -> Demand | None:
        """Learn the account's name at the forge, if the forge tells it. Raises nothing.

        Returns:
            What the forge demands in place of an answer, if that concerns more than the name.
        """
        if not isinstance(poster, Identifiable):
            return None
        answer = self._calls.answer("login", poster.login, account=poster.account)
        self.known[poster.account] = answer if isinstance(answer, str) else ""
        self._report_twins(poster.account)
        # Without a name the account can post; only what comes after a lost answer is harder.
        if isinstance(answer, Demand) and must_persist_backoff(answer):
            return answer
        return None

    def _report_twins(self, account: str) -> None:
        login = self.known.get(account, "").lower()
        twins = [name for name, known in self.known.items() if login and known.lower() == login]
        if len(twins) > 1 and (account, login) not in self._told:
            self._told.update((twin, login) for twin in twins)
            log.warning("same_account", "Several credentials are of one account at the forge: they"
                        " share its cooldown.", accounts=" ".join(sorted(twins)),
                        login=login)  # fmt: skip


def ask(calls: PosterCalls, poster: Poster) -> Demand | None:
    """Ask the forge whether it works and takes the account's credential; raise nothing.

    A poster that cannot ask leaves the question to the next comment.
    """
    if not isinstance(poster, AccountProbe):
        return None
    answer = calls.answer("probe", poster.probe, account=poster.account)
    if answer is None or isinstance(answer, Demand):
        return answer
    return calls.wrong("probe", answer, account=poster.account)
