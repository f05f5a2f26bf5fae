"""Posts notes, and finds those that may have been posted.

https://docs.gitlab.com/api/notes/#merge-requests
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from comenq_core import CommentRequest, Job, Outcome, Poster, Settings, SettingsError, printable
from comenq_core.model import (
    Posted,
    Refused,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_gitlab.notes import SLACK, Wanted, next_page, quick_action
from comenq_gitlab.options import Options, options_of
from comenq_gitlab.replies import Reply, outcome
from comenq_gitlab.transport import Call, NoReply

__all__ = ["GitLabPoster", "make_posters"]

PAGE = 100
"""Notes on a page: as many as GitLab lists at once."""

NotTold = Throttled | Unauthorized | Unknown
"""Why the notes could not be listed."""


def make_posters(settings: Settings) -> Sequence[Poster]:
    """Make the poster that the settings ask for.

    Raises:
        SettingsError: an option in the table ``[gitlab]`` is wrong.
    """
    return [GitLabPoster(options_of(settings), settings.github_api_timeout_secs)]


class GitLabPoster:
    """Posts on behalf of one account.

    Args:
        options: where, and with which token.
        seconds: the most that one call of `post` or `find` may take.
    """

    account = "gitlab"

    def __init__(self, options: Options, seconds: float) -> None:
        self._url = options.url
        self._token = options.token
        self._seconds = seconds

    def credential(self) -> str:
        """A fingerprint of the token that would be used now."""
        return self._token.fingerprint()

    def post(self, job: Job) -> Outcome:
        """Try once; look first whether the merge request is open, if the job asks for it."""
        asked = job.asked
        action = quick_action(asked.body)
        if action:
            does = f"GitLab would carry out {printable(action)} instead of showing it"
            return Refused(message=f"{does}: put a space before it")
        try:
            call = self._call()
        except SettingsError as error:
            return Unauthorized(message=str(error))
        reason = self._not_open(call, asked) if asked.if_open else None
        return reason or self._meaning(
            call.ask("POST", f"{_path(asked)}/notes", {"body": asked.body}), asked
        )

    def find(
        self, job: Job, since: datetime, known: Collection[int | str]
    ) -> Posted | NotTold | None:
        """Look for the job's note among our own, the newest first, down to ``since``."""
        try:
            call = self._call()
        except SettingsError as error:
            return Unauthorized(message=str(error))
        reply = call.ask("GET", "/user")
        user = reply.shown if isinstance(reply, Reply) else None
        if not isinstance(reply, Reply) or not isinstance(user, dict) or "id" not in user:
            return self._not_told(reply, job.asked)
        wanted = Wanted(
            body=job.asked.body,
            author=user["id"],
            since=since - _behind(reply) - SLACK,
            page=self._page(job.asked),
            known=known,
        )
        return self._search(call, job.asked, wanted)

    def _search(self, call: Call, asked: CommentRequest, wanted: Wanted) -> Posted | NotTold | None:
        # Newest first: what is posted meanwhile moves notes to pages that are still to come.
        page: int | None = 1
        while page:
            query = f"order_by=created_at&sort=desc&per_page={PAGE}&page={page}"
            reply = call.ask("GET", f"{_path(asked)}/notes?{query}")
            notes = reply.shown if isinstance(reply, Reply) else None
            if not isinstance(reply, Reply) or not isinstance(notes, list):
                return self._not_told(reply, asked)
            found = next(filter(None, map(wanted.match, notes)), None)
            if found or any(map(wanted.is_old, notes)):
                return found
            page = next_page(reply, page)
        unclear = "GitLab does not say whether there are more notes"
        return Unknown(message=unclear) if page is None else None

    def _not_open(self, call: Call, asked: CommentRequest) -> Outcome | None:
        reply = call.ask("GET", _path(asked))
        shown = reply.shown if isinstance(reply, Reply) else None
        state = shown.get("state") if isinstance(shown, dict) else None
        if state == "opened":
            return None
        if isinstance(state, str):
            return Skipped(message=f"the merge request is {printable(state)}", status=200)
        result = self._meaning(reply, asked)
        if isinstance(result, Posted | Unknown):
            return Unavailable(message=f"nothing was sent: {result.message}", status=result.status)
        return result

    def _not_told(self, reply: Reply | NoReply, asked: CommentRequest) -> NotTold:
        result = self._meaning(reply, asked)
        if isinstance(result, Throttled | Unauthorized):
            return result
        message = f"the notes cannot be listed: {result.message}"
        return Unknown(message=message, status=result.status)

    def _meaning(self, reply: Reply | NoReply, asked: CommentRequest) -> Outcome:
        if isinstance(reply, Reply):
            return outcome(reply, datetime.now(UTC), self._page(asked))
        return reply

    def _call(self) -> Call:
        return Call(self._url, self._token.current(), self._seconds)

    def _page(self, asked: CommentRequest) -> str:
        return f"{self._url}/{asked.owner}/{asked.repo}/-/merge_requests/{asked.pr_number}"


def _path(asked: CommentRequest) -> str:
    """The merge request's, below the API's address."""
    # https://docs.gitlab.com/api/rest/#namespaced-paths
    project = quote(f"{asked.owner}/{asked.repo}", safe="")
    return f"/projects/{project}/merge_requests/{asked.pr_number}"


def _behind(reply: Reply) -> timedelta:
    """How far GitLab's clock is behind ours; that it is ahead does no harm."""
    now = datetime.now(UTC)
    return max(now - (reply.date or now), timedelta(0))
