"""`comenq reviewers`."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from comenq_core.cli.comenq.requests import add_json, ask
from comenq_core.cli.exit_status import DONE, UsageError
from comenq_core.cli.output import print_done, print_error, print_json, print_result
from comenq_core.presentation.formatting import duration, plural, when
from comenq_core.presentation.review_text import lane_name, lane_state
from comenq_core.text import nearest, printable

__all__ = ["configure", "run"]

RELEASE = "release"
EXAMPLES = """\
examples:
  comenq reviewers
  comenq reviewers --json | jq '.lanes[] | select(.state != "open")'
  comenq reviewers release coderabbit octo-org
"""


def configure(parser: ArgumentParser) -> None:
    parser.usage = "comenq reviewers [release NAME [SCOPE]] [options]"
    parser.epilog = EXAMPLES
    parser.add_argument(
        "words",
        metavar="release NAME [SCOPE]",
        nargs="*",
        help="open a lane that is held or blocked; it needs a SCOPE if the reviewer has several",
    )
    add_json(parser, "print the reviewers and their lanes, or the lane, as JSON")


def run(args: Namespace) -> int:
    """Show the reviewers and their lanes, or open a lane."""
    if args.words:
        return _release(args, *_released(args.words))
    status = ask(args, op="status")["status"]
    reviewers, lanes = status.get("reviewers", []), status.get("lanes", [])
    if args.json:
        print_json([{"reviewers": reviewers, "lanes": lanes}])
    elif not reviewers:
        print_error("the daemon follows no reviewer: name those that you ask in the setting"
                    " reviewers (see comenqd.toml(5))")  # fmt: skip
    else:
        now = time.time()
        for name in reviewers:
            own = [lane for lane in lanes if lane["reviewer"] == name]
            print_result(*_lines(name, own, now))
    return DONE


def _lines(name: str, lanes: list[dict[str, Any]], now: float) -> Iterator[str]:
    """A reviewer, and what is known of each of its lanes."""
    yield name if lanes else f"{name}: not asked so far"
    for lane in lanes:
        state = lane_state(lane, lambda seconds: when(seconds, now))
        yield printable(f"  {lane['scope'] or 'everything'}: {state}", 2_000)
        yield f"  {'':{len(lane['scope'] or 'everything')}}  {_counts(lane)}"


def _counts(lane: dict[str, Any]) -> str:
    counts = {"trigger": "triggers", "review": "reviewed", "refusal": "refused"}
    counted = ", ".join(plural(lane[member], noun) for noun, member in counts.items())
    if not lane["spacing"]:
        return counted
    return f"{counted}; the refusals have taught it to wait {duration(lane['spacing'])} in between"


def _released(words: list[str]) -> tuple[str, str | None]:
    action, *names = words
    if action != RELEASE:
        hint = f"did you mean {RELEASE}?" if nearest(action, [RELEASE]) else f"there is {RELEASE}"
        raise UsageError(f"unknown action '{printable(action, 40)}': {hint}")
    if len(names) not in (1, 2):
        raise UsageError("give the name of a reviewer and, if it has several lanes, the scope")
    return names[0], names[1] if len(names) > 1 else None


def _release(args: Namespace, name: str, scope: str | None) -> int:
    lane = ask(args, op="open_lane", reviewer=name, scope=scope)["lane"]
    if args.json:
        print_json([lane])
    else:
        now = time.time()
        state = lane_state(lane, lambda seconds: when(seconds, now))
        print_done(printable(f"opened {lane_name(lane)} · {state}", 2_000))
    return DONE
