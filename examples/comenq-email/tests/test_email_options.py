"""The options in the table ``[email]``."""

from __future__ import annotations

from pathlib import Path

import pytest

from comenq_core import Settings, SettingsError
from comenq_email.options import Tcp, options_of


def with_table(table: dict[str, object]) -> Settings:
    """Settings with a table ``[email]``."""
    return Settings(socket_path=Path("/run/comenq/comenq.sock"), tables={"email": table})


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("/run/comenq/mail", Path("/run/comenq/mail")),
        ("127.0.0.1:2424", Tcp(host="127.0.0.1", port=2424)),
        ("[::1]:2424", Tcp(host="::1", port=2424)),
    ],
)
def test_the_settings_say_where_to_listen(listen: str, place: Path | Tcp) -> None:
    """A path is a socket; an address with a port is a port."""
    assert options_of(with_table({"listen": listen})).place == place


def test_by_default_it_listens_beside_the_socket() -> None:
    """The default is a Unix socket in the directory of the daemon's own."""
    assert options_of(with_table({})).place == Path("/run/comenq/email.sock")


@pytest.mark.parametrize(
    "table",
    [
        {"listen": "0.0.0.0:2424"},
        {"listen": "192.0.2.1:2424"},
        {"listen": "localhost:2424"},
        {"listen": "127.0.0.1"},
        {"listen": "127.0.0.1:0"},
        {"listen": "127.0.0.1:65536"},
        {"listen": "email.sock"},
        {"max_bytes": 0},
        {"port": 25},
    ],
)
def test_a_wrong_option_is_an_error(table: dict[str, object]) -> None:
    """The message names the table; above all, no address is open to other machines."""
    with pytest.raises(SettingsError, match=r"\[email\]"):
        options_of(with_table(table))
