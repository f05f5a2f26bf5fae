"""The client starts fast because it imports little."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from comenq_core.cli.comenq import put_command
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import environment
from tests.socket.serving import Served

HEAVY = {
    "anyio",
    "argparse",
    "asyncio",
    "contextlib",
    "dataclasses",
    "datetime",
    "importlib",
    "inspect",
    "jsonschema",
    "logging",
    "mcp",
    "pathlib",
    "pluggy",
    "pydantic",
    "requests",
    "selectors",
    "sh",
    "socket",
    "subprocess",
    "tempfile",
    "tenacity",
    "threading",
    "typing",
    "wcwidth",
}
OWN_MODULES = 17
"""How many of comenq's modules and packages are imported to queue a comment."""


def _imported(env: dict[str, str], *words: str) -> set[str]:
    # As the installed script does it, but without site, whose .pth files import what they want.
    script = "import sys; from comenq_core.cli.comenq.main import main; sys.exit(main())"
    command = [sys.executable, "-S", "-X", "importtime", "-c", script, *words]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_put_imports_nothing_heavy(served: Served) -> None:
    """To queue a comment, json, what socket is made of, and a few small modules are imported."""
    names = _imported(environment(served.path), "octo-org/site", "7", "Looks good.")
    assert {"json", "_socket"} <= names
    assert names & HEAVY == set()
    assert len([name for name in names if name.startswith("comenq")]) <= OWN_MODULES


def test_option_costs_argparse_alone(served: Served) -> None:
    """To queue a comment with an option, nothing of the other commands is imported."""
    names = _imported(environment(served.path), "octo-org/site", "7", "-b", "Looks good.")
    assert names & {*HEAVY, "shutil"} == {"argparse", "importlib"}


def test_no_pattern_is_compiled_that_is_not_needed(served: Served) -> None:
    """To queue a comment, only the patterns of the repository and of the number are compiled."""
    script = (
        "import json, re, sys; compile = re._compiler.compile;"
        "re._compiler.compile = lambda *args: print(args[0], file=sys.stderr) or compile(*args);"
        "from comenq_core.cli.comenq.main import main; sys.exit(main())"
    )
    command = [sys.executable, "-S", "-c", script, "octo-org/site", "7", "Looks good."]
    env = environment(served.path)
    done = subprocess.run(command, env=env, capture_output=True, timeout=DEADLINE, check=True)
    assert len(done.stderr.splitlines()) == 2


def test_address_of_a_host_imports_nothing_heavy(served: Served, directory: Path) -> None:
    """Where a user has one daemon, the host in an address costs one small module."""
    config = directory / ".config/comenqd/config.toml"
    config.parent.mkdir(parents=True)
    config.touch(0o600)
    (directory / "run/comenq").mkdir(parents=True)
    (directory / "run/comenq/comenq.sock").symlink_to(served.path)
    env = environment(HOME=str(directory), XDG_RUNTIME_DIR=str(directory / "run"))
    names = _imported(env, "https://github.com/octo-org/site/pull/7", "Looks good.")
    assert names & HEAVY == set()
    assert len([name for name in names if name.startswith("comenq")]) <= OWN_MODULES + 1


@pytest.mark.parametrize("words", [["list"], ["status"], ["o/r", "1", "x", "--now"]])
def test_commands_import_no_dependency(served: Served, words: list[str]) -> None:
    """The client's other commands import only the standard library too."""
    names = _imported(environment(served.path), *words)
    assert (
        names & {"asyncio", "jsonschema", "pluggy", "requests", "sh", "tenacity", "wcwidth"}
        == set()
    )


def test_plain_form_has_the_defaults_of_the_options() -> None:
    """`PlainArgs` has the defaults that argparse returns."""
    parser = ArgumentParser()
    put_command.configure(parser)
    parsed = vars(parser.parse_args(["o/r", "1"]))
    plain = PlainArgs(["o/r", "1"])
    assert {name: getattr(plain, name) for name in parsed} == parsed


def test_client_module_alone_needs_only_the_standard_library(directory: Path) -> None:
    """`comenq_core.client` can be imported without any of comenq's dependencies."""
    env = environment()
    command = [sys.executable, "-S", "-c", "import comenq_core.client"]
    assert subprocess.run(command, env=env, cwd=directory, check=False).returncode == 0
