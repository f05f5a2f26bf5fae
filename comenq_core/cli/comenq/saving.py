"""Saves a comment in the spool of the user's own daemon while that does not run.

It is a dropped file, as docs/guide.md describes it, so that any daemon reads it. Nothing of the
comment may have been sent to a daemon before: it would be posted twice.
"""

from __future__ import annotations

import errno
import os
from argparse import Namespace
from contextlib import suppress
from typing import Any

from comenq_core.cli.comenq.daemons import host_of_daemon, settings_of
from comenq_core.cli.comenq.plain_args import PlainArgs
from comenq_core.cli.output import print_done, print_error
from comenq_core.client import SOCKET_VARIABLE, candidates, start_command
from comenq_core.errors import DaemonUnreachable, InvalidRequest, SettingsError
from comenq_core.model import CommentRequest
from comenq_core.model.request import check_times
from comenq_core.model.serving import elsewhere
from comenq_core.paths import DAEMON_VARIABLE
from comenq_core.presentation.formatting import target
from comenq_core.process.durable import sync_directory
from comenq_core.wire.codec import from_json
from comenq_core.wire.strict_json import encode

__all__ = ["drop", "save"]

FILE_LIMIT = 1 << 20
"""Bytes that a dropped file may have."""
_FOR_FILES = {"hold"}
"""Options of `put` that a dropped file can carry."""


def save(
    args: Namespace | PlainArgs, message: dict[str, Any], unreachable: DaemonUnreachable
) -> None:
    """Save a comment that no daemon has got, and say so.

    Args:
        args: the command line.
        message: what would have been sent.
        unreachable: why it was not.

    Raises:
        DaemonUnreachable: it cannot be saved, either.
        InvalidRequest: the daemon would refuse it.
    """
    spool = _own_spool(args, unreachable)
    asked = message.get("request", message)
    options = message.keys() - asked.keys() - {"op", "request"}
    if options - _FOR_FILES or args.wait or args.verify or args.json:
        raise _not_saved(unreachable, "what the options ask for needs the daemon")
    _check(from_json(CommentRequest, asked))
    key = {"key": f"saved-{os.urandom(10).hex()}"}
    request = {**key, **asked, **{name: message[name] for name in options}}
    try:
        drop(spool, request)
    except OSError as error:
        raise _not_saved(unreachable, f"{spool}: {error.strerror}") from None
    print_done(f"saved {target(request)}: it is posted when comenqd runs")
    print_error(start_command(os.environ))


def _check(request: CommentRequest) -> None:
    """Refuse what the daemon would refuse, too."""
    check_times(request)
    host = host_of_daemon(os.environ.get(DAEMON_VARIABLE, ""), os.environ)
    if reason := elsewhere(request, host):
        raise InvalidRequest("host", reason)


def drop(spool: str, request: dict[str, Any]) -> None:
    """Put a request into a spool, durably. Until it is whole, nobody reads it.

    Raises:
        OSError: it is not in the spool.
    """
    data = encode(request)
    if len(data) > FILE_LIMIT:
        raise OSError(errno.EFBIG, "the comment is too large for a dropped file")
    name = f"comenq-{os.urandom(10).hex()}.json"
    draft, dropped = f"{_drafts(spool)}/{name}", f"{_inbox(spool)}/{name}"
    try:
        _write(draft, data)
        os.rename(draft, dropped)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(draft)
        raise
    try:
        sync_directory(_inbox(spool))
    except OSError:
        if _is_taken_back(dropped):
            raise


def _is_taken_back(path: str) -> bool:
    """Remove what is to be told as not saved, so that it is not posted, unless a daemon has it."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _drafts(spool: str) -> str:
    """The spool's directory for files being written, which nobody reads."""
    return os.path.join(spool, "tmp")


def _inbox(spool: str) -> str:
    return os.path.join(spool, "new")


def _write(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _own_spool(args: Namespace | PlainArgs, unreachable: DaemonUnreachable) -> str:
    """The spool of the user's own daemon, if that is the one that does not answer.

    Raises:
        DaemonUnreachable: it is another one, or has no spool that the user may write to.
    """
    if args.socket or os.environ.get(SOCKET_VARIABLE):
        raise unreachable
    try:
        settings = settings_of(os.environ.get(DAEMON_VARIABLE, ""), os.environ)
    except SettingsError as error:
        raise _not_saved(unreachable, str(error)) from None
    if settings is None or str(settings.socket_path) not in candidates(None, os.environ):
        raise unreachable
    spool = str(settings.queue_path)
    is_usual = settings.store == type(settings).store
    places = (_drafts(spool), _inbox(spool))
    if is_usual and all(os.access(place, os.W_OK | os.X_OK) for place in places):
        return spool
    raise unreachable


def _not_saved(unreachable: DaemonUnreachable, reason: str) -> DaemonUnreachable:
    tried, _, advice = str(unreachable).rpartition("\n")
    return DaemonUnreachable(f"{tried}\nthe comment is not saved for later: {reason}\n{advice}")
