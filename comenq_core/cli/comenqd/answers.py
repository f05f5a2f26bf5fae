"""What ``comenqd setup`` needs to know: from flags and variables, or asked on the terminal."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comenq_core.cli.comenqd.scope import with_name
from comenq_core.errors import SettingsError
from comenq_core.install.deployment import Deployment
from comenq_core.install.places import CREDENTIAL
from comenq_core.plugins import registry
from comenq_core.process.program import output_apart
from comenq_core.settings import Secret, Settings

__all__ = ["NEEDED", "Answers", "answers", "confirmed", "missing_token"]

SOURCES = ("github_token_file", "github_token_command", "github_token_files")
GH = ("auth", "token")
SECONDS = 15
NEEDED = (
    "a token is needed: give --token-file FILE, or --token-command COMMAND (such as"
    " --token-command 'gh auth token'); --token-file - reads the token from standard input"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The settings for a new configuration, and a token to write into a file of its own.

    Args:
        settings: by key.
        token: ``""`` if none is to be written.
        lacks_token: nothing gives a token, and a dry run does not ask for one.
    """

    settings: Mapping[str, object]
    token: str = ""
    lacks_token: bool = False


def answers(where: Deployment, told: Mapping[str, object], given: Namespace) -> Answers:
    """What to write into a new configuration.

    Args:
        where: what is set up.
        told: the settings that flags and variables give, by key.
        given: the command line.

    Raises:
        SettingsError: there is nobody to ask for what is missing.
    """
    settings = {key: value for key, value in told.items() if key != "github_token"}
    token = _token_text(where, told)
    if token:
        settings.pop("github_token_file", None)
    if not token and any(source in settings for source in SOURCES):
        return Answers(settings={**settings, **_resolved(settings)})
    if not token:
        command, token = _ask(given, settings)
        if command:
            return Answers(settings={**settings, "github_token_command": command})
    is_handed_over = where.is_machines and where.manager
    place = CREDENTIAL if is_handed_over else str(where.places.token)
    settings["github_token_file"] = place
    return Answers(settings=settings, token=token, lacks_token=not token)


def missing_token(
    where: Deployment, settings: Settings, told: Mapping[str, object], given: Namespace
) -> Answers:
    """The token to write beside a configuration that is there.

    Args:
        where: what is set up.
        settings: those of the configuration.
        told: the settings that flags and variables give, by key.
        given: the command line.

    Raises:
        SettingsError: there is nobody to ask, or the configuration takes its token from elsewhere.
    """
    own = where.places.token
    is_own = settings.github_token_file == str(own)
    token = _token_text(where, told)
    resolved = {} if token else _resolved(told)
    if any(getattr(settings, key) != value for key, value in resolved.items()) or (
        token and not is_own
    ):
        raise SettingsError(
            f"{where.places.config}: is there already, with another token: edit it, then run"
            f" comenqd reload{with_name(where.places.name)}"
        )
    present = own.read_text().strip() if is_own and own.exists() else ""
    if is_own and not token and not present:
        token = _typed(given)
        return Answers(settings={}, token=token, lacks_token=not token)
    return Answers(settings={}, token="" if token == present else token)


def _token_text(where: Deployment, told: Mapping[str, object]) -> str:
    """The token itself, if it is to be written into comenq's own file.

    The machine's daemon cannot read a file of a user's, so that a token in one is copied.

    Raises:
        SettingsError: it cannot be read, or there is none.
    """
    secret, file = told.get("github_token"), str(told.get("github_token_file", ""))
    if isinstance(secret, Secret):
        return secret.reveal()
    try:
        if file == "-":
            text = sys.stdin.read().strip()
        elif where.is_machines and file and Path(file) != where.places.token:
            text = Path(file).read_text().strip()
        else:
            return ""
    except OSError as error:
        raise SettingsError(f"--token-file: {file}: {error.strerror}") from error
    if not text:
        raise SettingsError(f"--token-file: {file}: holds no token")
    return text


def _resolved(settings: Mapping[str, object]) -> dict[str, str]:
    """Paths and commands as a service finds them, which has another directory and PATH."""
    found = {}
    if file := settings.get("github_token_file"):
        found["github_token_file"] = str(Path(str(file)).absolute())
    if command := settings.get("github_token_command"):
        found["github_token_command"] = _absolute(str(command))
    return found


def _absolute(command: str) -> str:
    name, separator, rest = command.partition(" ")
    return f"{shutil.which(name) or name}{separator}{rest}"


def _ask(given: Namespace, settings: Mapping[str, Any]) -> tuple[str, str]:
    """A command that prints a token, or a token."""
    command = _gh(settings) if given.yes or sys.stdin.isatty() else ""
    if command and (
        given.yes or given.dry_run or confirmed(f"Use the token that {command} prints?")
    ):
        return command, ""
    return "", _typed(given)


def _typed(given: Namespace) -> str:
    """A token that is typed; none in a dry run."""
    if given.dry_run:
        return ""
    if not sys.stdin.isatty() or given.yes:
        raise SettingsError(NEEDED)
    token = getpass.getpass("A GitHub token that may comment (it is not shown): ").strip()
    if not token:
        raise SettingsError(NEEDED)
    return token


def _gh(settings: Mapping[str, Any]) -> str:
    """The command for gh's token, if gh is there and logged in; ``""`` otherwise."""
    program = shutil.which("gh")
    if program is None:
        return ""
    with output_apart():
        host = registry.load().host(Settings(**settings))
    command = [program, *GH, *(["--hostname", host] if host != "github.com" else [])]
    # The service does not have the token of this terminal's environment.
    environ = {
        key: value for key, value in os.environ.items() if key not in {"GH_TOKEN", "GITHUB_TOKEN"}
    }
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shlex.join(command) if done.returncode == 0 and done.stdout.strip() else ""


def confirmed(question: str) -> bool:
    """Ask on the terminal; an empty line is yes, and Ctrl-D, which ends the input, is no."""
    print(f"{question} [Y/n] ", end="", flush=True)
    line = sys.stdin.readline()
    return line != "" and line.strip().lower() in {"", "y", "yes"}
