"""Completions and the manual, which are generated from the help texts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import comenq_core
from comenq_core.cli import exit_status
from comenq_core.cli.comenq.commands import COMMANDS
from comenq_core.cli.comenqd.control import ACTIONS
from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import ROOT, environment
from tests.cli.conftest import Comenq
from tests.socket.serving import Served

CONF = ROOT / "conf"
MANUAL = ("comenq.1", "comenqd.8", "comenqd.toml.5", "comenq-plugins.7")
SHELLS = ("bash", "zsh", "fish")
# What readline does for the last word.
ASK_BASH = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=()
_shtab_comenq
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"there is no {program} here")


def _checked(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_generated_files_are_up_to_date() -> None:
    """What scripts/generate makes of the help texts and the tools is what is there."""
    done = _checked(ROOT / "scripts" / "generate", "--check", COMENQ_PYTHON=sys.executable)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_action_of_ctl_has_a_line_on_the_pages() -> None:
    """The manual and the reference list the actions as the help does, one below the other."""
    for page in (CONF / "man" / "comenqd.8", ROOT / "docs" / "reference" / "comenqd.md"):
        lines = [line.strip() for line in page.read_text().splitlines()]
        assert [action for action in ACTIONS.values() if action not in lines] == []


def test_outdated_page_is_reported(tmp_path: Path) -> None:
    """A page that differs from the help is named."""
    shutil.copytree(CONF, tmp_path / "conf")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging")
    for name in ("mcp", "stability"):
        shutil.copytree(ROOT / "tests" / name, tmp_path / "tests" / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    page = tmp_path / "conf" / "man" / "comenq.1"
    page.write_text(page.read_text().replace("Queue", "Cue"))
    reference = tmp_path / "scripts" / "reference.py"
    done = _checked(sys.executable, reference, "--check", PYTHONPATH=str(ROOT))
    assert done.returncode == 1
    assert done.stderr == f"{page}: run scripts/generate, and commit what it writes\n"


def test_the_registry_of_servers_is_told_of_this_one(comenq: Comenq) -> None:
    """What is published for agents' programs is of this version, with arguments that it takes."""
    server = json.loads((ROOT / "packaging" / "mcp" / "server.json").read_text())
    assert f"<!-- mcp-name: {server['name']} -->" in (ROOT / "README.md").read_text()
    # https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json
    assert len(server["description"]) <= 100
    (package,) = server["packages"]
    assert package["version"] == server["version"] == comenq_core.__version__
    command, repo = package["packageArguments"]
    done = comenq(command["value"], f"{repo['name']}=octo-org/site", "--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_manual_has_every_command() -> None:
    """The manual describes every command, aliases included."""
    page = (CONF / "man" / "comenq.1").read_text()
    assert all(f"comenq {name}" in page for name in COMMANDS)


def test_manual_has_every_exit_status() -> None:
    """The manual says what each exit status of the command means."""
    page = (CONF / "man" / "comenq.1").read_text()
    statuses = [number for number in vars(exit_status).values() if isinstance(number, int)]
    assert len(statuses) == 7
    assert all(f"\\fB{number}\\fP\n" in page for number in statuses)


@_needs("groff")
@pytest.mark.parametrize("name", MANUAL)
def test_manual_has_no_warnings(name: str) -> None:
    """Each page is formatted by groff without a warning."""
    done = _checked("groff", "-man", "-ww", "-Kutf8", "-Tutf8", CONF / "man" / name)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("program", ["comenq", "comenqd"])
@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_printed(comenq: Comenq, shell: str, program: str) -> None:
    """The command prints a script for each shell and each of the two programs."""
    script = (CONF / "completions" / f"{program}.{shell}").read_text()
    assert comenq("completion", shell, program).stdout == script
    assert program != "comenq" or comenq("completion", shell).stdout == script


def test_unknown_shell_is_a_usage_error(comenq: Comenq) -> None:
    """For an unknown shell, the error names the known ones."""
    done = comenq("completion", "tcl")
    assert done.returncode == 2
    assert "bash" in done.stderr


@pytest.mark.parametrize("program", ["comenq", "comenqd"])
@pytest.mark.parametrize("shell", [pytest.param(shell, marks=_needs(shell)) for shell in SHELLS])
def test_shells_parse_their_scripts(shell: str, program: str) -> None:
    """Each shell parses its script without an error."""
    done = _checked(shell, "-n", CONF / "completions" / f"{program}.{shell}")
    assert (done.returncode, done.stderr) == (0, "")


Complete = Callable[..., list[str]]


@pytest.fixture
def complete(served: Served) -> Complete:
    """What bash offers for the last word, with the command on its path."""
    env = environment(served.path)
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"

    def ask(*words: str) -> list[str]:
        script = CONF / "completions" / "comenq.bash"
        command: list[str | Path] = ["bash", "-c", ASK_BASH, "bash", script, "comenq"]
        done = subprocess.run(
            [*command, *words],
            env=env,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        )
        return done.stdout.split()

    return ask


@_needs("bash")
def test_bash_completes_commands_options_and_choices(complete: Complete) -> None:
    """Bash completes commands, options and choices, each in its place."""
    assert complete("rel") == ["release"]
    assert complete("def") == ["defer"]
    assert complete("list", "--sta") == ["--state"]
    assert complete("list", "--state", "h") == ["held"]


@_needs("bash")
def test_bash_completes_ids(complete: Complete, comenq: Comenq, served: Served) -> None:
    """Bash offers the ids of queued jobs where a command expects an id."""
    comenq("o/r", "1", "one")
    comenq("o/r", "2", "two")
    ids = [job.id for job in served.store.pending()]
    for command in ("bump", "bust", "defer"):
        assert complete(command, "") == ids
    assert complete("show", ids[0][:11]) == [job_id for job_id in ids if job_id[:11] == ids[0][:11]]


@_needs("fish")
def test_fish_completes_commands_and_ids(comenq: Comenq, served: Served) -> None:
    """Fish completes commands, and the ids of jobs in a state that the command changes."""
    comenq("o/r", "1", "one")
    comenq("o/r", "2", "two")
    waiting, held = (job.id for job in served.store.pending())
    comenq("hold", held)
    script = CONF / "completions" / "comenq.fish"

    def ask(line: str) -> list[str]:
        command = f"source {script}; complete --do-complete '{line}'"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = _checked("fish", "-c", command, COMENQ_SOCKET=str(served.path), PATH=path)
        return [offer.partition("\t")[0] for offer in done.stdout.splitlines()]

    assert ask("comenq rele") == ["release"]
    assert ask("comenq release ") == [held]
    assert sorted(ask("comenq bump ")) == sorted([waiting, held])
