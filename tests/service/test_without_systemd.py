"""The daemon where there is no systemd: by hand, in a terminal, and as the first process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from comenq_core.supervisor.launch import conf_file
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, SCRIPTS, Daemon

CONTAINERFILE = conf_file("Containerfile")


class Contained(Daemon):
    """A daemon that is the first process of its name space, as in a container."""

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Start it; the process that is returned ends with it, and takes it along."""
        unshare = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        return self.launch(*unshare, SCRIPTS / "comenqd", "--config", self.config, *words)

    def run_inside(self, script: str) -> None:
        """Run a shell script in its name space."""
        enter = f"--pid=/proc/{self.supervisor.pid}/ns/pid_for_children"
        subprocess.run(["nsenter", enter, "sh", "-c", script], check=True)

    @property
    def first(self) -> int:
        """The daemon's process id, as it is called outside."""
        parent = self.supervisor.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text())


class ByHand(Daemon):
    """A plain supervisord with our configuration, started as that file says."""

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Start it, in a private directory."""
        (self.directory / "private").mkdir(mode=0o700)
        conf = conf_file("supervisord.conf")
        enter = ("env", "-C", str(self.directory / "private"))
        return self.launch(
            *enter, "supervisord", "-c", conf, *words, COMENQD_CONFIG=str(self.config)
        )


def no_namespace() -> bool:
    """Whether there is no new name space of processes to be had."""
    probe = ["unshare", "--pid", "--fork", "--mount-proc", "true"]
    try:
        return bool(subprocess.run(probe, capture_output=True, check=False).returncode)
    except FileNotFoundError:
        return True


needs_namespace = pytest.mark.skipif(
    no_namespace(), reason="no name space of processes is to be had here"
)


@needs_namespace
def test_the_first_process_reaps_and_ends(forge: Forge) -> None:
    """As process 1, the daemon reaps orphans that end, posts, and ends with 0 at SIGTERM."""
    with Contained(forge.url) as daemon:
        daemon.start()
        daemon.put("from a container")
        assert forge.wait_for_comments(1)[0].body == "from a container"

        daemon.run_inside("sh -c : & exit")
        daemon.log.until(r"reaped unknown pid")

        os.kill(daemon.first, signal.SIGTERM)
        assert daemon.supervisor.wait(DEADLINE) == 0
        assert not daemon.socket.exists()


@pytest.mark.full
def test_a_plain_supervisord_runs_comenq(forge: Forge) -> None:
    """A supervisord with our configuration and nothing else takes comments and posts them."""
    with ByHand(forge.url) as daemon:
        daemon.start()
        daemon.put("by hand")
        assert forge.wait_for_comments(1)[0].body == "by hand"
        assert daemon.terminate() == 0


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_key_in_the_terminal_ends_the_daemon(forge: Forge, number: signal.Signals) -> None:
    """Interrupted in the foreground, the daemon ends as it does when it is asked to."""
    with Daemon(forge.url) as daemon:
        daemon.start()
        daemon.supervisor.send_signal(number)
        assert daemon.supervisor.wait(DEADLINE) == 0
        assert not daemon.socket.exists()


@pytest.mark.full
def test_a_hangup_begins_anew_and_loses_nothing(forge: Forge) -> None:
    """SIGHUP has everything started again; what waits is posted after it."""
    with Daemon(forge.url) as daemon:
        daemon.start()
        daemon.comenq("pause")
        daemon.put("before it")

        daemon.supervisor.send_signal(signal.SIGHUP)
        daemon.log.until(*READY)

        daemon.comenq("resume")
        assert forge.wait_for_comments(1)[0].body == "before it"


def test_the_image_has_a_pinned_base() -> None:
    """Each stage of the Containerfile is made from the same image, which a digest names."""
    text = CONTAINERFILE.read_text()
    assert set(re.findall(r"(?m)^FROM (\S+)", text)) == {"$BASE"}
    assert re.search(r"(?m)^ARG BASE=\S+:\d+\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}$", text)


def test_the_image_runs_without_root_and_is_looked_at() -> None:
    """The last stage of the Containerfile is run by its own user, and has a health check."""
    last = CONTAINERFILE.read_text().rpartition("\nFROM ")[2]
    assert re.search(r"(?m)^USER comenq$", last)
    assert re.search(r"(?m)^HEALTHCHECK .* CMD ", last)
    assert re.search(r"(?m)^ENTRYPOINT \[", last)
