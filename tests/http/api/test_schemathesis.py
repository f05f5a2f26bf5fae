"""Requests that schemathesis makes of the description, against a running daemon.

`tests.http.api.serving.Served` holds every answer of the other tests against the description.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.http.api.running import running

COMMAND = Path(sysconfig.get_path("scripts")) / "schemathesis"


CONFIGURATION = """\
# No schema says which members exclude one another, which lanes there are, or what has changed.
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "409", "412", "422"]
# A deleted comment is shown as deleted for as long as it can be restored.
use_after_free.enabled = false
"""


@pytest.mark.full
def test_many_requests_find_no_fault() -> None:
    """Requests of every endpoint, valid and not, and chains of them, are answered as it says."""
    with running() as daemon:
        token = daemon.token("judge", "manage")
        daemon.serve()
        done = subprocess.run(
            [COMMAND, "--config-file", daemon.write("schemathesis.toml", CONFIGURATION), "run",
             f"{daemon.url}/openapi.json", "--no-color", "--seed", "1",
             "--header", f"Authorization: Bearer {token}", "--max-examples", "50"],
            env={**os.environ, "HOME": str(daemon.directory)},
            cwd=daemon.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert " internal: " not in str(daemon.log)
