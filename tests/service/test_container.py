"""The image of conf/Containerfile: built by podman on a machine of its own, and used."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import READY
from tests.process.log import Log
from tests.service.debian import pack
from tests.service.machine import Machine, missing
from tests.service.service import TOKEN

STORAGE = """\
[storage]
driver = "overlay"
runroot = "/run/containers"
graphroot = "/tmp/containers"
"""
# Without limits of its own, podman raises those that it finds, which a test's may not be.
ENGINE = """\
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
"""
PIP = "[global]\nno-index = true\nfind-links = /wheels\n"
# As docs/installing.md has it; the rest is for a machine in a machine.
HARDENED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
MOUNTED = (
    "--secret=github_token,uid=10001,gid=10001,mode=0400",
    "--volume=comenq-queue:/var/lib/comenq",
    "--volume=comenq-run:/run/comenq",
)


def lacking() -> str:
    """What keeps an image from being built and run here, or ``""``."""
    tools = [tool for tool in ("podman", "dpkg-query") if not shutil.which(tool)]
    if tools:
        return f"there is no {tools[0]} here"
    probe = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    command = ["/usr/bin/python3", "-c", probe]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stdout.split() != [str(number) for number in sys.version_info[:2]]:
        return "/usr/bin/python3 is another Python than the one whose wheels are here"
    return missing()


pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(reason := lacking()), reason=reason),
]


@pytest.fixture(scope="module")
def image(machine: Machine) -> str:
    """The image's name. No registry is asked: its base is made of this machine's packages."""
    pack(machine.share / "base.tar")
    (machine.share / "pip").mkdir()
    (machine.share / "pip/pip.conf").write_text(PIP)
    machine.run("mkdir", "-p", "/etc/containers")
    machine.write("/etc/containers/storage.conf", STORAGE)
    machine.write("/etc/containers/containers.conf", ENGINE)
    machine.run("podman", "import", "--quiet", "/mnt/share/base.tar", "base")
    offline = ("--volume=/mnt/share/wheels:/wheels:ro", "--volume=/mnt/share/pip:/etc/xdg/pip:ro")
    own = "--build-arg=REQUIREMENTS=/wheels"
    local = ("--isolation=chroot", "--layers=false", "--build-arg=BASE=base", *offline, own)
    build = ("podman", "build", "--format=docker", "--file=conf/Containerfile", "--tag=comenq")
    machine.run("env", "-C", "/mnt/checkout", *build, *local, ".")
    return "comenq"


@pytest.fixture(scope="module")
def container(machine: Machine, stand_in: Forge, image: str) -> Iterator[str]:
    """A container's name, with a token, and nothing that it does not need."""
    machine.run("sh", "-c", f"printf {TOKEN} | podman secret create github_token -")
    told = (
        f"--env=COMENQD_GITHUB_API_URL={stand_in.url}",
        "--env=COMENQD_COOLDOWN_PERIOD_SECONDS=0",
    )
    here = ("--cgroups=disabled", "--network=host", "--log-driver=k8s-file")
    machine.run("podman", "create", "--name=c", *HARDENED, *MOUNTED, *told, *here, image)
    yield "c"
    machine.run("podman", "rm", "--force", "c")


def start(machine: Machine, container: str) -> Log:
    """Start a container, and wait until it serves."""
    log = machine.follow_command("podman", "start", "--attach", container)
    log.until(*READY, r"worker entered RUNNING", r"listener entered RUNNING")
    return log


def test_a_life_in_a_container(machine: Machine, stand_in: Forge, container: str) -> None:
    """Without root and without rights, the daemon posts, reaps, tells its health, and ends."""

    def inside(*words: str, status: int | None = 0) -> str:
        return machine.run("podman", "exec", container, *words, status=status)

    log = start(machine, container)
    inside("comenq", "o/r", "1", "from a container")
    assert stand_in.wait_for_comments(1)[0].body == "from a container"
    about = inside("cat", "/proc/1/status").splitlines()
    assert {"Uid:\t10001\t10001\t10001\t10001", f"CapEff:\t{0:016x}", "NoNewPrivs:\t1"} <= {*about}

    machine.run("podman", "healthcheck", "run", container)
    inside("comenqd", "ctl", "stop", "worker")
    machine.run("podman", "healthcheck", "run", container, status=1)
    inside("comenqd", "ctl", "start", "worker")

    inside("sh", "-c", "sh -c : & exit")
    log.until(r"reaped unknown pid")

    inside("comenq", "pause")
    inside("comenq", "o/r", "1", "after a restart")
    machine.run("podman", "stop", "--time=60", container)
    shown = machine.run("podman", "inspect", "--format={{.State.ExitCode}}", container)
    assert shown.strip() == "0"

    start(machine, container)
    inside("comenq", "resume")
    assert stand_in.wait_for_comments(2)[1].body == "after a restart"
    assert TOKEN not in machine.run("podman", "logs", container)
