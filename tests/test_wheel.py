"""What `pip install comenq` gives, in an environment that has nothing else."""

from __future__ import annotations

import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.environment import install
from tests.service.wheelhouse import CHECKOUT, WHEEL

READY = {"listener started", "unix listening", "worker started"}


@pytest.fixture(scope="module")
def commands(wheels: Path) -> Iterator[Path]:
    """The directory of the commands that the wheel installs, with all that it asks for."""
    with tempfile.TemporaryDirectory(prefix="cq") as directory:
        yield install(Path(directory), wheels, "comenq")


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment for a daemon of its own, which knows nothing of the checkout."""
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text("ghp_canary")
    with tempfile.TemporaryDirectory(prefix="cq") as directory:
        yield {
            "PATH": os.defpath,
            "COMENQ_SOCKET": f"{directory}/comenq.sock",
            "COMENQD_SOCKET_PATH": f"{directory}/comenq.sock",
            "COMENQD_QUEUE_PATH": f"{directory}/queue",
            "COMENQD_GITHUB_TOKEN_FILE": str(tmp_path / "token"),
            "COMENQD_GITHUB_API_URL": "http://127.0.0.1:9",
        }


def test_the_wheel_has_what_is_not_python(wheels: Path) -> None:
    """The files of conf/, those of the page, and the marks of types are in the wheel."""
    (wheel,) = wheels.glob(WHEEL)
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [path for path in (CHECKOUT / "conf").rglob("*") if path.is_file()]
    conf = {f"comenq_core/{path.relative_to(CHECKOUT)}" for path in files}
    http = CHECKOUT / "comenq_plugins" / "http"
    parts = [path for name in ("static", "templates") for path in (http / name).iterdir()]
    page = {str(path.relative_to(CHECKOUT)) for path in parts}

    assert conf | page | {"comenq_core/py.typed", "comenq_plugins/py.typed"} <= names


def test_the_wheel_puts_what_is_generated_where_it_is_looked_for(wheels: Path) -> None:
    """Each page of the manual and each completion is in a directory of man or of a shell."""
    (wheel,) = wheels.glob(WHEEL)
    with zipfile.ZipFile(wheel) as archive:
        placed = {
            name.partition(".data/data/")[2]: archive.read(name)
            for name in archive.namelist()
            if ".data/data/share/" in name
        }
    conf = CHECKOUT / "conf"
    generated = [*(conf / "man").iterdir(), *(conf / "completions").iterdir()]

    assert sorted(placed.values()) == sorted(path.read_bytes() for path in generated)
    assert {"share/man/man7/comenq-plugins.7", "share/zsh/site-functions/_comenq"} <= placed.keys()


@pytest.mark.full
@pytest.mark.parametrize("command", ["comenq", "comenqd"])
def test_the_commands_are_there(commands: Path, command: str) -> None:
    """Both commands run with nothing but what the wheel asks for."""
    done = subprocess.run([commands / command, "--help"], check=True, stdout=subprocess.PIPE)

    assert f"usage: {command}".encode() in done.stdout


@pytest.mark.full
def test_the_configuration_can_be_checked(commands: Path, environ: dict[str, str]) -> None:
    """`comenqd check` finds every built-in plugin, and all in order."""
    subprocess.run([commands / "comenqd", "check"], env=environ, cwd="/", check=True)


@pytest.mark.full
def test_the_daemon_runs(commands: Path, environ: dict[str, str]) -> None:
    """The whole daemon starts, takes a comment in, and ends when it is asked to."""
    daemon = subprocess.Popen(
        [commands / "comenqd"], env=environ, cwd="/", stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout
    waiting = set(READY)
    with daemon.stdout as log:
        try:
            while waiting:
                line = next(log)
                waiting = {event for event in waiting if f" {event}: " not in line}
            enqueue = [str(commands / "comenq"), "owner/repo", "1", "Hello"]
            subprocess.run(enqueue, env=environ, check=True)
        finally:
            daemon.terminate()
            log.read()

    assert daemon.wait() == 0
