"""A PostgreSQL server for the tests, on a Unix socket in a directory of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from comenq_core.testing.deadline import DEADLINE
from tests.process.log import Log

__all__ = ["PostgresServer", "missing", "user"]

# Debian keeps the server's programs away from PATH, by version.
PLACES = (*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin"))
USERS = ("postgres", "nobody")
# Crashes of the server are tested, those of the machine are not: no need to wait for a disk.
CONF = {"listen_addresses": "", "fsync": "off", "max_connections": "60", "shared_buffers": "16MB"}


def missing() -> str | None:
    """Why no server can be started, if so."""
    if _programs() is None:
        return "PostgreSQL's server is not installed: see scripts/ci-packages"
    if os.geteuid() == 0 and user() is None:
        return "PostgreSQL's server does not run as root, and there is no other user for it"
    return None


def _programs() -> Path | None:
    found = [place for place in PLACES if (place / "initdb").exists()]
    return max(found, default=None)


def user() -> str | None:
    """The user as which the server runs where root may not."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in USERS if name in known), None)


class PostgresServer:
    """A server that runs for the length of a ``with`` block, and can be crashed in it.

    Args:
        place: where its directory is.
        changes: settings of the server's that differ from those for tests.
    """

    def __init__(self, place: str = "/tmp", **changes: str) -> None:
        # A socket's path must be short: https://man7.org/linux/man-pages/man7/unix.7.html
        self.directory = Path(tempfile.mkdtemp(prefix="cq", dir=place))
        self._settings = {**CONF, **changes}
        self.log = Log()
        self._user = user() if os.geteuid() == 0 else None
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        self.directory.chmod(0o755)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync",
                  "--username=postgres", "--pgdata", self.data)  # fmt: skip
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.crash()
        shutil.rmtree(self.directory)

    @property
    def data(self) -> Path:
        """Where the server keeps everything."""
        return self.directory / "data"

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.directory / ".s.PGSQL.5432"

    @property
    def dsn(self) -> str:
        """How to reach it."""
        return f"postgresql://postgres@/postgres?host={self.directory}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        places = ("-D", self.data, "-k", self.directory)
        self._process = subprocess.Popen(
            self._command("postgres", *places, *settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            user=self._user,
            cwd=self.directory,
            env=self._environment(),
        )
        assert self._process.stderr
        self._reader = self.log.follow(self._process.stderr)
        self.log.until("database system is ready to accept connections")

    def stop(self) -> None:
        """Shut it down, in the orderly way that connections notice."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End it at once, in the middle of its work."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(DEADLINE)
        self._reader.join()
        assert self._process.stderr
        self._process.stderr.close()
        self._process = None

    def _run(self, *words: str | Path) -> None:
        subprocess.run(
            self._command(*words),
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self.directory,
            env=self._environment(),
        )

    @staticmethod
    def _command(program: str | Path, *words: str | Path) -> list[str | Path]:
        programs = _programs()
        assert programs
        return [programs / program, *words]

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C", "HOME": "/nonexistent"}
