"""Rows beside mail servers, which accept as comenq does: a message is on disk when it is answered.

`scripts/bench` unpacks their packages; without them, there are no rows. Nothing leaves the machine:
Postfix listens on the loopback interface, and holds what it accepts.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.disk import scratch
from benchmarks.intake_rows import COMENQ, LINE, REQUEST, expect_ok
from benchmarks.processes import Site, listener, site
from benchmarks.ratios import Row, interleaved, row

PACKAGES = Path(os.environ.get("COMENQ_BENCH_MAIL", ".bench-mail")).absolute()
COUNT = 1_000
PERSON = "ada@example.org"
MESSAGE = f"From: {PERSON}\nTo: {PERSON}\nSubject: x\n\n{REQUEST['body']}\n".encode()
QUEUES = ("hold", "incoming", "pid", "private", "public")
MAIN = """\
compatibility_level = 3.6
config_directory = {root}
queue_directory = {root}/queue
data_directory = {root}/data
daemon_directory = {postfix}/usr/lib/postfix/sbin
command_directory = {postfix}/usr/sbin
shlib_directory = {postfix}/usr/lib/postfix
meta_directory = {postfix}/etc/postfix
import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH
mail_owner = daemon
setgid_group = mail
default_privs = nobody
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
myhostname = localhost.invalid
mydestination =
alias_maps =
alias_database =
smtpd_client_restrictions = static:HOLD
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
"""
MASTER = """\
{address} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
bounce unix - - n - 0 bounce
"""


@dataclass(frozen=True)
class Postfix:
    """A Postfix that runs.

    Args:
        address: where its smtpd listens.
        environment: the environment of its programs.
    """

    address: str
    environment: dict[str, str]

    def messages_per_second(self) -> float:
        """Over one connection, each answered before the next is sent."""
        program = f"{PACKAGES}/postfix/usr/sbin/smtp-source"
        size = str(len(str(REQUEST["body"])))
        words = ["-s", "1", "-d", "-m", str(COUNT), "-l", size, "-f", PERSON, "-t", PERSON]
        start = time.perf_counter()
        subprocess.run([program, *words, self.address], env=self.environment, check=True)
        return COUNT / (time.perf_counter() - start)


def one_by_one() -> Sequence[Row]:
    """A client that waits for each answer."""
    if _is_missing("postfix"):
        return []
    with site() as where, listener(where), _postfix() as postfix:
        pairs = interleaved(lambda: _per_second(where), postfix.messages_per_second, 9)
    return [
        row(
            pairs,
            name=f"{COUNT:,} comments over one connection, each answered before the next is sent",
            against="Postfix's smtpd, one session",
            unit="jobs/s",
            target=1.0,
            at_most=False,
        )
    ]


def many_lines() -> Sequence[Row]:
    """``comenq put --jsonl``, the whole process."""
    rows = []
    with site() as where, listener(where):
        lines = where.root / "comments.jsonl"
        lines.write_text(f"{json.dumps(REQUEST)}\n" * COUNT)
        if not _is_missing("postfix"):
            with _postfix() as postfix:
                pairs = interleaved(lambda: _upload(where, lines), postfix.messages_per_second, 9)
            rows.append((pairs, "Postfix's smtpd, one session", 5.0))
        if not _is_missing("nullmailer"):
            inject = _nullmailer()
            pairs = interleaved(
                lambda: _upload(where, lines), lambda: _processes_per_second(inject), 5
            )
            rows.append((pairs, "nullmailer-inject, a process for each", 10.0))
    return [
        row(
            pairs,
            name=f"{COUNT:,} comments with put --jsonl, whole process",
            against=against,
            unit="jobs/s",
            target=target,
            at_most=False,
        )
        for pairs, against, target in rows
    ]


def _is_missing(package: str) -> bool:
    """Whether a row has to be left out; the reason is printed."""
    why = ""
    if not (PACKAGES / package).is_dir():
        why = f"{package} is not in {PACKAGES}"
    elif package == "postfix" and os.geteuid():
        why = "Postfix runs as root only"
    if why:
        print(f"left out: {why}", file=sys.stderr)
    return bool(why)


def _per_second(where: Site) -> float:
    start = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(where.socket))
        for _ in range(COUNT):
            client.sendall(LINE)
            expect_ok(client.recv(65536))
    return COUNT / (time.perf_counter() - start)


def _upload(where: Site, lines: Path) -> float:
    words = ["--socket", str(where.socket), "put", "--jsonl", str(lines)]
    start = time.perf_counter()
    subprocess.run([COMENQ, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True)  # fmt: skip
    return COUNT / (time.perf_counter() - start)


def _nullmailer() -> tuple[list[str], dict[str, str]]:
    """The command that queues a message below a directory of its own, and its environment."""
    root = scratch()
    for name in ("bin", "conf", "sbin", "queue/queue", "queue/tmp"):
        (root / name).mkdir(parents=True)
    # Without the mode that would make it another user's, and deaf to the environment.
    queue = shutil.copyfile(f"{PACKAGES}/nullmailer/usr/sbin/nullmailer-queue",
                            root / "sbin/nullmailer-queue")  # fmt: skip
    queue.chmod(0o755)
    inject = f"{PACKAGES}/nullmailer/usr/bin/nullmailer-inject"
    return [inject, "-f", PERSON, PERSON], {"NULLMAILER_TEST_PREFIX": str(root)}


def _processes_per_second(inject: tuple[list[str], dict[str, str]]) -> float:
    command, environment = inject
    start = time.perf_counter()
    for _ in range(COUNT):
        subprocess.run(command, env=environment, input=MESSAGE, check=True)
    return COUNT / (time.perf_counter() - start)


@contextmanager
def _postfix() -> Iterator[Postfix]:
    """Postfix with a queue of its own, on the disk on which comenq has its own."""
    root, postfix = scratch(), PACKAGES / "postfix"
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    _make_queue(root)
    (root / "main.cf").write_text(MAIN.format(root=root, postfix=postfix))
    (root / "master.cf").write_text(MASTER.format(address=address))
    environment = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": f"{postfix}/usr/lib/postfix",
        "MAIL_CONFIG": str(root),
    }
    master = [f"{postfix}/usr/lib/postfix/sbin/master", "-c", str(root), "-d"]
    with subprocess.Popen(master, env=environment) as child:
        try:
            _await(address, child)
            yield Postfix(address, environment)
        finally:
            child.terminate()


def _make_queue(root: Path) -> None:
    for path in (root.parent, root):
        path.chmod(0o711)  # Postfix's programs are another user's
    for path in (root / "data", *(root / "queue" / name for name in QUEUES)):
        path.mkdir(parents=True)
        if path.name != "pid":
            shutil.chown(path, "daemon", "mail")


def _await(address: str, child: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    while child.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection((host, int(port))) as one:
            one.settimeout(10)
            one.recv(1)
            return
        os.sched_yield()
    raise RuntimeError("Postfix does not start: see the system's log")
