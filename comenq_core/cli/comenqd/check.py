"""``comenqd check``: find what is wrong with configuration, directories and credentials."""

from __future__ import annotations

import json
import os
import stat
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from comenq_core.cli.comenqd.check_online import check_accounts
from comenq_core.cli.comenqd.check_posting import (
    check_commands,
    check_credentials,
    check_following,
)
from comenq_core.cli.comenqd.check_tokens import check_tokens
from comenq_core.cli.comenqd.credentials import from_outside, outdated, service_credentials
from comenq_core.cli.output import print_result
from comenq_core.errors import ComenqError
from comenq_core.model import CheckResult, Health, Severity
from comenq_core.plugins import registry
from comenq_core.plugins.registry import Registry
from comenq_core.policy.from_settings import admission_policies
from comenq_core.process.clock import UNKNOWN_BOOT, boot_id
from comenq_core.process.program import output_apart
from comenq_core.protocols.reviewer import REVIEWERS
from comenq_core.settings import (
    ACCOUNTS,
    ALIASES,
    POLICIES,
    Settings,
    require_configuration,
    variable,
)
from comenq_core.supervisor.directory import private_directory
from comenq_core.text import nearest, printable

__all__ = ["check", "directory_fault", "line", "results"]

_MARKS = {Severity.OK: "ok", Severity.WARNING: "warn", Severity.ERROR: "WRONG"}


def check(settings: Settings, given: Namespace) -> int:
    """Print the results; return 0 if nothing is wrong, else 1."""
    copies = service_credentials(settings)
    former = list(outdated(settings, copies)) if copies else []
    settings = from_outside(settings, os.environ)
    with output_apart():
        plugins = registry.load()
        found = list(results(settings, plugins))
        found += [
            CheckResult(subject="token", severity=Severity.WARNING, text=text) for text in former
        ]
        if given.online:
            found += [one for one in _online(settings, plugins) if one not in found]
    if given.json:
        print_result(json.dumps([asdict(result) for result in found]))
    else:
        for result in found:
            print_result(line(result))
    return 1 if any(result.severity is Severity.ERROR for result in found) else 0


def line(result: CheckResult) -> str:
    """A result as it is shown."""
    return f"{_MARKS[result.severity]:<6} {result.subject:<10} {result.text}"


def results(settings: Settings, plugins: Registry) -> Iterator[CheckResult]:
    """Check everything that the daemon needs; start nothing, make nothing."""
    made = _making(
        "settings",
        str(settings.source or "the environment and the command line"),
        lambda: require_configuration(settings, os.environ),
    )
    yield made
    if made.severity is Severity.ERROR:
        return  # what is wrong with the defaults helps nobody
    yield from _names(settings)
    yield from _tables(settings, plugins)
    yield from _policies(settings)
    yield from _broken(plugins)
    yield _making("intakes", ", ".join(settings.intakes), lambda: plugins.intakes(settings))
    yield from _unwatched(settings, plugins)
    yield from check_tokens(settings, plugins)
    yield _directory("socket", settings.socket_path.parent)
    yield _directory("control", private_directory(settings))
    yield from _store(settings, plugins)
    yield _making("poster", settings.poster, lambda: plugins.posters(settings))
    with suppress(ComenqError):  # the poster's own result says so
        posters, plugin = plugins.posters(settings), plugins.poster_plugin(settings)
        yield from check_credentials(posters, plugin)
        yield from check_following(settings, posters, plugin)
    yield from check_commands(settings)
    reviewers = _making(
        "reviewers", "their rules are in order", lambda: plugins.reviewers(settings)
    )
    yield reviewers
    if settings.reviewers and reviewers.severity is Severity.OK:
        used = ", ".join(settings.reviewers)
        yield _making("lanes", f"for {used}", lambda: plugins.lane_policy(settings))
    yield _clock()
    if variable("github_token") in os.environ:
        text = "is in the environment; github_token_file hides it better"
        yield CheckResult(subject="token", severity=Severity.WARNING, text=text)


def _names(settings: Settings) -> Iterator[CheckResult]:
    for name in settings.ignored:
        text = f"{printable(name)} is a platform's link to a service, and no setting: it is ignored"
        yield CheckResult(subject="settings", severity=Severity.WARNING, text=text)
    for name in settings.renamed:
        text = f"{name} is called {ALIASES[name]} now; it is still read"
        yield CheckResult(subject="settings", severity=Severity.WARNING, text=text)


