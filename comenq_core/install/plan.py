"""The steps to install and to uninstall, in order."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from comenq_core.install.account import ACCOUNT, add_account, has_account, remove_account
from comenq_core.install.files import Files
from comenq_core.install.paths import Directory, File, FirstFile, Owner, Removal
from comenq_core.install.relocation import Relocation
from comenq_core.install.running import DaemonStopped
from comenq_core.install.steps import Command, Step
from comenq_core.supervisor.launch import conf_file

__all__ = ["ForMachine", "ForUser", "Installation", "Staged"]

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
        self._systemctl = systemctl

    @abstractmethod
    def install(self) -> Iterator[Step]:
        """Create what it needs; start nothing."""

    @abstractmethod
    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and remove its files; keep configuration, token and queue."""

    @abstractmethod
    def purge(self) -> Iterator[Step]:
        """Remove configuration, token and queue."""

    @property
    @abstractmethod
    def next(self) -> Sequence[str]:
        """What the user has to do next, in order, once there is a token."""

    def restart(self) -> Iterator[Step]:
        """Restart a running service, so that it uses the new version."""
        if self._systemctl:
            yield self._systemctl_step("restart", "comenq", unless="ActiveState=inactive")

    def _enable(self) -> Iterator[Step]:
        if self._systemctl:
            yield self._systemctl_step("daemon-reload", unless="NeedDaemonReload=no")
            yield self._systemctl_step("enable", "comenq", unless="UnitFileState=enabled")

    def _disable(self) -> Iterator[Step]:
        if self._systemctl:
            yield self._systemctl_step("disable", "--now", "comenq", unless="LoadState=not-found")
        yield DaemonStopped(self._files.places)

    def _reload_units(self) -> Iterator[Step]:
        if self._systemctl:
            yield self._systemctl_step("daemon-reload", unless="LoadState=not-found")

    def _systemctl_step(self, *words: str, unless: str) -> Command:
        def is_so() -> bool:
            name, _, _ = unless.partition("=")
            show = [*self._systemctl, "show", "--property", name, "comenq"]
            done = subprocess.run(show, capture_output=True, text=True, check=True)
            return done.stdout.strip() == unless

        return Command((*self._systemctl, *words), is_so)


class ForMachine(Installation):
    """An installation for a machine, with an account of its own.

    Args:
        files: its files.
        systemctl: as for `Installation`.
        has_systemd: whether the machine has systemd, even if it does not run now.
    """

    def __init__(self, files: Files, systemctl: tuple[str, ...], *, has_systemd: bool) -> None:
        super().__init__(files, systemctl)
        self._has_systemd = has_systemd

    def install(self) -> Iterator[Step]:
        """Create the account, the directories and the files; start nothing."""
        config, token = self._files.places.config, self._files.places.token
        yield from self._account()
        yield Directory(config, 0o750, Owner("root", ACCOUNT))
        for path in (self._files.places.state, RUNTIME):
            yield Directory(path, 0o750, Owner(ACCOUNT, ACCOUNT))
        # Without systemd the daemon reads the token's file itself.
        keeper = Owner("root", "root") if self._has_systemd else Owner(ACCOUNT, ACCOUNT)
        text = _config(CREDENTIAL if self._has_systemd else str(token))
        yield FirstFile(config / "config.toml", text, 0o640, Owner("root", ACCOUNT))
        yield FirstFile(token, "", 0o600, keeper)
        yield from self._files.install()
        if self._has_systemd:
            yield self._files.unit()
        yield from self._enable()

    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and remove its files; keep configuration, token and queue."""
        yield from self._disable()
        yield from self._files.uninstall()
        for _, path in self._files.extras():
            yield Removal(path)
        yield from self._reload_units()

    def purge(self) -> Iterator[Step]:
        """Remove configuration, token, queue and account."""
        for path in (self._files.places.config, self._files.places.state, RUNTIME):
            yield Removal(path)
        yield from remove_account()

    @property
    def next(self) -> Sequence[str]:
        """Check, start, add users, queue a comment."""
        places = self._files.places
        who = "sudo" if self._has_systemd else f"sudo -u {ACCOUNT}"
        start = "systemctl start comenq" if self._has_systemd else str(places.daemon)
        return (
            f"Check the installation: {who} {places.daemon} check",
            f"{START}: {who} {start}",
            f"Add the users who may queue comments: sudo adduser NAME {ACCOUNT}",
            f"{USE}: {places.commands}/{EXAMPLE}",
        )

    def _account(self) -> Iterator[Step]:
        if self._has_systemd:
            for name, path in self._files.extras():
                yield File(path, conf_file(name).read_text())
            yield Command(("systemd-sysusers", "comenq.conf"), has_account)
        else:
            yield add_account(self._files.places.state)


class ForUser(Installation):
    """An installation for one user."""

    def install(self) -> Iterator[Step]:
        """Create the directories and the files; start nothing."""
        config, token = self._files.places.config, self._files.places.token
        yield Directory(config, 0o700)
        yield FirstFile(config / "config.toml", _config(str(token)), 0o600)
        yield FirstFile(token, "", 0o600)
        yield from self._files.install()
        yield self._files.unit()
        yield from self._enable()

    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and remove its files; keep configuration, token and queue."""
        yield from self._disable()
        yield from self._files.uninstall()
        yield from self._reload_units()

    def purge(self) -> Iterator[Step]:
        """Remove configuration, token and queue."""
        yield Removal(self._files.places.config)
        yield Removal(self._files.places.state)

    @property
    def next(self) -> Sequence[str]:
        """Check, start, queue a comment."""
        places = self._files.places
        start = "systemctl --user start comenq" if self._systemctl else str(places.daemon)
        return (
            f"Check the installation: {places.daemon} check",
            f"{START}: {start}",
            f"{USE}: {places.commands}/{EXAMPLE}",
        )


class Staged:
    """The files of a package, which creates the account and the directories itself.

    Args:
        files: the files, below another root.
    """

    def __init__(self, files: Files) -> None:
        self._files = files

    def install(self) -> Iterator[Step]:
        """Create the files."""
        yield Relocation(self._files.at(self._files.venv), self._files.venv)
        for name, path in self._files.extras():
            yield File(path, conf_file(name).read_text())
        config = self._files.at(self._files.places.config)
        yield FirstFile(config / "config.toml", _config(CREDENTIAL), 0o640)
        yield from self._files.install()
        yield self._files.unit()
