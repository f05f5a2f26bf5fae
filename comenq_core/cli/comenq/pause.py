"""`comenq pause` and `comenq resume`."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.output import print_result

__all__ = ["configure", "run"]


def configure(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    if parser.get_default("command") == "pause":
        parser.epilog = "example:\n  comenq pause code freeze until Monday\n"
        parser.add_argument("reason", nargs="*", help="the reason, which comenq status shows")


def run(args: Namespace) -> int:
    """Pause or resume posting; a pause outlasts restarts of the daemon."""
    if args.command == "resume":
        ask(args, op="resume")
        print_result("the queue is resumed")
    else:
        ask(args, op="pause", reason=" ".join(args.reason) or f"paused by {_user()}")
        print_result("the queue is paused; resume it with comenq resume")
    return DONE


def _user() -> str:
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
