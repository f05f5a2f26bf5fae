"""Where the files of a user's daemons are, by the rule that daemon and client share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comenq_core import paths
from comenq_core.settings import load

SESSION = {"HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/7"}
BARE = {"HOME": "/home/u"}
STATE = "/home/u/.local/state/comenq"


@pytest.mark.parametrize(
    ("environ", "name", "config", "socket", "queue"),
    [
        (SESSION, "", "config", "/run/user/7/comenq/comenq.sock", f"{STATE}/queue"),
        (SESSION, "work", "work", "/run/user/7/comenq/work/comenq.sock", f"{STATE}/work/queue"),
        (BARE, "", "config", f"{STATE}/comenq.sock", f"{STATE}/queue"),
        (BARE, "work", "work", f"{STATE}/work/comenq.sock", f"{STATE}/work/queue"),
    ],
)
def test_users_daemons_have_places_of_their_own(
    environ: dict[str, str], name: str, config: str, socket: str, queue: str
) -> None:
    """Each name has a configuration, a socket and a queue; without a session all are at home."""
    assert paths.config_file(environ, name) == f"/home/u/.config/comenqd/{config}.toml"
    assert paths.socket(environ, name) == socket
    assert paths.queue(environ, name) == queue


@pytest.mark.parametrize("name", ["", "work"])
@pytest.mark.parametrize("daemon", [SESSION, BARE])
@pytest.mark.parametrize("client", [SESSION, BARE])
def test_client_looks_where_a_daemon_listens(
    name: str, daemon: dict[str, str], client: dict[str, str]
) -> None:
    """With and without XDG_RUNTIME_DIR, on either side, the client tries the daemon's socket."""
    assert paths.socket(daemon, name) in paths.client_sockets(client, 7, name)


def test_environment_without_a_home_has_no_places() -> None:
    """Where neither HOME nor an XDG directory is set, a user has no daemon of their own."""
    assert (paths.config_file({}), paths.socket({}), paths.queue({})) == (None, None, None)


def test_relative_directories_are_passed_over() -> None:
    """A relative XDG directory is no directory, as the specification asks."""
    relative = {"XDG_RUNTIME_DIR": "run", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}
    assert paths.socket(BARE | relative) == paths.socket(BARE)
    assert paths.queue(BARE | relative) == paths.queue(BARE)
    assert paths.config_file(BARE | relative) == paths.config_file(BARE)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("/home/u/.config/comenqd/config.toml", ""),
        ("/home/u/.config//comenqd/work.toml", "work"),
        ("/home/u/.config/comenqd/queue.toml", None),
        ("/home/u/.config/comenqd/my daemon.toml", None),
        ("/home/u/.config/comenqd/.toml", None),
        ("/home/u/work.toml", None),
        ("/etc/comenqd/config.toml", None),
    ],
)
def test_configuration_tells_the_daemons_name(file: str, name: str | None) -> None:
    """A file in the user's directory names a daemon; no other file does."""
    assert paths.name_of_config(BARE, file) == name


@pytest.mark.parametrize("name", ["../x", "a/b", "", "-a", "a b", "x" * 33, "queue", "Supervisor"])
def test_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """A name cannot lead out of the directory, nor be what stands there already."""
    assert paths.name_fault(name)


@pytest.mark.parametrize(("platform", "limit"), [("linux", 107), ("darwin", 103)])
def test_long_socket_path_is_refused_with_a_shorter_one(platform: str, limit: int) -> None:
    """A path longer than the system takes is refused, with the limit and one that it takes."""
    longest = "/" + "x" * (limit - 1)
    assert paths.socket_fault(longest, BARE, platform) == ""
    fault = paths.socket_fault(f"{longest}x", BARE, platform)
    assert f"{limit + 1} bytes, and a socket's path may have {limit}" in fault
    assert fault.endswith("such as /home/u/.comenq.sock")


def test_shorter_path_is_one_that_fits() -> None:
    """With a long HOME, the path that is proposed is not below it."""
    fault = paths.socket_fault("/" + "x" * 200, {"HOME": "/" + "h" * 100}, "linux")
    assert fault.endswith("such as /run/comenq/comenq.sock")


def test_named_configuration_makes_a_named_daemon(tmp_path: Path) -> None:
    """The settings of a user's named daemon have the socket and the queue of its name."""
    environ = {"HOME": str(tmp_path)}
    file = Path(str(paths.config_file(environ, "work")))
    file.parent.mkdir(parents=True)
    file.touch(0o600)

    settings = load(file, environ)

    assert os.fspath(settings.socket_path) == paths.socket(environ, "work")
    assert os.fspath(settings.queue_path) == paths.queue(environ, "work")
