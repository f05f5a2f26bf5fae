"""`comenq pause`, `resume` and `flush`: when comenq posts at all."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

from comenq_core.cli.comenq.requests import ask
from comenq_core.cli.exit_status import DONE
from comenq_core.cli.output import print_done
from comenq_core.presentation.advice import command
from comenq_core.presentation.formatting import user

__all__ = ["configure", "run"]


def configure(parser: ArgumentParser) -> None:
    command = parser.get_default("command")
    if command == "pause":
        parser.epilog = "example:\n  comenq pause code freeze until Monday\n"
        parser.add_argument("reason", nargs="*", help="the reason, which comenq status shows")
    elif command == "flush":
        parser.epilog = (
            "It ends neither the cooldown nor a wait that the forge asked for, and no --after.\n"
        )


def run(args: Namespace) -> int:
    """Pause or resume posting, or end back-offs; a pause outlasts restarts of the daemon."""
    if args.command == "resume":
        ask(args, op="resume")
        print_done("the queue is resumed")
    elif args.command == "flush":
        print_done(_ended(ask(args, op="flush")["ended"]))
    else:
        ask(args, op="pause", reason=" ".join(args.reason) or f"paused by {user(os.getuid())}")
        print_done(f"the queue is paused; resume it with {command('resume')}")
    return DONE


def _ended(number: int) -> str:
    if number == 0:
        return "nothing backs off"
    return f"{number:,} back-off{'' if number == 1 else 's'} ended"
