"""Posts comments, and looks up those that may have been posted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from comenq_core.model import (
    BODY_LIMIT,
    Blocked,
    CheckResult,
    CommentRequest,
    Conversation,
    Demand,
    Fault,
    Job,
    Outcome,
    Posted,
    Refused,
    Skipped,
    Snapshot,
    Verified,
)
from comenq_core.model.serving import covers
from comenq_core.protocols import VERIFY_SECONDS, Lookup, Poster
from comenq_core.settings import Settings
from comenq_plugins.github.accounts import token_sources, transport
from comenq_plugins.github.auth.login import Login
from comenq_plugins.github.auth.sources import configured
from comenq_plugins.github.auth.tokens import TokenSource
from comenq_plugins.github.client import GitHubClient, NoReply, found, outcome_of
from comenq_plugins.github.conversation import Unread, read_conversation
from comenq_plugins.github.http.comments import pull_request_page
from comenq_plugins.github.http.deadline import Deadline
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.http.showing import shown
from comenq_plugins.github.identity import Identity, identity_of
from comenq_plugins.github.matching import SLACK, Authors, Wanted, authors, marked
from comenq_plugins.github.not_sent import not_sent
from comenq_plugins.github.search import Unlisted, search, unlisted
from comenq_plugins.github.threads import Thread

__all__ = ["GitHubPoster", "posters"]


def posters(settings: Settings) -> Sequence[Poster]:
    """Make one poster for each account that the settings name.

    Raises:
        SettingsError: no account is configured, or one cannot be used.
    """
    accounts = configured(settings)
    return [
        GitHubPoster(
            account=account,
            repositories=accounts[account].repositories,
            tokens=tokens,
            client=GitHubClient(settings.github_api_url.rstrip("/"), transport(settings), tokens),
            seconds=settings.github_api_timeout_secs,
            marker=settings.github_marker,
        )
        for account, tokens in token_sources(settings).items()
    ]


@dataclass(frozen=True, kw_only=True)
class GitHubPoster:
    """Posts on behalf of one account.

    Args:
        account: its name in pacing records and logs.
        repositories: the only ones for which it posts, such as ``my-org/*``; none means all.
        tokens: its token.
        client: GitHub, asked with that token.
        seconds: the most that one call of `post`, `find` or `check_credential` may take.
        marker: whether to append a hidden comment with the job's id to what is posted.
    """

    account: str
    repositories: Sequence[str] = ()
    tokens: TokenSource
    client: GitHubClient
    seconds: float
    marker: bool

    @cached_property
    def _identity(self) -> Identity:
        return identity_of(self.tokens, self.client)

    @cached_property
    def _login(self) -> Login:
        return Login(self.credential, self._identity.whoami)

    def credential(self) -> str:
        return self.tokens.fingerprint()

    def credential_fault(self) -> str:
        return self.tokens.fault()

    def reveals(self, text: str) -> bool:
        return self.tokens.reveals(text)

    def login(self) -> str | Demand:
        with Deadline(self.seconds):
            answer = self._login.get()
        return answer if isinstance(answer, str | Demand) else ""

    def serves(self, request: CommentRequest) -> bool:
        return request.account in {None, self.account} and covers(self.repositories, request)

    def clock_offset(self) -> timedelta | None:
        return self.client.offset

    def probe(self) -> Demand | None:
        credential = self.credential()
        with Deadline(self.seconds):
            answer = self._identity.probe()
        if isinstance(answer, str) and answer:
            self._login.learn(credential, answer)
        # Any other answer means that the credential was taken.
        return answer if isinstance(answer, Demand) else None

    def post(self, job: Job) -> Outcome:
        credential = self.credential()
        with Deadline(self.seconds):
            reason = self._not_open(job) if job.asked.if_open else None
            outcome = self._booked(reason or self._create(job))
        if isinstance(outcome, Posted) and outcome.login:
            self._login.learn(credential, outcome.login)
        return outcome

    def post_reply(self, job: Job) -> Outcome:
        return self.post(job)

    def verify_target(self, request: CommentRequest) -> Verified | NoReply:
        with Deadline(min(self.seconds, VERIFY_SECONDS)):
            if request.in_reply_to is not None:
                first = Thread(self.client, request, self._page(request)).first_comment()
                if isinstance(first, int):
                    return Verified(message=f"thread {first}", status=200)
                return first
            url = f"{self.client.repository(request)}/issues/{request.pr_number}"
            reply = self.client.ask("GET", url)
        issue = found(reply)
        if isinstance(reply, Reply) and isinstance(issue, dict) and "title" in issue:
            return Verified(message=_described(issue, reply.secret), status=reply.status)
        return not_sent(reply)

    def read_conversation(
        self, request: CommentRequest, snapshot: Snapshot | None, triggers: Collection[int | str]
    ) -> Conversation | Unread:
        with Deadline(self.seconds):
            return read_conversation(self.client, request, snapshot, triggers)

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> Lookup:
        with Deadline(self.seconds):
            by_whom = self._authors(job)
            if not isinstance(by_whom, Authors):
                return by_whom
            earlier = {one.comment_id for one in job.attempts if one.comment_id is not None}
            wanted = Wanted(
                job_id=job.id,
                body=job.asked.body,
                authors=by_whom,
                since=self._on_github_clock(since),
                known={*known, *earlier},
            )
            result = self._search(job, wanted)
            # Before its first answer, nobody knew what GitHub's clock shows.
            corrected = self._on_github_clock(since)
            if isinstance(result, Posted) or wanted.since - corrected < SLACK / 2:
                return result
            return self._search(job, replace(wanted, since=corrected))

    def find_reply(self, job: Job, since: datetime, known: Collection[int | str]) -> Lookup:
        return self.find(job, since, known)

    def check_credential(self) -> Sequence[CheckResult]:
        with Deadline(self.seconds):
            return [
                CheckResult(subject=self.account, severity=severity, text=text)
                for severity, text in self._identity.check()
            ]

    def _booked(self, outcome: Outcome) -> Outcome:
        """The outcome, on an owner's account rather than on all that an App may comment on."""
        match outcome:
            case Blocked(fault=Fault.ACCOUNT, message=why, status=status):
                if self.tokens.is_of_owners:
                    return Refused(message=why, status=status, fault=Fault.ACCOUNT)
        return outcome

    def _create(self, job: Job) -> Outcome:
        body = marked(job.asked.body, job.id) if self.marker else job.asked.body
        size = len(body.encode())
        if size > BODY_LIMIT:
            return Refused(message=f"with its marker it is {size} bytes; GitHub takes {BODY_LIMIT}")
        page = self._page(job.asked)
        if job.asked.in_reply_to is not None:
            return Thread(self.client, job.asked, page).create(body)
        return outcome_of(self.client.ask("POST", self._comments(job), {"body": body}), page)

    def _authors(self, job: Job) -> Authors | Unlisted:
        known = authors(job, "")
        if known.are_all:
            return known
        present = self._login.get()
        return authors(job, present) if isinstance(present, str) else unlisted(present)

    def _search(self, job: Job, wanted: Wanted) -> Lookup:
        page = self._page(job.asked)
        if job.asked.in_reply_to is not None:
            return Thread(self.client, job.asked, page).search(wanted)
        return search(self.client, self._comments(job), page, wanted)

    def _on_github_clock(self, since: datetime) -> datetime:
        # Corrected only toward the past: searching too far back finds it as well.
        return since + min(self.client.ahead, timedelta(0)) - SLACK

    def _not_open(self, job: Job) -> Skipped | NoReply | None:
        repository = self.client.repository(job.asked)
        reply = self.client.ask("GET", f"{repository}/pulls/{job.asked.pr_number}")
        pull = found(reply)
        if (
            isinstance(reply, Reply)
            and isinstance(pull, dict)
            and isinstance(pull.get("state"), str)
        ):
            if pull["state"] == "open":
                return None
            how = "merged" if pull.get("merged") else shown(pull["state"], reply.secret)
            return Skipped(message=f"the pull request is {how}", status=200)
        return not_sent(reply)

    def _comments(self, job: Job) -> str:
        return f"{self.client.repository(job.asked)}/issues/{job.asked.pr_number}/comments"

    def _page(self, request: CommentRequest) -> str:
        return pull_request_page(self.client.url, request)


def _described(issue: Mapping[str, object], secret: str) -> str:
    kind = "pull request" if "pull_request" in issue else "issue"
    how = "open, locked" if issue.get("locked") else str(issue.get("state"))
    return shown(f"{how} {kind}: {issue['title']}", secret)
