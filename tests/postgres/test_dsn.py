"""No part of a password is ever shown, wherever in the connection string it ends up."""

from __future__ import annotations

from pathlib import Path

import pytest

from comenq_core.errors import ComenqError, SettingsError, StoreError
from comenq_plugins.postgres import open_postgres
from comenq_plugins.postgres.dsn import redacted, require_plain
from tests import preloaded
from tests.postgres.test_store import settings

PARTS = ("paQ1", "Zq9")

# In each, a password of these parts is taken for something else, or cannot be read.
WRONG = [
    "postgresql://u:paQ1@Zq9@127.0.0.1/x",
    "postgresql://u:paQ1/Zq9@127.0.0.1/x",
    "postgresql://u:12/Zq9@127.0.0.1/x",
    "postgresql://u:paQ1%Zq9@127.0.0.1/x",
    "host=127.0.0.1 dbname=x password=paQ1 Zq9",
    "host=127.0.0.1;password=paQ1Zq9",
    "host=127.0.0.1 dbname=x;password=paQ1Zq9",
    "host=127.0.0.1,password=paQ1Zq9",
    "host=127.0.0.1 port=1,password=paQ1Zq9",
    "host=127.0.0.1 user=u;password=paQ1Zq9",
    "host=127.0.0.1 password='paQ1Zq9",
    "hostaddr=paQ1@Zq9",
    "postgresql://paQ1\udcffZq9@127.0.0.1/x",
]
RIGHT = [
    "postgresql://u:paQ1?Zq9@127.0.0.1:1/x",
    "postgresql://u:paQ1%40Zq9@127.0.0.1:1/x",
    "postgresql://u:paQ1:Zq9@127.0.0.1:1/x",
    "postgresql://127.0.0.1:1/x?user=u&password=paQ1%2FZq9",
    "postgresql://127.0.0.1:1/x?user=u&password=paQ1/Zq9",
    "host=127.0.0.1 port=1 user=u@server password='paQ1 Zq9'",
    "host=127.0.0.1,localhost port=1 password=paQ1Zq9",
    "host=@abstract password=paQ1Zq9",
    "host=/tmp/paQ1 password=/tmp/paQ1",
    "host=paQ1Zq9.invalid password=paQ1Zq9",
]


def assert_nothing_shown(text: str) -> None:
    """None of the parts is in a text."""
    assert not [part for part in PARTS if part in text], text


@pytest.mark.parametrize("dsn", WRONG)
def test_a_password_that_would_be_taken_for_something_else_is_refused(dsn: str) -> None:
    """The message says how to write it, and shows nothing of it."""
    with pytest.raises(SettingsError, match=r"\[postgres\] dsn: ") as refused:
        open_postgres(settings(dsn))
    assert_nothing_shown(str(refused.value))


@pytest.mark.parametrize("dsn", RIGHT)
def test_the_error_of_a_server_that_is_away_shows_no_password(dsn: str) -> None:
    """Neither the message nor what it was caused by has any of it."""
    with pytest.raises(StoreError, match="PostgreSQL: ") as failed:
        open_postgres(settings(dsn, patience_seconds=2.0))
    error: BaseException | None = failed.value
    while error is not None:
        assert_nothing_shown(str(error))
        error = error.__cause__


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://comenq@db.example/comenq?passfile=/etc/comenqd/pgpass",
        "postgresql://db1:5432,db2:5433/x?target_session_attrs=read-write",
        "postgresql://u%40server@[::1]:5432/x",
        "postgresql:///x?host=/run/postgresql",
        "postgres://%2Frun%2Fpostgresql/x",
        "service=comenq",
        "host=fe80::1%eth0 hostaddr=fe80::1%eth0",
        "",
    ],
)
def test_other_strings_are_taken(dsn: str) -> None:
    """What libpq's manual shows is as good as ever."""
    require_plain(dsn, "[postgres]")


@pytest.mark.parametrize("host", ["paQ1@Zq9", "h;password=paQ1Zq9"])
def test_a_service_file_that_is_wrong_shows_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Where part of a password stands for a host in it, the error leaves the host out."""
    (tmp_path / "services").write_text(f"[comenq]\nhost={host}\nport=1\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    with pytest.raises(ComenqError) as failed:
        open_postgres(settings("service=comenq", patience_seconds=2.0))
    assert_nothing_shown(str(failed.value))


def test_a_password_in_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known as well as one in the string."""
    monkeypatch.setenv("PGPASSWORD", "paQ1Zq9")
    assert redacted("no paQ1Zq9 here", "host=h") == "no *** here"


def test_names_in_an_error_are_shown() -> None:
    """A message still says which database, user and socket it is about."""
    said = 'connection to server on socket "/run/x/.s.PGSQL.5432" failed: no role "comenq"'
    assert redacted(said, "host=h") == said


@pytest.mark.parametrize("word", ["check", "work"])
def test_no_command_shows_a_password(tmp_path: Path, word: str) -> None:
    """Whatever a command prints about a string that is wrong has no part of it."""
    config = tmp_path / "config.toml"
    config.touch(0o600)
    config.write_text(f"github_token = 'c'\nstore = 'postgres'\n[postgres]\ndsn = '{WRONG[0]}'\n")
    done = preloaded.run([preloaded.SCRIPTS / "comenqd", word, "--config", config], env={})
    assert "[postgres] dsn: " in done.stdout + done.stderr
    assert_nothing_shown(done.stdout + done.stderr)
