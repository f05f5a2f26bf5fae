"""comenq as a service on a machine of its own, and what is done with it."""

from __future__ import annotations

import json

from comenq_core.supervisor.launch import conf_file
from comenq_core.testing.forge import Forge
from tests.service.machine import PYTHON, Machine
from tests.service.wheelhouse import REQUIREMENTS, WHEEL

__all__ = ["TOKEN", "UNCHANGED", "Service"]

TOKEN = "ghp_canary0123456789"
UNCHANGED = "Nothing has changed."
PROPERTIES = ("ActiveState", "NRestarts", "Result", "StatusText")


class Service:
    """comenq on its machine.

    Args:
        machine: where it is installed.
        forge: the stand-in to which it posts.
    """

    def __init__(self, machine: Machine, forge: Forge) -> None:
        self.machine = machine
        self._forge = forge
        self._posted = len(forge.comments)

    def install(self, *options: str, version: str = "") -> str:
        """Run scripts/install.sh, which starts the service; return what it says.

        Args:
            options: its options, if not those for a first installation.
            version: which of the wheels to install, by default the checkout's.
        """
        (wheel,) = (self.machine.share / "wheels" / version).glob(WHEEL)
        inside = "/mnt/share" / wheel.relative_to(self.machine.share)
        place = "/mnt/share/wheels"
        hashes = f"COMENQ_REQUIREMENTS={place}/{REQUIREMENTS}"
        pip = ("PIP_NO_INDEX=1", f"PIP_FIND_LINKS={place}", hashes)
        script = ("/mnt/checkout/scripts/install.sh", "--wheel", inside)
        (self.machine.share / "token").write_text(TOKEN)
        first = ("--no-check", "--token-file", "/mnt/share/token")
        run = ("env", f"COMENQ_PYTHON={PYTHON}", *pip, *script)
        return self.machine.run(*run, *(options or first))

    def configure(self) -> None:
        """Give it a token, a stand-in to post to without pauses, and a member to its group."""
        self.machine.write("/etc/comenqd/github_token", TOKEN)
        self.set("")
        self.machine.run("usermod", "--append", "--groups", "comenq", "member")

    def set(self, settings: str) -> None:
        """Write its configuration: what the tests need, the example, and these settings."""
        known = f'github_api_url = "{self._forge.url}"\ncooldown_period_seconds = 0\n'
        example = conf_file("config.toml").read_text()
        self.machine.write("/etc/comenqd/config.toml", f"{known}{example}{settings}")

    def add_to_unit(self, *lines: str) -> None:
        """Give the unit these lines of [Service] beside its own, and none of former times."""
        place = "/run/systemd/system/comenq.service.d"
        self.machine.run("rm", "-rf", place)
        if lines:
            self.machine.run("mkdir", place)
            self.machine.write(f"{place}/test.conf", "\n".join(["[Service]", *lines, ""]))
        self.machine.run("systemctl", "daemon-reload")

    def put(self, body: str) -> str:
        """Queue a comment as a member of the group; return the job's id."""
        words = ("comenq", "put", "--json", "o/r", "1", body)
        entry = json.loads(self.machine.run_as("member", *words))
        return str(entry["id"])

    def posted(self, *bodies: str) -> None:
        """Wait until these comments have been posted, after those before, and no others."""
        start = self._posted
        self._posted += len(bodies)
        comments = self._forge.wait_for_comments(self._posted)
        assert [comment.body for comment in comments[start:]] == list(bodies)

    def pid(self, program: str) -> str:
        """The process id of ``supervisord``, ``listener`` or ``worker``."""
        if program == "supervisord":
            return self.show("MainPID")["MainPID"]
        return self.machine.run("comenqd", "ctl", "pid", program).strip()

    def show(self, *properties: str) -> dict[str, str]:
        """What systemd knows of the unit."""
        names = ",".join(properties or PROPERTIES)
        text = self.machine.run("systemctl", "show", f"--property={names}", "comenq")
        return dict(line.split("=", 1) for line in text.splitlines())

    def systemctl(self, verb: str) -> None:
        """Have systemd do something with the unit, and wait until it is done."""
        self.machine.run("systemctl", verb, "comenq")
