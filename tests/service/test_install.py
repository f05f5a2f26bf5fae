"""Installing below a home directory, or below a package's root: no root and no network needed."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from comenq_core.install.files import SHARED
from comenq_core.install.relocation import Relocation
from comenq_core.settings import KINDS, Settings, load
from comenq_core.testing.deadline import DEADLINE
from tests.service.wheelhouse import CHECKOUT, REQUIREMENTS, WHEEL


class Home:
    """A user's home, and what is run for that user.

    Args:
        path: the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.venv = path / ".local/share/comenq"
        self.config = path / ".config/comenqd/config.toml"
        self.token = path / ".config/comenqd/github_token"

    def step(self, *options: str, status: int = 0) -> str:
        """Run the Python part of scripts/install.sh; return what it says."""
        command = [sys.executable, "-m", "comenq_core.install", "--user", f"--venv={self.venv}"]
        return self.run(*command, *options, status=status)

    def run(
        self, *words: str | Path, status: int = 0, also: Mapping[str, str] | None = None
    ) -> str:
        """Run a command in this home; return what it says.

        Args:
            words: the command.
            status: the exit status that it has to have.
            also: what is in its environment beside the least.
        """
        environ = {"HOME": str(self.path), "PATH": os.defpath, **(also or {})}
        done = subprocess.run(
            words,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def contents(self) -> set[str]:
        """Everything in it."""
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*")}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path)


def mode(path: Path) -> int:
    """A file's mode."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_users_files_are_put_into_place(home: Home) -> None:
    """A user's installation has commands, manual, unit, and a private place for the token."""
    home.step()

    assert (home.path / ".local/bin/comenq").readlink() == home.venv / "bin/comenq"
    assert (home.path / ".local/bin/comenqd").readlink() == home.venv / "bin/comenqd"
    assert (
        "%h/.local/bin/comenqd" in (home.path / ".config/systemd/user/comenq.service").read_text()
    )
    for place in ("man/man7/comenq-plugins.7", "bash-completion/completions/comenq"):
        assert "comenq" in (home.path / ".local/share" / place).read_text()
    assert [mode(path) for path in (home.config.parent, home.config, home.token)] == [
        0o700,
        0o600,
        0o600,
    ]
    assert load(home.config, {}).github_token_file == str(home.token)


def test_all_that_is_generated_is_installed() -> None:
    """Every page of the manual and every completion has its place."""
    conf = CHECKOUT / "conf"
    generated = [*(conf / "man").iterdir(), *(conf / "completions").iterdir()]

    assert {str(path.relative_to(conf)) for path in generated} == SHARED.keys()


def test_a_second_run_says_that_it_changes_nothing(home: Home) -> None:
    """What is in order is left alone."""
    home.step()

    assert home.step() == "Nothing has changed.\n"


def test_what_is_out_of_order_is_put_right(home: Home) -> None:
    """A directory that others can enter is closed again, a link that leads elsewhere is turned."""
    home.step()
    home.config.parent.chmod(0o755)
    link = home.path / ".local/bin/comenq"
    link.unlink()
    link.symlink_to("/bin/true")

    said = home.step()

    assert f"create directory {home.config.parent} (mode 0700)" in said
    assert f"link {link} to {home.venv}/bin/comenq" in said
    assert mode(home.config.parent) == 0o700
    assert link.readlink() == home.venv / "bin/comenq"


def test_configuration_and_token_are_their_owners(home: Home) -> None:
    """What the user has written into configuration and token stays as it is."""
    home.step()
    home.config.write_text("max_attempts = 2\n")
    home.token.write_text("ghp_x")

    home.step()

    assert home.config.read_text() == "max_attempts = 2\n"
    assert home.token.read_text() == "ghp_x"


def test_another_program_of_the_same_name_is_not_replaced(home: Home) -> None:
    """Where a command of that name is no link, the installation stops and says where."""
    command = home.path / ".local/bin/comenq"
    command.parent.mkdir(parents=True)
    command.write_text("mine")

    said = home.step(status=1)

    assert str(command) in said
    assert command.read_text() == "mine"


def test_a_rehearsal_prints_the_steps_and_does_nothing(home: Home) -> None:
    """With --dry-run, every step is told, and the home stays empty."""
    said = home.run(CHECKOUT / "scripts/install.sh", "--user", "--dry-run",
                    also={"COMENQ_PYTHON": sys.executable})  # fmt: skip

    assert f"install comenq into {home.venv}" in said
    assert f"write {home.config} (mode 0600)" in said
    assert not home.contents()


def test_uninstalling_keeps_what_is_the_users(home: Home) -> None:
    """Configuration, token and queue stay; a purge takes them as well."""
    home.step()
    queue = home.path / ".local/state/comenq/queue"
    queue.mkdir(parents=True)

    home.step("--uninstall")
    files = {path for path in home.contents() if (home.path / path).is_file()}
    assert files == {".config/comenqd/config.toml", ".config/comenqd/github_token"}
    assert queue.exists()

    home.step("--uninstall", "--purge")
    assert not queue.exists()
    assert not home.config.parent.exists()


def test_a_running_daemon_is_not_uninstalled(home: Home) -> None:
    """Where no systemd can stop it, it is told of, and everything stays until it has ended."""
    home.step()
    with tempfile.TemporaryDirectory(prefix="cq") as directory:
        home.config.write_text(f"socket_path = '{directory}/comenq.sock'\n")
        Path(directory, "supervisor").mkdir()
        with socket.socket(socket.AF_UNIX) as supervisor:
            supervisor.bind(f"{directory}/supervisor/supervisor.sock")
            supervisor.listen()
            assert "serves" not in home.step()
            (home.path / ".local/bin/comenq").unlink()
            assert f"serves {directory}/comenq.sock still runs the old version" in home.step()

            said = home.step("--uninstall", status=1)
            assert f"a daemon serves {directory}/comenq.sock: stop it" in said
            assert (home.path / ".local/bin/comenqd").is_symlink()
        home.step("--uninstall")
    assert not (home.path / ".local/bin/comenqd").is_symlink()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--frobnicate"], "unknown option --frobnicate"),
        (["--purge"], "--purge needs --uninstall"),
        (["--wheel"], "--wheel needs a value"),
        (["--wheel", "/nowhere.whl"], "/nowhere.whl: no such file"),
    ],
)
def test_a_wrong_option_is_a_usage_error(home: Home, options: list[str], complaint: str) -> None:
    """What makes no sense is told, with exit status 2, before anything is done."""
    assert complaint in home.run(CHECKOUT / "scripts/install.sh", *options, status=2)


