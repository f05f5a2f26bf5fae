"""Runs ``comenq`` and ``comenqd`` as processes that need not import them first.

A process that has imported both forks for each call. A call finds what it finds when a shell starts
it: arguments, environment, directory, standard streams. Most of what a short command costs is its
imports, and the tests run some thousand of them.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

from comenq_core.testing.deadline import DEADLINE

__all__ = ["SCRIPTS", "run"]

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))
MAINS = {"comenq": "comenq_core.cli.comenq.main", "comenqd": "comenq_core.cli.comenqd.main"}
READ_AT_START = ("PYTHON", "LANG", "LC_", "LOCPATH")
"""What the interpreter reads when it starts. PYTHONPATH can be changed later."""
USUAL: Sequence[Mapping[str, str]] = ({}, {"PYTHONWARNINGS": "error", "LANG": "C.UTF-8"})
Command = Sequence[str | bytes | Path]


def run(
    command: Command,
    *,
    env: Mapping[str, str],
    stdin: bytes = b"",
    stderr: int = subprocess.PIPE,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, like `subprocess.run`; return what it printed, too.

    Args:
        command: a program, and its arguments. One that is not preloaded is started as it is.
        env: its environment.
        stdin: what is piped in.
        stderr: `subprocess.STDOUT` adds its errors to its output.
        cwd: where it is run.

    Raises:
        subprocess.TimeoutExpired: it hangs.
    """
    program = Path(os.fsdecode(command[0]))
    at_start = {key: env[key] for key in env if key.startswith(READ_AT_START)}
    at_start.pop("PYTHONPATH", None)
    if program.parent == SCRIPTS and program.name in MAINS and at_start in USUAL:
        return _preloaded(tuple(at_start.items())).run(
            command, env, stdin, stderr, cwd or Path.cwd()
        )
    done = subprocess.run(
        command,
        env=env,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        cwd=cwd,
        timeout=DEADLINE,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), (done.stderr or b"").decode()
    )


@cache
def _preloaded(at_start: Sequence[tuple[str, str]]) -> _Preloaded:
    return _Preloaded(dict(at_start))


class _Preloaded:
    """The process that forks, and that ends with this one."""

    def __init__(self, at_start: Mapping[str, str]) -> None:
        self._calls, calls = socket.socketpair()
        with calls:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.preloaded", str(calls.fileno())],
                env={"PATH": os.defpath, **at_start},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[calls.fileno()],
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self._calls.close()
        self._process.wait()

    def run(
        self, command: Command, env: Mapping[str, str], stdin: bytes, stderr: int, cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        """As the function `run`."""
        words = list(map(os.fsdecode, command))
        call = {"argv": words, "env": dict(env), "cwd": str(cwd)}
        source, sink = os.pipe()
        end, ended = os.pipe()
        with (
            tempfile.TemporaryFile() as told,
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as errors,
            os.fdopen(end) as status,
        ):
            told.write(json.dumps(call).encode())
            told.flush()
            second = output if stderr == subprocess.STDOUT else errors
            passed = [told.fileno(), ended, source, output.fileno(), second.fileno()]
            socket.send_fds(self._calls, [b"\0"], passed)
            os.close(ended)
            os.close(source)
            _feed(sink, stdin)
            if not select.select([status], [], [], DEADLINE)[0]:
                raise subprocess.TimeoutExpired(words, DEADLINE)
            return subprocess.CompletedProcess(
                words, int(status.read()), _written(output), _written(errors)
            )


def _feed(sink: int, stdin: bytes) -> None:
    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(sink, "wb") as pipe:
            pipe.write(stdin)

    if len(stdin) <= select.PIPE_BUF:
        write()  # an empty pipe takes so much at once
    else:
        threading.Thread(target=write).start()


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(calls: socket.socket) -> None:
    """Fork for each call, and tell its exit status, until the caller has gone."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    while True:
        ready = select.select([calls.fileno(), woken], [], [])[0]
        if woken in ready:
            os.read(woken, select.PIPE_BUF)
            _tell(running)
        if calls.fileno() in ready:
            message, passed, _, _ = socket.recv_fds(calls, 1, 5)
            if not message:
                break
            told, ended, *streams = passed
            pid = os.fork()
            if pid == 0:
                _become(told, streams)
            running[pid] = ended
            for descriptor in (told, *streams):
                os.close(descriptor)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _tell(running: dict[int, int]) -> None:
    """Tell the exit statuses of the calls that have ended."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with suppress(BrokenPipeError), os.fdopen(running.pop(pid), "w") as ended:
            ended.write(str(os.waitstatus_to_exitcode(status)))


def _become(told: int, streams: Sequence[int]) -> NoReturn:
    """Turn the forked process into the one that was called."""
    from comenq_core.process.program import end_after

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with os.fdopen(told) as file:
        file.seek(0)
        call: dict[str, Any] = json.load(file)
    for standard, stream in enumerate(streams):
        os.dup2(stream, standard)
    os.closerange(len(streams), 256)
    os.environ.clear()
    os.environ.update(call["env"])
    time.tzset()
    os.chdir(call["cwd"])
    random.seed()
    sys.argv = call["argv"]
    program = Path(sys.argv[0])
    sys.path[0] = str(program.parent)
    sys.path[1:1] = list(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    end_after(import_module(MAINS[program.name]).main)
    raise AssertionError


def _preload() -> None:
    """Import what the commands import."""
    from comenq_core.cli.comenq.commands import COMMANDS, command_module
    from comenq_core.plugins import registry

    for main in MAINS.values():
        import_module(main)
    for name in COMMANDS:
        command_module(name)
    registry.load()


if __name__ == "__main__":
    _preload()
    gc.freeze()  # so that a collection in a fork copies no page of what is shared
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        _serve(listening)
