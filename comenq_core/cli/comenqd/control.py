"""``comenqd ctl`` and ``comenqd reload``: what is asked of a daemon's supervisord.

http://supervisord.org/running.html#supervisorctl-actions
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from comenq_core.cli.comenqd.credentials import from_outside
from comenq_core.errors import DaemonUnreachable
from comenq_core.plugins import registry
from comenq_core.settings import Settings
from comenq_core.supervisor.launch import conf_file, is_served, private_directory

__all__ = ["add_words", "ctl", "reload"]

TIMEOUT_SECONDS = 30.0
PAUSE = 0.1


def add_words(parser: ArgumentParser) -> None:
    """Let a command take what supervisorctl takes."""
    parser.add_argument(
        "words", nargs="*", metavar="ACTION", help="such as: status, restart worker, help"
    )


def ctl(settings: Settings, given: Namespace) -> int:
    """Become supervisorctl, whose exit status tells what came of it: 0 done, 3 not all run.

    Raises:
        DaemonUnreachable: no daemon runs with these settings, or it is somebody else's.
    """
    _enter(settings)
    os.execv(sys.executable, [*_supervisorctl(), *(given.words or ["status"])])


def reload(settings: Settings, _given: Namespace) -> int:
    """Have a running daemon work with the configuration as it is now; a wrong one is refused.

    The processes are restarted one by one: while one ends and begins, the other serves. The
    worker ends when the post in its hands is settled.

    Raises:
        ComenqError: the configuration is wrong, or no daemon runs with it.
    """
    plugins = registry.load()
    plugins.require(settings)
    sockets = plugins.client_sockets(settings)
    plugins.posters(from_outside(settings, os.environ))
    _enter(settings)
    if status := _restart("listener"):
        return status
    _await_listener(sockets)
    return _restart("worker")


def _restart(program: str) -> int:
    return subprocess.run([*_supervisorctl(), "restart", program], check=False).returncode


def _await_listener(sockets: Iterable[Path]) -> None:
    """Wait until clients can connect; to supervisord, a process runs once it is two seconds old.

    Raises:
        DaemonUnreachable: that takes too long.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for path in sockets:
        while not is_served(str(path)):
            if time.monotonic() > deadline:
                raise DaemonUnreachable(f"the listener does not serve {path} again: see its log")
            time.sleep(PAUSE)


def _supervisorctl() -> list[str]:
    conf = str(conf_file("supervisord.conf"))
    return [sys.executable, "-P", "-m", "supervisor.supervisorctl", "--configuration", conf]


def _enter(settings: Settings) -> None:
    directory = private_directory(settings)
    try:
        os.chdir(directory)
        served = is_served("supervisor.sock")
    except PermissionError:
        raise DaemonUnreachable(
            f"{directory}: not permitted: run this as the daemon's own user, or as root"
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        served = False
    if not served:
        raise DaemonUnreachable(
            f"no daemon serves {settings.socket_path}: start one with comenqd or systemctl start"
            " comenq, or name its configuration with --config"
        )
