"""The service managers that keep a daemon running: systemd and launchd."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from comenq_core.install.paths import File, Removal
from comenq_core.install.steps import Command, Step

__all__ = ["Launchd", "Manager", "Systemd"]


class Manager(Protocol):
    """A service manager, and the service that is comenq."""

    @property
    def file(self) -> Path:
        """What tells the manager of the service."""

    def install(self) -> Iterator[Step]:
        """Have the service started at each boot or login; start nothing now."""

    def start(self) -> Iterator[Step]:
        """Start the service, unless it runs."""

    def restart(self) -> Iterator[Step]:
        """Restart the service, if it runs."""

    def uninstall(self) -> Iterator[Step]:
        """Stop the service, and remove it."""

    def command(self, action: str) -> Sequence[str]:
        """The command for ``status``, ``start``, ``stop``, ``restart`` or ``logs``."""

    @property
    def unreadable_logs(self) -> str:
        """What to do where the log is not this user's to read."""


@dataclass(frozen=True, slots=True)
class Systemd:
    """A unit of systemd.

    Args:
        options: ``--user`` for a user's own systemd.
        unit: the unit's name.
        file: where the unit goes.
        text: the unit.
    """

    options: tuple[str, ...]
    unit: str
    file: Path
    text: str

    def install(self) -> Iterator[Step]:
        yield File(self.file, self.text)
        yield self._control("daemon-reload", unless="NeedDaemonReload=no")
        yield self._control("enable", self.unit, unless="UnitFileState=enabled")

    def start(self) -> Iterator[Step]:
        yield self._control("start", self.unit, unless="ActiveState=active")

    def restart(self) -> Iterator[Step]:
        yield self._control("restart", self.unit, unless="ActiveState=inactive")

    def uninstall(self) -> Iterator[Step]:
        yield self._control("disable", "--now", self.unit, unless="LoadState=not-found")
        yield Removal(self.file)
        yield self._control("daemon-reload", unless="LoadState=not-found")

    def command(self, action: str) -> Sequence[str]:
        if action == "logs":
            which = "--user-unit" if self.options else "--unit"
            return ("journalctl", which, self.unit)
        pager = ("--no-pager",) if action == "status" else ()
        return ("systemctl", *self.options, action, *pager, self.unit)

    @property
    def unreadable_logs(self) -> str:
        # A journal that is kept in memory has no file of its own for each user.
        user = f" _UID={os.getuid()}"
        match = f"_SYSTEMD_USER_UNIT={self.unit}{user}" if self.options else f"--unit {self.unit}"
        return f"run sudo journalctl {match}, or have yourself added to the group systemd-journal"

    def _control(self, *words: str, unless: str) -> Step:
        def is_so() -> bool:
            name, _, _ = unless.partition("=")
            show = ["systemctl", *self.options, "show", "--property", name, self.unit]
            done = subprocess.run(show, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ChildProcessError(f"{' '.join(show)}: {done.stderr.strip()}")
            return done.stdout.strip() == unless

        return Command(("systemctl", *self.options, *words), is_so)


@dataclass(frozen=True, slots=True)
class Launchd:
    """A user's agent of launchd. Bootstrapped, it is started, and again at each login.

    Args:
        domain: ``gui/UID``, or ``user/UID`` where nobody is logged in at the screen.
        label: the agent's name.
        file: where the property list goes.
        text: the property list.
        log: the file for its output.
    """

    domain: str
    label: str
    file: Path
    text: str
    log: Path

    def install(self) -> Iterator[Step]:
        yield File(self.file, self.text)

    def start(self) -> Iterator[Step]:
        yield Command(("launchctl", "bootstrap", self.domain, str(self.file)), self._is_loaded)

    def restart(self) -> Iterator[Step]:
        # Not kickstart, which would start it with the former property list.
        yield from self._stop()
        yield from self.start()

    def uninstall(self) -> Iterator[Step]:
        yield from self._stop()
        yield Removal(self.file)

    def command(self, action: str) -> Sequence[str]:
        match action:
            case "start":
                return ("launchctl", "bootstrap", self.domain, str(self.file))
            case "stop":
                return ("launchctl", "bootout", self._target)
            case "restart":
                return ("launchctl", "kickstart", "-k", self._target)
            case "logs":
                return ("tail", "-n", "100", str(self.log))
        return ("launchctl", "print", self._target)

    @property
    def unreadable_logs(self) -> str:
        return f"see that you may read {self.log}"

    @property
    def _target(self) -> str:
        return f"{self.domain}/{self.label}"

    def _stop(self) -> Iterator[Step]:
        yield Command(("launchctl", "bootout", self._target), lambda: not self._is_loaded())

    def _is_loaded(self) -> bool:
        command = ["launchctl", "print", self._target]
        return not subprocess.run(command, capture_output=True, check=False).returncode
