"""The commands in docs/plugins.md print what the page shows, and its plugins work."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comenq_core import Settings
from comenq_core.model import Answer, Channel, Posted, ReadingKind
from comenq_core.plugins.discovery import Plugin, load_plugin
from comenq_core.testing.contract.harness import new_job
from comenq_core.testing.memory_store import MemoryStore
from tests.plugins.page import examples, sessions
from tests.process.daemon import Daemon
from tests.process.pages import ID
from tests.socket.serving import until

CHECKOUT = Path(__file__).parents[2]
HOME = "/home/ada/comenq-folder"
STAMP = r"[0-9]{4}-[0-9-]{5}T[0-9:.]{12}Z"
OFFLINE = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    # A value that is false means that there is none: https://github.com/pypa/pip/issues/5735
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_NO_DEPS": "1",
    "PIP_NO_INDEX": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Reader:
    """Runs the commands of the page, in a new environment with comenq.

    Args:
        daemon: its directory is used.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._home = daemon.directory
        environment = self._home / ".venv"
        venv.create(environment, symlinks=True, with_pip=False)
        scheme = {"base": str(environment), "platbase": str(environment)}
        site = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
        # comenq itself is installed; what it needs, and pip, are those of the tests.
        ours = sysconfig.get_path("purelib")
        (site / "tests.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
        commands = environment / "bin"
        daemon.variables = {**OFFLINE, "PATH": f"{commands}:{os.defpath}", "LANG": "C.UTF-8"}
        self._run(f"python -m pip --quiet install --ignore-installed {CHECKOUT}")

    def do(self, command: str, shown: str) -> str:
        """Run a command, and return its output as the page would show it."""
        _, _, name = command.partition("cat ")
        if command.startswith("cat ") and not (self._home / name).exists():
            self._daemon.write(name, f"{self._here(shown)}\n")
            return shown
        if command.startswith("comenqd listen"):
            self._daemon.launch("sh", "-c", f"exec {self._here(command)}")
            self._daemon.log.until(" unix listening: ")
            said = str(self._daemon.log)
        else:
            said = self._run(self._here(command))
        until(lambda: not list(self._home.glob("comments/*.md")))
        return said.replace(str(self._home), HOME)

    def _here(self, text: str) -> str:
        return text.replace(HOME, str(self._home))

    def _run(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command],
            env=self._daemon.environment,
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A reader with an empty folder."""
    with Daemon("http://127.0.0.1:9") as daemon:
        yield Reader(daemon)


def lines(text: str) -> list[str]:
    """The lines of an output, without what differs each time."""
    for pattern, word in ((STAMP, "NOW"), (ID, "ID"), (r" +", " ")):
        text = re.sub(pattern, word, text)
    return text.splitlines()


@pytest.mark.full
def test_the_tutorial_prints_what_it_shows(reader: Reader) -> None:
    """Its commands succeed, one after the other, and print every line that the page shows."""
    for command, shown in sessions():
        said = lines(reader.do(command, shown))
        assert [line for line in lines(shown) if line not in said] == [], (command, said)


def test_each_example_is_a_plugin() -> None:
    """Every block without commands is a plugin that offers something."""
    for example in examples():
        plugin = load_plugin(Plugin(name="example"), lambda: example)  # noqa: B023 -- called at once
        assert plugin.broken is None
        assert [*plugin.intakes, *plugin.stores, *plugin.posters, *plugin.reviewers]


def factory(kind: str) -> Any:
    """The factory of the page's one example of this kind."""
    plugins = [load_plugin(Plugin(name="example"), lambda: one) for one in examples()]  # noqa: B023
    (found,) = [made for plugin in plugins for made in getattr(plugin, kind).values()]
    return found


def test_the_example_of_a_store_keeps_jobs() -> None:
    """A job that was put is there."""
    store = factory("stores")(Settings())
    (job,) = store.put([new_job("hello")])

    assert isinstance(store, MemoryStore)
    assert store.get(job.id) == job


def test_the_example_of_a_reviewer_reads_answers() -> None:
    """Its trigger addresses it, and only its own words are a review."""
    (reviewer,) = factory("reviewers")(Settings())
    answers = [
        Answer(login=login, channel=Channel.COMMENT, text="Lint: no faults")
        for login in ("acme-linter", "octocat")
    ]

    assert reviewer.addresses("/lint\n")
    assert [reviewer.read(one).kind for one in answers] == [
        ReadingKind.REVIEWED,
        ReadingKind.OTHER,
    ]


def test_the_example_of_a_poster_posts_and_finds(tmp_path: Path) -> None:
    """A posted comment is in the file and is found; another one is not."""
    tables = {"file": {"path": str(tmp_path / "comments")}}
    (poster,) = factory("posters")(Settings(tables=tables))
    store = factory("stores")(Settings())
    job, other = store.put([new_job("hello"), new_job("not yet")])

    posted = poster.post(job)

    assert isinstance(posted, Posted)
    assert (tmp_path / "comments").read_text() == f"{job.id} octocat/hello#7 'hello'\n"
    assert poster.find(job, job.arrived, ()) == posted
    assert poster.find(other, job.arrived, ()) is None
