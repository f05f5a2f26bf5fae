"""A machine with a real systemd, in namespaces of its own, gone when a test has done with it."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from comenq_core.testing.deadline import DEADLINE
from tests.process.log import Log
from tests.service.manager import Manager
from tests.service.wheelhouse import CHECKOUT

__all__ = ["PYTHON", "Machine", "missing"]

T = TypeVar("T")

SHELL = shutil.which("sh") or "/bin/sh"
NAMESPACES = ("mount", "uts", "ipc", "net", "cgroup")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TOOLS = ("unshare", "nsenter", "setpriv", "systemctl", "systemd-sysusers", "useradd")
PYTHON = f"/mnt/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
"""The Python that runs the tests, as the machine has it."""


def missing() -> str:
    """What keeps a machine from being booted here, or ``""``."""
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacking:
        return f"there is no {', '.join(lacking)} here"
    if os.geteuid():
        return "only root can boot a systemd"
    if not _cgroups():
        return "no cgroup2 file system is mounted here"
    probe = ["unshare", "--pid", "--fork", *(f"--{name}" for name in NAMESPACES)]
    mount = "mount -t tmpfs x /mnt && mkdir /mnt/m && mount -t cgroup2 x /mnt/m"
    done = subprocess.run([*probe, SHELL, "-c", mount], capture_output=True, check=False)
    return f"no namespaces are to be had: {done.stderr!r}" if done.returncode else ""


def _cgroups() -> Path | None:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(place)
    return None


class Machine:
    """Boots, and ends with everything that runs on it, for the length of a ``with`` block."""

    def __init__(self) -> None:
        self._readers = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as life:
            directory = Path(tempfile.mkdtemp(prefix="cq"))
            life.callback(shutil.rmtree, directory)
            self.share = directory / "share"
            self.share.mkdir()
            group = _new_group()
            life.callback(_remove_group, group)
            # What comes first here comes last at the end: readers are done when what they read
            # from has ended.
            life.enter_context(self._readers)
            # systemd tells that it has booted as services tell it. Unless the socket goes away
            # then, it waits for ever for somebody to hear what else it says.
            with Manager(self.share / "notify") as manager:
                self._parent = _boot(directory, group)
                life.callback(self._end)
                manager.until("READY=1")
            self._life = life.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._life.close()

    def _end(self) -> None:
        children = Path(f"/proc/{self._parent.pid}/task/{self._parent.pid}/children")
        inits = [os.pidfd_open(int(pid)) for pid in children.read_text().split()]
        self._parent.kill()
        self._parent.wait()
        for init in inits:
            assert select.select([init], [], [], DEADLINE)[0]
            os.close(init)

    def _inside(self, *words: str | Path) -> list[str | Path]:
        parent = self._parent.pid
        enter = [f"--{name}" for name in NAMESPACES]
        # unshare itself has stayed in the old namespace of processes.
        enter += [f"--pid=/proc/{parent}/ns/pid_for_children", f"--target={parent}"]
        return ["nsenter", *enter, "env", "-i", "LC_ALL=C.UTF-8", f"PATH={PATH}", *words]

    def run(self, *words: str | Path, status: int | None = 0) -> str:
        """Run a command as root; return what it says.

        Args:
            words: the command.
            status: the exit status that it has to have; ``None`` if any will do.
        """
        done = subprocess.run(
            self._inside(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=5 * DEADLINE,
            check=False,
        )
        assert status in {None, done.returncode}, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def run_as(self, user: str, *words: str | Path, status: int = 0) -> str:
        """Run a command as a user with all that user's groups; return what it says."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return self.run(*become, *words, status=status)

    def write(self, path: str, text: str) -> None:
        """Write into a file that is there, as an editor does; its mode and owner stay."""
        draft = self.share / "draft"
        draft.write_text(text)
        self.run("sh", "-c", f"cat /mnt/share/draft >{path}")

    def follow(self, unit: str) -> Log:
        """What a unit says to the journal from now on."""
        journal = ("journalctl", "--follow", "--lines=0", "--output=cat")
        return self.follow_command(*journal, f"--unit={unit}")

    def follow_command(self, *command: str) -> Log:
        """What a command says that runs until the machine ends."""
        process = subprocess.Popen(
            self._inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        log = Log()
        reader = log.follow(process.stdout)
        self._readers.enter_context(process)
        self._readers.callback(reader.join)
        return log

    def on_its_network(self, make: Callable[[], T]) -> T:
        """Make something whose sockets are on the machine's network.

        A socket stays on the network on which it was made, and each thread can have its own.
        https://man7.org/linux/man-pages/man2/setns.2.html
        """

        def move_and_make() -> T:
            with open(f"/proc/{self._parent.pid}/ns/net") as network:
                if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), 0):
                    raise OSError(ctypes.get_errno(), "setns")
            return make()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(move_and_make).result()


def _boot(directory: Path, group: Path) -> subprocess.Popen[bytes]:
    """Start the machine; the process stays outside, and the machine ends with it."""
    join = 'echo $$ >"$1"/cgroup.procs; shift; exec "$@"'
    command: list[str | Path] = [SHELL, "-c", join, SHELL, group]
    # What kills the tests also ends the machine.
    command += ["setpriv", "--pdeathsig=KILL", "unshare", "--pid", "--fork", "--kill-child"]
    command += [f"--{name}" for name in NAMESPACES]
    command += [SHELL, Path(__file__).with_name("boot.sh"), directory, sys.base_prefix, CHECKOUT]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _new_group() -> Path:
    """A control group that takes the whole machine, and can be removed with it."""
    mounted = _cgroups()
    assert mounted
    group = Path(tempfile.mkdtemp(prefix="comenq-test-", dir=mounted))
    group.chmod(0o755)
    return group


def _remove_group(group: Path) -> None:
    for path in sorted(group.rglob("*/"), reverse=True):
        path.rmdir()
    group.rmdir()
