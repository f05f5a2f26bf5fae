"""Posts comments, and looks up those that may have been posted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from comenq_core.model import (
    BODY_LIMIT,
    CheckResult,
    Job,
    Outcome,
    Posted,
    Refused,
    Skipped,
    Throttled,
    Unavailable,
    Unknown,
)
from comenq_core.protocols import Poster
from comenq_core.settings import Settings
from comenq_core.text import printable
from comenq_plugins.github.auth.accounts import accounts, transport
from comenq_plugins.github.auth.tokens import TokenSource
from comenq_plugins.github.check_token import check_credential
from comenq_plugins.github.client import GitHubClient, NoReply
from comenq_plugins.github.http.deadline import Deadline
from comenq_plugins.github.http.responses import Reply, outcome
from comenq_plugins.github.matching import SLACK, Wanted, marked
from comenq_plugins.github.search import Unlisted, own_login, search

__all__ = ["GitHubPoster", "posters"]


def posters(settings: Settings) -> Sequence[Poster]:
    """Make one poster for each token that the settings name.

    Raises:
        SettingsError: no token is configured, or one cannot be used.
    """
    return [
        GitHubPoster(
            account,
            tokens=tokens,
            client=GitHubClient(settings.github_api_url.rstrip("/"), transport(settings), tokens),
            seconds=settings.github_api_timeout_secs,
            marker=settings.github_marker,
        )
        for account, tokens in accounts(settings).items()
    ]


class GitHubPoster:
    """Posts on behalf of one account.

    Args:
        account: its name in pacing records and logs.
        tokens: its token.
        client: GitHub, asked with that token.
        seconds: the most that one call of `post`, `find` or `check_credential` may take.
        marker: whether to append a hidden comment with the job's id to what is posted.
    """

    def __init__(
        self,
        account: str,
        *,
        tokens: TokenSource,
        client: GitHubClient,
        seconds: float,
        marker: bool,
    ) -> None:
        self.account = account
        self._tokens = tokens
        self._client = client
        self._seconds = seconds
        self._marker = marker

    def credential(self) -> str:
        """A fingerprint of the token that would be used now."""
        return self._tokens.fingerprint()

    def post(self, job: Job) -> Outcome:
        """Make one attempt; first ask whether the pull request is open, if the job wants that."""
        with Deadline(self._seconds):
            reason = self._not_open(job) if job.asked.if_open else None
            return reason or self._create(job)

    def find(
        self, job: Job, since: datetime, known: Collection[int | str]
    ) -> Posted | Unlisted | None:
        """Look up the job's comment among those created at or after ``since``.

        Args:
            job: whose comment.
            since: when it was sent, by this machine's clock as it is now.
            known: ids of comments that are other jobs'.
        """
        with Deadline(self._seconds):
            login = own_login(self._client)
            if not isinstance(login, str):
                return login
            # Corrected only toward the past: searching too far back finds it as well.
            behind = min(self._client.ahead, timedelta(0))
            wanted = Wanted(
                bodies=(job.asked.body, marked(job.asked.body, job.id)),
                login=login,
                since=since + behind - SLACK,
                known=known,
            )
            return search(self._client, self._comments(job), wanted)

    def check_credential(self) -> Sequence[CheckResult]:
        """Report what GitHub thinks of the token."""
        with Deadline(self._seconds):
            return [
                CheckResult(subject=self.account, severity=severity, text=text)
                for severity, text in check_credential(self._client)
            ]

    def _create(self, job: Job) -> Outcome:
        body = marked(job.asked.body, job.id) if self._marker else job.asked.body
        size = len(body.encode())
        if size > BODY_LIMIT:
            return Refused(message=f"with its marker it is {size} bytes; GitHub takes {BODY_LIMIT}")
        reply = self._client.ask("POST", self._comments(job), {"body": body})
        return outcome(reply, datetime.now(UTC)) if isinstance(reply, Reply) else reply

    def _not_open(self, job: Job) -> Skipped | NoReply | None:
        repository = self._client.repository(job.asked)
        reply = self._client.ask("GET", f"{repository}/pulls/{job.asked.pr_number}")
        pull = reply.json if isinstance(reply, Reply) and reply.status == HTTPStatus.OK else None
        if isinstance(pull, dict) and isinstance(pull.get("state"), str):
            if pull["state"] == "open":
                return None
            how = "merged" if pull.get("merged") else pull["state"]
            return Skipped(message=f"the pull request is {printable(how)}", status=200)
        return _not_sent(reply)

    def _comments(self, job: Job) -> str:
        return f"{self._client.repository(job.asked)}/issues/{job.asked.pr_number}/comments"


def _not_sent(reply: Reply | NoReply) -> NoReply:
    """What a failed question means for a comment that was not sent yet."""
    result = outcome(reply, datetime.now(UTC)) if isinstance(reply, Reply) else reply
    match result:
        case Unknown(wait=timedelta() as wait):
            return Throttled(wait=wait, message=result.message, status=result.status)
        case Posted() | Skipped() | Unknown():
            return Unavailable(message=f"nothing was sent: {result.message}", status=result.status)
        case _:
            return result
