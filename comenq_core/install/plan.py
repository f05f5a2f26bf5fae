"""The steps to install and to uninstall, in order."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from comenq_core.install.account import ACCOUNT, add_account, has_account, remove_account
from comenq_core.install.files import Files
from comenq_core.install.paths import Access, Directory, FirstFile, Removal
from comenq_core.install.relocation import Relocation
from comenq_core.install.running import DaemonStopped
from comenq_core.install.steps import Command, Step
from comenq_core.supervisor.launch import conf_file

__all__ = ["ForMachine", "ForUser", "Installation", "stage"]

RUNTIME = Path("/run/comenq")
START = "Start the daemon"
USE = "Queue a comment"
EXAMPLE = 'comenq OWNER/REPO NUMBER "Hello"'
CREDENTIAL = "${CREDENTIALS_DIRECTORY}/github_token"


def _config(token_file: str) -> str:
    return conf_file("config.toml").read_text().replace(CREDENTIAL, token_file)


class Installation(ABC):
    """An installation that is used on this machine.

    Args:
        files: its files.
        systemctl: the command that controls the unit; empty if systemd does not run.
    """

    def __init__(self, files: Files, systemctl: tuple[str, ...]) -> None:
        self._files = files
        self._places = files.places
        self._systemctl = systemctl

    @abstractmethod
    def install(self) -> Iterator[Step]:
        """Create what it needs; start nothing."""

    @property
    @abstractmethod
    def next(self) -> Sequence[str]:
        """What the user has to do next, in order, once there is a token."""

    def restart(self) -> Iterator[Step]:
        """Restart a running service, so that it uses the new version."""
        return self._control("restart", "comenq", unless="ActiveState=inactive")

    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and remove its files; keep configuration, token and queue."""
        yield from self._control("disable", "--now", "comenq", unless="LoadState=not-found")
        yield DaemonStopped(self._places)
        yield from self._files.uninstall()
        yield from self._control("daemon-reload", unless="LoadState=not-found")

    def purge(self) -> Iterator[Step]:
        """Remove configuration, token and queue."""
        yield Removal(self._places.config)
        yield Removal(self._places.state)

    def _enable(self) -> Iterator[Step]:
        yield from self._control("daemon-reload", unless="NeedDaemonReload=no")
        yield from self._control("enable", "comenq", unless="UnitFileState=enabled")

    def _control(self, *words: str, unless: str) -> Iterator[Step]:
        def is_so() -> bool:
            name, _, _ = unless.partition("=")
            show = [*self._systemctl, "show", "--property", name, "comenq"]
            done = subprocess.run(show, capture_output=True, text=True, check=True)
            return done.stdout.strip() == unless

        if self._systemctl:
            yield Command((*self._systemctl, *words), is_so)


class ForMachine(Installation):
    """An installation for a machine, with an account of its own.

    Args:
        has_systemd: whether the machine has systemd, even if it does not run now.
    """

    def __init__(self, files: Files, systemctl: tuple[str, ...], *, has_systemd: bool) -> None:
        super().__init__(files, systemctl)
        self._has_systemd = has_systemd

    def install(self) -> Iterator[Step]:
        config, token = self._places.config, self._places.token
        yield from self._account()
        yield Directory(config, Access(0o750, f"root:{ACCOUNT}"))
        for path in (self._places.state, RUNTIME):
            yield Directory(path, Access(0o750, f"{ACCOUNT}:{ACCOUNT}"))
        # Without systemd the daemon reads the token's file itself.
        keeper = "root:root" if self._has_systemd else f"{ACCOUNT}:{ACCOUNT}"
        text = _config(CREDENTIAL if self._has_systemd else str(token))
        yield FirstFile(config / "config.toml", text, Access(0o640, f"root:{ACCOUNT}"))
        yield FirstFile(token, "", Access(0o600, keeper))
        yield from self._files.install()
        if self._has_systemd:
            yield self._files.unit()
        yield from self._enable()

    def purge(self) -> Iterator[Step]:
        """Remove configuration, token, queue and account."""
        yield from super().purge()
        yield Removal(RUNTIME)
        yield from remove_account()

    @property
    def next(self) -> Sequence[str]:
        who = "sudo" if self._has_systemd else f"sudo -u {ACCOUNT}"
        start = "systemctl start comenq" if self._has_systemd else str(self._places.daemon)
        return (
            f"Check the installation: {who} {self._places.daemon} check",
            f"{START}: {who} {start}",
            f"Add the users who may queue comments: sudo adduser NAME {ACCOUNT}",
            f"{USE}: {self._places.commands}/{EXAMPLE}",
        )

    def _account(self) -> Iterator[Step]:
        if self._has_systemd:
            yield from self._files.extras()
            yield Command(("systemd-sysusers", "comenq.conf"), has_account)
        else:
            yield add_account(self._places.state)


class ForUser(Installation):
    """An installation for one user."""

    def install(self) -> Iterator[Step]:
        config, token = self._places.config, self._places.token
        yield Directory(config, Access(0o700))
        yield FirstFile(config / "config.toml", _config(str(token)), Access(0o600))
        yield FirstFile(token, "", Access(0o600))
        yield from self._files.install()
        yield self._files.unit()
        yield from self._enable()

    @property
    def next(self) -> Sequence[str]:
        start = "systemctl --user start comenq" if self._systemctl else str(self._places.daemon)
        return (
            f"Check the installation: {self._places.daemon} check",
            f"{START}: {start}",
            f"{USE}: {self._places.commands}/{EXAMPLE}",
        )


def stage(files: Files) -> Iterator[Step]:
    """Create the files of a package, which creates the account and the directories itself."""
    yield Relocation(files.at(files.venv), files.venv)
    yield from files.extras()
    config = files.at(files.places.config) / "config.toml"
    yield FirstFile(config, _config(CREDENTIAL), Access(0o640))
    yield from files.install()
    yield files.unit()
