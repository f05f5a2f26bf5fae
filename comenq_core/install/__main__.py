"""``python -m comenq_core.install``, run by scripts/install.sh: installs or uninstalls."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from comenq_core.install.files import Files
from comenq_core.install.places import Places, of_machine, of_user
from comenq_core.install.plan import ForMachine, ForUser, Installation, Staged
from comenq_core.install.running import served_socket
from comenq_core.install.steps import Step, run_steps

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Install or uninstall; return the exit status."""
    given = _parser().parse_args(arguments)
    places = of_user(os.environ) if given.user else of_machine(given.prefix)
    files = Files(places, given.venv, given.destdir or Path("/"))
    try:
        if given.destdir:
            run_steps(Staged(files).install(), _act(given))
        else:
            _run(given, places, _installation(given, files))
    except OSError as error:
        print(f"comenq: {error}", file=sys.stderr)
        return 1
    return 0


def _act(given: Namespace) -> Callable[[Step], None]:
    return (lambda _step: None) if given.dry_run else (lambda step: step.do())


def _run(given: Namespace, places: Places, installation: Installation) -> None:
    steps = _removal(given, installation) if given.uninstall else installation.install()
    changed = run_steps(steps, _act(given)) or given.changed
    if given.uninstall:
        if not given.purge:
            print(f"The configuration in {places.config} and the queue in {places.state} are kept.")
        return
    if not changed:
        print("Nothing has changed.")
        return
    restarted = run_steps(installation.restart(), _act(given))
    if socket := served_socket(places):
        if not restarted:
            print(f"The daemon that serves {socket} still runs the old version: restart it.")
    else:
        print(_next(places, installation))


def _removal(given: Namespace, installation: Installation) -> Iterator[Step]:
    yield from installation.uninstall()
    if given.purge:
        yield from installation.purge()


def _installation(given: Namespace, files: Files) -> Installation:
    if given.user:
        manager = Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "systemd/private")
        return ForUser(files, ("systemctl", "--user") if manager.exists() else ())
    has_systemd = shutil.which("systemctl") is not None
    is_booted = has_systemd and Path("/run/systemd/system").is_dir()
    return ForMachine(files, ("systemctl",) if is_booted else (), has_systemd=has_systemd)


def _next(places: Places, installation: Installation) -> str:
    has_token = places.token.is_file() and places.token.stat().st_size
    first = [] if has_token else [f"Write a GitHub token that may comment into {places.token}"]
    steps = enumerate([*first, *installation.next], 1)
    return "\n".join(["Next:", *(f"  {number}. {step}" for number, step in steps)])


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="scripts/install.sh", allow_abbrev=False)
    parser.add_argument("--venv", type=Path, required=True)
    parser.add_argument("--prefix", type=Path, default=Path("/usr/local"))
    parser.add_argument("--destdir", type=lambda text: Path(text).absolute())
    parser.add_argument("--wheel", help="handled by scripts/install.sh")
    for name in ("user", "dry-run", "uninstall", "purge", "changed"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
