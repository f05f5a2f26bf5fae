"""comenq on a machine of its own, with a real systemd: from nothing to a service, and back."""

from __future__ import annotations

import json
import re

import pytest

from tests.process.log import Log
from tests.service.machine import missing
from tests.service.service import TOKEN, UNCHANGED, Service
from tests.service.wheelhouse import build_wheel

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(reason := missing()), reason=reason),
]


def test_installing_twice_changes_nothing(installed: Service) -> None:
    """After the first run of scripts/install.sh, the second one says that it changes nothing."""
    first, *_ = installed.install().splitlines()
    assert first == UNCHANGED


def test_an_installation_passes_its_own_check(installed: Service) -> None:
    """With a token in its place, `comenqd check` finds everything in order."""
    assert "WRONG" not in installed.machine.run("comenqd", "check")


def test_everything_has_its_owner_and_mode(installed: Service) -> None:
    """The token is root's alone, the configuration its group's to read, the queue comenq's."""
    paths = ("/etc/comenqd", "/etc/comenqd/config.toml", "/etc/comenqd/github_token",
             "/var/lib/comenq", "/run/comenq")  # fmt: skip
    assert installed.machine.run("stat", "--format=%U:%G %a", *paths).splitlines() == [
        "root:comenq 750",
        "root:comenq 640",
        "root:root 600",
        "comenq:comenq 750",
        "comenq:comenq 750",
    ]


def test_a_member_of_the_group_queues_a_comment(service: Service) -> None:
    """What a member of the group hands in is on the pull request."""
    service.put("from a member")
    service.posted("from a member")


def test_an_outsider_is_refused(service: Service) -> None:
    """Who is not in the group is told that they may not connect, and how they could."""
    said = service.machine.run_as("outsider", "comenq", "o/r", "1", "no", status=3)
    assert "not permitted; members of the socket's group may connect" in said


def test_the_log_is_in_the_journal_with_priorities(service: Service) -> None:
    """The journal knows what went well and what an operator should see to."""
    service.put("logged")
    service.posted("logged")
    journal = ("journalctl", "--unit=comenq", "--output=json")
    lines = map(json.loads, service.machine.run(*journal).splitlines())
    levels = {
        (line["PRIORITY"], line["MESSAGE"].split()[1])
        for line in lines
        if re.match(r"\S+Z ", line["MESSAGE"])
    }
    assert ("6", "info") in levels
    assert levels <= {("6", "info"), ("4", "warning"), ("3", "error")}


def test_the_status_tells_what_is_queued(service: Service) -> None:
    """After a restart with a held-up queue, `systemctl status` tells how much waits."""
    service.machine.run("comenq", "pause", "test")
    service.put("later")
    service.systemctl("restart")
    assert service.show()["StatusText"].startswith("1 waiting, ")
    service.machine.run("comenq", "resume")
    service.posted("later")


def test_the_token_is_nowhere_to_be_seen(service: Service) -> None:
    """No environment, no command line and no line of the journal holds the token."""
    seen = service.machine.run("sh", "-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline")
    assert "comenqd" in seen
    assert TOKEN not in seen
    assert TOKEN not in service.machine.run("journalctl", "--output=export")
    assert TOKEN not in service.machine.run("systemctl", "show", "comenq")


@pytest.mark.parametrize("program", ["listener", "worker", "supervisord"])
def test_a_killed_process_comes_back(service: Service, program: str) -> None:
    """After kill -9 of any process of it, the service restarts, and posts."""
    old = service.pid(program)
    log = service.machine.follow("comenq")
    service.machine.run("kill", "-9", old)
    log.until(*AGAIN[program])
    assert service.pid(program) != old
    service.put(f"after the {program}")
    service.posted(f"after the {program}")


AGAIN = {
    "listener": (r"unix listening: ",),
    "worker": (r"worker started: ",),
    "supervisord": (r"Started comenq",),
}


def test_a_supervisord_that_hangs_is_replaced(service: Service) -> None:
    """When supervisord stops turning, the watchdog has everything started again."""
    log: Log = service.machine.follow("comenq")
    service.machine.run("kill", "-STOP", service.pid("supervisord"))
    log.until(r"Watchdog timeout", r"Started comenq")
    service.put("after the watchdog")
    service.posted("after the watchdog")


def test_a_changed_token_is_used_after_a_restart(service: Service) -> None:
    """The check warns that the service has the former token, until it is restarted."""
    service.machine.write("/etc/comenqd/github_token", "ghp_another")
    try:
        assert "has a former /etc/comenqd/github_token" in service.machine.run("comenqd", "check")
        service.systemctl("restart")
        assert "former" not in service.machine.run("comenqd", "check")
        service.put("with another token")
        service.posted("with another token")
    finally:
        service.machine.write("/etc/comenqd/github_token", TOKEN)
        service.systemctl("restart")


def test_a_service_that_cannot_run_fails(service: Service) -> None:
    """Without a token the unit ends as failed, and says why; it runs again once there is one."""
    service.add_to_unit("RestartSec=100ms")
    log = service.machine.follow("comenq")
    service.machine.write("/etc/comenqd/github_token", "")
    service.machine.run("systemctl", "restart", "comenq", status=1)
    log.until(r"github_token: holds no token", r"Start request repeated too quickly")
    assert service.show()["ActiveState"] == "failed"

    service.add_to_unit()
    service.machine.write("/etc/comenqd/github_token", TOKEN)
    service.systemctl("reset-failed")
    service.systemctl("start")
    service.put("with a token")
    service.posted("with a token")


