"""What the listener needs while many clients send much."""

from __future__ import annotations

import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from comenq_core.client import Client
from comenq_core.errors import DaemonRefused
from comenq_core.limits import BODY_LIMIT
from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon

CLIENTS = 500
MOST_MIB = 200


@pytest.mark.full
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")
def test_many_clients_with_the_largest_comments(forge: Forge) -> None:
    """500 that send at once are acknowledged or refused, and it stays below 200 MiB."""
    together = Barrier(CLIENTS)

    def put(number: int) -> str:
        body = f"{number} ".ljust(BODY_LIMIT, "x")
        with Client(str(daemon.socket), DEADLINE) as client:
            together.wait(DEADLINE)
            try:
                client.ask({"owner": "o", "repo": "r", "pr_number": 1, "body": body})
            except DaemonRefused as error:
                return error.why
        return "ok"

    with (
        Daemon(forge.url, cooldown_period_seconds=3_600).start() as daemon,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        answers = Counter(pool.map(put, range(CLIENTS)))
        status = Path(f"/proc/{daemon.pid('listener')}/status").read_text()
    assert set(answers) <= {"ok", "busy"}
    assert answers["ok"] > CLIENTS / 2
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    assert found
    assert int(found[1]) / 1024 < MOST_MIB
