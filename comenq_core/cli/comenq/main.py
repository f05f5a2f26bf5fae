"""The command `comenq`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from comenq_core.cli.comenq import put
from comenq_core.cli.comenq.plain_args import PlainArgs, is_plain
from comenq_core.cli.exit_status import NEEDS_PERSON, UNREACHABLE, USAGE, UsageError
from comenq_core.cli.output import guarded, print_error
from comenq_core.errors import DaemonUnreachable, NotAcknowledged

__all__ = ["main"]

TYPE_CHECKING = False  # without the import of argparse
if TYPE_CHECKING:
    from argparse import Namespace


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments after the program's name; by default those of the process.

    Returns:
        The exit status: 0 done, 1 refused or failed, 2 usage, 3 the daemon cannot be reached, 4 the
        wait timed out, 5 a person has to do something before the comment can be posted.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    return guarded("comenq", lambda: _status(words))


def _status(words: Sequence[str]) -> int:
    try:
        return _run(words)
    except UsageError as error:
        return _fail(f"{error}\n(see {_help(words)})", USAGE)
    except DaemonUnreachable as error:
        return _fail(error, UNREACHABLE)
    except NotAcknowledged as error:
        # It may be done: to do it again without a look could do it twice.
        return _fail(error, NEEDS_PERSON)


def _run(words: Sequence[str]) -> int:
    if is_plain(words):
        return put.run(PlainArgs(words))
    from comenq_core.cli.comenq.commands import command_module, resolve
    from comenq_core.cli.comenq.parser import command_parser, global_parser

    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    socket = daemon = None
    if not words or words[0].startswith("-"):
        given, others = global_parser().parse_known_args(words)
        if others:
            return _run(["put", *words])
        socket, daemon, words = given.socket, given.daemon, given.words
        if not words:
            from comenq_core.cli.comenq import overview

            _choose(given)
            return overview.run(given)
    name, rest = resolve(words)
    args = command_parser(name, socket=socket, daemon=daemon).parse_intermixed_args(rest)
    _choose(args)
    return command_module(name).run(args)


def _choose(args: Namespace) -> None:
    """Let the options ``--daemon`` and ``--socket`` choose the daemon."""
    if args.daemon is not None and args.socket is not None:
        raise UsageError("--daemon and --socket name a daemon each: give one of them")
    if args.daemon is not None:
        from comenq_core.cli.comenq.daemons import choose

        choose(args.daemon)
    elif args.socket is not None:
        from comenq_core.presentation.advice import told_daemon

        told_daemon("--socket", args.socket)


def _help(words: Sequence[str]) -> str:
    from comenq_core.cli.comenq.commands import COMMANDS
    from comenq_core.cli.comenq.target import looks_like_target

    word = "put" if any(map(looks_like_target, words[:1])) else "".join(words[:1])
    return f"comenq {word} --help" if word in COMMANDS else "comenq --help"


def _fail(message: object, status: int) -> int:
    print_error(message)
    return status


if __name__ == "__main__":
    sys.exit(main())
