"""What the service makes of a part that makes no progress, and of the clock that its unit hides."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.process.log import Log
from tests.service.machine import Machine, missing
from tests.service.service import Service

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(reason := missing()), reason=reason),
]

SHORTER = {
    "comenq_core.policy.health.GRACE_SECONDS": "5.0",
    "comenq_core.policy.remedy._ANSWER_SECONDS": "45.0",
    "comenq_core.policy.remedy._SHOWN_SECONDS": "15.0",
    "comenq_core.policy.remedy._STALLED_SECONDS": "15.0",
    "comenq_core.supervisor.progress._PERIOD_SECONDS": "4.0",
}
"""What these tests shorten, and to how many seconds. Between the time when a silent listener is
shown and the time when it is killed again, the watchdog has to run out."""


@pytest.fixture
def hasty(service: Service) -> Iterator[Service]:
    """The running service, with shorter waits than usual: Python runs this file at each start."""
    modules = {name.rpartition(".")[0] for name in SHORTER}
    words = [f"import {', '.join(sorted(modules))}"]
    words += [f"{name} = {value}" for name, value in SHORTER.items()]
    site = "/opt/comenq/bin/python -c 'import site; print(site.getsitepackages()[0])'"
    place = f"{service.machine.run('sh', '-c', site).strip()}/shorter.pth"
    service.machine.write(place, "; ".join(words) + "\n")
    service.add_to_unit("WatchdogSec=15s")
    service.systemctl("restart")
    yield service
    service.machine.run("rm", place)
    service.add_to_unit()
    service.systemctl("restart")


def stop(service: Service, program: str, log: Log) -> None:
    """Stop a program with SIGSTOP, and wait until supervisord has started another one."""
    service.machine.run("kill", "-STOP", service.pid(program))
    log.until(rf"error supervisor no_progress: .* program={program}$")
    log.until(rf" info {program} started: ")


@pytest.mark.parametrize("program", ["worker", "listener"])
def test_a_stopped_program_is_restarted_by_the_supervisor(hasty: Service, program: str) -> None:
    """Under its unit, a part that does not go on is killed and started again, and no other one."""
    before, log = hasty.pid("supervisord"), hasty.machine.follow("comenq")

    stop(hasty, program, log)

    hasty.put(f"after the {program}")
    hasty.posted(f"after the {program}")
    assert hasty.pid("supervisord") == before
    assert hasty.show()["NRestarts"] == "0"


def test_what_restarts_do_not_mend_the_watchdog_does(hasty: Service) -> None:
    """When a part stops again and again, systemd ends everything and starts it anew."""
    log = hasty.machine.follow("comenq")
    for _ in range(3):
        stop(hasty, "listener", log)

    hasty.machine.run("kill", "-STOP", hasty.pid("listener"))

    log.until("error supervisor stuck: ")
    log.until("Watchdog timeout", "Started comenq")
    hasty.put("after the watchdog")
    hasty.posted("after the watchdog")


def boot_of(service: Service) -> str:
    """The boot that the daemon has recorded with its last post."""
    records = service.machine.run("tail", "--lines=1", "/var/lib/comenq/queue/pacing.jsonl")
    return str(json.loads(records)[0]["at"]["boot"])


def has_proc_sys(machine: Machine, pid: str) -> bool:
    """Whether a process can see /proc/sys."""
    seen = machine.run("nsenter", f"--target={pid}", "--mount", "ls", "/proc")
    return "sys" in seen.splitlines()


def test_the_daemon_knows_the_boot_that_its_sandbox_hides(service: Service) -> None:
    """The unit's ProcSubset=pid hides /proc/sys, and its %b tells the same."""
    if has_proc_sys(service.machine, service.pid("worker")):
        pytest.skip("this systemd or kernel knows no ProcSubset=pid")
    service.put("in this boot")
    service.posted("in this boot")
    assert json.loads(service.machine.run("comenq", "status", "--json"))["trouble"] == []
    boot = service.machine.run("cat", "/proc/sys/kernel/random/boot_id").strip()
    assert boot_of(service) == boot


def test_a_unit_that_does_not_tell_the_boot_is_trouble(service: Service) -> None:
    """Without the variable, the same sandbox leaves the daemon no boot, and the status says so."""
    if has_proc_sys(service.machine, service.pid("worker")):
        pytest.skip("this systemd or kernel knows no ProcSubset=pid")
    service.add_to_unit("UnsetEnvironment=COMENQ_BOOT_ID")
    service.systemctl("restart")
    try:
        told = json.loads(service.machine.run("comenq", "status", "--json", status=1))["trouble"]
        assert [one["kind"] for one in told] == ["clock"]
    finally:
        service.add_to_unit()
        service.systemctl("restart")
