"""What the README and the guide tell a user to type, typed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, TOKEN, Daemon

ROOT = Path(__file__).parents[2]


def typed(daemon: Daemon, lines: str, stdin: str = "") -> None:
    """Type lines into a shell."""
    subprocess.run(
        ["sh", "-c", lines],
        env=daemon.environment,
        cwd=daemon.directory,
        input=stdin,
        text=True,
        check=True,
    )


def test_the_readmes_lines_post_comments(forge: Forge) -> None:
    """Typed one after the other, with a token at hand, they post what they say."""
    usage = (ROOT / "README.md").read_text().partition("## Quick start")[2].partition("\n## ")[0]
    _, setup, *use = (line.strip() for line in usage.splitlines() if line.startswith("    "))
    with Daemon(forge.url) as daemon:
        daemon.variables = {
            "XDG_RUNTIME_DIR": str(daemon.directory),  # which has no systemd
            "COMENQD_SOCKET_PATH": str(daemon.socket),
            "COMENQD_QUEUE_PATH": str(daemon.queue),
            "COMENQD_GITHUB_API_URL": forge.url,
            "COMENQD_GITHUB_TOKEN": TOKEN,
        }
        typed(daemon, setup)
        daemon.variables = {"XDG_RUNTIME_DIR": str(daemon.directory)}
        daemon.launch(daemon.scripts / "comenqd")
        daemon.log.until(*READY)
        daemon.write("review.md", "Two links are broken.")
        typed(daemon, "\n".join(["set -e", *use]))

        (comment,) = forge.wait_for_comments(1)
        (later,) = map(json.loads, daemon.comenq("list", "--json").splitlines())

    assert (comment.owner, comment.repo, comment.number) == ("owner", "repo", 123)
    assert comment.body == "Looks good"
    assert (later["pr_number"], later["state"]) == (124, "waiting")
    assert forge.posts[0].headers["authorization"].endswith(f" {TOKEN}")


@pytest.mark.skipif(not shutil.which("jq"), reason="examples/drop.sh needs jq")
def test_the_example_drops_a_comment_as_it_is(daemon: Daemon, forge: Forge) -> None:
    """examples/drop.sh queues any text, quotes and newlines included."""
    text = 'He said "no".\n\nWhy?\n'
    typed(daemon, f"{ROOT}/examples/drop.sh {daemon.queue} o r 7", stdin=text)

    assert [comment.body for comment in forge.wait_for_comments(1)] == [text]
    assert not list((daemon.queue / "new").iterdir())
