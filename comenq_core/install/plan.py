"""What is to be done for an installation, and to take one away, in order."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from comenq_core.install.account import ACCOUNT, add_account, has_account, remove_account
from comenq_core.install.files import Files
from comenq_core.install.paths import Directory, File, FirstFile, Gone, Owner
from comenq_core.install.relocation import Relocation
from comenq_core.install.running import Ended
from comenq_core.install.steps import Command, Step
from comenq_core.supervisor.launch import conf_file

__all__ = ["ForMachine", "ForUser", "Installation", "Staged"]

RUNTIME = Path("/run/comenq")
START = "Start it"
USE = "Queue a comment"
EXAMPLE = 'comenq OWNER/REPO NUMBER "Hello"'
CREDENTIAL = "${CREDENTIALS_DIRECTORY}/github_token"


def _config(token_file: str) -> str:
    return conf_file("config.toml").read_text().replace(CREDENTIAL, token_file)


class Installation(ABC):
    """One that is used here.

    Args:
        files: its files.
        systemctl: how systemd is told what to do with the unit; empty where none runs.
    """

    def __init__(self, files: Files, systemctl: tuple[str, ...]) -> None:
        self._files = files
        self._systemctl = systemctl

    @abstractmethod
    def install(self) -> Iterator[Step]:
        """Make what it needs; nothing is started."""

    @abstractmethod
    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and take away its files, but neither configuration nor queue."""

    @abstractmethod
    def purge(self) -> Iterator[Step]:
        """Remove configuration, token and queue as well."""

    @property
    @abstractmethod
    def next(self) -> Sequence[str]:
        """What is left for somebody to do, in order, once there is a token."""

    def restart(self) -> Iterator[Step]:
        """Have a running service use what is installed now."""
        if self._systemctl:
            yield self._tell("restart", "comenq", unless="ActiveState=inactive")

    def _enable(self) -> Iterator[Step]:
        if self._systemctl:
            yield self._tell("daemon-reload", unless="NeedDaemonReload=no")
            yield self._tell("enable", "comenq", unless="UnitFileState=enabled")

    def _disable(self) -> Iterator[Step]:
        if self._systemctl:
            yield self._tell("disable", "--now", "comenq", unless="LoadState=not-found")
        yield Ended(self._files.places)

    def _forget(self) -> Iterator[Step]:
        if self._systemctl:
            yield self._tell("daemon-reload", unless="LoadState=not-found")

    def _tell(self, *words: str, unless: str) -> Command:
        def is_so() -> bool:
            name, _, _ = unless.partition("=")
            show = [*self._systemctl, "show", "--property", name, "comenq"]
            done = subprocess.run(show, capture_output=True, text=True, check=True)
            return done.stdout.strip() == unless

        return Command((*self._systemctl, *words), is_so)


class ForMachine(Installation):
    """An installation for everybody on this machine, with an account of its own.

    Args:
        files: its files.
        systemctl: as for `Installation`.
        has_systemd: whether this is a machine of systemd, if only once it has booted.
    """

    def __init__(self, files: Files, systemctl: tuple[str, ...], *, has_systemd: bool) -> None:
        super().__init__(files, systemctl)
        self._has_systemd = has_systemd

    def install(self) -> Iterator[Step]:
        """Make the account, the directories and the files; nothing is started."""
        config, token = self._files.places.config, self._files.places.token
        yield from self._account()
        yield Directory(config, 0o750, Owner("root", ACCOUNT))
        for path in (self._files.places.state, RUNTIME):
            yield Directory(path, 0o750, Owner(ACCOUNT, ACCOUNT))
        # Without systemd nobody hands the token over, so the daemon has to read it by itself.
        keeper = Owner("root", "root") if self._has_systemd else Owner(ACCOUNT, ACCOUNT)
        text = _config(CREDENTIAL if self._has_systemd else str(token))
        yield FirstFile(config / "config.toml", text, 0o640, Owner("root", ACCOUNT))
        yield FirstFile(token, "", 0o600, keeper)
        yield from self._files.install()
        if self._has_systemd:
            yield self._files.unit()
        yield from self._enable()

    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and take away its files, but neither configuration nor queue."""
        yield from self._disable()
        yield from self._files.uninstall()
        for _, path in self._files.extras():
            yield Gone(path)
        yield from self._forget()

    def purge(self) -> Iterator[Step]:
        """Remove configuration, token, queue and account as well."""
        for path in (self._files.places.config, self._files.places.state, RUNTIME):
            yield Gone(path)
        yield from remove_account()

    @property
    def next(self) -> Sequence[str]:
        """Who uses it joins the group first."""
        places = self._files.places
        who = "sudo" if self._has_systemd else f"sudo -u {ACCOUNT}"
        start = "systemctl start comenq" if self._has_systemd else str(places.daemon)
        return (
            f"See whether anything is missing: {who} {places.daemon} check",
            f"{START}: {who} {start}",
            f"Let whoever is to queue comments join the group: sudo adduser NAME {ACCOUNT}",
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
    """An installation that is one user's own."""

    def install(self) -> Iterator[Step]:
        """Make the directories and the files; nothing is started."""
        config, token = self._files.places.config, self._files.places.token
        yield Directory(config, 0o700)
        yield FirstFile(config / "config.toml", _config(str(token)), 0o600)
        yield FirstFile(token, "", 0o600)
        yield from self._files.install()
        yield self._files.unit()
        yield from self._enable()

    def uninstall(self) -> Iterator[Step]:
        """Stop the daemon and take away its files, but neither configuration nor queue."""
        yield from self._disable()
        yield from self._files.uninstall()
        yield from self._forget()

    def purge(self) -> Iterator[Step]:
        """Remove configuration, token and queue as well."""
        yield Gone(self._files.places.config)
        yield Gone(self._files.places.state)

    @property
    def next(self) -> Sequence[str]:
        """Nobody else has to be thought of."""
        places = self._files.places
        start = "systemctl --user start comenq" if self._systemctl else str(places.daemon)
        return (
            f"See whether anything is missing: {places.daemon} check",
            f"{START}: {start}",
            f"{USE}: {places.commands}/{EXAMPLE}",
        )


class Staged:
    """An installation that is put into a package: the account and the rest come with that.

    Args:
        files: its files, below another root.
    """

    def __init__(self, files: Files) -> None:
        self._files = files

    def install(self) -> Iterator[Step]:
        """Lay out the files."""
        yield Relocation(self._files.at(self._files.venv), self._files.venv)
        for name, path in self._files.extras():
            yield File(path, conf_file(name).read_text())
        config = self._files.at(self._files.places.config)
        yield FirstFile(config / "config.toml", _config(CREDENTIAL), 0o640)
        yield from self._files.install()
        yield self._files.unit()
