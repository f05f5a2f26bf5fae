"""``comenqd ctl`` and ``comenqd reload``: what a running daemon's supervisord does.

http://supervisord.org/running.html#supervisorctl-actions
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from pathlib import Path

from comenq_core.cli.comenqd.credentials import from_outside
from comenq_core.cli.comenqd.scope import with_name
from comenq_core.cli.comenqd.usage import Formatter
from comenq_core.cli.exit_status import UsageError
from comenq_core.errors import DaemonUnreachable
from comenq_core.plugins import registry
from comenq_core.settings import Settings
from comenq_core.supervisor.directory import is_served, private_directory
from comenq_core.supervisor.launch import conf_file
from comenq_core.text import nearest, printable

__all__ = ["add_words", "ctl", "reload"]

TIMEOUT_SECONDS = 30.0
PAUSE = 0.1
NOT_ALL_RUN = 3


ACTIONS = {
    "status": "status [PROGRAM]        what the listener and the worker do (the default)",
    "restart": "restart PROGRAM|all     stop it, and start it again",
    "stop": "stop PROGRAM|all        stop it",
    "start": "start PROGRAM|all       start it",
    "signal": "signal NAME PROGRAM     send it a signal",
    "pid": "pid [PROGRAM]           its process id, or the daemon's",
    "shutdown": "shutdown                end the daemon",
}
"""What `ctl` takes, with a line of help for each."""
PROGRAMS = ("listener", "worker", "all")
NEEDS_PROGRAM = {"restart", "stop", "start", "signal"}


class _Formatter(RawDescriptionHelpFormatter, Formatter):
    """Keeps the lines of the actions as they are."""


def add_words(parser: ArgumentParser) -> None:
    """Add the action and its programs."""
    actions = [f"  {line}" for line in ACTIONS.values()]
    parser.epilog = "\n".join(["actions (PROGRAM is listener or worker):", *actions])
    parser.formatter_class = _Formatter
    parser.add_argument("words", nargs="*", metavar="ACTION", help="see below")


def _require_action(word: str) -> None:
    if word in ACTIONS:
        return
    if word == "reload":
        raise UsageError("comenqd reload reads the configuration again")
    meant = nearest(word, ACTIONS)
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(ACTIONS)}"
    raise UsageError(f"ctl: there is no action {printable(word)}; {hint}")


def _require_programs(action: str, words: Sequence[str]) -> None:
    programs = words[1:] if action == "signal" else words
    if not programs and action in NEEDS_PROGRAM:
        raise UsageError(f"ctl: {action} of what? There are {', '.join(PROGRAMS)}")
    for program in programs:
        if program not in PROGRAMS:
            meant = nearest(program, PROGRAMS)
            hint = f"did you mean {meant}?" if meant else f"there are {', '.join(PROGRAMS)}"
            raise UsageError(f"ctl: there is no program {printable(program)}; {hint}")


def ctl(settings: Settings, given: Namespace) -> int:
    """Do what is asked with the processes; the status of ``status`` is 0 if all is well.

    It is 3 if not all programs run, or one runs and makes no progress.

    Raises:
        UsageError: there is no such action, or no such program.
        DaemonUnreachable: no daemon runs with these settings, or it is another user's.
    """
    words = given.words or ["status"]
    _require_action(words[0])
    _require_programs(words[0], words[1:])
    _enter(settings, given.name)
    if words != ["status"]:
        os.execv(sys.executable, [*_supervisorctl(), *words])
    status = subprocess.run([*_supervisorctl(), *words], check=False).returncode
    for program in _stalled():
        print(f"{program}: runs, and makes no progress: see the daemon's log")
        status = status or NOT_ALL_RUN
    return status


def reload(settings: Settings, given: Namespace) -> int:
    """Restart listener and worker, one by one, with the configuration as it is now.

    The worker ends when its current post is settled.

    Raises:
        ComenqError: the configuration is wrong, or no daemon runs with it; nothing was restarted.
    """
    plugins = registry.load()
    plugins.require(settings)
    sockets = plugins.client_sockets(settings)
    plugins.posters(from_outside(settings, os.environ))
    _enter(settings, given.name)
    if status := _restart("listener"):
        return status
    _await_listener(sockets)
    return _restart("worker")


def _restart(program: str) -> int:
    return subprocess.run([*_supervisorctl(), "restart", program], check=False).returncode


def _await_listener(sockets: Iterable[Path]) -> None:
    """Wait until clients can connect: for supervisord, a process runs once it is two seconds old.

    Raises:
        DaemonUnreachable: that takes too long.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for path in sockets:
        while not is_served(str(path)):
            if time.monotonic() > deadline:
                raise DaemonUnreachable(
                    f"the listener does not serve {path} after its restart: see the log"
                )
            time.sleep(PAUSE)


def _stalled() -> list[str]:
    """The programs that make no progress; none from a daemon of an earlier version."""
    # Slow to import.
    from xmlrpc.client import Error

    from supervisor.childutils import getRPCInterface

    try:
        daemon = getRPCInterface({"SUPERVISOR_SERVER_URL": "unix://supervisor.sock"})
        return [str(program) for program in daemon.comenq.stalled()]
    except (OSError, Error):
        return []


def _supervisorctl() -> list[str]:
    conf = str(conf_file("supervisord.conf"))
    return [sys.executable, "-P", "-m", "supervisor.supervisorctl", "--configuration", conf]


def _enter(settings: Settings, name: str) -> None:
    directory = private_directory(settings)
    try:
        os.chdir(directory)
        served = is_served("supervisor.sock")
    except PermissionError:
        raise DaemonUnreachable(
            f"{directory}: not permitted: run this as the daemon's user, or as root"
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        served = False
    if not served:
        raise DaemonUnreachable(
            f"no daemon serves {settings.socket_path}: start it with comenqd service start"
            f"{with_name(name)}, or name another daemon with --name or --config"
        )
