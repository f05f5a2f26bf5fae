"""The texts of what a service manager needs: systemd's unit and launchd's property list. Pure."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["machine_unit", "user_agent", "user_unit"]

MACHINE_DAEMON = "/usr/local/sbin/comenqd"
USER_DAEMON = "%h/.local/bin/comenqd"


def machine_unit(text: str, daemon: Path) -> str:
    """The unit of the machine's service: ``conf/comenq.service`` with another daemon."""
    return text.replace(MACHINE_DAEMON, str(daemon))


def user_unit(text: str, daemon: Path, config: Path, variables: Mapping[str, str]) -> str:
    """The unit of a user's service, made of ``conf/comenq-user.service``.

    Args:
        text: that file.
        daemon: the command; a link to it may lead elsewhere one day.
        config: the daemon's configuration.
        variables: what else has to be in its environment.
    """
    options = f"--config {_quoted(config)}"
    for action in (" reload", ""):
        text = text.replace(f"{USER_DAEMON}{action}\n", f"{_quoted(daemon)}{action} {options}\n")
    lines = [f"Environment={_quoted(f'{name}={value}')}\n" for name, value in variables.items()]
    return text.replace("[Service]\n", f"[Service]\n{''.join(lines)}")


def _quoted(word: object) -> str:
    """A word as systemd's command lines have it.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    text = str(word).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'.replace("%", "%%").replace("$", "$$")


def user_agent(
    text: bytes, label: str, command: Sequence[str], log: Path, variables: Mapping[str, str]
) -> str:
    """The property list of a user's agent, made of ``conf/org.comenq.comenqd.plist``.

    Args:
        text: that file.
        label: the agent's name.
        command: what it runs.
        log: the file for its output.
        variables: what has to be in its environment.
    """
    job = plistlib.loads(text)
    for key in ("UserName", "GroupName"):
        del job[key]
    job |= {"Label": label, "ProgramArguments": list(command)}
    job |= {"StandardOutPath": str(log), "StandardErrorPath": str(log)}
    if variables:
        job["EnvironmentVariables"] = dict(variables)
    return plistlib.dumps(job).decode()
