"""The daemon as a user starts it, in a directory of its own, and all that it left ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from comenq_core.testing.deadline import DEADLINE
from tests import preloaded
from tests.preloaded import SCRIPTS
from tests.process.log import Log
from tests.process.processes import kill_session

__all__ = ["READY", "SCRIPTS", "TOKEN", "Daemon"]

TOKEN = "ghp_canary0123456789"
READY = (r" info worker started: ", r" info unix listening: ")


class Daemon:
    """``comenqd --config FILE``, its log, and its clients.

    Args:
        api_url: the stand-in to post to.
        scripts: where the commands are.
        changes: settings that differ from the defaults of these tests, which have no cooldown;
            ``None`` leaves one out.
    """

    def __init__(self, api_url: str, scripts: Path = SCRIPTS, **changes: object) -> None:
        self.scripts = scripts
        # A socket's path must be short: https://man7.org/linux/man-pages/man7/unix.7.html
        self.directory = Path(tempfile.mkdtemp(prefix="cq", dir="/tmp"))
        self.queue = self.directory / "queue"
        self.socket = self.directory / "run" / "comenq.sock"
        self.log = Log()
        self.variables: dict[str, str] = {}
        self._processes: list[subprocess.Popen[str]] = []
        self._readers: list[threading.Thread] = []
        self._settings = {
            "socket_path": str(self.socket),
            "queue_path": str(self.queue),
            "github_token_file": str(self.write("token", TOKEN)),
            "github_api_url": api_url,
            "cooldown_period_seconds": 0,
            "recheck_seconds": 0.1,
            **changes,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            kill_session(process.pid)
            process.wait()
        for reader in self._readers:
            reader.join()
        for process in self._processes:
            assert process.stdout
            process.stdout.close()
        shutil.rmtree(self.directory)

    @property
    def environment(self) -> dict[str, str]:
        """What is needed, and ``variables``; nothing else of the tester's own comes in."""
        return {
            "PATH": f"{self.scripts}:{os.defpath}",
            "HOME": str(self.directory),
            "COMENQ_SOCKET": str(self.socket),
            "PYTHONPATH": str(self.directory / "plugins"),
            **self.variables,
        }

    @property
    def config(self) -> Path:
        """The configuration file. Every JSON value that is used here is TOML as well."""
        given = {key: value for key, value in self._settings.items() if value is not None}
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in given.items()]
        return self.write("config.toml", "".join(lines))

    def write(self, name: str, text: str) -> Path:
        """Write a file that only its owner may read, at once; return its path."""
        # Several threads start programs, each of which has it written.
        draft = self.directory / f"{name}.{threading.get_ident()}.draft"
        draft.touch(0o600)
        draft.write_text(text)
        return draft.replace(self.directory / name)

    def change(self, **changes: Any) -> None:
        """Write other settings into the configuration file."""
        self._settings |= changes
        assert self.config.exists()

    def start(self) -> Self:
        """Start it, and wait until it takes requests and posts them."""
        self.spawn()
        self.log.until(*READY)
        return self

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Start it (or, given words, a part of it), and wait for nothing."""
        return self.launch(self.scripts / "comenqd", *words, "--config", self.config)

    def launch(self, *command: str | Path, **environ: str) -> subprocess.Popen[str]:
        """Start a command whose output is the log."""
        process = subprocess.Popen(
            command,
            env=self.environment | environ,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout
        self._processes.append(process)
        self._readers.append(self.log.follow(process.stdout))
        return process

    @property
    def supervisor(self) -> subprocess.Popen[str]:
        """The process that was started last."""
        return self._processes[-1]

    def pid(self, program: str) -> int:
        """The process id of ``listener`` or ``worker``, as it was started last."""
        return int(self.log.last(rf"spawned: '{program}' with pid (\d+)")[1])

    def terminate(self) -> int:
        """Ask it to end, wait until it has, and return its exit status."""
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.wait(DEADLINE)

    def kill(self) -> None:
        """Kill every process of it at once."""
        kill_session(self.supervisor.pid)
        self.supervisor.wait()

    def comenq(self, *words: str, status: int = 0) -> str:
        """Run the client; return what it printed.

        Args:
            words: its arguments.
            status: the exit status that it has to have.
        """
        return self._run("comenq", *words, status=status)

    def comenqd(self, *words: str, status: int = 0) -> str:
        """Run a part of the daemon that ends by itself. Takes and returns as `comenq`."""
        return self._run("comenqd", *words, "--config", str(self.config), status=status)

    def _run(self, script: str, *words: str, status: int) -> str:
        done = preloaded.run(
            [self.scripts / script, *words], env=self.environment, cwd=self.directory
        )
        assert done.returncode == status, f"{done.stdout}{done.stderr}\n{self.log}"
        return done.stdout or done.stderr

    def put(self, body: str) -> str:
        """Queue a comment on o/r#1 through the client; return the job's id."""
        entry = json.loads(self.comenq("put", "--json", "o/r", "1", body))
        return str(entry["id"])

    def say(self, text: str) -> dict[str, Any]:
        """Send a text to the socket, half-close, and return the reply."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(DEADLINE)
            client.connect(str(self.socket))
            client.sendall(text.encode())
            client.shutdown(socket.SHUT_WR)
            with client.makefile() as replies:
                reply: dict[str, Any] = json.loads(replies.read())
        return reply

    def drop(self, name: str, text: str) -> None:
        """Move a file into the spool, as any program may."""
        draft = self.queue / "tmp" / name
        draft.write_text(text)
        draft.rename(self.queue / "new" / name)

    def install(self, name: str, source: str) -> None:
        """Install a distribution with one plugin, as pip would leave it behind."""
        home = self.directory / "plugins"
        information = home / f"{name}-1.0.dist-info"
        information.mkdir(parents=True)
        (home / f"{name}.py").write_text(source)
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        (information / "entry_points.txt").write_text(f"[comenq]\n{name} = {name}\n")
