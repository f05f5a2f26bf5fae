"""Shows comenq post two comments, or get a review of a bot that is limited at first, step by step.

`scripts/demo` runs this. It needs only the standard library, and leaves nothing behind.
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
from session import Session, Signals

COOLDOWN = 5
CONFIG = """\
socket_path = "{directory}/comenq.sock"
queue_path = "{directory}/queue"
github_token = "any-will-do-here"
github_api_url = "{url}"
cooldown_period_seconds = {cooldown}
"""
REVIEWER = """\
[reviewers.coderabbit]
cooldown = 1
"""
TRIGGER = "@coderabbitai review"
NOTICE = "<!-- rate limited by coderabbit.ai -->\n> ## Review limit reached\n>\n"
LIMITED = f"{NOTICE}> **Next included review available in 5 seconds.**"
BOT = {
    "login": "coderabbitai[bot]",
    "triggers": [TRIGGER],
    "scenes": [
        [{"after": 2, "text": LIMITED}],
        [{"after": 4, "kind": "review", "text": "**Actionable comments posted: 2**"}],
    ],
}
"""It refuses the first trigger, and reviews after the second."""
REVIEW = {
    "owner": "octo-org",
    "repo": "site",
    "pr_number": 123,
    "body": "Two links are broken: see the report.",
}


class Demo:
    """The steps of the demo.

    Args:
        session: runs the processes, and cleans up.
        commands: the directory of ``comenq``, ``comenqd`` and their Python.
    """

    def __init__(self, session: Session, commands: Path) -> None:
        self._session = session
        self._commands = commands
        self._directory = session.directory()
        self._environ = environment(self._directory)

    def show_review(self) -> None:
        """A trigger is refused, waits, goes again, and is reviewed."""
        url = self._open_forge()
        self._set_bot(url)
        self._start_daemon(url, REVIEWER)
        tell("Ask for a review. The stand-in plays a bot that is limited for 5 s at first.")
        self._do("comenq", "octo-org/site", "123", TRIGGER)
        tell(
            "Bots edit what they have said, so comenq counts an answer after half a minute without"
            " a change. Then it waits as long as the bot says, and half a minute more."
        )
        self._daemon.until(" worker answered: .* ending=limited")
        self._do("comenq", "list")
        self._do("comenq", "reviewers")
        tell("When that time is over, it asks again, and waits for the review.")
        self._do("comenq", "wait", "--all", "--until", "posted")
        self._daemon.until(" worker answered: .* ending=reviewed")
        self._do("comenq", "hist")
        self._do("comenq", "reviewers")

    def show_comments(self) -> None:
        """Two comments are posted, a cooldown apart."""
        url = self._open_forge()
        self._start_daemon(url)
        tell("Queue a comment: move a file into the spool. Any program can do that.")
        self._drop(REVIEW)
        self._daemon.until(" worker job_done: ")
        tell(
            "comenq has posted it already. Queue another one with the command, which prints the"
            " job's id once the job is on disk."
        )
        self._do("comenq", "octo-org/site", "123", "Looks good to me.")
        tell(f"This one waits for the cooldown, which is {COOLDOWN} s in this demo.")
        self._do("comenq", "list")
        self._do("comenq", "status")
        tell("When the cooldown is over, both are on the pull request. The stand-in received:")
        show(*map(received, self._received(url, count=2)))
        self._daemon.until(" worker job_done: ")
        tell("comenq has a receipt for each, with the comment's URL.")
        self._do("comenq", "hist")

    def _open_forge(self) -> str:
        tell(
            "comenq queues comments for GitHub pull requests on disk, and posts each of them"
            " once, at a pace that GitHub and review bots accept.",
            "It needs something to post to. Start a stand-in for GitHub on this machine:",
        )
        show("$ python -m comenq_core.testing.forge")
        forge = self._session.start(
            self._commands / "python", "-m", "comenq_core.testing.forge", environ=self._environ
        )
        url = forge.until("^http")
        show(url)
        return url

    def _set_bot(self, url: str) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        body = json.dumps([BOT]).encode()
        request = urllib.request.Request(f"{url}/_forge/bots", body, method="PUT")  # noqa: S310 -- ours
        direct.open(request).close()

    def _start_daemon(self, url: str, more: str = "") -> None:
        tell(
            "Start the daemon: supervisord, which keeps two processes running. The listener"
            " accepts comments, the worker posts them. Between two posts it waits 900 s by"
            " default, and less with this configuration:"
        )
        config = self._directory / "config.toml"
        config.touch(mode=0o600)
        text = CONFIG.format(directory=self._directory, url=url, cooldown=COOLDOWN) + more
        config.write_text(text)
        show(f"$ cat {config}", *text.splitlines(), f"$ comenqd --config {config} &")
        self._daemon = self._session.start(
            self._commands / "comenqd", "--config", config, environ=self._environ
        )
        ready = ("worker started", "unix listening")
        for _ in ready:
            self._daemon.until("|".join(f" {event}: " for event in ready))

    def _do(self, *words: str) -> None:
        show(f"$ {shlex.join(words)}")
        output = self._session.run(self._commands / words[0], *words[1:], environ=self._environ)
        show(*output.splitlines())

    def _drop(self, request: Mapping[str, object]) -> None:
        draft = self._directory / "review.json"
        draft.write_text(json.dumps(request))
        show(f"$ cat {draft}", draft.read_text(), f"$ mv {draft} {self._directory}/queue/new/")
        draft.rename(self._directory / "queue" / "new" / draft.name)

    def _received(self, url: str, count: int) -> list[dict[str, str]]:
        """The posts that the stand-in received, once there are ``count`` of them.

        Before the first one, the worker has asked whose the token is.
        """
        count += 1
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{url}/_forge/requests?count={count}&timeout=60") as reply:
            requests: list[dict[str, str]] = json.load(reply)
        return [one for one in requests if one["method"] == "POST"]


def environment(directory: Path) -> dict[str, str]:
    """This process's environment, without other settings of comenq and without a proxy."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COMENQ")}
    own = {"COMENQ_SOCKET": f"{directory}/comenq.sock", "NO_PROXY": "*", "no_proxy": "*"}
    return {**kept, **own}


def received(request: Mapping[str, str]) -> str:
    """A request that the stand-in received, as a line."""
    return f"{request['method']} {request['path']}  {request['body']}"


def tell(*paragraphs: str) -> None:
    """Print paragraphs."""
    for paragraph in paragraphs:
        print(f"\n{textwrap.fill(paragraph, 80)}", flush=True)


def show(*lines: str) -> None:
    """Print a command or its output, indented."""
    for line in lines:
        print(f"    {line}", flush=True)


def main() -> int:
    """Run the demo; return the exit status."""
    signals = Signals()
    try:
        with Session(signals) as session:
            demo = Demo(session, set_up(session))
            (demo.show_review if sys.argv[1:] == ["review"] else demo.show_comments)()
            tell("That is all. The demo stops what it started, and removes its files.")
    except BrokenPipeError:
        # The reader of the output is gone, as with `head`. Python would report that at exit.
        sys.stdout = None
        return 1
    return signals.status


if __name__ == "__main__":
    sys.exit(main())
