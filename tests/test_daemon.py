"""The command comenqd: wrong calls, and what it finds in a configuration."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core import __version__, paths
from comenq_core.cli.comenqd.credentials import service_credentials
from comenq_core.settings import load
from comenq_core.supervisor.directory import private_directory
from tests import preloaded

COMENQD = preloaded.SCRIPTS / "comenqd"


class Command:
    """comenqd with a configuration, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "config.toml"
        self.queue = directory / "queue"
        self.socket = directory / "run/comenq.sock"
        (directory / "token").touch(0o600)
        (directory / "token").write_text("ghp_canary\n")
        self.environ = {"COMENQD_GITHUB_TOKEN_FILE": str(directory / "token")}
        self.write()

    def write(self, text: str = "") -> None:
        """Add ``text`` to the paths that the configuration gives."""
        paths = f'socket_path = "{self.socket}"\nqueue_path = "{self.queue}"\n'
        self.config.touch(0o600)
        self.config.write_text(paths + text)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return preloaded.run([COMENQD, "--config", self.config, *arguments], env=self.environ)

    def error(self, *arguments: str) -> str:
        """Its standard error when it fails; it prints nothing else."""
        done = self(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    def wrong(self, *arguments: str) -> list[str]:
        """The errors that `comenqd check` finds."""
        done = self("check", "--json", *arguments)
        found = [
            result["text"] for result in json.loads(done.stdout) if result["severity"] == "error"
        ]
        assert done.returncode == bool(found)
        return found


@pytest.fixture
def comenqd() -> Iterator[Command]:
    """The command with a configuration in order."""
    directory = Path(tempfile.mkdtemp(prefix="cq"))
    yield Command(directory)
    shutil.rmtree(directory)


def test_a_configuration_in_order_is_ok(comenqd: Command) -> None:
    """`check` prints ok for each subject, and exits with 0."""
    done = comenqd("check")

    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["ok", subject]
        for subject in (
            "settings",
            "intakes",
            "socket",
            "control",
            "store",
            "poster",
            "reviewers",
            "clock",
        )
    ]


def test_a_daemon_that_nobody_can_ask_is_a_warning(comenqd: Command) -> None:
    """Without an intake that answers the status, `check` says that progress is not watched."""
    comenqd.write("intakes = []\n")
    done = comenqd("check")

    assert done.returncode == 0
    assert re.search(
        "^warn +progress +no intake answers comenq status, .*: add unix", done.stdout, re.MULTILINE
    )


def test_a_rule_of_a_reviewer_that_is_wrong_is_an_error(comenqd: Command) -> None:
    """`check` tries the expressions of a user's table, and names reviewer, rule and phrase."""
    comenqd.write(
        '[reviewers.mine]\nlogins = ["m"]\n'
        '[reviewers.mine.rules.nap]\nkind = "limited"\nlines = ["back in {time}"]\n'
    )
    (error,) = comenqd.wrong()
    assert "[reviewers.mine]: rules.nap: lines: 'back in {time}': {time} is not known" in error


def test_a_check_makes_nothing(comenqd: Command) -> None:
    """`check` makes no directory: it may run as another user than the daemon's."""
    before = sorted(comenqd.directory.iterdir())
    comenqd("check")

    assert sorted(comenqd.directory.iterdir()) == before


def test_a_check_finds_every_error(comenqd: Command) -> None:
    """`check` does not end at the first error, and exits with 1."""
    comenqd.environ.clear()
    comenqd.write('intakes = ["carrier"]\nlog_level = "info"\n')
    comenqd.queue.write_text("")

    done = comenqd("check")

    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("WRONG")] == [
        "intakes",
        "store",
        "poster",
    ]


def test_a_misspelt_table_is_found(comenqd: Command) -> None:
    """A table that no plugin reads is an error, which names the nearest one."""
    comenqd.write("[githb]\n")

    assert comenqd.wrong() == ["no plugin reads [githb]; did you mean [github]?"]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ('[accounts.work]\ntoken_command = "/bin/echo ghp_x"\nfor = ["my-org/*"]\n', []),
        ("[accounts.work]\n", ["[accounts.work]: set one of token_file, token_command, app_id; "]),
        ('poster = "none"\n[accounts.work]\n', ["no plugin reads [accounts]", "no plugin offers"]),
    ],
)
def test_the_accounts_are_checked(comenqd: Command, table: str, found: list[str]) -> None:
    """Tables of accounts are known where the poster reads them, and what is wrong is told once."""
    comenqd.write(table)

    assert all(part in text for part, text in zip(found, comenqd.wrong(), strict=True))


def test_a_queue_that_others_can_change_is_found(comenqd: Command) -> None:
    """A directory in which others can replace files is an error, which says what to run."""
    comenqd.queue.mkdir()
    comenqd.queue.chmod(0o707)

    (text,) = comenqd.wrong()

    assert text.startswith(f"{comenqd.queue}: others can write here (mode 0707)")
    assert text.endswith(f"run chmod 0700 {comenqd.queue}")


