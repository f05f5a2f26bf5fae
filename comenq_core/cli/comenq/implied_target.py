"""Finds the pull request that a command line does not name in full.

It is what `gh` would take, or less: see `comenq_core.cli.comenq.inference`.
"""

from __future__ import annotations

import json
import os
import subprocess
from argparse import Namespace
from collections.abc import Sequence

from comenq_core.cli.comenq import checkout
from comenq_core.cli.comenq.inference import (
    only_pull,
    pulls_of_branch,
    pulls_of_workflow,
    repository_in,
    repository_of,
    with_number,
)
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.comenq.remotes import NoRepository, Repository, read_name
from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.comenq.target import Target, is_number, read_number, read_target
from comenq_core.cli.exit_status import UsageError

__all__ = ["implied_target"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GH_SECONDS = 60
_NAME_IT = "name it: comenq NUMBER -b TEXT"


def implied_target(args: Namespace | PlainArgs) -> tuple[Target, Sequence[str]]:
    """The pull request that is meant, and the words after it.

    Raises:
        UsageError: it is not known, or may be one of several.
        DaemonError: the remotes are on several hosts, and the daemon does not say which is its own.
    """
    words: Sequence[str] = args.words
    named = _named("-R", args.repo)
    if words and not is_number(words[0]):
        target, rest = read_target(words)
        _check_same("-R", named, target)
        return target, rest
    if named and not words:
        raise UsageError("with -R, the pull request needs a number: comenq -R OWNER/REPO NUMBER")
    named = named or _named("GH_REPO", os.environ.get("GH_REPO"))
    if not words:
        return _known_pull(args, named), words
    number = read_number(words[0].removeprefix("#"))
    return with_number(named or _of_checkout(args), number), words[1:]


def _named(place: str, text: str | None) -> Repository | None:
    if not text:
        return None
    try:
        named = read_name(text)
    except NoRepository as error:
        raise UsageError(f"{place} {error}: expected [HOST/]OWNER/REPO") from None
    # What is meant for the host that gh is set to must not appear on another one.
    host = named.host or os.environ.get("GH_HOST", "").lower() or None
    return named._replace(host=host)


def _check_same(place: str, named: Repository | None, target: Target) -> None:
    repository = repository_in(target)
    if named and not named.is_same_repository(repository):
        raise UsageError(f"{place} names {named}, and the pull request is in {repository}")


def _of_checkout(args: Namespace | PlainArgs) -> Repository:
    return repository_of(
        checkout.remotes(), lambda: ask(args, op="status")["status"].get("host", "")
    )


def _known_pull(args: Namespace | PlainArgs, named: Repository | None) -> Target:
    workflow = list(pulls_of_workflow(os.environ, _event()))
    known = only_pull([*workflow, *pulls_of_branch(checkout.upstreams())])
    if known is None:
        return _asked_of_gh(named or _of_checkout(args))
    _check_same("GH_REPO", named, known)
    return known


def _event() -> Any:  # noqa: ANN401  (JSON)
    """What started a workflow of GitHub Actions; ``None`` elsewhere."""
    try:
        with open(os.environ.get("GITHUB_EVENT_PATH", ""), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _asked_of_gh(repository: Repository) -> Target:
    environ = {**os.environ, "GH_REPO": str(repository), "GH_PROMPT_DISABLED": "1"}
    try:
        done = subprocess.run(
            ["gh", "pr", "view", "--json", "number,url"],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GH_SECONDS,
            check=False,
        )
    except OSError:
        raise UsageError(
            f"no pull request is known for this branch, and there is no gh to ask; {_NAME_IT}"
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"gh does not answer in {GH_SECONDS} s; {_NAME_IT}") from None
    if done.returncode:
        problem = f"no pull request is known for this branch; {_NAME_IT}\ngh pr view says"
        raise UsageError(checkout.tell(problem, done.stderr.decode(errors="replace")))
    return _read_answer(done.stdout)


def _read_answer(answer: bytes) -> Target:
    try:
        return read_target([json.loads(answer)["url"]])[0]
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"what gh answers is no pull request; {_NAME_IT}") from None
