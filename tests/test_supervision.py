"""supervisord with conf/supervisord.conf: whole log lines, restarts, and an end with an error."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.supervisor import rpcinterface
from comenq_core.supervisor.launch import conf_file
from comenq_core.supervisor.output import LINE_LIMIT, Lines
from comenq_core.testing.deadline import DEADLINE

STAY = "import os, signal; print('up', os.getpid(), flush=True); signal.pause()"
CRASH = "raise SystemExit('no use')"
SUPERVISORD = "from supervisor.supervisord import main; main()"
# Its loop goes on only when something has happened, and not every second.
WITHOUT_TIMEOUT = """
from supervisor.poller import Poller
poll = Poller.poll
Poller.poll = lambda self, _seconds: poll(self, 86_400)
"""


class Daemon:
    """supervisord with comenq's configuration and a test's own programs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[str] | None = None

    def start(
        self, listener: str, worker: str, supervisord: str = SUPERVISORD, **options: str
    ) -> None:
        """Start it with these Python programs, and these options for both of them."""
        conf = RawConfigParser(comment_prefixes=(";",))
        conf.read(conf_file("supervisord.conf"))
        for name, source in (("listener", listener), ("worker", worker)):
            script = self.directory / f"{name}.py"
            script.write_text(source)
            conf[f"program:{name}"].update({"command": f"{sys.executable} {name}.py", **options})
            conf[f"program:{name}"]["directory"] = str(self.directory).replace("%", "%%")
        with (self.directory / "supervisord.conf").open("w") as file:
            conf.write(file)
        self.process = subprocess.Popen(
            [sys.executable, "-c", supervisord, "-c", "supervisord.conf"],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, pattern: str) -> re.Match[str]:
        """Read the daemon's output up to a line that matches; fail if it ends before."""
        assert self.process is not None
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            if match := re.search(pattern, line):
                return match
            seen.append(line)
        pytest.fail(f"the output ended without {pattern!r}:\n{''.join(seen)}")

    def status(self) -> str:
        """What supervisorctl says of the programs."""
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", "supervisord.conf"]
        return subprocess.run(
            [*command, "status"], cwd=self.directory, capture_output=True, text=True, check=False
        ).stdout

    def exit_status(self) -> int:
        """Wait until it ends."""
        assert self.process is not None
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            self.process.stdout.read()
        return self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and wait until it has."""
        assert self.process is not None
        self.process.terminate()
        return self.exit_status()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A daemon in a private directory with special characters in its name."""
    directory = Path(tempfile.mkdtemp(prefix="cq %s "))
    daemon = Daemon(directory)
    yield daemon
    if daemon.process is not None:
        daemon.stop()
        assert daemon.process.stdout is not None
        daemon.process.stdout.close()
    shutil.rmtree(directory)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_program_that_cannot_run_ends_the_daemon_with_an_error(daemon: Daemon) -> None:
    """When one program cannot be restarted, the other is stopped, and supervisord exits with 1."""
    os.mkfifo(daemon.directory / "go")
    worker = f"open('go').read()\n{CRASH}"
    # However late it crashes on a busy machine, it has not been up for long enough.
    daemon.start(listener=STAY, worker=worker, startretries="0", startsecs="600")
    listener = int(daemon.until(r"^up (\d+)$")[1])

    (daemon.directory / "go").write_text("")

    daemon.until(r"error supervisor fatal: .*program=worker cause=\"Exited too quickly")

    assert daemon.exit_status() == 1
    assert not is_alive(listener)


def test_a_program_that_is_missing_ends_the_daemon_with_an_error(daemon: Daemon) -> None:
    """A missing command is named in the log, and the daemon exits with 1."""
    daemon.start(listener=STAY, worker=STAY, command="no-such-command", startretries="0")
    daemon.until(r"error supervisor fatal: .*can't find command 'no-such-command'")

    assert daemon.exit_status() == 1


def test_a_killed_program_is_started_again(daemon: Daemon) -> None:
    """A killed program runs again as another process."""
    daemon.start(listener=STAY, worker="import signal; signal.pause()")
    first = int(daemon.until(r"^up (\d+)$")[1])

    os.kill(first, signal.SIGKILL)

    assert int(daemon.until(r"^up (\d+)$")[1]) != first


def test_events_are_handled_at_once(daemon: Daemon) -> None:
    """Programs are started, restarted and stopped without waiting for the loop's next second."""
    daemon.start(
        STAY, "import signal; signal.pause()", WITHOUT_TIMEOUT + SUPERVISORD, startsecs="0"
    )
    first = int(daemon.until(r"^up (\d+)$")[1])

    os.kill(first, signal.SIGKILL)

    assert int(daemon.until(r"^up (\d+)$")[1]) != first
    assert daemon.stop() == 0


def test_sigterm_ends_both_programs_and_is_no_failure(daemon: Daemon) -> None:
    """Asked to end, supervisord stops both programs and exits with 0."""
    daemon.start(listener=STAY, worker=STAY)
    programs = {int(daemon.until(r"^up (\d+)$")[1]) for _ in range(2)}

    assert daemon.stop() == 0
    assert not any(map(is_alive, programs))


