"""comenq at work: two comments on their way to a pull request, told step by step.

`scripts/demo` runs this. It needs the standard library alone, and leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import textwrap
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from environment import set_up
from stage import Signals, Stage

COOL_OFF = 5
CONFIG = """\
socket_path = "{directory}/comenq.sock"
queue_path = "{directory}/queue"
github_token = "any-will-do-here"
github_api_url = "{url}"
cooldown_period_seconds = {cool_off}
"""
REVIEW = {
    "owner": "octo-org",
    "repo": "site",
    "pr_number": 123,
    "body": "Two links are broken: see the report.",
}


class Demo:
    """The play.

    Args:
        stage: where it takes place.
        commands: the directory of ``comenq``, ``comenqd`` and their Python.
    """

    def __init__(self, stage: Stage, commands: Path) -> None:
        self._stage = stage
        self._commands = commands
        self._directory = stage.directory()
        self._environ = environment(self._directory)

    def play(self) -> None:
        """Tell it from the beginning to the end."""
        url = self._open_forge()
        self._start_daemon(url)
        tell("Queue a comment by moving a file into the spool. Any program can do that.")
        self._drop(REVIEW)
        self._daemon.until(" worker job_done: ")
        tell(
            "That one is posted already. Queue another with the command. It prints the job's id"
            " when the job is safe on the disk."
        )
        self._do("comenq", "octo-org/site", "123", "Looks good to me.")
        tell(f"This one waits for the cool-off, which is {COOL_OFF} s in this demo.")
        self._do("comenq", "list")
        self._do("comenq", "status")
        tell("When the cool-off is over, both are on the pull request. The stand-in received:")
        show(*map(received, self._received(url, count=2)))
        self._daemon.until(" worker job_done: ")
        tell("And comenq has a receipt for each, with the comment's URL.")
        self._do("comenq", "hist")

    def _open_forge(self) -> str:
        tell(
            "comenq takes comments for GitHub pull requests, keeps them on the disk, and posts"
            " each of them once, at a pace that GitHub and review bots can live with.",
            "This needs something to post to. Start a stand-in for GitHub on this machine:",
        )
        show("$ python -m comenq_core.testing.forge")
        forge = self._stage.start(
            self._commands / "python", "-m", "comenq_core.testing.forge", environ=self._environ
        )
        url = forge.until("^http")
        show(url)
        return url

    def _start_daemon(self, url: str) -> None:
        tell(
            "Start the daemon: supervisord, which keeps two processes running. The listener"
            " takes comments in, the worker posts them. Between two posts it waits 900 s,"
            " unless it is told otherwise, as here:"
        )
        config = self._directory / "config.toml"
        config.touch(mode=0o600)
        text = CONFIG.format(directory=self._directory, url=url, cool_off=COOL_OFF)
        config.write_text(text)
        show(f"$ cat {config}", *text.splitlines(), f"$ comenqd --config {config} &")
        self._daemon = self._stage.start(
            self._commands / "comenqd", "--config", config, environ=self._environ
        )
        ready = ("worker started", "unix listening")
        for _ in ready:
            self._daemon.until("|".join(f" {event}: " for event in ready))

    def _do(self, *words: str) -> None:
        show(f"$ {shlex.join(words)}")
        said = self._stage.run(self._commands / words[0], *words[1:], environ=self._environ)
        show(*said.splitlines())

    def _drop(self, request: Mapping[str, object]) -> None:
        draft = self._directory / "review.json"
        draft.write_text(json.dumps(request))
        show(f"$ cat {draft}", draft.read_text(), f"$ mv {draft} {self._directory}/queue/new/")
        draft.rename(self._directory / "queue" / "new" / draft.name)

    def _received(self, url: str, count: int) -> list[dict[str, str]]:
        """The requests that the stand-in received, once they are so many."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{url}/_forge/requests?count={count}&timeout=60") as reply:
            requests: list[dict[str, str]] = json.load(reply)
        return requests


def environment(directory: Path) -> dict[str, str]:
    """This environment without settings for another daemon, and without a proxy."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COMENQ")}
    own = {"COMENQ_SOCKET": f"{directory}/comenq.sock", "NO_PROXY": "*", "no_proxy": "*"}
    return {**kept, **own}


def received(request: Mapping[str, str]) -> str:
    """A request, as the stand-in tells it."""
    return f"{request['method']} {request['path']}  {request['body']}"


def tell(*paragraphs: str) -> None:
    """Say what happens now."""
    for paragraph in paragraphs:
        print(f"\n{textwrap.fill(paragraph, 80)}", flush=True)


def show(*lines: str) -> None:
    """Show what is typed, and what comes of it."""
    for line in lines:
        print(f"    {line}", flush=True)


def main() -> int:
    """Play; return the exit status."""
    signals = Signals()
    try:
        with Stage(signals) as stage:
            Demo(stage, set_up(stage)).play()
            tell("That is all. What was started is stopped now, and what was written is removed.")
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does. Python would complain at its exit.
        sys.stdout = None
        return 1
    return signals.status


if __name__ == "__main__":
    sys.exit(main())
