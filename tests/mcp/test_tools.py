"""What each tool does with a daemon."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from comenq_core.cli.comenq.mcp import calls
from comenq_core.cli.comenq.mcp.bounds import Bounds, OutOfBounds
from comenq_core.cli.comenq.mcp.calls import Caller
from comenq_core.cli.comenq.mcp.tools import instructions, offered
from comenq_core.errors import (
    ComenqError,
    DaemonRefused,
    DaemonUnreachable,
    InvalidRequest,
    NotAcknowledged,
)
from comenq_core.model import Change, State
from tests.cli.fake_daemon import fake_daemon, read_to_end
from tests.seen import LANES, Triggers
from tests.socket.serving import Served, serving

Call = Callable[..., dict[str, Any]]

COMMENT = {"owner": "octo-org", "repo": "site", "pr_number": 7, "body": "Looks good."}


def caller_of(path: Path | str, *, via: str = "mcp agent", **bounds: Any) -> Call:
    """Calls a tool by its name, of a server with these bounds; checks each result's schema."""
    limits = Bounds(**bounds)
    caller = Caller(args=Namespace(socket=str(path)), bounds=limits, via=via)
    tools = {tool.name: tool for tool in offered(limits)}

    def call(name: str, **arguments: Any) -> dict[str, Any]:
        result = tools[name].call(caller, arguments)
        Draft202012Validator(tools[name].result).validate(result)
        return result

    return call


@pytest.fixture
def call(served: Served) -> Call:
    """Calls a tool without bounds."""
    return caller_of(served.path)


def test_comment_is_queued(call: Call, served: Served) -> None:
    """A comment is queued as it is, under the server's name; its id, place and key come back."""
    queued = call("queue_comment", **COMMENT, key="k", if_open=True)
    (job,) = served.store.pending()
    assert queued == {
        "id": job.id,
        "owner": "octo-org",
        "repo": "site",
        "pr_number": 7,
        "state": "waiting",
        "position": 1,
        "eta_seconds": 0,
        "key": "k",
        "via": "mcp agent",
    }
    assert (job.asked.body, job.asked.if_open, job.origin.via) == ("Looks good.", True, "mcp agent")


def test_server_makes_a_key(call: Call, served: Served) -> None:
    """A comment without a key gets one of its own for the call, so that none stands for another."""
    keys = [call("queue_comment", **COMMENT)["key"] for _ in range(2)]
    assert keys == [job.asked.key for job in served.store.pending()]
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"colour": "red"}, "colour: is not known here; known are owner, repo, pr_number, body"),
        ({"if_opne": True}, "if_opne: is not known here; did you mean if_open?"),
        ({"pr_number": "7"}, "pr_number: must be the number of the pull request, from 1 to"),
        ({"pr_number": 7.0}, "pr_number: must be the number"),
        ({"owner": "-"}, "owner: must be a GitHub account name"),
        ({"repo": "a/b"}, "repo: must be a repository name"),
        ({"body": " "}, "body: must not be empty or blank"),
        ({"body": "\ud800"}, "body: the text holds a lone surrogate"),
        ({"body": "é" * 131_073}, "body: is 262146 bytes of UTF-8; GitHub takes 262144"),
        ({"not_before": "tomorrow"}, "not_before: "),
    ],
)
def test_wrong_argument_is_named(
    call: Call, served: Served, change: dict[str, Any], error: str
) -> None:
    """What is wrong with an argument is said, with its name, and nothing is queued."""
    with pytest.raises(InvalidRequest) as raised:
        call("queue_comment", **{**COMMENT, **change})
    assert str(raised.value).startswith(error)
    assert served.store.pending() == []


def test_argument_of_a_tool_without_any_is_named(call: Call) -> None:
    """The error is a whole sentence where no argument is known."""
    with pytest.raises(InvalidRequest, match=r"^colour: is not known here; nothing is$"):
        call("queue_status", colour="red")


def test_missing_argument_is_named(call: Call) -> None:
    """An argument that is missing is named, with what it has to be."""
    with pytest.raises(InvalidRequest, match=r"^body: is missing; it must be the comment in"):
        call("queue_comment", owner="o", repo="r", pr_number=1)


def test_longest_comment_is_queued(call: Call, served: Served) -> None:
    """A comment of 262,144 bytes is queued whole."""
    body = "é" * 131_072
    call("queue_comment", **{**COMMENT, "body": body})
    assert served.store.pending()[0].asked.body == body


def test_reply_is_queued(call: Call, served: Served) -> None:
    """A reply is queued for the thread of a comment, which only this tool can name."""
    reply = call("reply_to_review", **COMMENT, in_reply_to=123)
    assert (reply["in_reply_to"], served.store.pending()[0].asked.in_reply_to) == (123, 123)
    with pytest.raises(InvalidRequest, match="in_reply_to: is not known here"):
        call("queue_comment", **COMMENT, in_reply_to=123)
    with pytest.raises(InvalidRequest, match="in_reply_to: is missing"):
        call("reply_to_review", **COMMENT)