def _online(settings: Settings, plugins: Registry) -> Sequence[CheckResult]:
    try:
        posters = plugins.posters(settings)
        store = plugins.inspect(settings)
    except ComenqError:
        return []  # an earlier result says so
    return list(check_accounts(posters, store, plugins.poster_plugin(settings)))


def _tables(settings: Settings, plugins: Registry) -> Iterator[CheckResult]:
    known = {POLICIES} | {
        name
        for plugin in plugins.plugins()
        for name in (plugin.name, *plugin.intakes, *plugin.stores, *plugin.posters)
    }
    if any(plugin.reviewers for plugin in plugins.plugins()):
        known.add(REVIEWERS)
    if _reads_accounts(settings, plugins):
        known.add(ACCOUNTS)
    for table in sorted(settings.tables.keys() - known):
        meant = nearest(table, known)
        hint = f"; did you mean [{meant}]?" if meant else ""
        text = f"no plugin reads [{printable(table)}]{hint}"
        yield CheckResult(subject="settings", severity=Severity.ERROR, text=text)


def _policies(settings: Settings) -> Iterator[CheckResult]:
    try:
        policies = admission_policies(settings).policies
    except ComenqError as error:
        yield CheckResult(subject="policies", severity=Severity.ERROR, text=str(error))
        return
    for policy in policies:
        yield CheckResult(subject="policy", text=f"{policy.name}: {policy}")


def _broken(plugins: Registry) -> Iterator[CheckResult]:
    """The plugins that cannot be used; it is an error only where one is selected."""
    for plugin in plugins.plugins():
        if plugin.broken:
            text = f"{plugin} is broken: {plugin.broken}"
            yield CheckResult(subject="plugin", severity=Severity.WARNING, text=text)


def _unwatched(settings: Settings, plugins: Registry) -> Iterator[CheckResult]:
    """The supervisor learns from an intake whether the worker makes progress."""
    with suppress(ComenqError):  # an earlier result says so
        if not plugins.client_sockets(settings):
            text = (
                "no intake answers comenq status, so a program that runs and makes no progress is"
                " not restarted: add unix to intakes"
            )
            yield CheckResult(subject="progress", severity=Severity.WARNING, text=text)


def _reads_accounts(settings: Settings, plugins: Registry) -> bool:
    try:
        return bool(plugins.accounts(settings))
    except ComenqError:
        return True  # the poster's own result says what is wrong with them


def _making(subject: str, name: str, make: Callable[[], object]) -> CheckResult:
    try:
        make()
    except ComenqError as error:
        return CheckResult(subject=subject, severity=Severity.ERROR, text=str(error))
    return CheckResult(subject=subject, text=name)


def _store(settings: Settings, plugins: Registry) -> Iterator[CheckResult]:
    """The store, and what its worker reports there."""
    try:
        store = plugins.inspect(settings)
        health = store.health() if store else Health()
    except ComenqError as error:
        yield CheckResult(subject="store", severity=Severity.ERROR, text=str(error))
        return
    remark = "" if store else "; not opened: it is not there yet, or not for this user to see"
    yield CheckResult(subject="store", text=f"{settings.store}{remark}")
    if health.working and health.worker and health.worker.fault:
        text = f"has a fault: {health.worker.fault}"
        yield CheckResult(subject="worker", severity=Severity.WARNING, text=text)


def _clock() -> CheckResult:
    if boot_id():
        return CheckResult(subject="clock", text="the boot of the machine is known")
    return CheckResult(subject="clock", severity=Severity.WARNING, text=UNKNOWN_BOOT)


def _directory(subject: str, path: Path) -> CheckResult:
    fault = directory_fault(path)
    if fault:
        return CheckResult(subject=subject, severity=Severity.ERROR, text=f"{path}: {fault}")
    return CheckResult(subject=subject, text=str(path))


def directory_fault(path: Path) -> str | None:
    """Why the daemon cannot use this directory safely; ``None`` if it can, or can make it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        parent = next(parent for parent in path.parents if parent.exists())
        usable = parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)
        return None if usable else f"cannot be made in {parent} by user {os.geteuid()}"
    except OSError as error:
        return error.strerror
    if not stat.S_ISDIR(status.st_mode):
        return "is not a directory"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX:
        mode = stat.S_IMODE(status.st_mode)
        return f"mode {mode:04o} lets other users replace what is in it; run: chmod go-w '{path}'"
    if not os.access(path, os.W_OK | os.X_OK):
        return f"cannot be written by user {os.geteuid()}; it belongs to user {status.st_uid}"
    return None
