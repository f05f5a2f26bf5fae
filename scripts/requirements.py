"""Makes requirements.txt, for `scripts/requirements`: tested versions, with their hashes."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator

from environment import ROOT, set_up
from session import Session, Signals

PROJECT = ROOT / "pyproject.toml"
CONSTRAINTS = ROOT / "constraints.txt"
REQUIREMENTS = ROOT / "requirements.txt"
PINNED = re.compile(r"^([\w.-]+)==([^ ;\n]+)((?:.*\\\n)*.*)", re.MULTILINE)
# No index is named: whoever installs chooses where from.
COMPILE = (
    *("pip", "compile", "--quiet", "--upgrade", "--universal", "--generate-hashes"),
    *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
)


def main() -> int:
    """Write the file or, with ``--check``, tell what is wrong with it; return the exit status."""
    if sys.argv[1:] == ["--check"]:
        faults = list(disagreements())
        print("\n".join(faults), end="\n" if faults else "")
        return 1 if faults else 0
    with Session(Signals()) as session:
        uv = set_up(session) / "uv"
        where = ("--constraint", CONSTRAINTS, "--output-file", REQUIREMENTS)
        session.run(uv, *COMPILE, *where, PROJECT)
    return 0


def disagreements() -> Iterator[str]:
    """What in requirements.txt is not as the project and the tests have it."""
    tested = {name: version for name, version, _ in pinned(CONSTRAINTS.read_text())}
    listed = list(pinned(REQUIREMENTS.read_text()))
    for name, version, rest in listed:
        if version != tested.get(name):
            yield f"{name}: {version} is listed, and {tested.get(name, 'nothing')} is tested"
        if "--hash=sha256:" not in rest:
            yield f"{name}: has no hash"
    names = {name for name, _, _ in listed}
    for needed in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]:
        name = normal(re.split(r"[^\w.-]", needed)[0])
        if name not in names:
            yield f"{name}: is needed, and not listed"


def pinned(text: str) -> Iterator[tuple[str, str, str]]:
    """The name, the version and the rest of each requirement in a file."""
    return ((normal(found[1]), found[2], found[3]) for found in PINNED.finditer(text))


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub("[-_.]+", "-", name).lower()


sys.exit(main())
