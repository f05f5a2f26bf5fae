"""`comenq completion`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from comenq_core.cli.exit_status import DONE

__all__ = ["configure", "run"]

SHELLS = ("bash", "zsh", "fish")
PROGRAMS = ("comenq", "comenqd")
EXAMPLES = """\
examples:
  source <(comenq completion bash)
  comenq completion zsh > ~/.zfunc/_comenq
  comenq completion fish > ~/.config/fish/completions/comenq.fish
  comenq completion bash comenqd
"""


def configure(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "shell", metavar="SHELL", choices=SHELLS, help=f"the shell: {', '.join(SHELLS)}"
    )
    parser.add_argument(
        "program",
        metavar="PROGRAM",
        nargs="?",
        choices=PROGRAMS,
        default=PROGRAMS[0],
        help="the program to complete: comenq (default) or comenqd",
    )


def run(args: Namespace) -> int:
    """Print a script that scripts/generate made: an installation has no shtab to make it."""
    from comenq_core.supervisor.launch import conf_file

    sys.stdout.write(conf_file(f"completions/{args.program}.{args.shell}").read_text("utf-8"))
    return DONE