def test_a_queue_below_a_file_is_found(comenqd: Command) -> None:
    """A directory that cannot be made is an error."""
    comenqd.queue.write_text("")

    (text,) = comenqd.wrong("--queue-path", f"{comenqd.queue}/q")

    assert text.startswith(f"{comenqd.queue}/q: it cannot be made in {comenqd.queue} by")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs the /proc of Linux")
def test_a_queue_on_no_disk_is_found(comenqd: Command) -> None:
    """A directory that not even root can make is an error."""
    (text,) = comenqd.wrong("--queue-path", "/proc/x")

    assert text.startswith("/proc/x: it cannot be made in /proc")
    assert text.endswith("set another queue_path")


def test_an_unusable_store_is_found(comenqd: Command) -> None:
    """If there is a queue, the check inspects it with the store."""
    comenqd.queue.mkdir(0o700)
    comenqd.write("[spool]\nmin_fre_bytes = 1\n")

    (text,) = comenqd.wrong()

    assert text.startswith(f"{comenqd.config}: [spool]: min_fre_bytes: there is no such setting")


def test_a_socket_path_that_is_too_long_is_found(comenqd: Command) -> None:
    """A path of more bytes than the kernel takes is an error, which names the limit."""
    (text,) = comenqd.wrong("--socket-path", f"{comenqd.directory}/{'x' * 107}/comenq.sock")

    assert "a socket's path may have 107: set a shorter socket_path, such as /" in text


def test_plugins_are_listed(comenqd: Command) -> None:
    """`plugins` prints each plugin's distribution and offers, and which are selected."""
    lines = comenqd("plugins").stdout.splitlines()

    assert [" ".join(line.split()) for line in lines if " comenq " in line] == [
        f"github comenq {__version__} poster github (selected)",
        f"http comenq {__version__} intake http",
        f"postgres comenq {__version__} store postgres",
        f"profiles comenq {__version__} reviewers profiles",
        f"spool comenq {__version__} store spool (selected)",
        f"unix comenq {__version__} intake unix (selected)",
    ]


def test_plugins_are_listed_for_programs(comenqd: Command) -> None:
    """`plugins --json` prints the same as JSON."""
    comenqd.write("intakes = []\n")
    printed = json.loads(comenqd("plugins", "--json").stdout)
    plugins = {plugin["name"]: plugin for plugin in printed["plugins"]}

    assert plugins["unix"] == {
        "name": "unix",
        "distribution": "comenq",
        "version": __version__,
        "offers": [{"kind": "intake", "name": "unix", "selected": False}],
        "broken": None,
    }
    assert printed["faults"] == []


def test_a_wrong_configuration_is_explained_in_one_line(comenqd: Command) -> None:
    """A wrong setting ends every command with 1 and one line on standard error."""
    comenqd.write("max_attemps = 1\n")

    assert comenqd.error("check") == (
        f"comenqd: {comenqd.config}: max_attemps: there is no such setting;"
        " did you mean max_attempts?\n"
    )


def test_a_daemon_without_a_token_does_not_start(comenqd: Command) -> None:
    """A missing token is an error at once, before anything is started."""
    comenqd.environ.clear()

    assert "without a token comenq cannot post" in comenqd.error()
    assert not comenqd.socket.parent.exists()


def test_a_daemon_with_a_wrong_intake_does_not_start(comenqd: Command) -> None:
    """A wrong option of an intake is an error at once, before anything is started."""
    comenqd.write("[unix]\nconnections = 0\n")

    assert "unix.connections: expected a whole number from 1" in comenqd.error()
    assert not comenqd.socket.parent.exists()


def test_a_daemon_whose_control_socket_others_could_reach_does_not_start(comenqd: Command) -> None:
    """The directory of supervisord's socket must be private."""
    directory = comenqd.socket.parent / "supervisor"
    directory.mkdir(parents=True)
    directory.chmod(0o755)

    assert f"{directory}: must be a directory of the daemon's own user" in comenqd.error()


