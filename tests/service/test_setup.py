"""`comenqd setup` in an empty home: no root, no network and no service manager needed."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.install.environment import current
from comenq_core.settings import load
from comenq_core.testing.forge import Forge
from tests.cli.terminal import on_terminal
from tests.process.daemon import READY
from tests.process.log import Log
from tests.process.processes import kill_session
from tests.service.home import SCRIPTS, TOKEN, Home, new_home

UNCHANGED = "Nothing has changed."
# Whoever asks for a secret asks on the controlling terminal.
PROGRAM = ("setsid", "--ctty", "--wait")
TYPED = (str(SCRIPTS / "comenqd"), "setup", "--no-check")


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty home."""
    with new_home() as made:
        yield made


@pytest.fixture
def running(home: Home) -> Iterator[Home]:
    """A home that is set up, with its daemon started by hand."""
    home.setup("--token-file", "token")
    daemon = subprocess.Popen(
        [SCRIPTS / "comenqd"],
        env=home.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert daemon.stdout
    log = Log()
    reader = log.follow(daemon.stdout)
    log.until(*READY)
    yield home
    kill_session(daemon.pid)
    daemon.wait()
    reader.join()
    daemon.stdout.close()


def mode(path: Path) -> int:
    """A file's mode."""
    return stat.S_IMODE(path.stat().st_mode)


def test_setup_makes_what_a_check_finds(home: Home) -> None:
    """The configuration is private, and `comenqd check` finds it without being told where."""
    said = home.setup("--token-file", "token")

    assert [mode(path) for path in (home.config.parent, home.config)] == [0o700, 0o600]
    assert load(home.config, {}).github_token_file == str(home.token)
    assert f"ok     settings   {home.config}" in home.comenqd("check")
    assert said.splitlines()[-1].endswith('comenq OWNER/REPO NUMBER "Looks good"')


def test_setup_needs_nothing_but_a_home(home: Home) -> None:
    """With an empty environment and no session, it says what it would do, and does nothing."""
    done = ["env", "-i", f"HOME={home.path}", str(SCRIPTS / "comenqd"), "setup", "--dry-run"]
    said = home.run(*done)

    assert f"write {home.config} (mode 0600)" in said
    assert not home.contents()


def test_a_dry_run_foresees_what_is_missing(home: Home) -> None:
    """No token, a token that others may read, and no service manager are told before the steps."""
    said = home.comenqd("setup", "--dry-run")
    assert said.startswith("WRONG  token      a token is needed: give --token-file FILE")
    assert said.count("WRONG") == 1
    assert "warn   service    No service manager runs here. Start the daemon" in said
    assert f"comenqd --config {home.config}\nNothing is changed. These are the steps:\n" in said

    home.token.chmod(0o644)
    said = home.comenqd("setup", "--dry-run", "--token-file", "token")
    assert f"WRONG  poster     {home.token}: others may read or write it (mode 0644)" in said
    assert not home.contents()


def test_a_dry_run_tells_of_the_configuration_that_is_there(home: Home) -> None:
    """It is kept; a setting that it has not is told, and a real run would refuse it."""
    home.setup("--token-file", "token")

    told = f"{home.config}: is there"
    assert home.setup("--dry-run").startswith(f"ok     settings   {told}, and is kept\n")
    said = home.setup("--dry-run", "--max-attempts", "3")
    assert said.startswith(f"WRONG  settings   {told} already, with another max_attempts")
    assert said.endswith("\nNothing is changed, and setup would change nothing.\n")


def test_a_dry_run_asks_the_forge_nothing(home: Home) -> None:
    """A token that could be used is not sent."""
    with Forge() as forge:
        url = ("--github-api-url", forge.url)
        assert "WRONG" not in home.comenqd("setup", *url, "--token-file", "token", "--dry-run")
        assert not forge.requests


def test_a_new_configuration_shows_the_defaults_of_its_daemon(home: Home) -> None:
    """Its lines with # name the user's own socket and queue, and not the machine's."""
    home.setup("--token-file", "token")

    settings = load(home.config, home.environ)
    lines = home.config.read_text().splitlines()
    assert f'# socket_path = "{settings.socket_path}"' in lines
    assert f'# queue_path = "{settings.queue_path}"' in lines


def test_a_daemon_that_is_not_set_up_is_set_up_by_its_name(home: Home) -> None:
    """`comenqd service` for a name that has no service says which command makes one."""
    said = home.comenqd("service", "start", "--name", "work", status=1)
    assert said == "comenqd: no service is installed: run comenqd setup --name work\n"


def test_a_dry_run_says_that_nothing_is_left_to_do(home: Home) -> None:
    """Where all is in order, --dry-run has no steps, and says so."""
    home.setup("--token-file", "token")

    assert home.setup("--dry-run").endswith("\nnone: all is in order\n")


def test_a_second_setup_changes_nothing(home: Home) -> None:
    """With the same flags or without any, it says that nothing has changed."""
    home.setup("--token-file", "token")
    before = {path: (home.path / path).lstat().st_mtime_ns for path in home.contents()}

    assert home.setup("--token-file", "token").startswith(UNCHANGED)
    assert home.setup().startswith(UNCHANGED)
    assert {path: (home.path / path).lstat().st_mtime_ns for path in home.contents()} == before


def test_what_is_told_of_a_named_daemon_names_it(home: Home) -> None:
    """The command for its changed configuration would reach the first daemon without the name."""
    work = ("--name", "work")
    home.setup(*work, "--token-file", "token")

    for other in (("--max-attempts", "3"), ("--token-command", "cat x")):
        said = home.setup(*work, *other, status=1)
        assert said.endswith(": edit it, then run comenqd reload --name work\n")


def test_every_setting_can_be_given(home: Home) -> None:
    """A setting on the command line or in the environment is written into the configuration."""
    home.environ["COMENQD_MAX_PENDING"] = "7"
    home.setup("--token-file", "token", "--github-api-url", "https://ghe.example/api/v3",
               "--cooldown-period-seconds", "60.5", "--intakes", "unix,other",
               status=1)  # fmt: skip
    assert not home.config.exists()  # there is no plugin other

    home.setup("--token-file", "token", "--github-api-url", "https://ghe.example/api/v3",
               "--cooldown-period-seconds", "60.5", "--intakes", "unix",
               "--queue-path", f'{home.path}/Ünï\x7f"quöte\\')  # fmt: skip

    settings = load(home.config, {})
    assert settings.github_api_url == "https://ghe.example/api/v3"
    assert settings.cooldown_period_seconds == 60.5
    assert settings.intakes == ("unix",)
    assert settings.max_pending == 7
    assert settings.queue_path == Path(f'{home.path}/Ünï\x7f"quöte\\')


def test_an_existing_configuration_is_its_users(home: Home) -> None:
    """Setup never changes it: other settings than it has are refused, and it is named."""
    home.setup("--token-file", "token")
    text = home.config.read_text() + "max_attempts = 2\n"
    home.config.write_text(text)

    assert f"{home.config}: is there already, with another max_attempts" in home.setup(
        "--max-attempts", "3", status=1
    )
    assert f"{home.config}: is there already, with another token" in home.setup(
        "--token-command", "cat x", status=1
    )
    assert home.setup("--max-attempts", "2").startswith(UNCHANGED)
    assert home.config.read_text() == text


def test_a_token_from_a_pipe_gets_a_file_of_its_own(home: Home) -> None:
    """It is in a private file, in no message, and not in the configuration."""
    said = home.setup("--token-file", "-", stdin=f"{TOKEN}\n")
    file = home.config.with_name("github_token")

    assert (mode(file), file.read_text().strip()) == (0o600, TOKEN)
    assert TOKEN not in said + home.config.read_text()
    assert home.setup("--token-file", "-", stdin=TOKEN).startswith(UNCHANGED)
    assert home.setup("--token-file", "-", stdin="ghp_new").startswith(f"write {file} ")
    assert file.read_text().strip() == "ghp_new"


def test_a_token_in_the_environment_gets_a_file_of_its_own(home: Home) -> None:
    """The service does not have the environment of this terminal."""
    home.environ["COMENQD_GITHUB_TOKEN"] = TOKEN
    said = home.setup()
    del home.environ["COMENQD_GITHUB_TOKEN"]

    assert TOKEN not in said + home.config.read_text()
    assert "WRONG" not in home.comenqd("check")


def test_a_command_is_found_again_by_the_service(home: Home) -> None:
    """The command for the token is written with its whole path: a service has another PATH."""
    tools = home.path / "tools"
    tools.mkdir()
    tool = tools / "token-tool"
    tool.write_text("#!/bin/sh\necho ghp_x\n")
    tool.chmod(0o755)
    home.environ["PATH"] = f"{tools}:{os.defpath}"

    home.setup("--token-command", "token-tool --for me")

    assert load(home.config, {}).github_token_command == f"{tool} --for me"


def test_without_a_token_and_a_terminal_nothing_is_done(home: Home) -> None:
    """What is missing is told, with the flags that give it."""
    said = home.setup(status=1)

    assert "a token is needed: give --token-file FILE, or --token-command COMMAND" in said
    assert not home.contents()


def test_setup_takes_the_token_of_gh(home: Home) -> None:
    """With --yes, a gh that is logged in is asked, each time that the daemon needs the token."""
    tools = home.path / "tools"
    tools.mkdir()
    gh = tools / "gh"
    gh.write_text('#!/bin/sh\n[ "$*" = "auth token --hostname ghe.example" ] && echo ghp_x\n')
    gh.chmod(0o755)
    home.environ["PATH"] = f"{tools}:{os.defpath}"

    home.setup("--yes", "--github-api-url", "https://ghe.example/api/v3")

    command = load(home.config, {}).github_token_command
    assert command == f"{gh} auth token --hostname ghe.example"


def test_setup_asks_on_a_terminal(home: Home) -> None:
    """It asks for the token, which it does not show, tells what it will do, and asks again."""
    with on_terminal(*TYPED, env=home.environ, program=PROGRAM, directory=home.path) as session:
        session.see("A GitHub token that may comment (it is not shown): ")
        session.press(f"{TOKEN}\n".encode())
        session.see("Do this? [Y/n]")
        assert not home.contents()
        session.press(b"\n")
        assert session.end() == 0
        assert TOKEN not in session.seen

    assert home.config.with_name("github_token").read_text().strip() == TOKEN


@pytest.mark.parametrize("answer", [b"n\n", pytest.param(b"\x04", marks=pytest.mark.full)])
def test_a_no_on_a_terminal_changes_nothing(home: Home, answer: bytes) -> None:
    """Who does not want the steps gets none of them; Ctrl-D is a no as well."""
    words = (*TYPED, "--token-file", "token")
    with on_terminal(*words, env=home.environ, program=PROGRAM, directory=home.path) as session:
        session.see("Do this? [Y/n]")
        session.press(answer)
        assert session.end() == 1

    assert not home.contents()


def test_the_token_is_checked_online(home: Home) -> None:
    """What the forge says of it is shown; if it is refused, nothing is written."""
    with Forge() as forge:
        url = ("--github-api-url", forge.url)
        assert "the token is octocat's" in home.comenqd("setup", *url, "--token-file", "token")
        home.config.unlink()
        forge.answer_always(method="", status=401, body={"message": "Bad credentials"})
        said = home.comenqd("setup", *url, "--token-file", "token", status=1)

    assert "WRONG" in said
    assert not home.config.exists()


def test_a_token_that_others_may_read_is_refused(home: Home) -> None:
    """Offline as well, and before anything is written."""
    home.token.chmod(0o644)

    assert "others may read" in home.setup("--token-file", "token", status=1)
    assert not home.contents()


def test_a_place_that_cannot_be_written_is_named(home: Home) -> None:
    """The error is one line, with the path first and no number."""
    home.config.parent.parent.mkdir(exist_ok=True)
    home.config.parent.write_text("a file, where the directory would be")
    said = home.setup("--token-file", "token", status=1)

    assert f"comenqd: {home.config.parent}: File exists\n" in said


def test_setup_needs_no_name_of_the_user(home: Home) -> None:
    """A container may run as a user that is in no list of users."""
    nobody = ("unshare", "--user", "--map-user=54321")
    if subprocess.run([*nobody, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a user namespace: allow them, or run this as root")
    words = ("setup", "--no-check", "--token-file", "token")
    said = home.run(*nobody, SCRIPTS / "comenqd", *words)

    assert said.splitlines()[-1].endswith('comenq OWNER/REPO NUMBER "Looks good"')


def test_a_second_daemon_has_all_of_its_own(home: Home) -> None:
    """Configuration, token, queue and socket are apart; links are there once."""
    home.setup("--token-file", "token")
    said = home.setup("--name", "work", "--token-file", "-", stdin="ghp_work")

    work = home.config.with_name("work.toml")
    first, second = (load(path, home.environ) for path in (home.config, work))
    assert {first.socket_path, first.queue_path}.isdisjoint({second.socket_path, second.queue_path})
    assert home.config.with_name("work.token").read_text().strip() == "ghp_work"
    assert said.splitlines()[-1].endswith('comenq --daemon work OWNER/REPO NUMBER "Looks good"')

    home.comenqd("service", "uninstall", "--name", "work", "--purge")
    assert not work.exists()
    assert home.config.exists()
    assert (home.path / ".local/bin/comenq").is_symlink()


def test_what_daemons_share_goes_with_the_last_one(home: Home) -> None:
    """While another daemon is set up, the commands and the manual pages stay."""
    shared = home.path / ".local/bin/comenq"
    home.setup("--token-file", "token")
    home.setup("--name", "work", "--token-file", "token")

    home.comenqd("service", "uninstall", "--purge")
    assert shared.is_symlink()
    home.comenqd("service", "uninstall", "--name", "work", "--purge")
    assert not home.outside_queue()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--name", "a/b"], "a daemon's name has 1 to 32 letters"),
        (["--name", "work", "--system"], "only a user's own daemons have names"),
        (["--config", "/x.toml"], "leave out --config"),
        (["--max-attempts", "0"], "--max-attempts: expected a whole number"),
    ],
)
def test_what_cannot_be_set_up_is_refused(home: Home, words: list[str], complaint: str) -> None:
    """A wrong name, another place or a wrong setting is told before anything is done."""
    assert complaint in home.setup("--token-file", "token", *words, status=1)
    assert not home.contents()


def test_the_commands_of_other_programs_stay(home: Home) -> None:
    """A link to another installation, or a program of the same name, is left alone."""
    commands = home.path / ".local/bin"
    commands.mkdir(parents=True)
    (commands / "comenq").symlink_to("/bin/true")
    (commands / "comenqd").write_text("mine")

    home.setup("--token-file", "token")
    home.comenqd("service", "uninstall")

    assert (commands / "comenq").readlink() == Path("/bin/true")
    assert (commands / "comenqd").read_text() == "mine"


def test_the_manual_and_the_completions_are_linked(home: Home) -> None:
    """Man and the shells find them in the user's directories, as long as comenq is installed."""
    home.setup("--token-file", "token")

    share = home.path / ".local/share"
    for place in ("man/man7/comenq-plugins.7", "bash-completion/completions/comenq"):
        assert (share / place).readlink() == current() / "share" / place
        assert "comenq" in (share / place).read_text()
    home.comenqd("service", "uninstall")
    assert home.outside_queue() == {".config/comenqd/config.toml"}


def test_a_running_daemon_is_not_uninstalled(running: Home) -> None:
    """Where no service manager can stop it, it is told of, and everything stays."""
    links = running.outside_queue()

    assert "a daemon runs with" in running.comenqd("service", "uninstall", status=1)
    assert "it was started by hand" in running.comenqd("service", "status", status=1)
    assert links <= running.outside_queue()


def test_uninstalling_keeps_what_is_the_users(home: Home) -> None:
    """Configuration, token and queue stay; a purge takes them as well."""
    home.setup("--token-file", "-", stdin=TOKEN)
    queue = load(home.config, home.environ).queue_path

    home.comenqd("service", "uninstall")
    assert home.outside_queue() == {".config/comenqd/config.toml", ".config/comenqd/github_token"}
    assert queue.exists()

    home.comenqd("service", "uninstall", "--purge")
    assert not queue.parent.exists()
    assert not home.config.parent.exists()
    assert home.token.exists()


def test_a_running_daemon_is_found(running: Home) -> None:
    """Setup waits until it answers, and says after an upgrade that it still runs the old one."""
    first, *rest = running.setup().splitlines()
    assert (first, rest[0]) == (UNCHANGED, "The daemon runs.")
    assert "restart" not in "".join(rest)

    os.utime(running.runtime / "comenq/supervisor/supervisord.pid", (0, 0))
    assert "the version before the upgrade: restart it" in running.setup()


# A systemd that has a note of what it was told, and starts nothing.
SYSTEMCTL = """\
#!/bin/sh
cd "${0%/*}"
echo "$*" >>told
case "$*" in
    *NeedDaemonReload*) echo NeedDaemonReload=no ;;
    *UnitFileState*) cat enabled || echo UnitFileState=disabled ;;
    *ActiveState*) cat active || echo ActiveState=inactive ;;
    *LoadState*) echo LoadState=loaded ;;
    *enable*) echo UnitFileState=enabled >enabled ;;
    *start*) echo ActiveState=active >active ;;
    *status*) echo the status ;;
esac 2>/dev/null
"""


@pytest.fixture
def systemd(running: Home) -> Path:
    """The directory of a command systemctl, which has a user's systemd to itself."""
    (running.runtime / "systemd").mkdir()
    (running.runtime / "systemd/private").touch()
    tools = running.path / "tools"
    tools.mkdir()
    (tools / "systemctl").write_text(SYSTEMCTL)
    (tools / "systemctl").chmod(0o755)
    running.environ["PATH"] = f"{tools}:{os.defpath}"
    return tools


def told(systemd: Path) -> list[str]:
    """What systemctl was told since the last time, other than questions."""
    lines = (systemd / "told").read_text().splitlines()
    (systemd / "told").unlink()
    return [line for line in lines if " show " not in line]


def test_a_users_systemd_runs_the_daemon(running: Home, systemd: Path) -> None:
    """Its unit names this environment's command, and is enabled and started; then all is done."""
    running.setup()
    assert told(systemd) == ["--user enable comenq.service", "--user start comenq.service"]
    unit = (running.path / ".config/systemd/user/comenq.service").read_text()
    command = f'"{SCRIPTS}/comenqd"'
    assert f'ExecStart={command} --config "{running.config}"\n' in unit
    assert f'ExecReload={command} reload --config "{running.config}"\n' in unit

    assert running.setup().startswith(UNCHANGED)
    assert told(systemd) == []

    os.utime(running.runtime / "comenq/supervisor/supervisord.pid", (0, 0))
    running.setup()
    assert told(systemd) == ["--user restart comenq.service"]


def test_the_service_is_controlled_with_systemctl(running: Home, systemd: Path) -> None:
    """`comenqd service` passes actions on, and tells after an upgrade that a restart is due."""
    running.setup()
    told(systemd)

    assert running.comenqd("service", "status") == "the status\n"
    running.comenqd("service", "stop")
    os.utime(running.runtime / "comenq/supervisor/supervisord.pid", (0, 0))
    assert "run comenqd service restart" in running.comenqd("service", "status")
    assert told(systemd) == [
        "--user status --no-pager comenq.service",
        "--user stop comenq.service",
        "--user status --no-pager comenq.service",
    ]


def test_a_service_that_is_not_there_is_told(home: Home) -> None:
    """Before a setup, there is nothing to control."""
    assert "no service is installed: run comenqd setup" in home.comenqd(
        "service", "restart", status=1
    )


def test_without_a_service_manager_the_start_says_how(home: Home) -> None:
    """What is set up and has no service is started by hand: `service start` shows the command."""
    home.setup("--token-file", home.token)
    assert f"comenqd --config {home.config}" in home.comenqd("service", "start", status=1)


def test_comments_can_be_saved_before_the_first_start(home: Home) -> None:
    """Where the daemon is started by hand, its spool is there once it is set up."""
    home.setup("--token-file", home.token)
    assert "saved o/r#1" in home.run(SCRIPTS / "comenq", "o/r", "1", "Hi")
