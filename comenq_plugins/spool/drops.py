"""Files dropped into ``new/`` become jobs, or dead letters with a reason.

A dropped file is first renamed to ``adopt/ID.drop``: out of its owner's reach, and under the id
that the job will have. If the worker is killed, the next one knows by it whether there is a job
already. Checks are made on the open file, not on its name.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from comenq_core.errors import (
    ComenqError,
    InvalidRequest,
    NoSuchJob,
    PolicyRefused,
    QueueRefused,
    WrongState,
)
from comenq_core.model import ID_PATTERN, Instant, NewJob, Origin
from comenq_core.model.identity import id_from
from comenq_core.process.log import Log
from comenq_core.settings import DROP
from comenq_core.wire.messages import read_drop
from comenq_core.wire.strict_json import parse
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.dead_letters import keep_beside, write_dead_letter
from comenq_plugins.spool.drop_scan import DROP_LIMIT, Arrival, DropScan
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import is_immovable, is_scarce, leaving_immovable
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_foreign

__all__ = ["Drops"]

_BATCH = 64
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ADOPTED = re.compile(rf"({ID_PATTERN})\.drop", re.ASCII)

log = Log("spool")


class Drops:
    """Adopts dropped files, a bounded number at a time.

    Args:
        catalog: where they are seen.
        put_as: stores jobs under these ids; durable on return.
        now: the time.
        limits: whether each job is held until somebody releases it, and for whom there are
            policies.
    """

    def __init__(
        self,
        catalog: Catalog,
        put_as: Callable[[Mapping[str, NewJob]], object],
        now: Callable[[], Instant],
        limits: Limits,
    ) -> None:
        self._catalog = catalog
        self._layout = catalog.layout
        self._put_as = put_as
        self._now = now
        self._limits = limits
        self._scan = DropScan(catalog)
        self._may_have_leftovers = True
        self._passed_over: set[str] = set()

    def try_again(self) -> None:
        """Look again at what could not be read, or not be moved out of ``adopt/``."""
        self._passed_over.clear()
        self._may_have_leftovers = True

    def adopt(self, vacancies: Callable[[], int]) -> bool:
        """Turn some files into jobs.

        Args:
            vacancies: how many more jobs may wait, at least one; or raises `QueueRefused`.

        Returns:
            Whether there are more files to adopt at once.
        """
        try:
            if self._may_have_leftovers:
                self._finish(self._leftovers())
                self._may_have_leftovers = False
            arrived = self._scan.waiting()
            if not arrived:
                return False
            batch = arrived[: min(vacancies(), _BATCH)]
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
        # A stray name is no id, and would end in a job that nobody can find.
        ids = {match[1] for text in texts if (match := _ADOPTED.fullmatch(text))}
        ids -= self._passed_over
        return [job_id for job_id in sorted(ids) if not self._settled_before(job_id)]

    def _fetch(self, arrivals: Sequence[Arrival]) -> list[str]:
        """Take files out of their owners' reach; the ids that their jobs are to have."""
        ids = []
        for arrival in arrivals:
            job_id = id_from(os.urandom(16))
            path = os.path.join(self._layout.new, arrival.text)
            try:
                os.rename(path, self._layout.adopted_file(job_id))
            except FileNotFoundError:
                pass
            except OSError as error:
                if not self._is_immovable(error):
                    raise
                self._leave(arrival, error)
                continue
            else:
                log.info("adopted", "A dropped file was taken in.", job=job_id, name=arrival.text)
                ids.append(job_id)
            self._catalog.drops.pop(arrival.text, None)
        if ids:
            durable.sync_directory(self._layout.adopt)
            durable.sync_directory(self._layout.new)
        return ids

    def _is_immovable(self, error: OSError) -> bool:
        """Whether the error is about this file alone, not about the spool."""
        if error.errno == errno.EXDEV:
            # Either it is about a mount, and this raises, or about the file's disk quota.
            self._layout.check_mounts()
            return True
        return is_immovable(error, self._layout.new, self._layout.adopt)

    def _leave(self, arrival: Arrival, error: OSError) -> None:
        """Give a reason, once, for what cannot be moved, such as somebody else's directory."""
        seed = f"{arrival.text}\0{arrival.status.st_ino}"
        job_id = id_from(seed.encode("utf-8", "surrogateescape"))
        try:
            self._catalog.find(job_id)
        except NoSuchJob:
            reason = f"it cannot be moved: {error.strerror}"
            self._write_dead_letter(job_id, arrival.status.st_uid, reason)
        self._scan.ignore(arrival)

    def _finish(self, ids: Sequence[str]) -> None:
        """Turn files in ``adopt/`` into jobs or dead letters."""
        judged = {job_id: self._judge(job_id) for job_id in ids}
        new_jobs = {job_id: new_job for job_id, new_job in judged.items() if new_job}
        if new_jobs:
            self._store(new_jobs)

    def _store(self, new_jobs: Mapping[str, NewJob]) -> None:
        try:
            self._put_as(new_jobs)
        except (PolicyRefused, WrongState) as error:
            self._store_singly(new_jobs, error)
            return
        for job_id, new_job in new_jobs.items():
            log.info("queued", "A dropped file is queued.", job=job_id,
                     target=new_job.request.place, uid=new_job.origin.uid)  # fmt: skip
            self._discard(job_id)
        durable.sync_directory(self._layout.adopt)

    def _discard(self, job_id: str) -> None:
        """Unlink a file that has become a job."""
        path = self._layout.adopted_file(job_id)
        with leaving_immovable(path, self._layout.adopt), suppress(FileNotFoundError):
            os.unlink(path)
            return
        self._passed_over.add(job_id)

    def _store_singly(self, new_jobs: Mapping[str, NewJob], error: ComenqError) -> None:
        """Find those that have another comment's key, or that no policy lets in; refuse these."""
        for job_id, new_job in new_jobs.items():
            if len(new_jobs) == 1:
                self._refuse(job_id, new_job.origin.uid, str(error))
            else:
                self._store({job_id: new_job})

    def _judge(self, job_id: str) -> NewJob | None:
        """The request in an adopted file; a file without one is refused."""
        path = self._layout.adopted_file(job_id)
        uid = None
        try:
            status = os.lstat(path)
            uid = status.st_uid
            self._require_author(status)
            data, uid = read_foreign(path, DROP_LIMIT)
            drop = read_drop(parse(data))
        except (InvalidRequest, Unfit) as error:
            self._refuse(job_id, uid, str(error))
            return None
        except FileNotFoundError:
            return None
        except Unreadable as error:
            self._passed_over.add(job_id)
            log.error("unreadable", "The disk does not give a dropped file; others are adopted, and"
                      " this one is read again in some minutes.", job=job_id,
                      reason=error)  # fmt: skip
            return None
        except OSError as error:
            if is_scarce(error):
                raise
            self._refuse(job_id, uid, f"it cannot be read: {error.strerror}")
            return None
        return NewJob(
            request=drop.request,
            origin=_origin(uid, drop.via),
            hold=drop.hold or self._limits.holds(drop.request.body),
        )

    def _require_author(self, status: os.stat_result) -> None:
        """A policy goes by a file's owner, who need not have written what others can write."""
        is_writable = stat.S_ISREG(status.st_mode) and status.st_mode & _OTHERS_WRITE
        if self._limits.policies and is_writable:
            mode = stat.S_IMODE(status.st_mode)
            raise Unfit(
                f"mode {mode:04o} lets others than its owner write to it, and policies go by who"
                " wrote it: chmod go-w the file, then drop it again"
            )

    def _settled_before(self, job_id: str) -> bool:
        """Whether a dead worker had stored the job or the dead letter; then the file goes."""
        try:
            place = self._catalog.find(job_id)
        except NoSuchJob:
            return False
        if place.directory == self._layout.failed:
            self._keep(job_id)
        else:
            self._discard(job_id)
            durable.sync_directory(self._layout.adopt)
        return True

    def _refuse(self, job_id: str, uid: int | None, reason: str) -> None:
        self._write_dead_letter(job_id, uid, reason)
        self._keep(job_id)

    def _write_dead_letter(self, job_id: str, uid: int | None, reason: str) -> None:
        write_dead_letter(self._layout, job_id, _origin(uid), self._now().wall, reason)
        log.warning("drop_failed", "A dropped file is refused.",
                    job=job_id, uid=uid, reason=reason)  # fmt: skip

    def _keep(self, job_id: str) -> None:
        """Keep the file beside its dead letter."""
        keep_beside(self._layout, self._layout.adopted_file(job_id), job_id)
        # If it is still there, it cannot be moved.
        self._passed_over.add(job_id)


def _origin(uid: int | None, via: str | None = None) -> Origin:
    return Origin(intake=DROP, uid=uid, via=via)
