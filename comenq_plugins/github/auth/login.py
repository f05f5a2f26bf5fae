"""Who an account is at GitHub: asked once for each credential, and learned from what it posts.

A forge locks out those who go on with a rejected credential, so that one is not asked with again.
"""

from __future__ import annotations

from collections.abc import Callable

from comenq_core.model import Outcome, Refused, Unauthorized

__all__ = ["Login"]


class Login:
    """The account's name at GitHub.

    Args:
        fingerprint: tells one credential from another.
        ask: asks GitHub.
    """

    def __init__(self, fingerprint: Callable[[], str], ask: Callable[[], str | Outcome]) -> None:
        self._fingerprint = fingerprint
        self._ask = ask
        self._known: tuple[str, str] | None = None

    def get(self) -> str | Outcome:
        """The name, ``""`` where GitHub does not say it; or why it cannot be asked at the moment.

        Called within a `Deadline`.
        """
        credential = self._fingerprint()
        if self._known and self._known[0] == credential:
            return self._known[1]
        answer = self._ask()
        if isinstance(answer, str):
            self.learn(credential, answer)
        elif isinstance(answer, Refused | Unauthorized):
            self.learn(credential, "")
        return "" if isinstance(answer, Refused) else answer

    def learn(self, credential: str, login: str) -> None:
        """Note the name that GitHub has told, unless the credential has changed meanwhile.

        Args:
            credential: the fingerprint from before GitHub was asked.
            login: the name; ``""`` if there is no use in asking for it.
        """
        if self._fingerprint() == credential:
            self._known = credential, login