def test_key_of_another_comment_is_refused(call: Call) -> None:
    """The daemon's own errors come through, as they are."""
    call("queue_comment", **COMMENT, key="k")
    with pytest.raises(DaemonRefused, match="the key belongs to job"):
        call("queue_comment", **{**COMMENT, "body": "Another text"}, key="k")


def test_lost_answer_is_asked_for_again(served: Served, directory: Path) -> None:
    """Where the daemon's answer is lost, the server asks again with the key that it has made."""
    sent: list[dict[str, Any]] = []

    def lose(connection: Any) -> None:
        sent.append(json.loads(read_to_end(connection)))
        (directory / "moving.sock").unlink()
        (directory / "moving.sock").symlink_to(served.path)

    with fake_daemon(directory / "moving.sock", lose) as path:
        queued = caller_of(path)("queue_comment", **COMMENT)
    (job,) = served.store.pending()
    assert queued["id"] == job.id
    assert sent[0]["request"]["key"] == job.asked.key


def test_answer_that_stays_lost(directory: Path) -> None:
    """Where the daemon is gone as well, the error has the key that makes another call safe."""
    sent: list[dict[str, Any]] = []
    path = directory / "lost.sock"

    def lose(connection: Any) -> None:
        sent.append(json.loads(read_to_end(connection)))
        path.unlink()

    with (
        fake_daemon(path, lose) as socket,
        pytest.raises(NotAcknowledged, match="may or may not be queued; make the same") as raised,
    ):
        caller_of(socket)("queue_comment", **COMMENT)
    assert f"with the key {sent[0]['request']['key']}, which" in str(raised.value)


@pytest.mark.parametrize("tool", ["queue_comment", "queue_status"])
def test_no_daemon_answers(directory: Path, tool: str) -> None:
    """Where no daemon answers, the error says that nothing was done, and who can help."""
    arguments = COMMENT if tool == "queue_comment" else {}
    with pytest.raises(DaemonUnreachable, match="Nothing was done: tell the user"):
        caller_of(directory / "none.sock")(tool, **arguments)


def test_comments_are_listed(call: Call) -> None:
    """Comments are listed in the order in which they are posted, without their texts."""
    first, second = (call("queue_comment", **COMMENT)["id"] for _ in range(2))
    call("change_comment", id=second, change="first")
    listing = call("list_comments")
    assert [one["id"] for one in listing["comments"]] == [second, first]
    assert (listing["more"], "Looks" in json.dumps(listing)) == (False, False)


def test_more_than_the_limit_is_told(call: Call) -> None:
    """A listing says whether there is more than its limit."""
    for _ in range(3):
        call("queue_comment", **COMMENT)
    assert [call("list_comments", limit=limit)["more"] for limit in (2, 3)] == [True, False]


