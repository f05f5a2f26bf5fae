"""Files dropped into ``new/`` become jobs, or dead letters with a reason.

A dropped file is first renamed to ``adopt/ID.drop``: out of its owner's reach, and under the id
that the job will have. So whatever kills the worker, the next one can tell whether the job is
there already. What is read is checked on the open file, not on its name.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from typing import NamedTuple

from comenq_core.errors import InvalidRequest, NoSuchJob, QueueRefused, WrongState
from comenq_core.model import CommentRequest, Instant, NewJob, Origin
from comenq_core.model.identity import id_from
from comenq_core.process.log import Log
from comenq_core.wire.messages import read_request
from comenq_core.wire.strict_json import parse
from comenq_plugins.spool.catalog import Catalogue
from comenq_plugins.spool.dead_letters import write_dead_letter
from comenq_plugins.spool.drop_scan import DROP_LIMIT, Arrival, DropScan
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.safe_read import Unfit, read_foreign

__all__ = ["Adopted", "Drops"]

_BATCH = 64
_PASSING = frozenset((errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR))
"""Errors that say nothing about the file: it is tried again."""

log = Log("spool")


class Adopted(NamedTuple):
    """A dropped file that is a request, and the id that its job is to have."""

    id: str
    new_job: NewJob


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
        self._scan = DropScan(catalogue)
        self._may_have_leftovers = True

    def adopt(self, room: Callable[[], int]) -> bool:
        """Turn some files into jobs, as many as there is room for.

        Returns:
            Whether there are more to turn at once.
        """
        arrived = self._scan.waiting()
        try:
            if self._may_have_leftovers:
                self._finish(self._leftovers())
                self._may_have_leftovers = False
            if not arrived:
                return False
            batch = arrived[: min(room(), _BATCH)]
            whole = [one for one in batch if not self._scan.is_half_written(one)]
            self._may_have_leftovers = True
            self._finish(self._fetch(whole))
            self._may_have_leftovers = False
        except QueueRefused as error:
            log.warning("postponed", "Dropped files wait until there is room.", reason=error)
            return False
        return bool(whole) and len(arrived) > len(batch)

    def _leftovers(self) -> list[str]:
        """The ids of files that a failure or a dead worker has left in ``adopt/``."""
        texts = os.listdir(self._layout.adopt)
        ids = [text.removesuffix(".drop") for text in texts if text.endswith(".drop")]
        return [job_id for job_id in ids if not self._settled_before(job_id)]

    def _fetch(self, arrivals: Sequence[Arrival]) -> list[str]:
        """Take files out of everybody else's reach; the ids that their jobs are to have."""
        ids = []
        for arrival in arrivals:
            job_id = id_from(os.urandom(16))
            try:
                os.rename(os.path.join(self._layout.new, arrival.text), self._path(job_id))
            except FileNotFoundError:
                pass
            except OSError as error:
                if not _is_immovable(arrival, error):
                    raise
                self._leave(arrival, error)
                continue
            else:
                log.info("adopted", "A dropped file was taken in.", job=job_id, name=arrival.text)
                ids.append(job_id)
            self._catalogue.drops.pop(arrival.text, None)
        if ids:
            durable.sync_directory(self._layout.adopt)
            durable.sync_directory(self._layout.new)
        return ids

    def _leave(self, arrival: Arrival, error: OSError) -> None:
        """Give a reason, once, for what cannot be moved, such as somebody else's directory."""
        seed = f"{arrival.text}\0{arrival.status.st_ino}"
        job_id = id_from(seed.encode("utf-8", "surrogateescape"))
        try:
            self._catalogue.find(job_id)
        except NoSuchJob:
            self._bury(job_id, arrival.status.st_uid, f"it cannot be moved: {error.strerror}")
        self._scan.ignore(arrival)

    def _finish(self, ids: Sequence[str]) -> None:
        """Turn files in ``adopt/`` into jobs or dead letters."""
        adopted = [found for job_id in ids if (found := self._judge(job_id))]
        if adopted:
            self._store(adopted)

    def _store(self, adopted: Sequence[Adopted]) -> None:
        try:
            self._put(adopted)
        except WrongState as error:
            if len(adopted) == 1:
                self._refuse(adopted[0].id, adopted[0].new_job.origin.uid, str(error))
                return
            for job in adopted:
                self._store([job])
            return
        for job in adopted:
            request, origin = job.new_job.request, job.new_job.origin
            log.info("queued", "A dropped file is queued.", job=job.id, target=request.target,
                     uid=origin.uid)  # fmt: skip
            os.unlink(self._path(job.id))
        durable.sync_directory(self._layout.adopt)

    def _judge(self, job_id: str) -> Adopted | None:
        """The request in an adopted file; without one, bury the file."""
        path = self._path(job_id)
        uid = os.lstat(path).st_uid
        try:
            data, uid = read_foreign(path, DROP_LIMIT)
            request: CommentRequest = read_request(parse(data))
        except (InvalidRequest, Unfit) as error:
            self._refuse(job_id, uid, str(error))
            return None
        except OSError as error:
            if error.errno in _PASSING:
                raise
            self._refuse(job_id, uid, f"it cannot be read: {error.strerror}")
            return None
        return Adopted(job_id, NewJob(request=request, origin=_origin(uid)))

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
        write_dead_letter(self._layout, job_id, _origin(uid), self._now().wall, reason)
        log.warning("drop_failed", "A dropped file is not a comment request.",
                    job=job_id, uid=uid, reason=reason)  # fmt: skip

    def _keep(self, job_id: str) -> None:
        durable.move(self._path(job_id), os.path.join(self._layout.failed, f"{job_id}.drop"))

    def _path(self, job_id: str) -> str:
        return os.path.join(self._layout.adopt, f"{job_id}.drop")


def _is_immovable(arrival: Arrival, error: OSError) -> bool:
    """Whether the error speaks of this file alone, not of the spool."""
    if error.errno == errno.EACCES:
        return stat.S_ISDIR(arrival.status.st_mode)
    return error.errno in (errno.EPERM, errno.EBUSY, errno.EXDEV)


def _origin(uid: int | None) -> Origin:
    return Origin(intake="drop", uid=uid)
