"""What docs/web.md shows works as it is written: commands, and nginx's configuration."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from comenq_core.testing.deadline import DEADLINE
from tests.http.api.running import WebDaemon, running

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "web.md").read_text()
NGINX = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


def section(title: str) -> str:
    """The text under a title."""
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def blocks(title: str, pattern: str) -> Sequence[str]:
    """The indented blocks of a section that begin so, without their indentation."""
    found = re.findall(r"(?:^    .*\n)+(?:\n(?:^    .*\n)+)*", section(title), re.MULTILINE)
    texts = [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]
    return [text for text in texts if re.match(pattern, text)]


def test_the_examples_of_the_api_work() -> None:
    """Every command of the section on the API succeeds, in the order of the page."""
    script = "\n".join(["set -euo pipefail", *blocks("API", "URL=|curl|ID=")])
    script = script.replace("curl -sS", "curl -sS --fail-with-body")
    with running() as daemon:
        daemon.serve()
        script = script.replace("http://127.0.0.1:8730", daemon.url)
        script = script.replace("comenqd token", f"comenqd --config {daemon.config} token")
        done = subprocess.run(
            ["bash", "-c", script],
            env=daemon.environment,
            cwd=daemon.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == script.count("curl -sS") - 1  # one is in a variable
        assert (daemon.directory / "token").stat().st_mode & 0o077 == 0


@contextmanager
def proxy(daemon: WebDaemon, listener: socket.socket, location: str) -> Iterator[Path]:
    """Run nginx on this socket, with TLS and this block; yield its authority's certificate."""
    assert NGINX
    directory = daemon.directory / "nginx"
    directory.mkdir()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(directory / "server.pem"))
    authority.cert_pem.write_to_path(str(directory / "authority.pem"))
    (directory / "nginx.conf").write_text(
        f"daemon off; pid {directory}/pid; error_log stderr warn;\n"
        f"{'user root;' if os.geteuid() == 0 else ''} worker_processes 1; events {{ }}\n"
        f"http {{ access_log off;\n"
        + "".join(
            f"{kind}_temp_path {directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"server {{ listen 127.0.0.1:{listener.getsockname()[1]} ssl;\n"
        f"ssl_certificate {directory}/server.pem; ssl_certificate_key {directory}/server.pem;\n"
        f"{location} }} }}\n"
    )
    # nginx takes sockets that are open already, as it does when it replaces itself.
    process = subprocess.Popen(
        [NGINX, "-c", directory / "nginx.conf", "-p", directory, "-e", "stderr"],
        env={**os.environ, "NGINX": f"{listener.fileno()};"},
        pass_fds=[listener.fileno()],
        stdin=subprocess.DEVNULL,
    )
    try:
        yield directory / "authority.pem"
    finally:
        process.terminate()
        assert process.wait(DEADLINE) == 0


@pytest.mark.skipif(NGINX is None, reason="there is no nginx here")
@pytest.mark.parametrize(
    ("kind", "keeps"),
    [
        ("127.0.0.1", True),
        pytest.param("127.0.0.1", False, marks=pytest.mark.full),
        pytest.param("unix", True, marks=pytest.mark.full),
        pytest.param("unix", False, marks=pytest.mark.full),
    ],
)
def test_nginx_in_front_works(kind: str, keeps: bool) -> None:
    """Behind nginx with TLS and a prefix, a comment is queued and read by the addresses shown."""
    (location,) = (one for one in blocks("Behind a proxy", "location") if kind in one)
    location = location.partition("\n\n")[0]
    with socket.create_server(("127.0.0.1", 0)) as listener, running() as daemon:
        outside = f"https://localhost:{listener.getsockname()[1]}/comenq"
        path = daemon.directory / "run" / "http.sock"
        listen = f"unix:{path}" if kind == "unix" else "127.0.0.1:0"
        daemon.change(**{"http.url": outside, "http.listen": listen})
        daemon.serve()
        inside = daemon.log.last(r" info http listening: .* listen=(\S+)")[1]
        end = "" if keeps else ":"
        location = location.replace("unix:/run/comenq/http.sock", f"unix:{path}{end}")
        location = location.replace("127.0.0.1:8730", inside)
        if not keeps:
            location = re.sub(r"(proxy_pass .*?);", r"\1/;", location)
        token = daemon.token("ci", "queue")
        with proxy(daemon, listener, location) as authority, requests.Session() as session:
            session.verify = str(authority)
            session.headers["Authorization"] = f"Bearer {token}"
            body = {"owner": "o", "repo": "r", "pr_number": 1, "body": "x" * 200_000, "hold": True}
            queued = session.post(f"{outside}/comments", json=body, timeout=DEADLINE)
            assert (queued.status_code, queued.json()["state"]) == (202, "held")
            place = queued.headers["location"]
            assert place.startswith("/comenq/comments/")
            shown = session.get(outside.removesuffix("/comenq") + place, timeout=DEADLINE)
            assert shown.json() == queued.json()
            described = session.get(f"{outside}/openapi.json", timeout=DEADLINE)
            assert described.json()["servers"] == [{"url": "/comenq"}]
