"""The virtual environment that comenq is installed in, and whether a service can depend on it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from comenq_core.install.paths import FirstLink, Link, Removal
from comenq_core.install.places import Places
from comenq_core.install.steps import Several, Step

__all__ = ["current", "fault", "installed_at", "links", "owned_links", "removed_links"]

HOMES = ("/home", "/root", "/run/user")
"""What ProtectHome= hides from a service."""
SHARED = "the manual pages and the shell completions"
UV = "uv-receipt.toml"
"""Marks an environment of uv, which links its commands itself."""
PIPX = "pipx_metadata.json"
"""Marks an environment of pipx, which links manual pages and completions, too."""


def current() -> Path:
    """The environment that this process runs in."""
    return Path(sys.prefix)


def fault(venv: Path, environ: Mapping[str, str], hidden: Iterable[Path] = ()) -> str:
    """Why a service cannot depend on an environment, for people; ``""`` if it can.

    Args:
        venv: the environment.
        environ: the environment variables.
        hidden: what the service would need and must not be in a home directory.
    """
    if _is_cached(venv, environ):
        return (
            f"{venv} is in a cache, which is emptied: install comenq first, with uv tool install"
            " or pipx install, then run comenqd setup"
        )
    for path in hidden:
        if any(path.is_relative_to(home) for home in HOMES):
            return (
                f"{path} is in a home directory, which the machine's service cannot see: install"
                " comenq with scripts/install.sh, or run comenqd setup without --system"
            )
    return ""


def _is_cached(venv: Path, environ: Mapping[str, str]) -> bool:
    """Whether it is one of uvx or of pipx run.

    https://bford.info/cachedir/
    """
    given = environ.get("XDG_CACHE_HOME", "")
    return (
        any((parent / "CACHEDIR.TAG").exists() for parent in venv.parents)
        or not {".cache", "Caches"}.isdisjoint(venv.parts)
        or (given.startswith("/") and venv.is_relative_to(given))
    )


def installed_at(venv: Path) -> float:
    """When comenq was last installed or upgraded there, in Unix seconds; 0 if nobody knows."""
    found = venv.glob("lib/python3*/site-packages/comenq-*.dist-info")
    return max((path.stat().st_mtime for path in found), default=0.0)


def links(places: Places, venv: Path, root: Path = Path("/")) -> Iterator[Step]:
    """Install the machine's links to commands, manual pages and completions.

    Args:
        places: the places of the machine.
        venv: the environment.
        root: the directory that stands for ``/`` while a package is built.
    """
    for path, target in _commands(places, venv):
        yield Link(root / path.relative_to("/"), target)
    shared = _shared(places, venv, root)
    steps = [Link(root / path.relative_to("/"), target) for path, target in shared]
    yield Several(f"link {SHARED} into {root / places.share.relative_to('/')}", steps)


def owned_links(places: Places, venv: Path) -> Iterator[Step]:
    """Install a user's links, where there is nothing yet and no other program makes them."""
    commands, shared = _of_user(places, venv)
    for path, target in commands:
        yield FirstLink(path, target)
    steps = [FirstLink(path, target) for path, target in shared]
    yield Several(f"link {SHARED} into {places.share}", steps)


def removed_links(places: Places, venv: Path) -> Iterator[Step]:
    """Remove the links that lead into the environment, but for those of uv and pipx."""
    commands, shared = (
        [Removal(path) for path, target in pairs if path.is_symlink() and path.readlink() == target]
        for pairs in _of_user(places, venv)
    )
    yield from commands
    yield Several(f"remove {SHARED} from {places.share}", shared)


Pairs = Iterable[tuple[Path, Path]]
"""Links and where they lead."""


def _of_user(places: Places, venv: Path) -> tuple[Pairs, Pairs]:
    """The links to commands, and those to manual pages and completions."""
    if (venv / PIPX).exists():
        return (), ()
    commands = () if (venv / UV).exists() else _commands(places, venv)
    return commands, list(_shared(places, venv, Path("/")))


def _commands(places: Places, venv: Path) -> Iterator[tuple[Path, Path]]:
    for name, path in places.links.items():
        yield path, venv / "bin" / name


def _shared(places: Places, venv: Path, root: Path) -> Iterator[tuple[Path, Path]]:
    share = root / venv.relative_to("/") / "share"
    for path in sorted(share.rglob("*comenq*")):
        name = path.relative_to(share)
        yield places.share / name, venv / "share" / name
