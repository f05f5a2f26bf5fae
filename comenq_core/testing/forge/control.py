"""The stand-in's own HTTP requests, for tests and demonstrations in another process.

==========================================  =======================================================
``POST /_forge/next``                       script an answer: the members of `Answer`, as JSON
``POST /_forge/always``                     the same, for every request that fits, until then
``DELETE /_forge/answers``                  answer as GitHub does again
``PUT /_forge/pulls/OWNER/REPO/NUMBER``     ``{"state": "closed", "merged": true}``, as `Pull`
``PUT /_forge/accounts``                    ``{"TOKEN": {"login": …}}``: other tokens are refused
``PUT /_forge/installations``               ``{"OWNER": {"id": 42, "suspended": true}}``
``DELETE /_forge/tokens``                   end the tokens of the App's installations
``PUT /_forge/gateway``                     ``{"name": "footer"}``, of `GATEWAYS`; ``""`` for none
``PUT /_forge/clock``                       ``{"ahead": -120}``, in seconds
``POST /_forge/comments``                   a person's: owner, repo, number, body and login
``PUT /_forge/comments/ID``                 ``{"body": …}``: a person edits it
``DELETE /_forge/comments/ID``              a person deletes it
``POST /_forge/reviews``                    a person's: owner, repo, number, body and login
``POST /_forge/review_comments``            the same, and in_reply_to for a reply
``DELETE /_forge/review_comments/ID``       a person deletes it
``PUT /_forge/bots``                        objects with the members of `Bot`, and of `Act`
``GET /_forge/comments?count=2&timeout=9``  the comments, once there are that many
``GET /_forge/review_comments?count=2``      the same, of review comments and replies
``GET /_forge/requests?count=2&timeout=9``  the requests, once there are that many
==========================================  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from comenq_core.testing.forge.bots import bot_from_json
from comenq_core.testing.forge.comments import comment_json
from comenq_core.testing.forge.gateways import GATEWAYS
from comenq_core.testing.forge.records import Account, Answer, Installation, Pull, Received, Reply
from comenq_core.testing.forge.state import State
from comenq_core.testing.forge.threads import review_comment_json

__all__ = ["PREFIX", "control"]

PREFIX = "/_forge/"
Members = Mapping[str, Any]


def control(state: State, request: Received, *, base: str) -> Reply:
    """Do what a request under ``/_forge`` says; a wrong one gets 400."""
    url = urlsplit(request.path)
    what = url.path.removeprefix(PREFIX)
    try:
        if request.method == "GET":
            return _get(state, what, parse_qs(url.query), base)
        return _change(state, what, request)
    except TimeoutError as error:
        return Reply(status=504, body={"message": str(error)})
    except (KeyError, TypeError, ValueError) as error:
        return Reply(status=400, body={"message": repr(error)})


def _get(state: State, what: str, query: dict[str, list[str]], base: str) -> Reply:
    kept: Mapping[str, Sequence[object]] = {
        "comments": state.comments,
        "review_comments": state.review_comments,
        "requests": state.requests,
    }
    watched = kept[what]
    count, timeout = int(query.get("count", ["0"])[0]), float(query.get("timeout", ["10"])[0])
    state.wait_until(lambda: len(watched) >= count, timeout=timeout, what=f"{count} {what}")
    if what == "comments":
        return Reply(status=200, body=[comment_json(one, base) for one in list(state.comments)])
    if what == "review_comments":
        found = list(state.review_comments)
        return Reply(status=200, body=[review_comment_json(one, base) for one in found])
    return Reply(status=200, body=[_request_json(one) for one in list(state.requests)])


def _change(state: State, what: str, request: Received) -> Reply:
    members = request.json if request.body else {}
    for pattern, change in CHANGES.items():
        if match := re.fullmatch(pattern, f"{request.method} {what}"):
            with state.changed:
                change(state, members, *match.groups())
            return Reply(status=200, body={})
    raise KeyError(what)


def _answer_as_usual(state: State, _: Members) -> None:
    state.answers.clear()
    state.standing.clear()


def _accounts(state: State, members: Members) -> None:
    state.tokens.accounts = {token: Account(**one) for token, one in members.items()}


def _installations(state: State, members: Members) -> None:
    state.tokens.installations = {owner: Installation(**one) for owner, one in members.items()}


def _pull(state: State, members: Members, owner: str, repo: str, number: str) -> None:
    state.pulls[owner, repo, int(number)] = Pull(**members)


def _gateway(state: State, members: Members) -> None:
    state.gateway = GATEWAYS[members["name"]]


def _clock(state: State, members: Members) -> None:
    state.ahead = timedelta(seconds=members["ahead"])


def _review(state: State, members: Members) -> None:
    place = members["owner"], members["repo"], int(members["number"])
    state.add_review(place, body=members["body"], login=members["login"])


def _bots(state: State, described: Sequence[Members]) -> None:
    state.plays.bots[:] = map(bot_from_json, described)


CHANGES: Mapping[str, Callable[..., object]] = {
    "POST next": lambda state, members: state.answers.append(Answer(**members)),
    "POST always": lambda state, members: state.standing.append(Answer(**members)),
    "DELETE answers": _answer_as_usual,
    r"PUT pulls/([^/]+)/([^/]+)/(\d+)": _pull,
    "PUT accounts": _accounts,
    "PUT installations": _installations,
    "DELETE tokens": lambda state, _: state.tokens.end(),
    "PUT gateway": _gateway,
    "PUT clock": _clock,
    "POST reviews": _review,
    "PUT bots": _bots,
    "POST comments": lambda state, members: state.add_comment(**members),
    "POST review_comments": lambda state, members: state.add_review_comment(**members),
    r"DELETE review_comments/(\d+)": lambda state, _, one: state.delete_review_comment(int(one)),
    r"PUT comments/(\d+)": lambda state, members, one: state.edit_comment(int(one), **members),
    r"DELETE comments/(\d+)": lambda state, _, one: state.delete_comment(int(one)),
}


def _request_json(request: Received) -> dict[str, object]:
    return {
        "at": request.at,
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": request.body.decode("utf-8", "replace"),
    }
