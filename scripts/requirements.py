"""Writes the versions that are tested, with their hashes, for `scripts/requirements`."""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

from environment import CONSTRAINTS, ROOT, set_up
from pins import normal, read_pins
from session import Session, Signals

PROJECT = ROOT / "pyproject.toml"
RUN = ROOT / "requirements.txt"
BUILD = ROOT / "requirements-build.txt"
SBOM = ROOT / "requirements-sbom.txt"
# No index is named: whoever installs chooses where from.
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--generate-hashes"),
    *("--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
    "--custom-compile-command=scripts/requirements",
)


def main() -> int:
    """Write the files or, with ``--check``, tell what is wrong with them; return the status."""
    parser = argparse.ArgumentParser(prog="scripts/requirements")
    parser.add_argument("--check", action="store_true", help="tell whether the files agree")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args()
    if options.check:
        faults = list(disagreements())
        print("\n".join(faults), end="\n" if faults else "")
        return 1 if faults else 0
    with Session(Signals()) as session:
        uv = (set_up(session) / "uv", *COMPILE)
        newest = ("--upgrade",) if options.upgrade else ()
        session.run(*uv, *newest, "--all-extras", "--output-file", CONSTRAINTS, PROJECT)
        # These are parts of it, made anew: uv knows what belongs to them.
        part = (*uv, "--upgrade", "--constraint", CONSTRAINTS, "--output-file")
        session.run(*part, RUN, PROJECT)
        project = read_project()
        needed = session.directory() / "needed.in"
        needed.write_text("\n".join(project["build-system"]["requires"]))
        session.run(*part, BUILD, needed)
        needed.write_text("\n".join(project["dependency-groups"]["sbom"]))
        session.run(*uv, *newest, "--output-file", SBOM, needed)
    return 0


def disagreements() -> Iterator[str]:
    """What in the parts is not as the project and constraints.txt have it."""
    project = read_project()
    everything = read_pins(CONSTRAINTS)
    direct = {
        CONSTRAINTS: [
            one for extra in project["project"]["optional-dependencies"].values() for one in extra
        ],
        RUN: project["project"]["dependencies"],
        BUILD: project["build-system"]["requires"],
        SBOM: project["dependency-groups"]["sbom"],
    }
    for path, requirements in direct.items():
        listed = read_pins(path)
        wanted = listed if path == SBOM else everything  # that one has an environment of its own
        for name, pin in listed.items():
            if "--hash=sha256:" not in pin:
                yield f"{path.name}: {name} has no hash"
            if unmarked(pin) != unmarked(wanted.get(name, "")):
                yield f"{path.name}: {name} is another than in {CONSTRAINTS.name}"
        for requirement in requirements:
            name = normal(re.split(r"[^\w.-]", requirement)[0])
            if name not in {*listed, "comenq"}:
                yield f"{path.name}: {name} is needed, and not listed"


def read_project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads(PROJECT.read_text())


def unmarked(pin: str) -> str:
    """A pin without its marker: the parts of a project need some packages in fewer places."""
    return re.sub(r"(?m)^(\S+)( ;.*?)?( \\)?$", r"\1\3", pin, count=1)


sys.exit(main())