def test_lines_of_two_programs_never_mix(daemon: Daemon) -> None:
    """A line that arrives in two pieces is written whole, whatever arrives between them."""
    for name in ("begun", "go"):
        os.mkfifo(daemon.directory / name)
    listener = (
        "import os\n"
        "os.write(1, b'first half, ')\n"
        "open('begun', 'w').close()\n"
        "open('go').read()\n"
        "os.write(1, b'second half\\n')\n" + STAY
    )
    daemon.start(listener, worker="open('begun').read(); print('between', flush=True)\n" + STAY)

    daemon.until(r"^between$")
    (daemon.directory / "go").write_text("")

    daemon.until(r"^first half, second half$")


def test_a_programs_last_output_is_a_line(daemon: Daemon) -> None:
    """Output without a newline at the program's end is written as a line."""
    daemon.start(listener="import os; os.write(2, b'last output')", worker=STAY)

    daemon.until(r"^last output$")


def test_supervisords_messages_are_logged_in_the_same_format(daemon: Daemon) -> None:
    """The end of a program is an event with level, source and key."""
    daemon.start(listener=STAY, worker=STAY)
    os.kill(int(daemon.until(r"^up (\d+)$")[1]), signal.SIGKILL)

    daemon.until(r"^\S+Z warning supervisor exited: \w+ \(terminated by SIGKILL; not expected\)$")


def test_the_control_socket_is_private(daemon: Daemon) -> None:
    """Only the daemon's user can use the control socket."""
    daemon.start(listener=STAY, worker=STAY)
    daemon.until(r"^up ")

    assert stat.S_IMODE((daemon.directory / "supervisor.sock").stat().st_mode) == 0o600


def test_a_daemon_whose_log_nobody_reads_goes_on(daemon: Daemon) -> None:
    """With a closed log pipe, programs are still restarted and stopped."""
    os.mkfifo(daemon.directory / "again")
    daemon.start(listener=STAY, worker="open('again', 'w').close(); print(1, flush=True)")
    assert daemon.process is not None
    assert daemon.process.stdout is not None
    daemon.until(r"^up ")

    daemon.process.stdout.close()

    for _ in range(2):
        (daemon.directory / "again").read_text()
    assert daemon.stop() == 0


def test_a_daemon_whose_log_stands_still_goes_on(daemon: Daemon) -> None:
    """While its reader does not read, programs write, are restarted, and stopped by SIGTERM."""
    os.mkfifo(daemon.directory / "again")
    loud = "print('x' * 5_000_000, flush=True); open('again', 'w').close()"
    daemon.start(listener=STAY, worker=loud, startsecs="0")

    for _ in range(2):
        (daemon.directory / "again").read_text()
    assert daemon.process is not None
    daemon.process.terminate()
    assert daemon.process.wait(DEADLINE) == 0


def test_a_program_that_ends_early_is_started_again_for_ever(daemon: Daemon) -> None:
    """However often a program ends at once, the daemon lives, and says when it starts it again."""
    shorter = f"import {rpcinterface.__name__} as r; r.LONGEST_PAUSE_SECONDS = 1\n"
    daemon.start(STAY, CRASH, shorter + SUPERVISORD, startretries="1", startsecs="600")

    for _ in range(3):
        daemon.until(
            r"warning supervisor ended_early: .*program=worker pause_seconds=1"
            r" cause=\"Exited too quickly .*; the next start is in 1 s\""
        )
    assert daemon.stop() == 0


def test_the_status_of_a_program_that_ends_early_says_when_it_is_started(daemon: Daemon) -> None:
    """supervisorctl, which is comenqd ctl, shows the cause and the pause."""
    daemon.start(STAY, CRASH, startsecs="600")
    daemon.until("ended_early")

    while not (shown := re.search(r"worker +BACKOFF +(.+)", daemon.status())):
        pass  # In between, it is started again.

    assert re.fullmatch(r"Exited too quickly .*; the next start is in \d s", shown[1])


def test_supervisord_never_gives_up() -> None:
    """No pause is ever as long as the number of restarts after which supervisord gives up."""
    conf = RawConfigParser(comment_prefixes=(";",))
    conf.read(conf_file("supervisord.conf"))
    for program in ("listener", "worker"):
        retries = conf.getint(f"program:{program}", "startretries")
        assert retries >= rpcinterface.LONGEST_PAUSE_SECONDS


def test_a_stop_between_two_restarts_is_no_failure(daemon: Daemon) -> None:
    """Stopped while a program waits for its restart, supervisord exits with 0."""
    daemon.start(listener=STAY, worker=CRASH)
    daemon.until(r"warning supervisor exited: worker")

    assert daemon.stop() == 0


pieces = st.lists(st.binary(max_size=9).map(lambda piece: piece.replace(b"a", b"\n")))


@given(pieces)
def test_output_is_written_in_whole_lines(parts: list[bytes]) -> None:
    """However output is split, the same bytes are written, always in whole lines."""
    lines = Lines()
    written = [*map(lines.feed, parts), lines.end()]
    output = b"".join(parts)

    assert b"".join(written) == output + (b"" if output.endswith(b"\n") or not output else b"\n")
    assert all(part.endswith(b"\n") for part in written if part)


def test_a_line_without_an_end_is_ended() -> None:
    """A line is ended at its limit, so that it cannot fill supervisord's memory."""
    lines = Lines()

    assert lines.feed(b"x" * LINE_LIMIT) == b"x" * LINE_LIMIT + b"\n"
    assert lines.end() == b""
