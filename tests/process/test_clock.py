"""The clock that the pace follows, under what hides it."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from functools import cache

import pytest

from comenq_core.model import ONE_PROCESS
from comenq_core.process.clock import first_uuid, output
from comenq_core.testing.forge import Forge
from comenq_core.wire.rfc3339 import format_time, parse_time
from tests.process.daemon import SCRIPTS, Daemon

BOOT = "0f9e8d7c6b5a49388271605f4e3d2c1b"
"""A boot as systemd's specifier ``%b`` writes it."""
NAMED = "0f9e8d7c-6b5a-4938-8271-605f4e3d2c1b"
"""The same as Linux does."""
HIDDEN = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount",
          "--propagation", "private", "sh", "-c",
          'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh")  # fmt: skip
"""Runs a command with the /proc of the unit's ``ProcSubset=pid``."""


class Hidden(Daemon):
    """A daemon with the /proc that the service's unit gives it."""

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Start it; the process that is returned ends with it, and takes it along."""
        return self.launch(*HIDDEN, SCRIPTS / "comenqd", *words, "--config", self.config)


@cache
def cannot_hide() -> bool:
    """Whether no such /proc is to be had."""
    try:
        done = subprocess.run([*HIDDEN, "test", "!", "-e", "/proc/sys"], capture_output=True)  # noqa: PLW1510
    except FileNotFoundError:
        return True
    return bool(done.returncode)


needs_proc_subset = pytest.mark.skipif(
    cannot_hide(), reason="no /proc with subset=pid is to be had here"
)


def post(daemon: Daemon) -> dict[str, str]:
    """Post a comment, and return when that was, as it is recorded."""
    daemon.put("first")
    daemon.log.until(r"job_done: ")
    return dict(last_record(daemon)["at"])


def last_record(daemon: Daemon) -> dict[str, dict[str, str]]:
    """The pacing record of the only account."""
    lines = (daemon.queue / "pacing.jsonl").read_text().splitlines()
    ((record),) = json.loads(lines[-1])
    return dict(record)


def step_clock(daemon: Daemon, by: timedelta) -> None:
    """Make the record say what it would if the wall clock had been set since."""
    record = last_record(daemon)
    record["at"]["wall"] = format_time(parse_time(record["at"]["wall"]) - by)
    (daemon.queue / "pacing.jsonl").write_text(json.dumps([record]) + "\n")


@needs_proc_subset
@pytest.mark.parametrize("variables", [{}, {"COMENQ_BOOT_ID": BOOT}], ids=["unknown", "told"])
def test_a_clock_that_is_set_ahead_does_not_end_the_cooldown(
    forge: Forge, variables: dict[str, str]
) -> None:
    """Where /proc/sys is hidden, an hour ahead and a restart leave a cooldown as long as it is."""
    with Hidden(forge.url, cooldown_period_seconds=600) as daemon:
        daemon.variables |= variables
        daemon.start()
        post(daemon)
        daemon.kill()
        step_clock(daemon, timedelta(hours=1))
        daemon.start()
        daemon.put("second")

        # An unknown boot is trouble.
        shown = daemon.comenq("status", "--json", status=0 if variables else 1)
        (account,) = json.loads(shown)["accounts"]

    # Killed before it has recorded the end, the attempt may have gone on for half a minute.
    assert 0 < account["post_in"] <= 630
    assert len(forge.wait_for_requests(1, method="POST")) == 1


@needs_proc_subset
def test_the_unit_tells_which_boot_it_is(forge: Forge) -> None:
    """With what the unit sets for its ``%b``, records name the boot as where /proc is whole."""
    with Hidden(forge.url) as daemon:
        daemon.variables["COMENQ_BOOT_ID"] = BOOT
        at = post(daemon.start())

        assert json.loads(daemon.comenq("status", "--json"))["trouble"] == []
        assert at["boot"] == NAMED
        assert "boot_unknown" not in str(daemon.log)


@needs_proc_subset
def test_a_boot_that_nothing_tells_is_told(forge: Forge) -> None:
    """Without either, the log and the status say so, and the clock counts."""
    with Hidden(forge.url) as daemon:
        at = post(daemon.start())

        (trouble,) = json.loads(daemon.comenq("status", "--json", status=1))["trouble"]
        daemon.log.last(r" warning worker boot_unknown: .*COMENQ_BOOT_ID=%b")
    assert trouble["kind"] == "clock"
    assert at["boot"].startswith(ONE_PROCESS)
    assert float(at["ticks"]) > 0


@needs_proc_subset
@pytest.mark.parametrize(
    ("variables", "severity"), [({}, "warning"), ({"COMENQ_BOOT_ID": BOOT}, "ok")]
)
def test_the_check_says_whether_the_boot_is_known(variables: dict[str, str], severity: str) -> None:
    """Where nothing tells the boot, the check has a warning with what to do."""
    with Hidden("http://127.0.0.1:1") as daemon:
        done = subprocess.run(
            [*HIDDEN, SCRIPTS / "comenqd", "check", "--json", "--config", daemon.config],
            env=daemon.environment | variables,
            capture_output=True,
            check=False,
        )

    (found,) = [one for one in json.loads(done.stdout) if one["subject"] == "clock"]
    assert found["severity"] == severity
    assert ("COMENQ_BOOT_ID=%b" in found["text"]) == (severity == "warning")


def test_the_boot_is_the_first_uuid_that_is_told() -> None:
    """What systemd, Linux and macOS print is read alike; what is no UUID is passed over."""
    for text in (BOOT, f"{NAMED}\n", f"{NAMED.upper()}\n"):
        assert first_uuid(["", "unknown", "0" * 32, text, "f" * 32]) == NAMED
    assert first_uuid(["", "sysctl: unknown oid"]) == ""


def test_a_command_may_tell_the_boot() -> None:
    """A command's output is read, and one that is missing or fails tells nothing."""
    assert first_uuid([output(["echo", NAMED.upper()])]) == NAMED
    assert output(["/nowhere/sysctl"]) == output(["false"]) == ""
