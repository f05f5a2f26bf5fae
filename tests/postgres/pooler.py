"""A real pgbouncer between a client and the server."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from comenq_core.testing.deadline import DEADLINE
from tests.postgres.server import PostgresServer, user
from tests.process.log import Log

__all__ = ["Pooler", "missing"]

PATH = f"{os.defpath}:/usr/sbin"


def missing() -> str | None:
    """Why no pooler can be started, if so."""
    if shutil.which("pgbouncer", path=PATH) is None:
        return "pgbouncer is not installed: see scripts/ci-packages"
    return None


class Pooler:
    """A pooler that runs for the length of a ``with`` block.

    Args:
        server: where it gets its sessions.
        mode: what it hands out: sessions, transactions or statements.
        size: how many sessions it has.
    """

    def __init__(self, server: PostgresServer, mode: str, size: int = 5) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
        self._server = server
        self._settings = {
            "listen_addr": "",
            "listen_port": "5432",
            "unix_socket_dir": str(self.directory),
            "auth_type": "trust",
            "auth_file": str(self.directory / "users"),
            "pool_mode": mode,
            "default_pool_size": str(size),
        }
        self._user = user() if os.geteuid() == 0 else None
        self._log = Log()

    def __enter__(self) -> Self:
        lines = [f"{name} = {value}" for name, value in self._settings.items()]
        config = self.directory / "pgbouncer.ini"
        config.write_text(
            "\n".join(["[databases]", f"* = host={self._server.directory}", "[pgbouncer]", *lines])
        )
        (self.directory / "users").write_text('"postgres" ""\n')
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        self.directory.chmod(0o755)
        program = shutil.which("pgbouncer", path=PATH)
        assert program
        self._process = subprocess.Popen(
            [program, config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            user=self._user,
            cwd=self.directory,
            env={"PATH": PATH},
        )
        assert self._process.stderr
        self._reader = self._log.follow(self._process.stderr)
        self._log.until("process up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE)
        self._reader.join()
        assert self._process.stderr
        self._process.stderr.close()
        shutil.rmtree(self.directory)

    @property
    def dsn(self) -> str:
        """How to reach the server through it."""
        return f"postgresql://postgres@/postgres?host={self.directory}"
