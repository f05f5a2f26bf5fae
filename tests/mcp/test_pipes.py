"""The server on two pipes, with an agent that says right and wrong things."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from comenq_core.presentation.extras import how_to_get
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM, ROOT, environment
from tests.cli.terminal import on_terminal
from tests.mcp.agent import Agent
from tests.socket.serving import Served, serving

COMMENT = {"owner": "octo-org", "repo": "site", "pr_number": 7, "body": "Looks good."}
META = "io.modelcontextprotocol"
MODERN = {
    f"{META}/protocolVersion": "2026-07-28",
    f"{META}/clientInfo": {"name": "modern-agent", "version": "1"},
    f"{META}/clientCapabilities": {},
}

LOUD = """\
import json

dumps = json.dumps


def loud(*args, **options):
    print("stray", flush=True)
    return dumps(*args, **options)


json.dumps = loud
"""


def test_offered_tools_are_those_on_record(served: Served) -> None:
    """An agent is offered the tools in tools.json, but for reviews, which nobody follows here."""
    on_record = json.loads((ROOT / "tests" / "mcp" / "tools.json").read_text())
    with Agent(environment(served.path)) as agent:
        assert "pace" in agent.begin()["instructions"]
        tools = agent.ask("tools/list")["result"]["tools"]
        assert tools == [tool for tool in on_record if tool["name"] != "get_review"]


def test_daemon_is_restarted(agent: Agent, served: Served) -> None:
    """Each call has a connection of its own, so that a restarted daemon is not noticed."""
    assert agent.call("queue_comment", **COMMENT)["isError"] is False
    served.finish()
    with serving(served.path) as again:
        assert agent.call("queue_comment", **COMMENT)["isError"] is False
        assert len(again.store.pending()) == 1


def test_session_goes_on_while_calls_wait(agent: Agent, served: Served) -> None:
    """However many calls wait for the daemon, the server reads and answers what needs none."""
    served.store.block()
    waiting = [agent.send("tools/call", name="queue_comment", arguments=COMMENT) for _ in range(50)]
    assert served.store.entered.wait(DEADLINE)
    assert agent.ask("ping")["result"] == {}
    served.store.release()
    assert sorted(agent.reply()["id"] for _ in waiting) == waiting


def test_result_is_told_twice(agent: Agent) -> None:
    """A result is structured, and the same is in a text, for agents that read only texts."""
    result = agent.call("queue_comment", **COMMENT)
    (content,) = result["content"]
    assert json.loads(content["text"]) == result["structuredContent"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"body": "\ud800"}, "body: the text holds a lone surrogate"),
        ({"colour": 1}, "colour: is not known here; known are owner"),
        ({"pr_number": 0}, "pr_number: must be the number of the pull request"),
    ],
)
def test_mendable_error_is_a_result(agent: Agent, arguments: dict[str, Any], text: str) -> None:
    """An error that an agent can mend is a result with its text, not an error of the protocol."""
    result = agent.call("queue_comment", **{**COMMENT, **arguments})
    (content,) = result["content"]
    assert (result["isError"], content["text"][: len(text)]) == (True, text)


def test_unknown_tool_is_an_error(agent: Agent) -> None:
    """A tool that there is not is an error of the protocol, with those that there are."""
    reply = agent.ask("tools/call", name="post_comment", arguments={})
    assert reply["error"]["code"] == -32602
    assert "unknown tool post_comment: there are queue_comment, " in reply["error"]["message"]


@pytest.mark.parametrize(
    ("line", "code", "request_id"),
    [
        (b"{", -32700, None),
        (b'{"jsonrpc":"2.0","id":90,"method":"tools/list","x":"\xff"}', -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"id":91}', -32600, 91),
        (b'"text"', -32600, None),
        (b'{"jsonrpc":"2.0","id":92,"method":"nothing/known"}', -32601, 92),
    ],
    ids=["no JSON", "no UTF-8", "too deep", "no message", "a text", "no method"],
)
def test_unreadable_line_is_answered(
    agent: Agent, line: bytes, code: int, request_id: int | None
) -> None:
    """What cannot be read gets an error, and the session goes on."""
    agent.say(line)
    reply = agent.reply()
    assert (reply["error"]["code"], reply["id"]) == (code, request_id)
    assert agent.ask("ping")["result"] == {}


def test_stray_output_is_kept_apart(served: Served, directory: Path) -> None:
    """What something prints while a tool runs goes to standard error, not among the messages."""
    (directory / "sitecustomize.py").write_text(LOUD)
    call = {"name": "queue_comment", "arguments": COMMENT, "_meta": MODERN}
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    done = subprocess.run(
        [*PROGRAM, "mcp"],
        env=environment(served.path) | {"PYTHONPATH": f"{directory}:{ROOT}"},
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    (reply,) = map(json.loads, done.stdout.splitlines())
    assert (reply["result"]["isError"], "stray" in done.stderr) == (False, True)


def test_end_of_input(served: Served) -> None:
    """When the input ends, what was asked for gets its answer, and the server ends."""
    served.store.block()
    with Agent(environment(served.path)) as agent:
        agent.begin()
        request = agent.send("tools/call", name="queue_comment", arguments=COMMENT)
        assert served.store.entered.wait(DEADLINE)
        agent.end_input()
        served.store.release()
        more, status = agent.end()
    assert (json.loads(more)["id"], status) == (request, 0)
    assert len(served.store.pending()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_at_once(served: Served, number: signal.Signals) -> None:
    """A signal ends the server at once, though it waits for input and for a daemon."""
    served.store.block()
    with Agent(environment(served.path)) as agent:
        agent.begin()
        agent.send("tools/call", name="queue_comment", arguments=COMMENT)
        assert served.store.entered.wait(DEADLINE)
        agent.process.send_signal(number)
        assert agent.process.wait(DEADLINE) == -number


def test_agent_is_gone(agent: Agent) -> None:
    """The server ends when nobody can get its replies, though the input has not ended."""
    assert agent.process.stdout
    agent.process.stdout.close()
    agent.send("ping")
    assert agent.process.wait(DEADLINE) == 1
    agent.process.stdout = None


@pytest.mark.parametrize(
    ("words", "via"), [([], "mcp test-agent"), (["--name", "writer"], "mcp writer")]
)
def test_agent_is_named(served: Served, words: list[str], via: str) -> None:
    """The queue shows what the agent's program calls itself, unless the command line names it."""
    with Agent(environment(served.path), *words) as agent:
        agent.begin()
        agent.call("queue_comment", **COMMENT)
    assert served.store.pending()[0].origin.via == via


