"""Where a user's daemons have their files, by one rule for the daemon and its clients. Pure.

A user may have several daemons: one without a name, and others with names. The client, which has
to start fast, needs this module: paths are texts, and nothing large is imported.
https://specifications.freedesktop.org/basedir-spec/latest/
"""

from __future__ import annotations

import re
import sys
from posixpath import normpath

__all__ = [
    "DAEMON_VARIABLE",
    "NAME_PATTERN",
    "SYSTEM_CONFIG",
    "SYSTEM_SOCKET",
    "agent_file",
    "client_sockets",
    "config_file",
    "name_fault",
    "name_of_config",
    "queue",
    "socket",
    "socket_fault",
    "unit_file",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_CONFIG = "/etc/comenqd/config.toml"
"""The configuration of the machine's daemon."""
SYSTEM_SOCKET = "/run/comenq/comenq.sock"
"""The socket of the machine's daemon."""
DAEMON_VARIABLE = "COMENQ_DAEMON"
"""The variable that names the daemon to talk to, among those of the user."""
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"
"""The name of a daemon."""
# These stand where a daemon's own directory or file would, beside the daemon without a name.
_TAKEN = {"comenq", "config", "queue", "supervisor"}
# sun_path has room for 108 bytes on Linux and for 104 on macOS, the last of which is NUL.
# https://man7.org/linux/man-pages/man7/unix.7.html
_LONGEST_SOCKET = {"darwin": 103}
_LONGEST_SOCKET_ELSEWHERE = 107


def name_fault(name: str) -> str:
    """Why a daemon cannot have this name, for people; ``""`` if it can."""
    if not re.fullmatch(NAME_PATTERN, name):
        return "a daemon's name has 1 to 32 letters, digits, hyphens and underscores"
    return f"{name} is no name for a daemon: choose another" if name.lower() in _TAKEN else ""


def config_file(environ: Mapping[str, str], name: str = "") -> str | None:
    """The configuration of a user's daemon; ``None`` if the environment tells no place for it.

    Args:
        environ: the environment, for its ``XDG_CONFIG_HOME`` or ``HOME``.
        name: the daemon's name; ``""`` for the one without a name. So in the functions below.
    """
    base = _directory(environ, "XDG_CONFIG_HOME", ".config")
    return None if base is None else f"{base}/comenqd/{name or 'config'}.toml"


def name_of_config(environ: Mapping[str, str], file: str) -> str | None:
    """The name of the user's daemon that has this configuration; ``None`` if none of them has."""
    stem = file.rpartition("/")[2].removesuffix(".toml")
    name = "" if stem == "config" else stem
    own = config_file(environ, name)
    is_own = own is not None and normpath(own) == normpath(file)
    return name if is_own and not (name and name_fault(name)) else None


def socket(environ: Mapping[str, str], name: str = "") -> str | None:
    """Where a user's daemon listens: below ``XDG_RUNTIME_DIR``, or else with its state.

    There is no ``XDG_RUNTIME_DIR`` after su, in cron, in a container, and on macOS.
    """
    runtime = _directory(environ, "XDG_RUNTIME_DIR")
    base = _state(environ) if runtime is None else runtime
    return None if base is None else _socket_in(base, name)


def client_sockets(environ: Mapping[str, str], uid: int, name: str = "") -> list[str]:
    """Where a client looks for a user's daemon, best first.

    The daemon and the client may have been started differently, one of them without
    ``XDG_RUNTIME_DIR``; its usual place and the daemon's state are where the other one looks.
    """
    runtime = _directory(environ, "XDG_RUNTIME_DIR")
    bases = (runtime, f"/run/user/{uid}", _state(environ))
    return list(dict.fromkeys(_socket_in(base, name) for base in bases if base is not None))


def unit_file(environ: Mapping[str, str], name: str = "") -> str | None:
    """The unit by which a user's systemd knows the user's daemon."""
    base = _directory(environ, "XDG_CONFIG_HOME", ".config")
    unit = f"comenq-{name}.service" if name else "comenq.service"
    return None if base is None else f"{base}/systemd/user/{unit}"


def agent_file(environ: Mapping[str, str], name: str = "") -> str | None:
    """The property list by which a user's launchd knows the user's daemon."""
    home = _directory(environ, "HOME")
    label = f"org.comenq.comenqd.{name}" if name else "org.comenq.comenqd"
    return None if home is None else f"{home}/Library/LaunchAgents/{label}.plist"


def queue(environ: Mapping[str, str], name: str = "") -> str | None:
    """The directory of the queue of a user's daemon."""
    state = _state(environ)
    return None if state is None else f"{_home_of(state, name)}/queue"


def socket_fault(path: str, environ: Mapping[str, str], platform: str) -> str:
    """Why the system takes no socket with this path, and a path that it takes; ``""`` if it does.

    Args:
        path: the path.
        environ: the environment, for a shorter path.
        platform: the system, as ``sys.platform`` names it.
    """
    limit = _LONGEST_SOCKET.get(platform, _LONGEST_SOCKET_ELSEWHERE)
    length = _length(path)
    if length <= limit:
        return ""
    home = _directory(environ, "HOME")
    shorter = f"{home}/.comenq.sock"
    if home is None or _length(shorter) > limit:
        shorter = SYSTEM_SOCKET
    return (
        f"{path} has {length} bytes, and a socket's path may have {limit}:"
        f" set a shorter socket_path, such as {shorter}"
    )


def _length(path: str) -> int:
    return len(path.encode(sys.getfilesystemencoding(), "surrogateescape"))


def _socket_in(base: str, name: str) -> str:
    return f"{_home_of(base, name)}/comenq.sock"


def _home_of(base: str, name: str) -> str:
    return f"{base}/comenq/{name}" if name else f"{base}/comenq"


def _state(environ: Mapping[str, str]) -> str | None:
    return _directory(environ, "XDG_STATE_HOME", ".local/state")


def _directory(environ: Mapping[str, str], variable: str, below_home: str = "") -> str | None:
    # "If an implementation encounters a relative path [it] should consider the path invalid".
    given = environ.get(variable, "")
    if given.startswith("/"):
        return given.rstrip("/")
    home = environ.get("HOME", "")
    return f"{home.rstrip('/')}/{below_home}" if below_home and home.startswith("/") else None
