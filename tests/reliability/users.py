"""Three users who share a machine: the daemon's own, a member of its group, and an outsider."""

from __future__ import annotations

import functools
import grp
import os
import shutil
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import comenq_core
from comenq_core.testing.deadline import DEADLINE
from tests.reliability.unsupervised import Program, Unsupervised
from tests.spool.children import User

__all__ = ["DAEMON", "GROUP", "MEMBER", "OTHER_MEMBER", "OUTSIDER", "Shared"]

# Any group will do that has no members by accident: these users have it by number.
GROUP = next(group for group in grp.getgrall() if group.gr_gid not in (0, 65_534))
DAEMON = User(41_001, (GROUP.gr_gid,))
MEMBER = User(41_002, (GROUP.gr_gid,))
OTHER_MEMBER = User(41_003, (GROUP.gr_gid,))
OUTSIDER = User(41_004)
LIBRARIES = [
    str(Path(comenq_core.__file__).parents[1]),
    *(entry for entry in sys.path if entry.endswith("site-packages")),
]


def as_user(user: User) -> dict[str, Any]:
    """What `subprocess.Popen` needs to know, to run as somebody else."""
    return {"user": user.uid, "group": user.uid, "extra_groups": user.groups}


def status_of(path: Path) -> os.stat_result | None:
    """What a file is; nothing if it is gone meanwhile, as a running daemon's drafts are."""
    with suppress(FileNotFoundError):
        return path.lstat()
    return None


@functools.cache
def interpreter() -> Path:
    """A Python that every user may run; the tester's own may be in a private home directory."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (Path(sys.executable), Path("/usr/bin", version)):
        try:
            subprocess.run(
                [python, "-c", "import comenq_core.worker.worker, comenq_plugins.github.poster"],
                env={"PYTHONPATH": os.pathsep.join(LIBRARIES)},
                cwd="/",
                capture_output=True,
                check=True,
                **as_user(OUTSIDER),
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("no other user may run the Python that comenq is installed for")


class Shared(Unsupervised):
    """A daemon with a user of its own, and a group that may enqueue.

    Args:
        api_url: the stand-in to post to.
        changes: settings that differ from this test's defaults.
    """

    def __init__(self, api_url: str, **changes: object) -> None:
        group = {"unix.group": GROUP.gr_name, "spool.group": GROUP.gr_name}
        super().__init__(api_url, **{**group, **changes})
        self.python = interpreter()
        os.chown(self.directory, DAEMON.uid, DAEMON.uid)
        self.directory.chmod(0o711)

    @property
    def environment(self) -> dict[str, str]:
        """The same for all: what they may do depends on who they are."""
        return {**super().environment, "PYTHONPATH": os.pathsep.join(LIBRARIES)}

    def write(self, name: str, text: str) -> Path:
        """Write a file of the daemon's that no other user may read."""
        path = super().write(name, text)
        os.chown(path, DAEMON.uid, DAEMON.uid)
        return path

    def run(self, command: str, *prefix: str | Path, **how: Any) -> Program:
        """Start a process as the daemon's user, and wait for nothing."""
        return super().run(command, *prefix, **{**as_user(DAEMON), **how})

    def traced(self, trace: Path) -> tuple[tuple[str, ...], dict[str, Any]]:
        """A prefix for `run`, and what else it needs, to have files and modes traced.

        The tracer has to be root: it reads what the daemon hides from its own user.
        """
        for tool in ("strace", "setpriv"):
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")
        # -D has the daemon, not the tracer, be the process that is started.
        calls = "trace=open,openat,mkdir,mkdirat,bind,chmod,fchmod,fchmodat,rename,umask"
        tracer = ("strace", "-D", "-f", "-s", "200", "-o", str(trace), "-e", calls)
        groups = ",".join(map(str, DAEMON.groups))
        user = ("setpriv", f"--reuid={DAEMON.uid}", f"--regid={DAEMON.uid}", f"--groups={groups}")
        return (*tracer, *user), dict.fromkeys(("user", "group", "extra_groups"))

    def comenq_as(self, user: User, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the client as somebody."""
        return self._run_as(user, "comenq_core.cli.comenq.main", *words)

    def comenqd_with(self, config: Path, command: str) -> subprocess.CompletedProcess[str]:
        """Run a part of the daemon that ends by itself, with another configuration file."""
        words = (command, "--config", str(config))
        return self._run_as(DAEMON, "comenq_core.cli.comenqd.main", *words)

    def _run_as(self, user: User, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-P", "-m", module, *words],
            env=self.environment,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            **as_user(user),
        )

    def modes(self, *below: Path) -> dict[str, tuple[str, int, int]]:
        """Mode, owner and group of all that there is, by what a reader of a test can tell."""
        return {
            str(path.relative_to(self.directory)): (
                stat.filemode(one.st_mode),
                one.st_uid,
                one.st_gid,
            )
            for top in below
            for path in (top, *sorted(top.rglob("*")))
            if (one := status_of(path))
        }
