"""`uv tool install` and `pipx install`, for real and offline, then `comenqd setup`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.home import SCRIPTS, Home, new_home

pytestmark = pytest.mark.full
needs_uv = pytest.mark.skipif(not (SCRIPTS / "uv").exists(), reason="uv is not here")
needs_pipx = pytest.mark.skipif(not (SCRIPTS / "pipx").exists(), reason="pipx is not here")


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty home."""
    with new_home() as made:
        made.environ["PATH"] = f"{made.path}/.local/bin:{os.defpath}:{SCRIPTS}"
        yield made


@pytest.fixture
def offline(wheels: Path) -> tuple[str, ...]:
    """Where uv finds wheels."""
    return ("--offline", "--no-index", "--find-links", str(wheels), "--python", sys.executable)


def comenqs_links(home: Home) -> dict[str, Path]:
    """The links in a home, and where they lead."""
    links = (path for path in home.path.rglob("*") if path.is_symlink())
    names = {str(path.relative_to(home.path)): path.readlink() for path in links}
    return {name: target for name, target in names.items() if "comenq" in Path(name).name}


def set_up(home: Home) -> None:
    """Run the second of two commands, and see that it is done."""
    before = comenqs_links(home)
    said = home.run("comenqd", "setup", "--no-check", "--token-file", "token")
    assert said.splitlines()[-1] == '    comenq OWNER/REPO NUMBER "Looks good"'
    assert before.items() <= comenqs_links(home).items()
    assert home.run("comenqd", "setup", "--no-check").startswith("Nothing has changed.")
    assert "WRONG" not in home.run("comenqd", "check")
    home.run("comenqd", "service", "uninstall")
    assert comenqs_links(home) == before


@needs_uv
def test_uv_installs_and_setup_leaves_its_links_alone(home: Home, offline: tuple[str, ...]) -> None:
    """Two commands lead from an empty home to a daemon that can be started."""
    home.run(SCRIPTS / "uv", "tool", "install", *offline, "comenq")
    set_up(home)


@needs_uv
def test_what_uvx_runs_is_no_service(home: Home, offline: tuple[str, ...]) -> None:
    """The environment of uvx is in a cache, which setup refuses."""
    run: tuple[str | Path, ...] = (
        SCRIPTS / "uv",
        "tool",
        "run",
        *offline,
        "--from",
        "comenq",
        "comenqd",
        "setup",
    )
    said = home.run(*run, "--no-check", "--token-file", "token", status=1)
    assert "is in a cache, which is emptied: install comenq first" in said
    assert not home.config.exists()


@needs_pipx
def test_pipx_installs_and_setup_leaves_its_links_alone(home: Home, wheels: Path) -> None:
    """It links the manual pages as well as the commands."""
    home.environ |= {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels)}
    pipx = (SCRIPTS / "pipx", "install", "--backend", "uv", "--python", sys.executable)
    home.run(*pipx, "comenq")
    assert ".local/share/man/man1/comenq.1" in comenqs_links(home)
    set_up(home)
    assert shutil.which("comenq", path=f"{home.path}/.local/bin")


@needs_pipx
def test_what_pipx_runs_is_no_service(home: Home, wheels: Path) -> None:
    """The environment of pipx run is in a cache, which setup refuses."""
    home.environ |= {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels)}
    pipx: tuple[str | Path, ...] = (
        SCRIPTS / "pipx",
        "run",
        "--backend",
        "uv",
        "--python",
        sys.executable,
    )
    said = home.run(*pipx, "--spec", "comenq", "comenqd", "setup", "--no-check", status=1)
    assert "is in a cache, which is emptied: install comenq first" in said
