"""The stand-in's own HTTP requests, for tests and demonstrations in another process.

==========================================  =======================================================
``POST /_forge/next``                       script an answer: the members of `Answer`, as JSON
``PUT /_forge/pulls/OWNER/REPO/NUMBER``     ``{"state": "closed", "merged": true}``
``PUT /_forge/accounts``                    ``{"TOKEN": {"login": …}}``: other tokens are refused
``GET /_forge/comments?count=2&timeout=9``  the comments, once there are that many
``GET /_forge/requests?count=2&timeout=9``  the requests, once there are that many
==========================================  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from comenq_core.testing.forge.github import comment_json
from comenq_core.testing.forge.records import Account, Answer, Pull, Received, Reply
from comenq_core.testing.forge.state import State

__all__ = ["PREFIX", "control"]

PREFIX = "/_forge/"


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
        "requests": state.requests,
    }
    watched = kept[what]
    count, timeout = int(query.get("count", ["0"])[0]), float(query.get("timeout", ["10"])[0])
    state.wait_until(lambda: len(watched) >= count, timeout=timeout, what=f"{count} {what}")
    if what == "comments":
        return Reply(status=200, body=[comment_json(one, base) for one in list(state.comments)])
    return Reply(status=200, body=[_request_json(one) for one in list(state.requests)])


def _change(state: State, what: str, request: Received) -> Reply:
    pull = re.fullmatch(r"pulls/([^/]+)/([^/]+)/(\d+)", what)
    with state.changed:
        if what == "next":
            state.answers.append(Answer(**request.json))
        elif what == "accounts":
            state.accounts = {token: Account(**one) for token, one in request.json.items()}
        elif pull:
            state.pulls[pull[1], pull[2], int(pull[3])] = Pull(**request.json)
        else:
            raise KeyError(what)
    return Reply(status=200, body={})


def _request_json(request: Received) -> dict[str, object]:
    return {
        "at": request.at,
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": request.body.decode("utf-8", "replace"),
    }
