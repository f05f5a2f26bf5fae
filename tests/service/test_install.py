"""Installing below a home directory, or below a package's root: no root and no network needed."""

from __future__ import annotations

import os
import plistlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from comenq_core.install.deployment import the_users
from comenq_core.install.environment import current, fault, links, owned_links, removed_links
from comenq_core.install.places import of_machine, of_user
from comenq_core.install.relocation import Relocation
from comenq_core.install.steps import Step, run_steps
from comenq_core.install.units import user_unit
from comenq_core.settings import KINDS, Settings, load
from tests.service.home import Home, new_home
from tests.service.wheelhouse import CHECKOUT, REQUIREMENTS, WHEEL


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty home."""
    with new_home() as made:
        yield made


def test_a_rehearsal_prints_the_steps_and_does_nothing(home: Home) -> None:
    """With --dry-run, what would be installed is told, and the home stays empty."""
    home.environ["COMENQ_PYTHON"] = sys.executable
    said = home.run(CHECKOUT / "scripts/install.sh", "--user", "--dry-run")

    assert f"install comenq into {home.path}/.local/share/comenq" in said
    assert not home.contents()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--wheel"], "--wheel needs a value"),
        (["--wheel", "/nowhere.whl"], "/nowhere.whl: no such file"),
        (["--user", "--uninstall"], "comenq is not installed in"),
    ],
)
def test_a_wrong_option_is_told(home: Home, options: list[str], complaint: str) -> None:
    """What makes no sense is told before anything is done."""
    script = CHECKOUT / "scripts/install.sh"
    assert complaint in home.run(script, *options, status=1 if "--uninstall" in options else 2)
    assert not home.contents()


@pytest.mark.full
def test_a_user_installs_runs_and_uninstalls_comenq(home: Home, wheels: Path) -> None:
    """scripts/install.sh --user gives commands that work, and takes them away again."""
    (wheel,) = wheels.glob(WHEEL)
    script = (CHECKOUT / "scripts/install.sh", "--user", "--wheel", wheel)
    home.environ |= {
        "COMENQ_PYTHON": sys.executable,
        "COMENQ_REQUIREMENTS": str(wheels / REQUIREMENTS),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    options = ("--no-check", "--token-file", "token")

    said = home.run(*script, *options)
    assert f"install comenq into {home.path}/.local/share/comenq" in said
    assert "Start the daemon, and keep it running:" in said
    assert home.run(*script, *options).startswith("Nothing has changed.\n")
    assert "WRONG" not in home.run(home.path / ".local/bin/comenqd", "check")

    home.run(*script, "--uninstall")
    assert home.outside_queue() == {".config/comenqd/config.toml"}


def installed(venv: Path) -> Path:
    """An environment in which comenq is installed, as far as links need it."""
    for name in ("bin/comenq", "bin/comenqd", "share/man/man1/comenq.1"):
        (venv / name).parent.mkdir(parents=True, exist_ok=True)
        (venv / name).touch()
    return venv


@pytest.mark.parametrize(
    ("mark", "theirs"),
    [
        (None, set()),
        ("uv-receipt.toml", {"bin/comenq", "bin/comenqd"}),
        ("pipx_metadata.json", {"bin/comenq", "bin/comenqd", "share/man/man1/comenq.1"}),
    ],
)
def test_the_links_of_uv_and_pipx_are_theirs(
    tmp_path: Path, mark: str | None, theirs: set[str]
) -> None:
    """What they link is neither linked nor removed again; the rest is."""
    venv = installed(tmp_path / "venv")
    if mark:
        (venv / mark).touch()
    places = of_user({"HOME": str(tmp_path / "home")})
    local = tmp_path / "home/.local"
    for name in theirs:
        (local / name).parent.mkdir(parents=True, exist_ok=True)
        (local / name).symlink_to(venv / name)

    run_steps(owned_links(places, venv), lambda step: step.do())
    names = ("bin/comenq", "bin/comenqd", "share/man/man1/comenq.1")
    assert [(local / name).resolve() for name in names] == [venv / name for name in names]

    run_steps(removed_links(places, venv), lambda step: step.do())
    assert {name for name in names if (local / name).is_symlink()} == theirs


def test_a_link_of_a_machine_that_leads_elsewhere_is_turned(tmp_path: Path) -> None:
    """The machine's commands are those of the environment that was set up last."""
    venv = installed(tmp_path / "opt/comenq")
    places = of_machine(Path("/usr/local"))
    (tmp_path / "usr/local/bin").mkdir(parents=True)
    link = tmp_path / "usr/local/bin/comenq"
    link.symlink_to("/bin/true")

    run_steps(links(places, Path("/opt/comenq"), tmp_path), lambda step: step.do())

    assert link.readlink() == Path("/opt/comenq/bin/comenq")
    page = tmp_path / "usr/local/share/man/man1/comenq.1"
    assert page.readlink() == Path("/opt/comenq/share/man/man1/comenq.1")
    assert (venv / "bin/comenq").exists()


