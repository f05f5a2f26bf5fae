"""Posts notes, and looks up those that may have been posted.

https://docs.gitlab.com/api/notes/#merge-requests
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from comenq_core import CommentRequest, Job, Outcome, Poster, Settings, SettingsError, printable
from comenq_core.model import (
    LOOKBACK,
    Conversation,
    Demand,
    Fault,
    Posted,
    Refused,
    Skipped,
    Snapshot,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
    Verified,
)
from comenq_core.protocols import VERIFY_SECONDS
from comenq_gitlab.conversation import reactions, remarks
from comenq_gitlab.notes import CLOCK_TOLERANCE, Wanted, is_before, next_page, quick_action
from comenq_gitlab.options import Options, options_of
from comenq_gitlab.replies import Reply, outcome
from comenq_gitlab.transport import Call, NoReply

__all__ = ["GitLabPoster", "make_posters"]

PAGE = 100
"""Notes on a page: the most that GitLab lists at once."""

NotListed = Refused | Throttled | Unauthorized | Unknown
"""Why the notes could not be listed."""


def make_posters(settings: Settings) -> Sequence[Poster]:
    """The one poster for these settings.

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
        """A fingerprint of the current token."""
        return self._token.fingerprint()

    def credential_fault(self) -> str:
        """Why there is no token now; see `comenq_core.protocols.CredentialHolder`."""
        return self._token.fault()

    def post(self, job: Job) -> Outcome:
        """Make one attempt; with ``if_open``, ask first whether the merge request is open."""
        asked = job.asked
        action = quick_action(asked.body)
        if action:
            message = f"GitLab would execute {printable(action)} instead of showing it"
            return Refused(message=f"{message}: put a space before it")
        try:
            call = self._call()
        except SettingsError as error:
            return Unauthorized(message=str(error))
        reason = self._not_open(call, asked) if asked.if_open else None
        return reason or self._meaning(
            call.ask("POST", f"{_path(asked)}/notes", {"body": asked.body}), asked
        )

    def verify_target(self, request: CommentRequest) -> Verified | Refused | Demand:
        """Ask whether the merge request is there; see `comenq_core.protocols.TargetVerifier`."""
        try:
            call = self._call(VERIFY_SECONDS)
        except SettingsError as error:
            return Unauthorized(message=str(error))
        reply = call.ask("GET", _path(request))
        shown = reply.result if isinstance(reply, Reply) else None
        if isinstance(shown, dict) and "title" in shown:
            what = f"{shown.get('state')} merge request: {shown['title']}"
            return Verified(message=printable(what), status=200)
        result = self._meaning(reply, request)
        if isinstance(result, Posted | Skipped):
            return Unknown(message="GitLab did not show the merge request", status=result.status)
        return result

    def read_conversation(
        self, request: CommentRequest, snapshot: Snapshot | None, triggers: Collection[int | str]
    ) -> Conversation | Refused | Demand:
        """Ask what is said; see `comenq_core.protocols.ConversationReader`."""
        try:
            call = self._call()
        except SettingsError as error:
            return Unauthorized(message=str(error))
        reply = call.ask("GET", _path(request))
        shown = reply.result if isinstance(reply, Reply) else None
        if not isinstance(reply, Reply) or not isinstance(shown, dict) or "sha" not in shown:
            return self._not_listed(reply, request)
        now = reply.date or datetime.now(UTC)
        since = snapshot.since if snapshot else now - LOOKBACK - CLOCK_TOLERANCE
        notes = self._notes_since(call, request, since)
        awards = self._awards(call, request, triggers)
        if not isinstance(notes, list):
            return notes
        if not isinstance(awards, list):
            return awards
        try:
            said = (*remarks(notes, self._page(request)), *reactions(awards))
        except (KeyError, TypeError, ValueError):
            return Unknown(message="GitLab's notes or reactions cannot be read")
        return Conversation(
            since=since,
            now=now,
            head=str(shown["sha"]),
            is_open=shown.get("state") == "opened",
            remarks=said,
        )

    def find(
        self, job: Job, since: datetime, known: Collection[int | str]
    ) -> Posted | NotListed | None:
        """Look for the job's note among the account's own, from the newest back to ``since``."""
        try:
            call = self._call()
        except SettingsError as error:
            return Unauthorized(message=str(error))
        reply = call.ask("GET", "/user")
        user = reply.result if isinstance(reply, Reply) else None
        if not isinstance(reply, Reply) or not isinstance(user, dict) or "id" not in user:
            return self._not_listed(reply, job.asked)
        earlier = {one.comment_id for one in job.attempts if one.comment_id is not None}
        wanted = Wanted(
            body=job.asked.body,
            author=user["id"],
            since=since - _behind(reply) - CLOCK_TOLERANCE,
            page=self._page(job.asked),
            known={*known, *earlier},
        )
        return self._search(call, job.asked, wanted)

    def _search(
        self, call: Call, asked: CommentRequest, wanted: Wanted
    ) -> Posted | NotListed | None:
        # Newest first: a note that is posted meanwhile moves others to later pages, not to earlier.
        page: int | None = 1
        while page:
            query = f"order_by=created_at&sort=desc&per_page={PAGE}&page={page}"
            reply = call.ask("GET", f"{_path(asked)}/notes?{query}")
            notes = reply.result if isinstance(reply, Reply) else None
            if not isinstance(reply, Reply) or not isinstance(notes, list):
                return self._not_listed(reply, asked)
            found = next(filter(None, map(wanted.match, notes)), None)
            if found or any(map(wanted.is_old, notes)):
                return found
            page = next_page(reply, page)
        unclear = "GitLab does not say whether there are more notes"
        return Unknown(message=unclear) if page is None else None

    def _notes_since(
        self, call: Call, asked: CommentRequest, since: datetime
    ) -> list[object] | NotListed:
        # Latest first: a note that is changed meanwhile is shown the next time at the latest.
        found: list[object] = []
        page: int | None = 1
        while page:
            query = f"order_by=updated_at&sort=desc&per_page={PAGE}&page={page}"
            reply = call.ask("GET", f"{_path(asked)}/notes?{query}")
            notes = reply.result if isinstance(reply, Reply) else None
            if not isinstance(reply, Reply) or not isinstance(notes, list):
                return self._not_listed(reply, asked)
            recent = [note for note in notes if not is_before(since, note, "updated_at")]
            found += recent
            page = next_page(reply, page) if len(recent) == len(notes) else 0
        unclear = "GitLab does not say whether there are more notes"
        return Unknown(message=unclear) if page is None else found

    def _awards(
        self, call: Call, asked: CommentRequest, triggers: Collection[int | str]
    ) -> list[object] | NotListed:
        found: list[object] = []
        for place in ["", *(f"/notes/{trigger}" for trigger in triggers)]:
            reply = call.ask("GET", f"{_path(asked)}{place}/award_emoji?per_page={PAGE}")
            awards = reply.result if isinstance(reply, Reply) else None
            if isinstance(awards, list):
                found += awards
            elif not place or not isinstance(reply, Reply) or reply.status != HTTPStatus.NOT_FOUND:
                return self._not_listed(reply, asked)
        return found

    def _not_open(self, call: Call, asked: CommentRequest) -> Outcome | None:
        reply = call.ask("GET", _path(asked))
        shown = reply.result if isinstance(reply, Reply) else None
        state = shown.get("state") if isinstance(shown, dict) else None
        if state == "opened":
            return None
        if isinstance(state, str):
            return Skipped(message=f"the merge request is {printable(state)}", status=200)
        result = self._meaning(reply, asked)
        if isinstance(result, Posted | Unknown):
            message = f"nothing was sent: {result.message}"
            return Unavailable(message=message, status=result.status, fault=Fault.PULL_REQUEST)
        return result

    def _not_listed(self, reply: Reply | NoReply, asked: CommentRequest) -> NotListed:
        result = self._meaning(reply, asked)
        if isinstance(result, Throttled | Unauthorized):
            return result
        if isinstance(result, Refused) and result.fault is Fault.PULL_REQUEST:
            return result
        message = f"the notes cannot be listed: {result.message}"
        return Unknown(message=message, status=result.status)

    def _meaning(self, reply: Reply | NoReply, asked: CommentRequest) -> Outcome:
        if isinstance(reply, Reply):
            return outcome(reply, datetime.now(UTC), self._page(asked))
        return reply

    def _call(self, most: float = math.inf) -> Call:
        return Call(self._url, self._token.current(), min(self._seconds, most))

    def _page(self, asked: CommentRequest) -> str:
        return f"{self._url}/{asked.owner}/{asked.repo}/-/merge_requests/{asked.pr_number}"


def _path(asked: CommentRequest) -> str:
    """The merge request's, below the API's address."""
    # https://docs.gitlab.com/api/rest/#namespaced-paths
    project = quote(f"{asked.owner}/{asked.repo}", safe="")
    return f"/projects/{project}/merge_requests/{asked.pr_number}"


def _behind(reply: Reply) -> timedelta:
    """How far GitLab's clock is behind ours; if it is ahead, nothing is missed."""
    now = datetime.now(UTC)
    return max(now - (reply.date or now), timedelta(0))
