"""Settings: where they come from, which place counts most, and how wrong ones are refused."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core import SettingsError
from comenq_core.cli.comenqd.main import parser
from comenq_core.settings import KINDS, Secret, Settings, flag, load, variable

RUST_FILE = """
github_token = "ghp_abc"
socket_path = "/run/comenq/comenq.sock"
queue_path = "/var/lib/comenq/queue"
cooldown_period_seconds = 960
restart_min_delay_ms = 100
github_api_timeout_secs = 30
client_channel_capacity = 1024
log_level = "warn"
"""
EVERYTHING: Mapping[str, str] = {
    "github_token": "ghp_abc",
    "github_token_file": "${CREDENTIALS_DIRECTORY}/github_token",
    "github_token_command": "gh auth token",
    "github_token_files": "/a,/b",
    "github_api_url": "https://github.example/api/v3",
    "github_host": "git.example",
    "github_api_timeout_secs": "12.5",
    "github_marker": "true",
    "socket_path": "/s",
    "queue_path": "/q",
    "cooldown_period_seconds": "1",
    "cooldown_jitter_seconds": "2",
    "log_level": "debug",
    "intakes": "unix, mail",
    "store": "postgres",
    "poster": "gitlab",
    "max_attempts": "7",
    "max_interruptions": "8",
    "recheck_seconds": "8.5",
    "max_pending": "9",
    "history_days": "10",
    "key_days": "11",
    "hold_new": "mail,drop",
    "hold_secrets": "false",
    "on_posted": "notify-send 'it is posted'",
    "on_failed": "false",
    "on_answered": "true",
    "verify_targets": "true",
    "reviewers": "coderabbit,codex",
    "min_post_interval_seconds": "1.5",
    "reply_cooldown_seconds": "2.5",
    "max_triggers": "2",
}


class ConfigFile:
    """A private configuration file whose text and mode a test chooses."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "config.toml"

    def write(self, text: str, mode: int = 0o600) -> Path:
        """Write ``text`` and return the file's path."""
        self.path.write_text(text)
        self.path.chmod(mode)
        return self.path

    def load(self, text: str, environ: Mapping[str, str] | None = None, **flags: str) -> Settings:
        """The settings that a file with this text gives."""
        given_flags = {flag(key): value for key, value in flags.items()}
        return load(self.write(text), environ or {}, given_flags)


@pytest.fixture
def config(tmp_path: Path) -> ConfigFile:
    """A configuration file in a private directory."""
    return ConfigFile(tmp_path)


def refusal(config: ConfigFile, text: str, environ: Mapping[str, str] | None = None) -> str:
    """The message with which a file of this text, or this environment, is refused."""
    with pytest.raises(SettingsError) as caught:
        config.load(text, environ)
    return str(caught.value)


def test_a_rust_file_loads_unchanged(config: ConfigFile) -> None:
    """A configuration file of the Rust comenqd, with the keys that mean nothing here, loads."""
    settings = config.load(RUST_FILE)

    assert settings.github_token is not None
    assert settings.github_token.reveal() == "ghp_abc"
    assert (settings.cooldown_period_seconds, settings.log_level) == (960, "warning")


def test_defaults_are_the_documented_ones(config: ConfigFile) -> None:
    """An empty file gives the defaults of a system's daemon."""
    path = config.write("")

    assert load(path, {}) == Settings(source=path)


