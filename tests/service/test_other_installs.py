"""Installations on a whole machine that are not the service: a user's own, and without systemd."""

from __future__ import annotations

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import READY
from tests.service.machine import PATH, PYTHON, Machine, missing
from tests.service.service import TOKEN
from tests.service.wheelhouse import REQUIREMENTS, WHEEL

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
# What user@.service does, without the session that logind would make for it.
MANAGER = """\
[Service]
User=member
Type=notify
Delegate=yes
Environment=XDG_RUNTIME_DIR=/run/user/member
ExecStart=/lib/systemd/systemd --user
"""


@pytest.fixture
def wheel(machine: Machine) -> str:
    """The checkout's wheel, as it is called on the machine."""
    (path,) = (machine.share / "wheels").glob(WHEEL)
    return f"/mnt/share/wheels/{path.name}"


def test_a_users_own_service(machine: Machine, stand_in: Forge, wheel: str) -> None:
    """A user without any rights installs comenq, has it run by their own systemd, and posts."""
    machine.run("install", "-d", "-o", "member", "-m", "700", "/run/user", "/run/user/member")
    machine.run("chmod", "755", "/run/user")
    machine.run("touch", "/run/systemd/system/manager.service")
    machine.write("/run/systemd/system/manager.service", MANAGER)
    machine.run("systemctl", "start", "manager")
    home = ("HOME=/home/member", "XDG_RUNTIME_DIR=/run/user/member", f"PATH={PATH}")
    commands = "/home/member/.local/bin"
    config = "/home/member/.config/comenqd"

    def run(*words: str) -> str:
        return machine.run_as("member", "env", *home, *words)

    run(*OFFLINE, SCRIPT, "--user", "--wheel", wheel)
    machine.write(f"{config}/github_token", TOKEN)
    example = machine.run("cat", f"{config}/config.toml")
    machine.write(f"{config}/config.toml", f'github_api_url = "{stand_in.url}"\n{example}')
    assert "WRONG" not in run(f"{commands}/comenqd", "check")
    run("systemctl", "--user", "start", "comenq")
    run(f"{commands}/comenq", "o/r", "1", "my own")

    assert stand_in.wait_for_comments(1)[-1].body == "my own"
    assert "waiting" in run("systemctl", "--user", "show", "--property=StatusText", "comenq")
    run(SCRIPT, "--user", "--uninstall", "--purge")
    left = run("find", "/home/member", "-name", "*comenq*", "-not", "-path", "*/.cache/*")
    assert not left
    machine.run("systemctl", "stop", "manager")


def test_a_machine_without_systemd(machine: Machine, stand_in: Forge, wheel: str) -> None:
    """Without systemd, the account is made by useradd, and its daemon posts until it is stopped."""
    tools = "/srv/tools"
    hidden = " ".join(f"{tools}/{name}" for name in ("systemctl", "systemd-sysusers"))
    machine.run("sh", "-c", f"mkdir {tools} && ln -s /usr/bin/* /usr/sbin/* {tools}/ ; rm {hidden}")
    path = f"PATH={tools}"
    machine.run("env", *OFFLINE, path, SCRIPT, "--wheel", wheel)

    places = ("/etc/comenqd/github_token", "/run/comenq")
    said = machine.run("stat", "--format=%U:%G %a", *places)
    assert said.splitlines() == ["comenq:comenq 600", "comenq:comenq 750"]
    machine.write("/etc/comenqd/github_token", TOKEN)
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
    assert "a daemon serves /run/comenq/comenq.sock: stop it" in refused
    supervisord = machine.run("comenqd", "ctl", "pid").strip()
    machine.run("comenqd", "ctl", "shutdown")
    machine.run("tail", f"--pid={supervisord}", "--follow", "/dev/null")

    machine.run("env", path, SCRIPT, "--uninstall", "--purge")
    machine.run("getent", "passwd", "comenq", status=2)
