"""An empty home, and commands that are run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import preloaded
from tests.preloaded import SCRIPTS

__all__ = ["SCRIPTS", "TOKEN", "Home", "new_home"]

TOKEN = "ghp_canary0123456789"


class Home:
    """A user's home, and what is run for that user.

    Args:
        path: the directory; it has a short path, for sockets.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runtime = path / "run"
        self.runtime.mkdir()
        self.config = path / ".config/comenqd/config.toml"
        self.token = path / "token"
        self.token.touch(0o600)
        self.token.write_text(TOKEN)
        # A runtime directory of its own keeps the tester's systemd out.
        self.environ = {
            "HOME": str(path),
            "PATH": os.defpath,
            "XDG_RUNTIME_DIR": str(self.runtime),
        }

    def run(self, *words: str | Path, status: int = 0, stdin: str = "") -> str:
        """Run a command in this home; return what it says.

        Args:
            words: the command.
            status: the exit status that it has to have.
            stdin: what it reads.
        """
        done = preloaded.run(
            words, env=self.environ, stdin=stdin.encode(), stderr=subprocess.STDOUT, cwd=self.path
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def comenqd(self, *words: str | Path, status: int = 0, stdin: str = "") -> str:
        """Run ``comenqd``. Takes and returns as `run`."""
        return self.run(SCRIPTS / "comenqd", *words, status=status, stdin=stdin)

    def setup(self, *words: str | Path, status: int = 0, stdin: str = "") -> str:
        """Run ``comenqd setup`` without a look at the forge. Takes and returns as `run`."""
        return self.comenqd("setup", "--no-check", *words, status=status, stdin=stdin)

    def contents(self) -> set[str]:
        """The files in it, but for those that were there first."""
        paths = (path for path in self.path.rglob("*") if not path.is_dir())
        return {str(path.relative_to(self.path)) for path in paths} - {"token"}

    def outside_queue(self) -> set[str]:
        """Its contents without the queue, which is made by setup or by the daemon."""
        return {name for name in self.contents() if not name.startswith(".local/state/")}


@contextmanager
def new_home() -> Iterator[Home]:
    """An empty home."""
    path = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
    try:
        yield Home(path)
    finally:
        shutil.rmtree(path)