def test_every_setting_can_come_from_the_environment(config: ConfigFile) -> None:
    """Each setting has a COMENQD_ variable, which gives the same value as a flag does."""
    environ = {variable(key): text for key, text in EVERYTHING.items()}
    flags = {flag(key): text for key, text in EVERYTHING.items()}
    path = config.write("")
    everything = Settings(
        github_token=Secret("ghp_abc"),
        github_token_file="${CREDENTIALS_DIRECTORY}/github_token",
        github_token_command="gh auth token",
        github_token_files=("/a", "/b"),
        github_api_url="https://github.example/api/v3",
        github_host="git.example",
        github_api_timeout_secs=12.5,
        github_marker=True,
        socket_path=Path("/s"),
        queue_path=Path("/q"),
        cooldown_period_seconds=1.0,
        cooldown_jitter_seconds=2.0,
        log_level="debug",
        intakes=("unix", "mail"),
        store="postgres",
        poster="gitlab",
        max_attempts=7,
        max_interruptions=8,
        recheck_seconds=8.5,
        max_pending=9,
        history_days=10.0,
        key_days=11.0,
        hold_new=("mail", "drop"),
        on_posted="notify-send 'it is posted'",
        hold_secrets=False,
        on_failed="false",
        on_answered="true",
        verify_targets=True,
        reviewers=("coderabbit", "codex"),
        min_post_interval_seconds=1.5,
        reply_cooldown_seconds=2.5,
        max_triggers=2,
        source=path,
    )

    assert EVERYTHING.keys() == KINDS.keys()
    assert load(path, environ) == everything
    assert load(path, {}, flags) == everything


@pytest.mark.parametrize("place", ["file", "environment", "flag"])
def test_the_rust_word_for_the_jitter_is_taken_everywhere(config: ConfigFile, place: str) -> None:
    """``cooldown_flutter_seconds`` sets ``cooldown_jitter_seconds``, wherever it is given."""
    alias = "cooldown_flutter_seconds"
    path = config.write(f"{alias} = 7" if place == "file" else "")
    environ = {variable(alias): "7"} if place == "environment" else {}
    flags = {flag(alias): "7"} if place == "flag" else {}

    renamed = () if place == "flag" else (alias,)
    expected = Settings(cooldown_jitter_seconds=7.0, source=path, renamed=renamed)
    assert load(path, environ, flags) == expected


def test_comenqd_takes_the_flag_for_the_rust_word() -> None:
    """``--cooldown-flutter-seconds`` is the same flag as ``--cooldown-jitter-seconds``."""
    given = parser().parse_args(["--cooldown-flutter-seconds", "7"])

    assert given.cooldown_jitter_seconds == "7"


def test_a_setting_counts_more_than_its_alias_in_the_same_place(config: ConfigFile) -> None:
    """If both names are given in one place, the alias is ignored."""
    text = "cooldown_flutter_seconds = 1\ncooldown_jitter_seconds = 2"

    assert config.load(text).cooldown_jitter_seconds == 2


def test_an_alias_in_the_environment_counts_more_than_the_setting_in_the_file(
    config: ConfigFile,
) -> None:
    """Which place counts does not depend on which name is used there."""
    environ = {"COMENQD_COOLDOWN_FLUTTER_SECONDS": "1"}

    assert config.load("cooldown_jitter_seconds = 2", environ).cooldown_jitter_seconds == 1


@pytest.mark.parametrize("word", ["cooldown_jiter_seconds", "cooldown_fluter_seconds"])
def test_a_misspelt_jitter_suggests_the_setting(config: ConfigFile, word: str) -> None:
    """However it is misspelt, the suggestion is today's name."""
    said = refusal(config, f"{word} = 1")
    variable_said = refusal(config, "", {variable(word): "1"})

    assert said.endswith("did you mean cooldown_jitter_seconds?")
    assert variable_said.endswith("did you mean COMENQD_COOLDOWN_JITTER_SECONDS?")


def test_a_wrong_value_of_an_alias_names_the_setting(config: ConfigFile) -> None:
    """The error for an alias has the name of the setting, as the documentation does."""
    said = refusal(config, "cooldown_flutter_seconds = -1")

    assert "cooldown_jitter_seconds: expected a number from 0" in said


