"""The units and the property list that start comenq."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from comenq_core.supervisor.launch import conf_file

UNITS = ("comenq.service", "comenq-user.service")
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="there is no systemd-analyze on this machine"
)


def unit(name: str) -> RawConfigParser:
    """A unit's settings; of those that are given several times, the last counts."""
    parsed = RawConfigParser(strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # their case counts
    parsed.read(conf_file(name))
    return parsed


def seconds_to_stop() -> int:
    """The longest that supervisord waits for a program to end."""
    conf = RawConfigParser(comment_prefixes=(";",))
    conf.read(conf_file("supervisord.conf"))
    return max(conf.getint(f"program:{name}", "stopwaitsecs") for name in ("listener", "worker"))


@needs_systemd
def test_the_service_is_hardly_exposed() -> None:
    """The unit's exposure, as systemd assesses it, is 1.2 or better, of 10."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    done = subprocess.run(
        [*command, conf_file("comenq.service")],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    exposure = re.search(r"Overall exposure level for comenq.service: ([0-9.]+)", done.stdout)
    assert exposure, done.stdout
    assert float(exposure[1]) <= 1.2


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_has_nothing_to_say_against_a_unit(name: str, tmp_path: Path) -> None:
    """Every line of a unit is one that systemd knows and can use."""
    text = re.sub(r"(=\+?)\S+bin/comenqd", r"\1/bin/true", conf_file(name).read_text())
    path = tmp_path / name
    path.write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_gives_a_post_in_flight_its_time(name: str) -> None:
    """A unit lets systemd wait for longer than supervisord does before it kills."""
    stop = unit(name)["Service"]["TimeoutStopSec"]

    assert int(stop.removesuffix("s")) > seconds_to_stop()


def test_the_property_list_is_one_of_launchd() -> None:
    """With it, launchd starts comenqd, keeps it running, and lets a post in flight end."""
    job = plistlib.loads(conf_file("org.comenq.comenqd.plist").read_bytes())

    assert job["Label"] == "org.comenq.comenqd"
    assert job["ProgramArguments"][0].endswith("/comenqd")
    assert job["RunAtLoad"] is True
    assert job["KeepAlive"] is True
    assert job["ExitTimeOut"] > seconds_to_stop()
    assert job["Umask"] == 0o077


def test_the_property_list_has_only_keys_that_launchd_knows() -> None:
    """It has no key that launchd would silently ignore, or whose value is of another kind."""
    # As its manual says: https://keith.github.io/xcode-man-pages/launchd.plist.5.html
    known = {
        "ExitTimeOut": int, "GroupName": str, "HardResourceLimits": dict, "KeepAlive": bool,
        "Label": str, "ProcessType": str, "ProgramArguments": list, "RunAtLoad": bool,
        "StandardErrorPath": str, "StandardOutPath": str, "ThrottleInterval": int, "Umask": int,
        "UserName": str, "WorkingDirectory": str,
    }  # fmt: skip
    job = plistlib.loads(conf_file("org.comenq.comenqd.plist").read_bytes())

    assert {key: type(value) for key, value in job.items()} == {key: known[key] for key in job}
    assert job["ProcessType"] in {"Background", "Standard", "Adaptive", "Interactive"}
    assert job["HardResourceLimits"] == {"Core": 0}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_tells_which_boot_it_is(name: str) -> None:
    """The daemon is told the boot, which the unit's sandbox hides."""
    assert unit(name)["Service"]["Environment"] == "COMENQ_BOOT_ID=%b"