def test_what_waits_outlives_a_stop(service: Service) -> None:
    """Jobs that wait when the service is stopped are posted when it is started again."""
    service.machine.run("comenq", "pause", "test")
    service.put("waiting")
    service.systemctl("stop")
    assert service.show()["Result"] == "success"
    assert service.machine.run("ls", "/run").find("comenq") == -1
    service.systemctl("start")
    service.machine.run("comenq", "resume")
    service.posted("waiting")


def test_the_sandbox_leaves_https_alone(service: Service) -> None:
    """Python's TLS, and the certificates of those who may be trusted, can be used in the unit."""
    check = "import requests, ssl; ssl.create_default_context(cafile=requests.certs.where())"
    service.add_to_unit(f"ExecStartPre=/opt/comenq/bin/python -P -c '{check}'")
    try:
        service.systemctl("restart")
    finally:
        service.add_to_unit()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("[unix]\ngroup = 'member'", "unix.group: the socket cannot be given to that group here"),
        ("[spool]\ngroup = 'member'", "[spool] group: .*/queue cannot be given to that group"),
        ("[spool]\ngroup = 'comenq'", "[spool] group: .*/new cannot have mode 3730 here"),
    ],
)
def test_what_the_sandbox_forbids_is_told(service: Service, settings: str, complaint: str) -> None:
    """A group that the unit cannot give away is refused with the reason, not passed over."""
    service.systemctl("stop")
    service.machine.write("/run/other.toml", settings)
    listen = "/usr/local/sbin/comenqd --config /run/other.toml listen"
    service.add_to_unit(f"ExecStartPre={listen}", "Restart=no")
    log = service.machine.follow("comenq")
    try:
        service.machine.run("systemctl", "start", "comenq", status=1)
    finally:
        service.add_to_unit()
    log.until(complaint.replace("[", r"\["))
    service.systemctl("reset-failed")


def test_members_may_drop_files_where_the_unit_lets_them(service: Service) -> None:
    """With [spool] group and RestrictSUIDSGID=no, a member moves a file into the queue."""
    service.set("[spool]\ngroup = 'comenq'\n")
    service.add_to_unit("RestrictSUIDSGID=no")
    service.systemctl("restart")
    draft = "/home/member/draft.json"
    request = {"owner": "o", "repo": "r", "pr_number": 1, "body": "dropped"}
    try:
        service.machine.run_as("member", "touch", draft)
        service.machine.write(draft, json.dumps(request))
        service.machine.run_as("member", "mv", draft, "/var/lib/comenq/queue/new/")
        service.posted("dropped")
    finally:
        service.add_to_unit()
        service.set("")
        service.machine.run("chmod", "0700", "/var/lib/comenq/queue/new")
        service.systemctl("restart")


def test_a_reload_reads_the_configuration(service: Service) -> None:
    """`systemctl reload` has the daemon work by what its file says now, without a stop."""
    before = service.pid("supervisord")
    service.set("max_pending = 1\n")
    try:
        service.systemctl("reload")
        service.machine.run("comenq", "pause", "test")
        service.put("the only one")
        refused = service.machine.run_as("member", "comenq", "o/r", "1", "too many", status=1)
    finally:
        service.set("")
    assert "max_pending is 1" in refused
    service.systemctl("reload")
    service.machine.run("comenq", "resume")
    service.posted("the only one")
    assert service.pid("supervisord") == before


def test_an_upgrade_in_place_loses_nothing(service: Service) -> None:
    """A newer version is installed over a running one, and posts what that one had queued."""
    later = service.machine.share / "wheels" / "later"
    if not later.exists():
        later.mkdir()
        build_wheel(later, version="0.9.9")
    service.machine.run("comenq", "pause", "test")
    for body in ("old one", "old two"):
        service.put(body)
    service.install(version="later")
    assert service.machine.run("comenq", "--version").split() == ["comenq", "0.9.9"]
    assert service.machine.run("cat", "/proc/1/comm")  # the machine lives on
    service.machine.run("comenq", "resume")
    service.posted("old one", "old two")


def test_uninstalling_keeps_the_queue(service: Service) -> None:
    """What was queued before comenq was uninstalled is posted once it is installed again."""
    service.machine.run("comenq", "pause", "test")
    service.put("kept")
    service.install("--uninstall")
    left = ("/opt/comenq", "/usr/local/bin/comenq", "/usr/local/sbin/comenqd")
    service.machine.run("sh", "-c", f"! ls -d {' '.join(left)}")
    assert service.show("LoadState") == {"LoadState": "not-found"}

    service.install()
    service.systemctl("start")
    service.machine.run("comenq", "resume")
    service.posted("kept")


def test_a_purge_leaves_nothing(service: Service) -> None:
    """After a purge, there is no file, no directory and no account of comenq's."""
    service.install("--uninstall", "--purge")
    found = ("find", "/etc", "/opt", "/usr/local", "/usr/lib", "/var/lib", "/run")
    files = service.machine.run(*found, "-xdev", "-iname", "*comenq*", "-not", "-path", "*/mnt/*")
    assert not files
    service.machine.run("getent", "passwd", "comenq", status=2)
    service.machine.run("getent", "group", "comenq", status=2)
