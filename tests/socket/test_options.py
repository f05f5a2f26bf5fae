"""The table [unix] of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from comenq_core.errors import SettingsError
from comenq_core.protocols import Intake
from comenq_core.settings import Settings
from comenq_plugins.unix_socket import comenq_intakes
from tests.socket.serving import serving


def _settings(path: Path, options: Mapping[str, object]) -> Settings:
    return Settings(socket_path=path, tables={"unix": options})


def test_intake_is_offered_by_name(directory: Path) -> None:
    """The name ``unix`` offers an intake that serves the configured path."""
    factory = comenq_intakes()["unix"]

    def make(path: Path) -> Intake:
        return factory(_settings(path, {"manage": "owner", "connections": 10}))

    with serving(directory / "c.sock", make) as served, served.talk() as client:
        assert client.ask({"op": "ping"}) == {"outcome": "ok"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"manage": "everybody"}, "group, owner, nobody"),
        ({"connections": 0}, "whole number from 1"),
        ({"connections": "many"}, "whole number"),
        ({"mange": "group"}, "did you mean manage"),
    ],
)
def test_wrong_option_is_named(
    directory: Path, options: Mapping[str, object], message: str
) -> None:
    """An unknown key or a wrong value is an error that says what was expected."""
    with pytest.raises(SettingsError, match=message):
        comenq_intakes()["unix"](_settings(directory / "c.sock", options))
