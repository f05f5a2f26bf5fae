"""`comenq mcp`."""

from __future__ import annotations

import re
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from comenq_core.cli.comenq.mcp.bounds import NAME_LIMIT, Bounds
from comenq_core.cli.exit_status import DONE, UsageError
from comenq_core.cli.output import print_error
from comenq_core.limits import OWNER_PATTERN, REPO_PATTERN
from comenq_core.presentation.extras import how_to_get

__all__ = ["configure", "run"]

OWN, ALL = "own", "all"
EXAMPLES = """\
examples:
  claude mcp add comenq -- comenq mcp --repo octo-org/site
  codex mcp add comenq -- comenq mcp --repo 'octo-org/*' --hold
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--repo",
        dest="repositories",
        metavar="OWNER/REPO",
        action="append",
        type=_repository,
        help="let no other repository be named; several, if given again; OWNER/* for all of OWNER",
    )
    parser.add_argument(
        "--read-only", action="store_true", help="offer no tool that queues or changes anything"
    )
    parser.add_argument(
        "--hold",
        action="store_true",
        help="hold what is queued until a person releases it: comenq review",
    )
    parser.add_argument(
        "--manage",
        choices=(OWN, ALL),
        default=OWN,
        help="change and read whole what this server has queued (own, the default), or all",
    )
    parser.add_argument(
        "--name",
        type=_name,
        help="what the queue shows as who queued a comment, after mcp (default: what the agent's"
        " program calls itself)",
    )


def run(args: Namespace) -> int:
    """Serve an agent on standard input and output until the input ends."""
    if sys.stdin is None or sys.stdout is None:
        raise UsageError("comenq mcp needs standard input and output: let an agent start it")
    try:
        from comenq_core.cli.comenq.mcp.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("comenq"):
            raise
        raise UsageError(
            f"comenq mcp needs the package {error.name}; {how_to_get('mcp')}"
        ) from None
    if sys.stdin.isatty():
        print_error("an agent is to start this, and to speak JSON-RPC with it; Ctrl-D ends it")
    # The thread that waits for input would keep the process from ending.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    bounds = Bounds(
        repositories=tuple(args.repositories or ()),
        is_read_only=args.read_only,
        holds=args.hold,
        manages_all=args.manage == ALL,
    )
    serve(args, bounds)
    return DONE


def _repository(text: str) -> str:
    if not re.fullmatch(rf"{OWNER_PATTERN}/(?:{REPO_PATTERN}|\*)", text):
        raise ArgumentTypeError("expected OWNER/REPO or OWNER/*")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(rf"[!-~](?:[ -~]{{0,{NAME_LIMIT - 2}}}[!-~])?", text):
        raise ArgumentTypeError(f"expected 1 to {NAME_LIMIT} printable characters of ASCII")
    return text
