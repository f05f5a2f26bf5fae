"""Files dropped into ``new/`` become jobs, or dead letters with a reason.

A dropped file is first renamed to ``adopt/ID.drop``: out of its owner's reach, and under the id
that the job will have. So whatever kills the worker, the next one can tell whether the job is
there already. What is read is checked on the open file, not on its name.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from comenq_core import wire
from comenq_core.errors import InvalidRequest, NoSuchJob, WrongState
from comenq_core.log import Log
from comenq_core.model import CommentRequest, Instant, Origin, Submission
from comenq_plugins.spool import durable
from comenq_plugins.spool.catalogue import Catalogue
from comenq_plugins.spool.letters import write_letter
from comenq_plugins.spool.names import id_from
from comenq_plugins.spool.watch import Kind

__all__ = ["DROP_LIMIT", "Adopted", "Drops"]

DROP_LIMIT = 1 << 20
"""Bytes that a dropped file may have, as over the socket."""

_BATCH = 64
_STILL_WRITING = 2.0
_PASSING = frozenset((errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR))
"""Errors that say nothing about the file: it is tried again."""

log = Log("spool")


class Adopted(NamedTuple):
    """A dropped file that is a request, and the id that its job is to have."""

    id: str
    submission: Submission


class Drops:
    """Adopts dropped files, a bounded number at a time.

    Args:
        catalogue: where they are seen.
        put: stores jobs under given ids; durable on return.
        now: the time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        put: Callable[[Sequence[Adopted]], object],
        now: Callable[[], Instant],
    ) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        self._put = put
        self._now = now
        self._immovable: set[tuple[str, int]] = set()
        self._unfinished = True

    def adopt(self, room: int) -> bool:
        """Turn at most ``room`` files into jobs; whether there are more to turn at once."""
        names = self._arrived()
        chosen = names[: min(room, _BATCH)]
        if chosen:
            self._unfinished = True
            self._fetch(chosen)
        if self._unfinished:
            self._finish()
            self._unfinished = False
        return len(names) > len(chosen) > 0

    def _finish(self) -> None:
        """Turn what stands in ``adopt/`` into jobs; also what a dead worker has left there."""
        ids = [
            text.removesuffix(".drop")
            for text in os.listdir(self._layout.adopt)
            if text.endswith(".drop")
        ]
        adopted = [found for job_id in ids if (found := self._judge(job_id))]
        if adopted:
            self._store(adopted)

    def _store(self, adopted: Sequence[Adopted]) -> None:
        try:
            self._put(adopted)
        except WrongState as error:
            if len(adopted) == 1:
                self._refuse(adopted[0].id, adopted[0].submission.origin.uid, str(error))
                return
            for job in adopted:
                self._store([job])
            return
        for job in adopted:
            os.unlink(self._path(job.id))
        durable.sync_directory(self._layout.adopt)

    def _arrived(self) -> list[str]:
        """The files to adopt, in the order of their arrival, which no name can change."""
        arrived: list[tuple[int, str]] = []
        for text, kind in list(self._catalogue.drops.items()):
            path = os.path.join(self._layout.new, text)
            try:
                status = os.lstat(path)
            except OSError:
                self._catalogue.drops.pop(text, None)
                continue
            if (text, status.st_ino) in self._immovable:
                continue
            if kind is Kind.CREATED and self._half_written(path):
                continue
            arrived.append((status.st_ctime_ns, text))
        return [text for _, text in sorted(arrived)]

    def _half_written(self, path: str) -> bool:
        """Whether a file that was not renamed in is still being written.

        Half a JSON object is never one, so only a file that is none is suspect, for a while.
        """
        try:
            if time.time() - os.lstat(path).st_mtime > _STILL_WRITING:
                return False
            wire.parse(durable.read_foreign(path, DROP_LIMIT)[0])
        except (InvalidRequest, durable.Unfit, OSError):
            return os.path.isfile(path)
        return False

    def _fetch(self, texts: Sequence[str]) -> None:
        for text in texts:
            source = os.path.join(self._layout.new, text)
            job_id = id_from(os.urandom(16))
            try:
                os.rename(source, self._path(job_id))
            except FileNotFoundError:
                pass
            except OSError as error:
                self._leave(text, source, error)
                continue
            else:
                log.info("adopted", "A dropped file was taken in.", job=job_id, name=text)
            self._catalogue.drops.pop(text, None)
        durable.sync_directory(self._layout.adopt)
        durable.sync_directory(self._layout.new)

    def _leave(self, text: str, source: str, error: OSError) -> None:
        """Give a reason for what cannot be moved, such as somebody else's directory; once."""
        inode = os.lstat(source).st_ino
        self._immovable.add((text, inode))
        job_id = id_from(f"{text}\0{inode}".encode("utf-8", "surrogateescape"))
        try:
            self._catalogue.find(job_id)
        except NoSuchJob:
            self._bury(job_id, os.lstat(source).st_uid, f"it cannot be moved: {error.strerror}")

    def _judge(self, job_id: str) -> Adopted | None:
        """The request in an adopted file; without one, bury the file."""
        if self._settled_before(job_id):
            return None
        path = self._path(job_id)
        uid = os.lstat(path).st_uid
        try:
            data, uid = durable.read_foreign(path, DROP_LIMIT)
            request: CommentRequest = wire.read_request(wire.parse(data))
        except (InvalidRequest, durable.Unfit) as error:
            self._refuse(job_id, uid, str(error))
            return None
        except OSError as error:
            if error.errno in _PASSING:
                raise
            why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
            self._refuse(job_id, uid, f"it cannot be read: {why}")
            return None
        return Adopted(job_id, Submission(request=request, origin=_origin(uid)))

    def _settled_before(self, job_id: str) -> bool:
        """Whether a dead worker got as far as storing the job or its letter; then tidy up."""
        try:
            place = self._catalogue.find(job_id)
        except NoSuchJob:
            return False
        if place.directory == self._layout.failed:
            self._keep(job_id)
        else:
            durable.remove(self._path(job_id))
        return True

    def _refuse(self, job_id: str, uid: int | None, reason: str) -> None:
        self._bury(job_id, uid, reason)
        self._keep(job_id)

    def _bury(self, job_id: str, uid: int | None, reason: str) -> None:
        write_letter(self._layout, job_id, _origin(uid), self._now().wall, reason)
        log.warning("refused", "A dropped file is not a comment request.",
                    job=job_id, uid=uid, reason=reason)  # fmt: skip

    def _keep(self, job_id: str) -> None:
        durable.move(self._path(job_id), os.path.join(self._layout.failed, f"{job_id}.drop"))

    def _path(self, job_id: str) -> str:
        return os.path.join(self._layout.adopt, f"{job_id}.drop")


def _origin(uid: int | None) -> Origin:
    return Origin(intake="drop", uid=uid)
