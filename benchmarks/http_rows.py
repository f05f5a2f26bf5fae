"""Rows about the extra ``http``: its memory, and the page of a long queue."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import requests

from benchmarks.idle_rows import LIBRARIES, bare_process, memory_row
from benchmarks.long_queue import fill
from benchmarks.processes import listener, proportional, site
from benchmarks.ratios import Row, interleaved, row
from comenq_core.model.access import Scope
from comenq_core.process.token_file import add_token
from comenq_plugins.http.page.listing import SIZES

LENGTH = 10_000
SHOWN = SIZES["queue"]
WHOLE_KB = 100.0
LINKED = re.compile(r'(?:href|src)="(/static/[^"]+)"')
MORE = ("anyio", "jinja2", "starlette.applications", "uvicorn")


class _Web(NamedTuple):
    url: str
    listener: int
    api: requests.Session
    browser: requests.Session

    def seconds(self, session: requests.Session, path: str) -> float:
        """Until the whole answer is there."""
        start = time.perf_counter()
        session.get(f"{self.url}{path}", timeout=30).raise_for_status()
        return time.perf_counter() - start

    def size(self, path: str) -> int:
        """Bytes as they are sent, without headers: nothing is compressed."""
        answer = self.browser.get(f"{self.url}{path}", timeout=30)
        answer.raise_for_status()
        assert "Content-Encoding" not in answer.headers
        return len(answer.content)


def page() -> list[Row]:
    """The first view of a long queue, with all that a browser fetches for it."""
    with _web(LENGTH) as web:
        pairs = interleaved(
            lambda: web.seconds(web.browser, "/"),
            lambda: web.seconds(web.api, f"/comments?limit={SHOWN}"),
            30,
        )
        text = web.browser.get(f"{web.url}/", timeout=30).text
        linked = set(LINKED.findall(text))
        whole = web.size("/") + sum(map(web.size, linked))
    return [
        row(
            pairs,
            name=f"the page, first view, {LENGTH:,} comments waiting",
            against=f"the API's answer with the same {SHOWN} comments",
            unit="ms",
            scale=1e3,
            target=2.0,
        ),
        Row(
            name=f"size of that page with its {len(linked)} files, nothing compressed",
            against="100 kB",
            ours=whole / 1000,
            theirs=WHOLE_KB,
            unit="kB",
            target=1.0,
        ),
    ]


def memory() -> Row:
    """A listener that also serves HTTP, and has answered."""
    with _web(1) as web:
        web.seconds(web.browser, "/")
        time.sleep(1)
        ours = proportional(web.listener)
    libraries = (*LIBRARIES["listener"], *MORE)
    with bare_process(libraries) as bare:
        theirs = proportional(bare)
    return memory_row(
        "idle listener with the extra http", f"with {', '.join(libraries)}", ours, theirs
    )


@contextmanager
def _web(waiting: int) -> Iterator[_Web]:
    """A listener that serves HTTP, with so many comments; a client and a browser log in."""
    address = f"127.0.0.1:{_free_port()}"
    with site(intakes=["unix", "http"], **{"http.listen": address}) as where:
        fill(where.root, waiting)
        token = add_token(where.queue / "http_tokens", "benchmark", Scope.READ)
        with listener(where) as child, requests.Session() as api, requests.Session() as browser:
            api.headers["Authorization"] = f"Bearer {token}"
            url = f"http://{address}"
            _wait_for(url)
            origin = {"Origin": url}
            browser.post(f"{url}/login", data={"token": token}, headers=origin, timeout=30)
            yield _Web(url, child.pid, api, browser)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            requests.get(f"{url}/healthz", timeout=30)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody answers at {url}")
