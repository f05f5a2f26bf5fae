"""A daemon where a platform has set variables and modes."""

from __future__ import annotations

from comenq_core.testing.forge import Forge
from tests.process.daemon import READY, Daemon

LINKS = {
    "COMENQD_PORT": "tcp://10.0.0.1:80",
    "COMENQD_SERVICE_HOST": "10.0.0.1",
    "COMENQD_SERVICE_PORT": "80",
    "COMENQD_PORT_80_TCP": "tcp://10.0.0.1:80",
    "COMENQD_PORT_80_TCP_ADDR": "10.0.0.1",
}
"""What Kubernetes sets in every pod of a namespace that has a Service named comenqd."""


def test_links_to_a_service_are_a_warning(forge: Forge) -> None:
    """The daemon starts, posts, and warns of each variable; `check` warns as well."""
    with Daemon(forge.url) as daemon:
        daemon.variables |= LINKS
        daemon.spawn()
        daemon.log.until(*(f"variable_ignored: {name} is a platform's" for name in LINKS), *READY)
        daemon.put("posted all the same")
        assert forge.wait_for_comments(1)[0].body == "posted all the same"
        shown = daemon.comenqd("check")
        assert all(f"warn   settings   {name} is" in shown for name in LINKS)
