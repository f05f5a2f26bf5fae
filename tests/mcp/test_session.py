"""The SDK's own client, over real pipes, with a real daemon that posts to the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters

from comenq_core.testing.forge import Forge
from tests.cli.command import PROGRAM, environment
from tests.process.daemon import Daemon
from tests.socket.serving import Served

COMMENT = {"owner": "o", "repo": "r", "pr_number": 1}
LONGEST = "é" * 131_072
TRIGGER = "@coderabbitai review"

LEGACY, MODERN = ("legacy", "2025-11-25"), ("auto", "2026-07-28")


@asynccontextmanager
async def session(env: Mapping[str, str], mode: str) -> AsyncIterator[Client]:
    """A session with the server of the daemon that the environment names."""
    (command,) = PROGRAM
    server = StdioServerParameters(command=command, args=["mcp"], env=dict(env))
    async with Client(server, mode=mode) as client:
        yield client


async def result(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a call of a tool returns; the client checks it by the tool's schema."""
    called = await client.call_tool(tool, arguments)
    assert not called.is_error, called
    told: dict[str, Any] = called.structured_content
    return told


@pytest.mark.parametrize(
    ("mode", "version"), [pytest.param(*LEGACY, marks=pytest.mark.full), MODERN]
)
def test_comment_is_posted(daemon: Daemon, forge: Forge, mode: str, version: str) -> None:
    """In both eras of the protocol, a comment is queued, posted byte for byte, and found."""

    async def converse() -> dict[str, Any]:
        async with session(daemon.environment, mode) as client:
            assert client.protocol_version == version
            queued = await result(client, "queue_comment", **COMMENT, body=LONGEST)
            await anyio.to_thread.run_sync(daemon.log.until, r"outcome=posted")
            return await result(client, "get_comment", id=queued["id"])

    found = anyio.run(converse)
    assert (found["state"], "#issuecomment-" in found["url"]) == ("posted", True)
    assert [comment.body for comment in forge.comments] == [LONGEST]


def test_reply_is_posted(daemon: Daemon, forge: Forge) -> None:
    """A reply is posted in the thread of a review, and found there."""
    first = forge.add_review_comment(owner="o", repo="r", number=1, body="Why?", login="ann")

    async def converse() -> dict[str, Any]:
        async with session(daemon.environment, "auto") as client:
            queued = await result(
                client, "reply_to_review", **COMMENT, body="Fixed", in_reply_to=first.id
            )
            await anyio.to_thread.run_sync(daemon.log.until, r"outcome=posted")
            return await result(client, "get_comment", id=queued["id"])

    found = anyio.run(converse)
    assert (found["in_reply_to"], "#discussion_r" in found["url"]) == (first.id, True)
    assert [one.body for one in forge.review_comments] == ["Why?", "Fixed"]


@pytest.mark.parametrize(("mode", "version"), [LEGACY, MODERN])
def test_tool_is_unknown(served: Served, mode: str, version: str) -> None:
    """In both eras, an unknown tool is an error of the protocol, and a wrong argument a result."""

    async def converse() -> tuple[str, Any]:
        async with session(environment(served.path), mode) as client:
            assert client.protocol_version == version
            with pytest.raises(MCPError) as raised:
                await client.call_tool("post_comment", {})
            return str(raised.value), await client.call_tool("get_comment", {"id": "zzzz"})

    error, called = anyio.run(converse)
    assert "unknown tool post_comment" in error
    assert (called.is_error, called.content[0].text) == (
        True,
        "zzzz: no job has an id that begins so",
    )


def test_review_is_found(daemon: Daemon, forge: Forge) -> None:
    """Where the daemon follows reviewers, a tool says what became of a review."""

    async def converse() -> dict[str, Any]:
        async with session(daemon.environment, "auto") as client:
            tools = (await client.list_tools()).tools
            assert "get_review" in [tool.name for tool in tools]
            queued = await result(client, "queue_comment", **COMMENT, body=TRIGGER)
            await anyio.to_thread.run_sync(daemon.log.until, r"outcome=posted")
            return await result(client, "get_review", id=queued["id"])

    review = anyio.run(converse)
    assert (review["reviewer"], review["state"], review["triggers"]) == (
        "coderabbit",
        "awaiting",
        1,
    )
