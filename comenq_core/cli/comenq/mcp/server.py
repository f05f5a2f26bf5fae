"""Speaks the Model Context Protocol with an agent, by the official SDK, in both of its eras."""

from __future__ import annotations

import json
from argparse import Namespace
from contextlib import suppress
from typing import Any

import anyio
import mcp_types as types
from anyio.to_thread import run_sync
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from comenq_core import __version__
from comenq_core.cli.comenq.mcp import stdio
from comenq_core.cli.comenq.mcp.bounds import Bounds, client_word
from comenq_core.cli.comenq.mcp.calls import Caller
from comenq_core.cli.comenq.mcp.tools import instructions, offered
from comenq_core.cli.comenq.requests import ask
from comenq_core.errors import ComenqError
from comenq_core.text import printable

__all__ = ["serve"]

_Context = ServerRequestContext[Any, Any]

_ERROR_LIMIT = 2_000
_CALLS_AT_ONCE = 16
"""Calls that wait for a daemon must leave threads for those who read and write messages."""


def serve(args: Namespace, bounds: Bounds) -> None:
    """Serve the agent on standard input and output until the input ends.

    Args:
        args: the command line, which names the daemon and may name the agent.
        bounds: what a person lets the server do.
    """
    anyio.run(_serve, _Tools(args, bounds))


async def _serve(tools: _Tools) -> None:
    server: Server[Any] = Server(
        "comenq",
        version=__version__,
        title="comenq, the outbox for GitHub comments",
        description="Queues comments on GitHub pull requests, and posts them at a safe pace.",
        instructions=instructions(tools.bounds),
        on_list_tools=tools.on_list,
        on_call_tool=tools.on_call,
    )
    async with stdio.messages() as (requests, replies):
        await server.run(requests, replies, server.create_initialization_options())


class _Tools:
    """Answers an agent's requests for tools.

    Args:
        args, bounds: as for `serve`.
    """

    def __init__(self, args: Namespace, bounds: Bounds) -> None:
        self._args = args
        self.bounds = bounds
        self._threads = anyio.CapacityLimiter(_CALLS_AT_ONCE)
        self._known = {tool.name: tool for tool in offered(bounds)}

    async def on_list(
        self, _context: _Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """List the tools of use with the daemon as it is now."""
        has_reviewers = await run_sync(self._has_reviewers, limiter=self._threads)
        tools = offered(self.bounds, has_reviewers=has_reviewers)
        return types.ListToolsResult(
            tools=[types.Tool.model_validate(tool.definition) for tool in tools]
        )

    def _has_reviewers(self) -> bool:
        with suppress(ComenqError):
            return bool(ask(self._args, op="status")["status"].get("reviewers"))
        return True  # a call of the tool says why it cannot be told

    async def on_call(
        self, context: _Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Call a tool; an error that the agent can mend is a result, too."""
        tool = self._known.get(params.name)
        if tool is None:
            known = ", ".join(self._known)
            name = printable(params.name, 40)
            raise MCPError(types.INVALID_PARAMS, f"unknown tool {name}: there are {known}")
        caller = Caller(args=self._args, bounds=self.bounds, via=self._via(context))
        # A call that the agent cancels is finished all the same: nobody can undo a half of it.
        try:
            arguments = params.arguments or {}
            result = await run_sync(tool.call, caller, arguments, limiter=self._threads)
        except ComenqError as error:
            text = types.TextContent(type="text", text=_told(error))
            return types.CallToolResult(content=[text], is_error=True)
        text = types.TextContent(type="text", text=json.dumps(result, ensure_ascii=False))
        return types.CallToolResult(content=[text], structured_content=result)

    def _via(self, context: _Context) -> str:
        """What the server calls itself: by what the user or the agent's program says of it."""
        client = context.session.client_params
        program = client.client_info.name if client else ""
        return client_word(program if self._args.name is None else self._args.name)


def _told(error: ComenqError) -> str:
    return "\n".join(printable(line, _ERROR_LIMIT) for line in str(error).splitlines())
