"""`gh comenq`: comenq as an extension of the real gh, installed as from a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from comenq_core.testing.deadline import DEADLINE
from tests.cli.checkouts import Checkout
from tests.cli.command import ROOT, environment
from tests.socket.serving import Served, serving, short_directory

pytestmark = pytest.mark.skipif(not shutil.which("gh"), reason="there is no gh here")


class Person:
    """Somebody in a checkout, with a daemon and a gh that has the extension."""

    def __init__(self, directory: Path, served: Served) -> None:
        self.served = served
        self._checkout = Checkout(directory / "site", origin="git@github.com:octo-org/site.git")
        self.env = environment(served.path, **self._checkout.variables)
        self.env["PATH"] = f"{sysconfig.get_path('scripts')}:{self.env['PATH']}"
        done = self._run("gh", "extension", "install", ".", cwd=ROOT / "packaging" / "gh-comenq")
        assert (done.returncode, done.stderr) == (0, "")

    def gh(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run gh in the checkout."""
        return self._run("gh", *words, cwd=self._checkout.path, stdin=stdin)

    def _run(self, *command: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.env,
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )


@pytest.fixture
def person() -> Iterator[Person]:
    """Somebody who has installed the extension."""
    with short_directory() as directory, serving(directory / "c.sock") as served:
        yield Person(directory, served)


def test_the_extension_queues_a_comment(person: Person) -> None:
    """`gh comenq` passes on each word, standard input and the exit status as they are."""
    assert person.gh("comenq", "7", "-b", "Looks  'good' $HOME").returncode == 0
    assert person.gh("comenq", "7", "-F", "-", stdin="From a pipe\n").returncode == 0
    assert person.gh("comenq", "7").returncode == 2
    queued = [(job.asked.target, job.asked.body) for job in person.served.store.pending()]
    assert queued == [
        ("octo-org/site#7", "Looks  'good' $HOME"),
        ("octo-org/site#7", "From a pipe\n"),
    ]


def test_the_extension_has_all_of_comenq(person: Person) -> None:
    """Its help is comenq's."""
    assert person.gh("comenq", "--help").stdout.startswith("usage: comenq ")


def test_the_extension_says_that_comenq_is_missing(person: Person, tmp_path: Path) -> None:
    """Without comenq on the PATH, it says what to do."""
    (tmp_path / "gh").symlink_to(shutil.which("gh") or "")
    person.env["PATH"] = str(tmp_path)
    done = person.gh("comenq", "list")
    assert done.stderr.startswith("gh-comenq: there is no comenq on the PATH: install it first")
    assert done.returncode == 127