def test_listing_is_bounded(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing reads so many jobs at most, and says that there may be more."""
    monkeypatch.setattr(calls, "_SCANNED", 2)
    for _ in range(3):
        call("queue_comment", **COMMENT)
    assert call("list_comments", pr_number=8) == {"comments": [], "more": False}
    assert call("list_comments", states=["waiting", "posted"])["more"] is True


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        ({"owner": "octo-org", "repo": "site"}, [7, 8]),
        ({"pr_number": 8}, [8, 8]),
        ({"owner": "octo-org", "repo": "site", "pr_number": 8}, [8]),
        ({"own": True}, [7, 8]),
        ({"states": ["held"]}, []),
        ({"states": ["deleted"]}, [9]),
        ({"states": ["waiting", "deleted"]}, [7, 8, 8, 9]),
    ],
)
def test_listing_is_narrowed(
    call: Call, served: Served, which: dict[str, Any], numbers: list[int]
) -> None:
    """A listing has only the repository, the number, the owner and the states that are wanted."""
    other = caller_of(served.path, via="mcp other")
    call("queue_comment", **COMMENT)
    call("queue_comment", **{**COMMENT, "pr_number": 8})
    other("queue_comment", **{**COMMENT, "repo": "app", "pr_number": 8})
    gone = other("queue_comment", **{**COMMENT, "pr_number": 9})
    other("cancel_comment", id=gone["id"])
    assert [one["pr_number"] for one in call("list_comments", **which)["comments"]] == numbers


def test_half_a_repository_is_refused(call: Call) -> None:
    """An owner without a repository selects nothing."""
    with pytest.raises(InvalidRequest, match=r"^repo: is missing"):
        call("list_comments", owner="octo-org")


@pytest.mark.parametrize(
    ("repositories", "listed"),
    [(["octo-org/site"], ["site"]), (["octo-org/*"], ["site", "app"]), (["o/r", "p/q"], [])],
)
def test_others_repositories_are_not_listed(
    call: Call, served: Served, repositories: list[str], listed: list[str]
) -> None:
    """A listing shows nothing of repositories that may not be named, whatever their state."""
    for repo in ("site", "app"):
        call("queue_comment", **{**COMMENT, "repo": repo})
        gone = call("queue_comment", **{**COMMENT, "repo": repo})
        call("cancel_comment", id=gone["id"])
    bounded = caller_of(served.path, repositories=tuple(repositories))
    waiting, deleted = (
        [one["repo"] for one in bounded("list_comments", **which)["comments"]]
        for which in ({}, {"states": ["deleted"]})
    )
    assert (waiting, sorted(deleted)) == (listed, sorted(listed))


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("get_comment", {}),
        ("get_comment", {"with_body": True}),
        ("change_comment", {"change": "hold"}),
        ("cancel_comment", {}),
        ("get_review", {}),
    ],
)
def test_comment_elsewhere_is_out_of_bounds(
    call: Call, served: Served, tool: str, more: dict[str, Any]
) -> None:
    """An id leads to nothing that is in a repository that may not be named."""
    job = call("queue_comment", **COMMENT)
    bounded = caller_of(served.path, repositories=("octo-org/app",), manages_all=True)
    with pytest.raises(OutOfBounds, match="no comment in the repositories of this server"):
        bounded(tool, id=job["id"], **more)
    assert served.store.get(job["id"]).state is State.WAITING


def test_comment_for_elsewhere_is_refused(served: Served) -> None:
    """No comment is queued for a repository that may not be named, nor is one listed."""
    bounded = caller_of(served.path, repositories=("octo-org/app",))
    with pytest.raises(OutOfBounds, match="octo-org/site is not one of"):
        bounded("queue_comment", **COMMENT)
    with pytest.raises(OutOfBounds, match="octo-org/site is not one of"):
        bounded("list_comments", owner="octo-org", repo="site")
    assert served.store.pending() == []


def test_text_is_returned_if_wanted(call: Call) -> None:
    """The text of a comment comes back only if it is asked for."""
    job = call("queue_comment", **COMMENT)
    assert "body" not in call("get_comment", id=job["id"])
    assert call("get_comment", id=job["id"], with_body=True)["body"] == "Looks good."


@pytest.mark.parametrize("change", ["first", "last", "hold"])
def test_comment_of_others_is_left_alone(call: Call, served: Served, change: str) -> None:
    """What others have queued can be seen, but neither changed nor read whole."""
    job = call("queue_comment", **COMMENT)
    other = caller_of(served.path, via="mcp other")
    assert other("get_comment", id=job["id"])["via"] == "mcp agent"
    for tool, more in (
        ("change_comment", {"change": change}),
        ("cancel_comment", {}),
        ("get_comment", {"with_body": True}),
    ):
        with pytest.raises(OutOfBounds, match="was queued by"):
            other(tool, id=job["id"], **more)
    assert served.store.get(job["id"]).state is State.WAITING


def test_all_comments_are_managed_if_allowed(call: Call, served: Served) -> None:
    """With manage all, the comments of others can be changed and read whole."""
    job = call("queue_comment", **COMMENT)
    other = caller_of(served.path, via="mcp other", manages_all=True)
    assert other("get_comment", id=job["id"], with_body=True)["body"] == "Looks good."
    assert other("cancel_comment", id=job["id"])["state"] == "deleted"


def test_comment_is_changed(call: Call) -> None:
    """A comment is held, released and moved, and its new state comes back."""
    first, second = (call("queue_comment", **COMMENT)["id"] for _ in range(2))
    states = [
        call("change_comment", id=first, change=change) for change in ("hold", "release", "last")
    ]
    assert [(one["state"], one.get("position")) for one in states] == [
        ("held", None),
        ("waiting", 1),
        ("waiting", 2),
    ]
    assert call("change_comment", id=second, change="last")["position"] == 2
    with pytest.raises(DaemonRefused, match="only a job that"):
        call("change_comment", id=first, change="retry")


def test_lost_answer_to_a_change(served: Served, call: Call, directory: Path) -> None:
    """Where the answer to a change is lost, the error says how to find out whether it is made."""
    job = call("queue_comment", **COMMENT)
    path = directory / "moving.sock"

    def show(connection: Any) -> None:
        read_to_end(connection)
        entry = {**job, "origin": {"via": "mcp agent"}}
        path.unlink()
        stack.enter_context(fake_daemon(path, read_to_end))
        connection.sendall(json.dumps({"outcome": "ok", "entry": entry}).encode() + b"\n")

    with ExitStack() as stack:
        stack.enter_context(fake_daemon(path, show))
        with pytest.raises(NotAcknowledged, match="may or may not be made; call get_comment"):
            caller_of(path)("cancel_comment", id=job["id"])


def test_what_is_queued_is_held(served: Served) -> None:
    """With hold, a comment arrives held, and no tool lets it be posted."""
    bounded = caller_of(served.path, holds=True)
    queued = bounded("queue_comment", **COMMENT)
    assert (queued["state"], served.store.pending()[0].state) == ("held", State.HELD)
    assert queued["notes"] == ["it is held: a person has to release it before it is posted"]
    for change in ("first", "release", "retry"):
        with pytest.raises(InvalidRequest, match=r"^change: must be one of last, hold$"):
            bounded("change_comment", id=queued["id"], change=change)
    assert bounded("cancel_comment", id=queued["id"])["state"] == "deleted"


def test_key_releases_nothing(served: Served) -> None:
    """With hold, a comment that a person holds stays held if it is queued again with its key."""
    bounded = caller_of(served.path, holds=True)
    job = caller_of(served.path)("queue_comment", **COMMENT, key="k")
    served.store.change(job["id"], Change.HOLD)
    assert bounded("queue_comment", **COMMENT, key="k")["state"] == "held"


def test_server_that_only_reads_offers_no_changes() -> None:
    """A server that only reads offers no tool that queues or changes anything."""
    tools = offered(Bounds(is_read_only=True, holds=True))
    assert [tool.name for tool in tools] == [
        "get_comment",
        "list_comments",
        "queue_status",
        "get_review",
    ]
    assert all(tool.hints.read_only for tool in tools)


def test_no_review_without_a_reviewer(call: Call) -> None:
    """The tool for reviews is offered only where reviewers are followed, and says why it fails."""
    names = [tool.name for tool in offered(Bounds(), has_reviewers=False)]
    assert "get_review" not in names
    job = call("queue_comment", **COMMENT)
    with pytest.raises(ComenqError, match="asks no reviewer that is followed"):
        call("get_review", id=job["id"])


def test_status_tells_what_keeps_the_queue(call: Call, served: Served) -> None:
    """The state of the queue has its counts, a pause with its reason, and no job."""
    call("queue_comment", **COMMENT)
    assert call("queue_status")["paused"] is False
    with served.talk() as client:
        client.ask({"op": "pause", "reason": "a release"})
    status = call("queue_status")
    assert (status["paused"], status["pause_reason"]) == (True, "a release")
    assert (status["counts"]["waiting"], "eta_seconds" in status) == (1, False)
    assert "octo-org" not in json.dumps(status)


@pytest.mark.parametrize("pattern", ["octo-org/site", "octo-org/*"])
def test_status_tells_nothing_of_other_repositories(
    call: Call, served: Served, pattern: str
) -> None:
    """A server that may name some repositories alone tells no counts, which are those of all."""
    call("queue_comment", **COMMENT | {"owner": "secret"})
    status = caller_of(served.path, repositories=(pattern,))("queue_status")
    assert "counts" not in status
    assert status["paused"] is False


def test_status_tells_which_reviewers_keep_comments(directory: Path) -> None:
    """Held or blocked lanes, and to a server with bounds only those of its repositories."""
    with serving(directory / "c.sock", lanes=LANES) as up, up.store.lock():
        triggers = Triggers(up.store)
        triggers.hold(60, scope="secret")
        triggers.block()
        everything = caller_of(up.path)("queue_status")["lanes"]
        assert [(one["scope"], one["state"], "seconds" in one) for one in everything] == [
            ("secret", "held", True),
            ("octo-org", "blocked", False),
        ]
        assert everything[0]["reviewer"] == "bot"
        bounded = caller_of(up.path, repositories=("octo-org/site",))
        assert [one["scope"] for one in bounded("queue_status")["lanes"]] == ["octo-org"]


def test_server_that_holds_offers_nothing_that_posts() -> None:
    """With hold, an agent is told that it is held, and offered no change that could post it."""
    tools = {tool.name: tool for tool in offered(Bounds(holds=True))}
    assert tools.keys() == {tool.name for tool in offered(Bounds())}
    for name in ("queue_comment", "reply_to_review"):
        assert tools[name].description.endswith("It is held until a person releases it.")
    change = tools["change_comment"]
    assert change.arguments["properties"]["change"]["enum"] == ["last", "hold"]
    assert "release" not in change.description
    assert not change.hints.open_world


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        (Bounds(), ""),
        (Bounds(repositories=("o/r", "p/*")), "only these repositories: o/r, p/*."),
        (Bounds(holds=True), "held until a person releases it"),
        (Bounds(is_read_only=True), "only read the queue"),
    ],
)
def test_agent_is_told_its_bounds(bounds: Bounds, told: str) -> None:
    """An agent is told what a person lets it do before it tries."""
    assert told in instructions(bounds)