@pytest.mark.parametrize(
    "place", ["home/.cache/uv/archive-v0/x", "home/Library/Caches/uv/x", "tagged/archive-v0/x"]
)
def test_a_cache_is_no_place_for_a_service(tmp_path: Path, place: str) -> None:
    """An environment of uvx or of pipx run is refused, with what to do instead."""
    (tmp_path / "tagged").mkdir()
    (tmp_path / "tagged/CACHEDIR.TAG").touch()

    assert "uv tool install or pipx install" in fault(tmp_path / place, {})
    assert "in a cache" in fault(Path("/srv/x/pipx"), {"XDG_CACHE_HOME": "/srv/x"})


def test_an_environment_of_uv_may_be_tagged_itself(tmp_path: Path) -> None:
    """Uv and virtualenv tag the environments that they make, so that backups leave them out."""
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "CACHEDIR.TAG").touch()

    assert not fault(venv, {})


def test_the_machines_service_needs_nothing_of_a_home() -> None:
    """The environment and its Python are outside home directories, which the unit hides."""
    hidden = [Path("/opt/comenq"), Path("/home/ada/.local/share/uv/python")]

    assert "/home/ada/.local/share/uv/python is in a home directory" in fault(hidden[0], {}, hidden)
    assert not fault(hidden[0], {}, [Path("/opt/comenq"), Path("/usr")])


def test_a_units_words_are_quoted() -> None:
    """A path with a space, a quote, a percent sign or a dollar is one word to systemd."""
    text = user_unit("[Service]\nExecStart=%h/.local/bin/comenqd\n", Path('/a "b/%c$d'),
                     Path("/e\\f"), {"XDG_STATE_HOME": "/g h"})  # fmt: skip

    assert text == (
        '[Service]\nEnvironment="XDG_STATE_HOME=/g h"\n'
        'ExecStart="/a \\"b/%%c$$d" --config "/e\\\\f"\n'
    )


# A launchd that has a note of what it was told.
LAUNCHCTL = """\
#!/bin/sh
cd "${0%/*}"
echo "$*" >>told
case $1 in
    bootstrap) touch loaded ;;
    bootout) rm loaded ;;
    print) test -e loaded ;;
esac
"""


def test_launchd_runs_a_users_daemon(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS an agent is written, loaded, loaded again when it has changed, and removed."""
    tools = home.path / "tools"
    tools.mkdir()
    (tools / "launchctl").write_text(LAUNCHCTL)
    (tools / "launchctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.defpath}")
    where = the_users({"HOME": str(home.path), "XDG_STATE_HOME": "/x"}, "work", "darwin")
    agent = f"gui/{os.getuid()}/org.comenq.comenqd.work"
    assert where.manager

    def told(steps: Iterable[Step]) -> list[str]:
        (tools / "told").touch()
        run_steps(steps, lambda step: step.do())
        lines = (tools / "told").read_text().splitlines()
        (tools / "told").unlink()
        return [line for line in lines if not line.startswith("print ")]

    file = home.path / "Library/LaunchAgents/org.comenq.comenqd.work.plist"
    assert told(where.manager.install()) == []
    assert told(where.manager.start()) == [f"bootstrap gui/{os.getuid()} {file}"]
    assert told(where.manager.start()) == []
    job = plistlib.loads(file.read_bytes())
    config = str(home.path / ".config/comenqd/work.toml")
    assert job["ProgramArguments"] == [str(current() / "bin/comenqd"), "--config", config]
    assert job["EnvironmentVariables"] == {"XDG_STATE_HOME": "/x"}
    assert "UserName" not in job
    assert told(where.manager.restart()) == [
        f"bootout {agent}",
        f"bootstrap gui/{os.getuid()} {file}",
    ]
    assert where.manager.command("status") == ("launchctl", "print", agent)
    assert told(where.manager.uninstall()) == [f"bootout {agent}"]
    assert not file.exists()


def test_a_moved_environment_names_its_new_place_alone(tmp_path: Path) -> None:
    """A script's first line leads to where the environment will be; pip stays behind."""
    staged, final = tmp_path / "stage/opt/comenq", Path("/opt/comenq")
    library = staged / "lib/python3.11/site-packages"
    (library / "pip").mkdir(parents=True)
    (library / "comenq").mkdir()
    (staged / "bin").mkdir()
    (staged / "bin/comenq").write_text(f"#!{staged}/bin/python\nimport comenq\n")
    (staged / "pyvenv.cfg").write_text(f"home = /usr/bin\ncommand = python -m venv {staged}\n")
    step = Relocation(staged, final)

    assert not step.is_done()
    step.do()

    assert step.is_done()
    assert (staged / "bin/comenq").read_text() == "#!/opt/comenq/bin/python\nimport comenq\n"
    assert (staged / "pyvenv.cfg").read_text() == "home = /usr/bin\n"
    assert [path.name for path in library.iterdir()] == ["comenq"]


def test_the_example_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    """With all its lines in effect, but for what has no default, config.toml changes no default."""
    # After the settings come examples of tables.
    text = re.split(r"(?m)^# \[", (CHECKOUT / "conf/config.toml").read_text())[0]
    shown = re.findall(r"(?m)^(?:# )?(\w+) = .+$", text)
    assert sorted(shown) == sorted(KINDS)

    file = tmp_path / "config.toml"
    lines = re.findall(r"(?m)^# (\w+ = .+)$", text)
    given = r"(github_(token|token_command|host)|on_(posted|failed|answered)|reviewers) "
    file.write_text("\n".join(line for line in lines if not re.match(given, line)))
    assert load(file, {}) == Settings(source=file)
