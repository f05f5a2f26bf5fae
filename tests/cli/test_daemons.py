"""Which of a user's daemons a pull request's address goes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from comenq_core.cli.comenq.daemons import daemon_for
from comenq_core.cli.exit_status import UsageError
from tests.cli.command import environment, run

ENTERPRISE = 'github_api_url = "https://git.example.org/api/v3"'
URL = "https://git.example.org/o/r/pull/7"


def _set_up(home: Path, **texts: str) -> dict[str, str]:
    """Configure daemons by their names; return the environment."""
    directory = home / ".config/comenqd"
    directory.mkdir(parents=True)
    for name, text in texts.items():
        file = directory / f"{name}.toml"
        file.touch(0o600)
        file.write_text(text)
    return environment(HOME=str(home))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("git.example.org", "work"),
        ("GIT.example.org", "work"),
        ("www.git.example.org", "work"),
        ("github.com", ""),
    ],
)
def test_host_chooses_the_daemon(tmp_path: Path, host: str, name: str) -> None:
    """The daemon whose forge it is gets the comment; the one without a name comes first."""
    environ = _set_up(tmp_path, config="", work=ENTERPRISE, second="")
    assert daemon_for(host, environ) == name


def test_daemon_that_could_be_meant_is_one_of_several(tmp_path: Path) -> None:
    """Where several daemons post to the forge, the choice is the user's."""
    environ = _set_up(tmp_path, config=ENTERPRISE, a="", b="")
    with pytest.raises(UsageError, match="add --daemon a or --daemon b"):
        daemon_for("github.com", environ)


def test_host_of_no_daemon_is_refused(tmp_path: Path) -> None:
    """A forge that no daemon posts to is refused, with those that they post to."""
    environ = _set_up(tmp_path, config="", work=ENTERPRISE)
    with pytest.raises(UsageError, match=r"name to github\.com, work to git\.example\.org"):
        daemon_for("other.example.org", environ)


@pytest.mark.parametrize("texts", [{}, {"config": ENTERPRISE}, {"work": ENTERPRISE}])
def test_other_host_may_be_the_systems(tmp_path: Path, texts: dict[str, str]) -> None:
    """Without a choice of daemons, or without one that has no name, the daemon itself refuses."""
    assert daemon_for("github.com", _set_up(tmp_path, **texts)) == ""


def test_wrong_configuration_is_passed_over(tmp_path: Path) -> None:
    """A daemon whose configuration cannot be read does not hide the others."""
    environ = _set_up(tmp_path, config="", broken="=", work=ENTERPRISE)
    assert daemon_for("git.example.org", environ) == "work"


def test_address_goes_to_the_daemon_of_its_host(directory: Path) -> None:
    """The client looks for the daemon of the address's host, unless another one is named."""
    environ = _set_up(directory, config="", work=ENTERPRISE)
    assert "/comenq/work/comenq.sock" in run(URL, "text", env=environ).stderr
    named = environ | {"COMENQ_SOCKET": "/nonexistent"}
    assert "/comenq/work/" not in run(URL, "text", env=named).stderr
    assert "/comenq/work/" not in run("o/r", "7", "text", env=environ).stderr