def test_a_flag_counts_more_than_the_environment(comenqd: Command) -> None:
    """A setting on the command line wins over its variable, before and after the command."""
    comenqd.environ["COMENQD_SOCKET_PATH"] = "/nonexistent/a"
    path = comenqd.directory / "b" / "socket"

    for arguments in (("check", "--socket-path", path), ("--socket-path", path, "check")):
        assert f"socket     {path.parent}\n" in comenqd(*map(str, arguments)).stdout


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs the /proc of Linux")
def test_a_services_credentials_are_found_by_its_process(comenqd: Command) -> None:
    """The environment of the running daemon says where its credentials are."""
    settings = load(comenqd.config, {})
    directory = private_directory(settings)
    assert service_credentials(settings) is None
    directory.mkdir(parents=True)
    daemon = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        env={"CREDENTIALS_DIRECTORY": "/run/credentials/outbox.service"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()  # once it runs, its environment is its own
        (directory / "supervisord.pid").write_text(f"{daemon.pid}\n")
        assert service_credentials(settings) == Path("/run/credentials/outbox.service")
        daemon.kill()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lsten"], "there is no command lsten; did you mean listen?"),
        (["check", "--onlin"], "there is no option --onlin; did you mean --online?"),
        (
            ["--cooldown-periot-seconds=ghp_secret"],
            "there is no option --cooldown-periot-seconds; did you mean --cooldown-period-seconds?",
        ),
        (["check", "--quick"], "there is no option --quick"),
        (["--cooldown", "3"], "there is no option --cooldown; did you mean --cooldown-period-"),
        (["service", "--nam", "work", "status"], "there is no option --nam; did you mean --name?"),
        (["check", "--name", "work"], "--config and --name both name a configuration"),
        (
            ["check", "--system"],
            "--system stands after setup or service only (see comenqd --help)",
        ),
        (["ghp_secret"], "there is no such command; there are "),
        (["check", "ghp_secret"], "there are more arguments than the command takes"),
        (["check", "--json=ghp_secret"], "argument --json takes no value"),
        (["--github-token", "ghp_secret"], "a token has no flag, because everybody can see a"),
        (["--github-token=ghp_secret"], "a token has no flag, because everybody can see a"),
        (["service", "stauts"], "there is no action stauts; did you mean status?"),
        (["service", "ghp_secret"], "there is no such action; there are status, start, "),
        (["setup", "--tokn-file=ghp_secret"], "there is no option --tokn-file; did you mean"),
        (["service"], "service: say what to do with it: status, start, stop, restart, logs"),
        (["ctl", "stauts"], "ctl: there is no action stauts; did you mean status?"),
        (["ctl", "restart", "listner"], "ctl: there is no program listner; did you mean listener?"),
        (["ctl", "restart"], "ctl: restart of what? There are listener, worker, all"),
    ],
)
def test_a_usage_error_is_one_line_without_a_secret(
    comenqd: Command, arguments: list[str], told: str
) -> None:
    """It names the nearest right word, repeats no value, and the status is 2."""
    done = comenqd(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"comenqd: {told}")
    assert done.stderr.count("\n") == 1
    assert "ghp_secret" not in done.stderr


@pytest.mark.parametrize("command", [[], ["check"], ["reload"]])
def test_without_a_configuration_the_way_to_one_is_told(tmp_path: Path, command: list[str]) -> None:
    """Where no file, variable or flag gives a setting, the files that were looked for are named."""
    if Path(paths.SYSTEM_CONFIG).exists():
        pytest.skip(f"{paths.SYSTEM_CONFIG} is there")
    done = preloaded.run([COMENQD, *command], env={"HOME": str(tmp_path)})

    own = tmp_path / ".config/comenqd/config.toml"
    told = f"no configuration found in {own} or {paths.SYSTEM_CONFIG}: run comenqd setup\n"
    assert done.returncode == 1
    assert (done.stdout + done.stderr).endswith(told)
    assert (done.stdout + done.stderr).count("\n") == 1


def test_the_usage_has_one_word_for_all_settings(comenqd: Command) -> None:
    """The settings are told one by one below the line of usage, and not in it."""
    for words in ([], ["setup"], ["check"], ["import"], ["ctl"]):
        usage, _, rest = comenqd(*words, "--help").stdout.partition("\n\n")
        assert "[SETTINGS]" in usage
        assert "--github-api-url" not in usage
        assert "--github-api-url VALUE" in rest


def test_help_is_a_word_as_well(comenqd: Command) -> None:
    """`comenqd help` and `comenqd help COMMAND` print what --help prints."""
    for words in ([], ["check"]):
        done = preloaded.run([COMENQD, "help", *words], env={})
        assert done.stdout == comenqd(*words, "--help").stdout


def test_a_daemon_is_checked_by_its_name(comenqd: Command) -> None:
    """With --name, `check` reads the configuration of that name; a wrong name is told."""
    directory = comenqd.directory / ".config/comenqd"
    directory.mkdir(parents=True)
    comenqd.config.rename(directory / "work.toml")
    environ = {**comenqd.environ, "HOME": str(comenqd.directory)}

    def check(name: str) -> subprocess.CompletedProcess[str]:
        return preloaded.run([COMENQD, "check", "--name", name], env=environ)

    assert f"ok     settings   {directory}/work.toml\n" in check("work").stdout
    wrong = check("wrk")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.endswith("wrk.toml; did you mean work?\n")


def test_help_names_no_part_of_the_inside(comenqd: Command) -> None:
    """Neither the help of comenqd nor that of its commands mentions supervisord."""
    for words in ([], ["setup"], ["service"], ["ctl"], ["reload"], ["check"]):
        assert "supervisor" not in comenqd(*words, "--help").stdout