places = st.sets(st.sampled_from(["file", "environment", "flag"]))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("hold_new = true", {"unix", "drop"}),
        ("hold_new = false", set()),
        ('hold_new = "all"', {"unix", "drop"}),
        ('hold_new = ["drop"]', {"drop"}),
    ],
)
def test_new_comments_are_held_as_the_settings_say(
    config: ConfigFile, text: str, held: set[str]
) -> None:
    """All of them, none, or those that came in one of some ways."""
    settings = load(config.write(text), {})
    assert {intake for intake in ("unix", "drop") if settings.holds(intake)} == held


def test_comments_of_an_intake_that_is_not_selected_cannot_be_held(config: ConfigFile) -> None:
    """A misspelt name is an error: comments would be posted that a person wants to see."""
    said = refusal(config, 'hold_new = ["unxi"]')
    assert said == "hold_new: expected true, false or a list of some of all, drop, unix"


@given(key=st.sampled_from(["max_attempts", "max_pending", "cooldown_period_seconds"]), at=places)
def test_flags_beat_environment_beats_file_beats_defaults(key: str, at: set[str]) -> None:
    """Wherever a setting is given, the place that counts most decides."""
    values = {"file": 11, "environment": 12, "flag": 13}
    with tempfile.TemporaryDirectory() as directory:
        path = ConfigFile(Path(directory)).write(f"{key} = 11" if "file" in at else "")
        environ = {variable(key): "12"} if "environment" in at else {}
        flags = {flag(key): "13"} if "flag" in at else {}
        settings = load(path, environ, flags)

    expected = max((values[place] for place in at), default=getattr(Settings(), key))
    assert getattr(settings, key) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_attemps = 1", "max_attemps: there is no such setting; did you mean max_attempts?"),
        ('max_pending = "1"', "max_pending: expected a whole number of at least 1, found text"),
        ("max_attempts = 1.0", "max_attempts: expected a whole number of at least 1, found a num"),
        ("max_attempts = 0", "max_attempts: expected a whole number of at least 1"),
        ("history_days = -1", "history_days: expected a number from 0 to 36525"),
        ("history_days = nan", "history_days: expected a number from 0 to 36525"),
        ("history_days = true", "history_days: expected a number from 0 to 36525, found true or"),
        ('socket_path = "comenq.sock"', "socket_path: expected an absolute path"),
        ('queue_path = "/a\\u0000b"', "queue_path: expected an absolute path"),
        ('github_api_url = "ftp://x"', "github_api_url: expected an https address"),
        ('github_api_url = "api.github.com"', "github_api_url: expected an https address"),
        ('github_api_url = "http://forge.example.com"', "(http on this machine only)"),
        ('github_api_url = "http://127.evil.example.com"', "(http on this machine only)"),
        ('github_api_url = "https://u:p@x"', "github_api_url: expected an https address"),
        ('github_host = "https://git.example"', "github_host: expected the name of a host"),
        ('github_api_url = "https://x y/"', "github_api_url: expected an https address"),
        ('log_level = "loud"', "log_level: expected one of debug, info, warning, error"),
        ('intakes = "unix"', "intakes: expected a list of different texts, found text"),
        ('intakes = ["unix", "unix"]', "intakes: expected a list of different texts"),
        ('intakes = ["unix", 1]', "intakes: expected a list of different texts"),
        ("hold_new = 1", "hold_new: expected true, false or a list of different texts, found a"),
        ('github_marker = "yes"', "github_marker: expected true or false, found text"),
        ("store = 1", "that is not empty, found a whole number: put it in quotation marks"),
        ("[store]", "store: expected text that is not empty, found a table"),
        ('github_token = ""', "github_token: expected text that is not empty"),
        ("max_attempts", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_explained(config: ConfigFile, text: str, message: str) -> None:
    """A wrong key or value is an error that names file, key and what was expected."""
    said = refusal(config, text)

    assert said.startswith(f"{config.path}: ")
    assert message in said


def test_a_file_that_is_not_utf_8_is_explained(config: ConfigFile) -> None:
    """A configuration file of other bytes is refused by its name."""
    path = config.write("")
    path.write_bytes(b'store = "\xff"')

    with pytest.raises(SettingsError, match=r"config\.toml: is not TOML"):
        load(path, {})


def test_a_list_of_reviewers_beside_their_tables_is_explained(tmp_path: Path) -> None:
    """What the parser says of it, a tired person does not understand."""
    path = tmp_path / "config.toml"
    path.write_text('reviewers = ["codex"]\n[reviewers.coderabbit]\ncooldown = 60\n')
    with pytest.raises(SettingsError, match="select each reviewer by a table of its own"):
        load(path, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COMENQD_PORT", "tcp://10.0.0.1:80"),
        ("COMENQD_SERVICE_HOST", "10.0.0.1"),
        ("COMENQD_SERVICE_PORT", "80"),
        ("COMENQD_SERVICE_PORT_METRICS", "80"),
        ("COMENQD_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("COMENQD_PORT_80_TCP_PROTO", "tcp"),
        ("COMENQD_PORT_53_UDP_ADDR", "10.0.0.1"),
        ("COMENQD_METRICS_SERVICE_HOST", "10.0.0.1"),
        ("COMENQD_METRICS_PORT", "tcp://10.0.0.1:80"),
        ("COMENQD_METRICS_PORT_80_TCP_PORT", "80"),
        ("COMENQD_NAME", "/web/comenqd"),
        ("COMENQD_ENV_LANG", "C"),
    ],
)
def test_a_platforms_link_is_no_setting(config: ConfigFile, name: str, value: str) -> None:
    """What Kubernetes or Docker sets for a service named comenqd is passed over, and named."""
    environ = {name: value, "COMENQD_MAX_PENDING": "5"}
    settings = config.load("", environ)
    assert (settings.max_pending, settings.ignored) == (5, (name,))


@pytest.mark.parametrize(
    ("name", "value"),
    [("COMENQD_PORT", "8080"), ("COMENQD_NAME", "comenqd"), ("COMENQD_SERVICEHOST", "x")],
)
def test_what_a_person_may_have_misspelt_is_refused(
    config: ConfigFile, name: str, value: str
) -> None:
    """A variable that only resembles a platform's is a mistake, and explained."""
    assert f"{name}: there is no such setting" in refusal(config, "", {name: value})


def test_a_misspelt_variable_is_explained(config: ConfigFile) -> None:
    """A COMENQD_ variable that is no setting is an error with the nearest right name."""
    said = refusal(config, "", {"COMENQD_SOCKETPATH": "/s"})

    assert said == (
        "the environment: COMENQD_SOCKETPATH: there is no such setting;"
        " did you mean COMENQD_SOCKET_PATH?"
    )


@pytest.mark.parametrize(
    "text", ["1_0", " 10", "\uff11\uff10", "nan", "inf", "1e3", "", "9" * 5000]
)
def test_numbers_in_text_are_plain_digits(config: ConfigFile, text: str) -> None:
    """What only Python takes for a number is no number in a variable."""
    said = refusal(config, "", {"COMENQD_MAX_PENDING": text})

    assert said == "the environment: COMENQD_MAX_PENDING: expected a whole number of at least 1"


@given(st.text(), st.sampled_from(["github_marker", "log_level", "max_pending", "queue_path"]))
def test_a_wrong_value_is_never_repeated(word: str, key: str) -> None:
    """No message repeats what was written for a value: it may be a misplaced token."""
    with pytest.raises(SettingsError) as caught:
        load(None, {variable(key): f"ghp_canary{word}"})
    assert "ghp_canary" not in str(caught.value)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    """A configuration file that was named and does not exist is an error, not a default."""
    with pytest.raises(SettingsError, match=r"absent\.toml: cannot be read: No such file"):
        load(tmp_path / "absent.toml", {})


def test_the_environment_can_name_the_file(config: ConfigFile) -> None:
    """COMENQD_CONFIG names the file, as --config does."""
    path = config.write("max_attempts = 2")

    assert load(None, {"COMENQD_CONFIG": str(path)}) == load(path, {})


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_file_that_others_could_write_is_refused(config: ConfigFile, mode: int) -> None:
    """A file that other users can write is refused; the message says what to run."""
    path = config.write("", mode)

    with pytest.raises(SettingsError, match=rf"mode {mode:04o} .* run: chmod go-w '{path}'"):
        load(path, {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(config: ConfigFile) -> None:
    """A configuration file that belongs to neither root nor the daemon's user is refused."""
    path = config.write("")
    os.chown(path, 12345, -1)

    with pytest.raises(SettingsError, match=r"belongs to user 12345"):
        load(path, {})


def test_a_token_that_everybody_can_read_is_refused(config: ConfigFile) -> None:
    """A file with a token must not be readable by all; for its group it may be."""
    text = 'github_token = "ghp_abc"'

    with pytest.raises(SettingsError, match=r"mode 0644 lets every user read it") as caught:
        load(config.write(text, 0o644), {})
    assert "ghp_abc" not in str(caught.value)
    assert load(config.write(text, 0o640), {}).github_token == Secret("ghp_abc")


def test_a_file_without_a_token_may_be_public(config: ConfigFile) -> None:
    """A configuration file that holds no token may be readable by all."""
    assert load(config.write("max_attempts = 2", 0o644), {}).max_attempts == 2


def test_a_secret_shows_itself_nowhere(config: ConfigFile) -> None:
    """Neither the secret nor the settings that hold it show its text."""
    settings = config.load('github_token = "ghp_abc"')

    for shown in (repr(settings), str(settings.github_token), f"{settings.github_token!r:>10}"):
        assert "ghp_abc" not in shown
        assert "***" in shown


def test_a_users_own_file_makes_a_users_own_daemon(tmp_path: Path) -> None:
    """With the user's own file, socket and queue are in the user's own directories."""
    environ = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/1"}
    own = tmp_path / ".config/comenqd/config.toml"
    own.parent.mkdir(parents=True)
    own.touch(0o600)

    settings = load(None, environ)

    assert settings.source == own
    assert settings.socket_path == Path("/run/user/1/comenq/comenq.sock")
    assert settings.queue_path == tmp_path / ".local/state/comenq/queue"


def test_xdg_variables_say_where_things_are(tmp_path: Path) -> None:
    """XDG_CONFIG_HOME and XDG_STATE_HOME move the user's file and queue."""
    environ = {"XDG_CONFIG_HOME": f"{tmp_path}", "XDG_STATE_HOME": "/state", "HOME": "/nonexistent"}
    (tmp_path / "comenqd").mkdir()
    (tmp_path / "comenqd/config.toml").touch(0o600)

    assert load(None, environ).queue_path == Path("/state/comenq/queue")


def test_relative_xdg_directories_are_no_directories(config: ConfigFile) -> None:
    """A relative XDG path is passed over, as the specification asks."""
    environ = {"XDG_RUNTIME_DIR": "run", "XDG_STATE_HOME": "state"}

    assert config.load("", environ).socket_path == Settings().socket_path


def test_a_named_file_in_a_login_session_is_a_users_own(config: ConfigFile) -> None:
    """A file anywhere but below /etc, used in a login session, makes a user's own daemon."""
    environ = {"XDG_RUNTIME_DIR": "/run/user/1", "HOME": "/home/u"}

    assert config.load("", environ).socket_path == Path("/run/user/1/comenq/comenq.sock")


def test_the_file_beats_the_users_own_directories(config: ConfigFile) -> None:
    """What a file says of socket and queue counts more than where a user's would be."""
    settings = config.load('socket_path = "/s"', {"XDG_RUNTIME_DIR": "/run/user/1"})

    assert settings.socket_path == Path("/s")


def test_tables_of_reviewers_select_them(config: ConfigFile) -> None:
    """A list and a table cannot have one name in TOML; the environment still takes precedence."""
    assert config.load('reviewers = ["codex"]').reviewers == ("codex",)
    tables = config.write("[reviewers.codex]\n[reviewers.qodo]\ncooldown = 60")
    assert load(tables, {}).reviewers == ("codex", "qodo")
    assert load(tables, {variable("reviewers"): "qodo"}).reviewers == ("qodo",)


def test_a_plugin_reads_its_own_table(config: ConfigFile) -> None:
    """A plugin gets its table's options over its defaults, of the same types."""
    settings = config.load('[mail]\nport = 2525\nhosts = ["a", "b"]\nratio = 1\nroot = "/r"')
    defaults: dict[str, Any] = {
        "port": 25,
        "hosts": (),
        "ratio": 0.5,
        "root": Path("/"),
        "greeting": "hello",
        "user": None,
        "tls": False,
    }

    assert settings.options("mail", defaults) == {
        **defaults,
        "port": 2525,
        "hosts": ("a", "b"),
        "ratio": 1.0,
        "root": Path("/r"),
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("prot = 1", "[mail]: prot: there is no such setting; did you mean port?"),
        ('port = "25"', "[mail]: port: expected a whole number of at least 0, found text"),
    ],
)
def test_a_wrong_plugin_option_is_explained(config: ConfigFile, table: str, message: str) -> None:
    """A wrong option of a plugin is an error that names file, table, key and expectation."""
    settings = config.load(f"[mail]\n{table}")

    with pytest.raises(SettingsError) as caught:
        settings.options("mail", {"port": 25})
    assert str(caught.value) == f"{config.path}: {message}"


def test_a_plugins_secrets_stay_out_of_sight(config: ConfigFile) -> None:
    """What a plugin's table says is not shown with the settings."""
    assert "hunter2" not in repr(config.load('[mail]\npassword = "hunter2"'))


ACCOUNT_DEFAULTS: Mapping[str, str] = {"token_file": ""}


def test_tables_of_accounts(config: ConfigFile) -> None:
    """Each table has the plugin's options over their defaults, and says for whom it is."""
    text = '[accounts.work]\ntoken_file = "/w"\nfor = ["my-org/*", "me/tool"]\n[accounts.rest]'
    accounts = config.load(text).accounts(ACCOUNT_DEFAULTS)

    told = {name: (table.options, table.repositories) for name, table in accounts.items()}
    assert told == {
        "work": ({"token_file": "/w"}, ("my-org/*", "me/tool")),
        "rest": ({"token_file": ""}, ()),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[accounts.w]\ntoken = "x"', "[accounts.w]: token: there is no such setting; did you mea"),
        ("[accounts.w]\ntoken_file = 1", "[accounts.w]: token_file: expected text that is not emp"),
        ('[accounts."a b"]', "[accounts.a b]: a name has 1 to 64 letters, digits, - and _"),
        ("[accounts]\nwork = 1", "[accounts.work]: expected a table"),
        *[
            (f"[accounts.w]\nfor = {value}", "[accounts.w]: for: expected a list of repositories")
            for value in (
                "[]",
                '"o/r"',
                '["o"]',
                '["*"]',
                '["*/*"]',
                '["o/r*"]',
                '["o/.."]',
                '["o/r/"]',
                '["o/r", "o/r"]',
            )
        ],
    ],
)
def test_a_wrong_table_of_an_account_is_explained(
    config: ConfigFile, text: str, message: str
) -> None:
    """The error names the file, the table, the key and what was expected."""
    with pytest.raises(SettingsError) as caught:
        config.load(text).accounts(ACCOUNT_DEFAULTS)
    assert str(caught.value).startswith(f"{config.path}: {message}")