def test_agent_of_the_newer_era_is_named(served: Served) -> None:
    """Without a handshake, each request says which program it is of."""
    with Agent(environment(served.path)) as agent:
        arguments = {"name": "queue_comment", "arguments": COMMENT, "_meta": MODERN}
        result = agent.ask("tools/call", **arguments)["result"]
    assert result["structuredContent"]["via"] == "mcp modern-agent"


def test_bounds_of_the_command_line(served: Served) -> None:
    """The options of the command are the bounds of the server."""
    words = ("--repo", "o/r", "--repo", "p/*", "--hold", "--manage", "all")
    with Agent(environment(served.path), *words) as agent:
        assert "o/r, p/*" in agent.begin()["instructions"]
        queued = agent.call("queue_comment", **{**COMMENT, "owner": "p"})
        assert queued["structuredContent"]["state"] == "held"
        refused = agent.call("queue_comment", **COMMENT)
        assert "not one of the repositories" in refused["content"][0]["text"]


def test_server_that_only_reads(served: Served) -> None:
    """A tool that is not offered is unknown."""
    with Agent(environment(served.path), "--read-only") as agent:
        agent.begin()
        reply = agent.ask("tools/call", name="queue_comment", arguments=COMMENT)
        assert "unknown tool queue_comment" in reply["error"]["message"]
    assert served.store.pending() == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--repo", "site"], "argument --repo: expected OWNER/REPO or OWNER/*"),
        (["--repo", "*/site"], "argument --repo: expected OWNER/REPO or OWNER/*"),
        (["--name", "a\nb"], "argument --name: expected 1 to 60 printable characters of ASCII"),
        (["--manage", "none"], "argument --manage: invalid choice: 'none'"),
    ],
)
def test_wrong_option_is_refused(words: list[str], error: str) -> None:
    """A wrong option is told, and nothing goes to standard output."""
    done = _run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr


def test_person_starts_it(served: Served) -> None:
    """On a terminal, a person is told what it is for, and how to end it."""
    with on_terminal("mcp", env=environment(served.path)) as session:
        session.see("an agent is to start this")
        session.press(b"\x04")
        assert session.end() == 0


def test_closed_input_is_told() -> None:
    """Without standard input, the error says what is missing."""
    words = ["sh", "-c", 'exec "$0" mcp <&-', *PROGRAM]
    done = subprocess.run(
        words, env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert (done.returncode, "needs standard input and output" in done.stderr) == (2, True)


def test_extra_is_missing(tmp_path: Path) -> None:
    """Without the SDK, one line says what to install."""
    (tmp_path / "mcp").mkdir()
    (tmp_path / "mcp" / "__init__.py").write_text("raise ModuleNotFoundError(name='mcp')")
    done = _run(PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert (done.returncode, done.stdout) == (2, "")
    message, *_ = done.stderr.splitlines()
    assert message.endswith(f"needs the package mcp; {how_to_get('mcp')}")


def _run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "mcp", *words],
        env=environment(None, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
