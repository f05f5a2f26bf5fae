"""Anything may lie in new/, under any name: the worker and the listener go on."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from comenq_core.wire.strict_json import encode
from comenq_plugins.spool.format.filename import Name
from tests.reliability.intakes import Intakes, request, running
from tests.reliability.usage import peak, until

GOOD = count()

whole_numbers = st.integers(0, 10**17 - 1)
ids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=12, max_size=12)
digests = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=8, max_size=8)
small = st.integers(0, 999_999)
job_names = st.builds(
    Name, order=whole_numbers, due=whole_numbers, id=ids, digest=digests, events=small,
    interruptions=small,
).map(lambda name: str(name).encode())  # fmt: skip
any_bytes = st.binary(min_size=1, max_size=80).map(
    lambda name: name.replace(b"/", b"-").replace(b"\0", b"0")
)
names = st.one_of(
    any_bytes.map(lambda name: b"%b.json" % name),
    job_names,
    any_bytes.filter(lambda name: name not in (b".", b"..")),
    st.sampled_from([b".json", b"-.json", b"a.json.json", b"\n.json", b"\xff.json", b"a.job"]),
)
requests = st.builds(request, st.text(max_size=20)).map(encode)
cut_requests = st.builds(lambda text, end: text[:end], requests, st.integers(0, 60))
jobs = st.builds(
    lambda job_id, text: (
        b'{"id":"%b","request":%b,"arrived":"2026-11-24T07:50:00Z",'
        b'"origin":{"intake":"x","uid":null,"pid":null}}\n' % (job_id.encode(), text)
    ),
    ids,
    requests,
)
contents = st.one_of(st.binary(max_size=200), requests, cut_requests, jobs)
KINDS = ("renamed", "written", "sparse", "symlink", "hard link", "directory", "fifo", "socket",
         "device", "unreadable")  # fmt: skip


@dataclass(frozen=True)
class ForeignFile:
    """Something to put into a directory."""

    name: bytes
    kind: str
    content: bytes

    def put_into(self, directory: bytes, outside: bytes) -> None:
        """Put it there, unless something of that name is there and in the way."""
        path, draft = os.path.join(directory, self.name), os.path.join(outside, b"draft")
        with suppress(OSError):
            getattr(self, self.kind.replace(" ", "_"))(path, draft)

    def renamed(self, path: bytes, draft: bytes) -> None:
        """A file as it should come."""
        self.written(draft, draft)
        os.rename(draft, path)

    def written(self, path: bytes, _draft: bytes) -> None:
        """A file that is made in place."""
        # There may be a pipe of that name without a reader.
        how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK
        with open(os.open(path, how, 0o600), "wb") as file:
            file.write(self.content)

    def sparse(self, path: bytes, draft: bytes) -> None:
        """A tebibyte of nothing."""
        self.written(draft, draft)
        os.truncate(draft, 1 << 40)
        os.rename(draft, path)

    def unreadable(self, path: bytes, draft: bytes) -> None:
        """A file that only root can read."""
        self.written(draft, draft)
        os.chmod(draft, 0)
        os.rename(draft, path)

    def symlink(self, path: bytes, _draft: bytes) -> None:
        """A link to what its content says, or to something that is there."""
        os.symlink(self.content.replace(b"\0", b"") or b"/etc/passwd", path)

    def hard_link(self, path: bytes, draft: bytes) -> None:
        """A second name of a file that is somewhere else."""
        self.written(draft, draft)
        os.link(draft, path)

    def directory(self, path: bytes, draft: bytes) -> None:
        """A directory with somefile in it."""
        os.makedirs(os.path.join(draft + b".d", b"inner.json"), exist_ok=True)
        os.rename(draft + b".d", path)

    def fifo(self, path: bytes, _draft: bytes) -> None:
        """A pipe without a writer."""
        os.mkfifo(path)

    def socket(self, path: bytes, draft: bytes) -> None:
        """A socket without a listener."""
        with suppress(FileNotFoundError):
            os.unlink(draft)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(draft)
        os.rename(draft, path)

    def device(self, path: bytes, _draft: bytes) -> None:
        """A device that never ends; only root can make one, so for others it is a pipe."""
        if os.geteuid() == 0:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
        else:
            os.mkfifo(path)


foreign_files = st.builds(ForeignFile, names, st.sampled_from(KINDS), contents)


@pytest.fixture(scope="module")
def intakes() -> Iterator[Intakes]:
    """A daemon that all these tests share."""
    with running() as made:
        yield made


def is_posted(intakes: Intakes, body: str) -> bool:
    """Whether a comment is on the pull request."""
    assert intakes.worker.is_alive, str(intakes.worker.log)
    return any(comment.body == body for comment in intakes.forge.comments)


@settings(
    # What earlier examples have left lies there too, so a smaller example would not tell more.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(files=st.lists(foreign_files, min_size=1, max_size=8))
def test_no_foreign_file_keeps_the_next_job_from_being_posted(
    intakes: Intakes, files: list[ForeignFile]
) -> None:
    """Whatever lies in new/, what is handed in next, either way, is posted."""
    new, outside = os.fsencode(intakes.daemon.queue / "new"), os.fsencode(intakes.outside)
    for file in files:
        file.put_into(new, outside)
    bodies = [f"good {next(GOOD)}" for _ in range(2)]
    assert intakes.say(encode(request(bodies[0])))["outcome"] == "ok"
    intakes.drop(encode(request(bodies[1])))

    try:
        until(lambda: all(is_posted(intakes, body) for body in bodies))
    except AssertionError:
        raise AssertionError(f"{intakes.worker.log}\n{os.listdir(new)}") from None

    assert intakes.listener.is_alive, str(intakes.listener.log)


@pytest.mark.full
def test_job_with_a_tebibyte_behind_it_is_a_dead_letter() -> None:
    """Found by the fuzzer: a file that begins with a job and never ends is not read to its end."""
    name = Name(1, 0, "0123456789ab", "00000000")
    job = encode(
        {
            "id": name.id,
            "request": request("endless"),
            "arrived": "2026-11-24T07:50:00Z",
            "origin": {"intake": "x", "uid": None, "pid": None},
        }
    )
    with running() as intakes:
        ForeignFile(str(name).encode(), "sparse", job + b"\n").put_into(
            os.fsencode(intakes.daemon.queue / "new"), os.fsencode(intakes.outside)
        )
        assert intakes.post_by_socket("good").body == "good"

        (failed,) = intakes.say(b'{"op":"hist","failed":true}')["history"]
        assert "1099511627776 bytes" in failed["reason"]
        assert peak(intakes.worker.pid) < 128 << 20


@pytest.mark.full
@pytest.mark.parametrize(
    ("order", "ahead"),
    [
        pytest.param(10**17 - 1, False, id="end"),
        pytest.param(0, True, id="head"),
    ],
)
def test_job_at_the_end_of_all_numbers_costs_no_other(order: int, ahead: bool) -> None:
    """Found by the fuzzer: where there is no order beyond a job's own, the next one shares it."""
    with running() as intakes:
        intakes.daemon.comenq("pause", "so that the job stays where it is")
        name = Name(order, 0, "0123456789ab", "00000000")
        ForeignFile(str(name).encode(), "renamed", b"").put_into(
            os.fsencode(intakes.daemon.queue / "new"), os.fsencode(intakes.outside)
        )
        put = {"op": "put", "request": request("good"), "ahead": ahead}
        assert intakes.say(encode(put))["outcome"] == "ok"
        intakes.daemon.comenq("resume")

        until(lambda: is_posted(intakes, "good"))
