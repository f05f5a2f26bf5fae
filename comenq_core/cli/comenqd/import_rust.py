"""``comenqd import``: take over what waits in the queue of the Rust comenq."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from comenq_core.cli.output import print_done
from comenq_core.errors import InvalidRequest, StoreUnusable
from comenq_core.model import NewJob, Origin
from comenq_core.plugins import registry
from comenq_core.policy.from_settings import is_held
from comenq_core.process.program import output_apart
from comenq_core.settings import Settings
from comenq_core.text import printable
from comenq_core.wire.rust_queue import (
    Position,
    Unreadable,
    Waiting,
    read_entries,
    read_position,
    read_segment,
)

__all__ = ["add_directory", "import_queue"]

LOCKS = ("send.lock", "recv.lock")
SEGMENT = re.compile(r"[0-9]{1,19}\.q")
VERSION = re.compile(rb"0\.6\.\d+\s*")
POSITION_SIZE = 16
BATCH = 100
INTAKE = "import"


def add_directory(parser: ArgumentParser) -> None:
    """Add the directory."""
    parser.add_argument(
        "directory", metavar="DIR", type=Path, help="the queue of the Rust comenq; left as it is"
    )


def import_queue(settings: Settings, given: Namespace) -> int:
    """Queue what waits in a directory, and print what was queued; return 0 if that was all, else 1.

    Raises:
        StoreUnusable: the directory is no queue of the Rust comenq, or is in use.
        ComenqError: the store failed, or is full. Repeating the import completes it.
    """
    directory: Path = given.directory
    found = _read(directory, settings.queue_path)
    waiting = [item for item in found if isinstance(item, Waiting)]
    unreadable = [item for item in found if isinstance(item, Unreadable)]
    with output_apart():
        new = _put(settings, waiting)
    print_done(f"Imported {_comments(new)}; {len(waiting) - new} had been imported before.")
    for item in unreadable:
        where = printable(directory / item.where)
        print(f"comenqd: not imported: {where}: {item.reason}", file=sys.stderr)
    print_done(
        f"{printable(directory)} is as it was. Do not start the Rust daemon on it again: it would"
        " post the same comments."
    )
    return 1 if unreadable else 0


def _comments(number: int) -> str:
    return f"{number} comment{'' if number == 1 else 's'}"


def _put(settings: Settings, waiting: Sequence[Waiting]) -> int:
    """Queue comments in their order; return how many were not queued before."""
    store = registry.load().store(settings)
    begun = store.now().wall
    origin = Origin(intake=INTAKE)
    new_jobs = (
        NewJob(
            request=item.request,
            origin=origin,
            hold=is_held(settings, INTAKE, item.request.body),
        )
        for item in waiting
    )
    count = 0
    while batch := list(islice(new_jobs, BATCH)):
        count += sum(job.arrived >= begun for job in store.put(batch))
    return count


def _read(directory: Path, own_queue: Path) -> list[Waiting | Unreadable]:
    """All that waits, in its order, and what cannot be read; nothing is changed."""
    try:
        names = os.listdir(directory)
        _require_another(directory, own_queue)
        _require_unused(directory)
        segments = sorted(int(name[:-2]) for name in names if SEGMENT.fullmatch(name))
        if not segments and "entries" not in names:
            raise StoreUnusable(
                f"{printable(directory)} is no queue of the Rust comenq: it has no directory"
                " entries/, and no segment such as 0.q"
            )
        _require_known_version(directory)
        return [*_in_segments(directory, segments), *_in_entries(directory)]
    except OSError as error:
        path = printable(error.filename or directory)
        raise StoreUnusable(f"{path}: {error.strerror}: nothing was imported") from None


def _require_another(directory: Path, own_queue: Path) -> None:
    if own_queue.exists() and own_queue.samefile(directory):
        name = printable(directory)
        raise StoreUnusable(
            f"{name} is queue_path, where this comenq has its own queue: stop both daemons, then"
            f" run: mv '{name}' '{name}.rust'"
        )


def _require_unused(directory: Path) -> None:
    for lock in LOCKS:
        if (text := _content(directory / lock)) is None:
            continue
        pid = re.match(rb"pid=(\d{1,9})\b", text)
        if pid is None or _is_alive(int(pid[1])):
            who = f"process {int(pid[1])}" if pid else "a Rust daemon"
            raise StoreUnusable(
                f"{who} uses this queue, says {printable(directory / lock)}: stop the Rust daemon."
                " If none runs, delete this file"
            )
        print(
            f"comenqd: {printable(directory / lock)} is from a Rust daemon that was killed: what it"
            " posted last may still be in its queue, so look at the first pull requests",
            file=sys.stderr,
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _require_known_version(directory: Path) -> None:
    version = _content(directory / "version" / "contents")
    if version is not None and not VERSION.fullmatch(version):
        raise StoreUnusable(
            f"{printable(directory)} was written by version {printable(version.decode('latin-1'))}"
            " of yaque, and comenqd import reads what version 0.6 writes"
        )


def _in_segments(directory: Path, segments: Sequence[int]) -> Iterator[Waiting | Unreadable]:
    if not segments:
        return
    position = _position(directory) or Position(segments[0], 0)
    expected = position.segment
    for number in segments:
        if number < position.segment:
            continue
        if number != expected:
            yield Unreadable(f"{expected}.q", "this segment is missing")
        offset = position.offset if number == position.segment else 0
        yield from read_segment(number, (directory / f"{number}.q").read_bytes(), offset)
        expected = number + 1


def _position(directory: Path) -> Position | None:
    metadata = _content(directory / "recv-metadata")
    if metadata is None:
        return None
    if len(metadata) != POSITION_SIZE:
        raise StoreUnusable(
            f"{printable(directory / 'recv-metadata')} is damaged, and only this file says what was"
            " posted: nothing was imported"
        )
    return read_position(metadata)


def _in_entries(directory: Path) -> Iterator[Waiting | Unreadable]:
    paths = sorted((directory / "entries").glob("*.json"))
    files = {path.name: path.read_bytes() for path in paths}
    try:
        yield from read_entries(files, _content(directory / "completion"))
    except InvalidRequest as error:
        name = printable(directory / "completion")
        raise StoreUnusable(f"{name}: {error}: nothing was imported") from None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
