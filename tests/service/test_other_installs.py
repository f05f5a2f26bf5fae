"""An installation on a whole machine without systemd."""

from __future__ import annotations

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import READY
from tests.service.machine import PYTHON, Machine, missing
from tests.service.service import TOKEN
from tests.service.wheelhouse import REQUIREMENTS

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(reason := missing()), reason=reason),
]

SCRIPT = "/mnt/checkout/scripts/install.sh"
OFFLINE = (
    f"COMENQ_PYTHON={PYTHON}",
    "PIP_NO_INDEX=1",
    "PIP_FIND_LINKS=/mnt/share/wheels",
    f"COMENQ_REQUIREMENTS=/mnt/share/wheels/{REQUIREMENTS}",
)


def test_a_machine_without_systemd(machine: Machine, stand_in: Forge, wheel: str) -> None:
    """Without systemd, the account is made by useradd, and its daemon posts until it is stopped."""
    tools = "/srv/tools"
    hidden = " ".join(f"{tools}/{name}" for name in ("systemctl", "systemd-sysusers"))
    machine.run("sh", "-c", f"mkdir {tools} && ln -s /usr/bin/* /usr/sbin/* {tools}/ ; rm {hidden}")
    path = f"PATH={tools}"
    (machine.share / "token").write_text(TOKEN)
    token = ("--no-check", "--token-file", "/mnt/share/token")
    said = machine.run("env", *OFFLINE, path, SCRIPT, "--wheel", wheel, *token)
    start = "sudo -u comenq /opt/comenq/bin/comenqd --config /etc/comenqd/config.toml"
    assert start in said

    places = ("/etc/comenqd/github_token", "/run/comenq")
    said = machine.run("stat", "--format=%U:%G %a", *places)
    assert said.splitlines() == ["comenq:comenq 600", "comenq:comenq 750"]
    check = machine.run_as("comenq", "env", path, "/usr/local/sbin/comenqd", "check")
    assert "WRONG" not in check

    machine.run("install", "-d", "-o", "comenq", "-g", "comenq", "-m", "0750", "/run/comenq")
    become = ("setpriv", "--reuid=comenq", "--regid=comenq", "--init-groups", "env", path)
    told = f"COMENQD_GITHUB_API_URL={stand_in.url}"
    log = machine.follow_command(*become, told, "/usr/local/sbin/comenqd")
    log.until(*READY)
    before = len(stand_in.comments)
    machine.run("comenq", "o/r", "1", "by hand")
    assert stand_in.wait_for_comments(before + 1)[-1].body == "by hand"

    refused = machine.run("env", path, SCRIPT, "--uninstall", "--purge", status=1)
    assert "a daemon runs with /etc/comenqd/config.toml: stop it where" in refused
    supervisord = machine.run("comenqd", "ctl", "pid").strip()
    machine.run("comenqd", "ctl", "shutdown")
    machine.run("tail", f"--pid={supervisord}", "--follow", "/dev/null")

    machine.run("env", path, SCRIPT, "--uninstall", "--purge")
    machine.run("getent", "passwd", "comenq", status=2)