@pytest.mark.full
def test_a_user_installs_runs_and_uninstalls_comenq(home: Home, wheels: Path) -> None:
    """scripts/install.sh --user installs what has the right hashes, and takes it away again."""
    (wheel,) = wheels.glob(WHEEL)
    script = (CHECKOUT / "scripts/install.sh", "--user", "--wheel", wheel)
    offline = {
        "COMENQ_PYTHON": sys.executable,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "COMENQ_REQUIREMENTS": str(wheels / REQUIREMENTS),
    }
    others = home.path / "others.txt"
    others.write_text(re.sub("sha256:....", "sha256:0000", (wheels / REQUIREMENTS).read_text()))

    refused = home.run(*script, also={**offline, "COMENQ_REQUIREMENTS": str(others)}, status=1)
    assert "DO NOT MATCH THE HASHES" in refused
    said = home.run(*script, also=offline)
    assert f"1. Write a GitHub token that may comment into {home.token}" in said
    assert f"3. Start the daemon: {home.path}/.local/bin/comenqd\n" in said
    home.token.write_text("ghp_x")
    assert home.run(*script, also=offline) == "Nothing has changed.\n"
    assert "WRONG" not in home.run(home.path / ".local/bin/comenqd", "check")

    home.run(*script, "--uninstall", also=offline)
    assert not home.venv.exists()
    assert not (home.path / ".local/bin/comenq").is_symlink()


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
    text = (CHECKOUT / "conf/config.toml").read_text()
    shown = re.findall(r"(?m)^(?:# )?(\w+) = .+$", text)
    assert sorted(shown) == sorted(KINDS)

    file = tmp_path / "config.toml"
    lines = re.findall(r"(?m)^# (\w+ = .+)$", text)
    given = r"(github_(token|token_command|host)|on_(posted|failed)) "
    file.write_text("\n".join(line for line in lines if not re.match(given, line)))
    assert load(file, {}) == Settings(source=file)
