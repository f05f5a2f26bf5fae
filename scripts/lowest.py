"""Tests the lower bounds of pyproject.toml, for `scripts/test-lowest`."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

from environment import CONSTRAINTS, ROOT, set_up
from pins import normal, read_pins
from session import Session, Signals

PROJECT = ROOT / "pyproject.toml"
DEVELOPMENT = ("dev", "docs")
"""Extras whose bounds nobody relies on: they are always installed as constraints.txt has them."""
TOOLS = (
    *("aiosmtpd", "check-jsonschema", "hatchling", "openapi-core", "playwright"),
    *("prometheus-client", "pyte", "pytest-timeout", "pytest-xdist", "trustme"),
)
"""What the tests need of these extras."""
BOUND = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\w.]+)")
UNTESTED = ("tests/cli/test_generated.py", "tests/http/api/test_schemathesis.py", "tests/typing")
"""Tests with further tools, some of which need newer versions of what comenq needs."""
UNSENT = "tests/http/api/test_access.py::test_what_is_nowhere_is_404"
"""The test's own client, requests, asks for another path before its version 2.34."""
REPRESENTATIVE = (
    *("-m", "not full", f"--deselect={UNSENT}"),
    *(f"--ignore={path}" for path in UNTESTED),
)


def main() -> int:
    """Install the oldest versions beside the tools, and run the tests; return pytest's status."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    optional = project["optional-dependencies"]
    extras = {name: optional[name] for name in optional if name not in DEVELOPMENT}
    with Session(Signals()) as session:
        uv = set_up(session) / "uv"
        place = session.directory()
        oldest = place / "oldest.txt"
        asked = [f"--extra={name}" for name in extras]
        lowest = ("--resolution=lowest-direct", "--no-annotate", "--no-header", "--quiet")
        session.run(uv, "pip", "compile", *lowest, *asked, "--output-file", oldest, PROJECT)
        bounds = [*project["dependencies"], *(one for some in extras.values() for one in some)]
        versions = read_pins(oldest)
        untrue = list(too_low(bounds, versions))
        if untrue:
            sys.exit("\n".join(untrue))
        session.run(uv, "venv", "--quiet", "--seed", place / "venv", "--python", sys.executable)
        others = place / "others.txt"
        pins = (pin for name, pin in read_pins(CONSTRAINTS).items() if name not in versions)
        others.write_text("\n".join(pins))
        install = (uv, "pip", "install", "--quiet", "--python", place / "venv")
        chosen = ("--override", oldest, "--constraint", others, "--build-constraint", CONSTRAINTS)
        session.run(*install, *chosen, *TOOLS, "--editable", f"{ROOT}[{','.join(extras)}]")
        command = (place / "venv/bin/pytest", *(sys.argv[1:] or REPRESENTATIVE))
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def too_low(bounds: list[str], versions: dict[str, str]) -> Iterator[str]:
    """The bounds that cannot be tested, since something else needs a newer version."""
    for text in bounds:
        bound = BOUND.match(text)
        if not bound:
            yield f"{text}: has no lower bound"
            continue
        lowest = versions[normal(bound[1])].partition("==")[2]
        if not same(lowest, bound[2]):
            yield f"{text}: with the rest, {lowest} is the oldest that can be installed"


def same(one: str, other: str) -> bool:
    """Whether two versions are the same but for zeros at the end."""
    return re.sub(r"(\.0)+$", "", one) == re.sub(r"(\.0)+$", "", other)


if __name__ == "__main__":
    sys.exit(main())
