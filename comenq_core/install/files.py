"""The files of an installation that do not depend on whose it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comenq_core.cli.supervise import conf_file
from comenq_core.install.paths import File, Gone, Link
from comenq_core.install.places import Places
from comenq_core.install.steps import Step

__all__ = ["Files"]

# Where each shell looks for completions, below share.
COMPLETIONS = {
    "bash": "bash-completion/completions/comenq",
    "zsh": "zsh/site-functions/_comenq",
    "fish": "fish/vendor_completions.d/comenq.fish",
}
# Where systemd looks for other things than units, beside the directory of its units.
EXTRAS = {"comenq.sysusers": "sysusers.d/comenq.conf", "comenq.tmpfiles": "tmpfiles.d/comenq.conf"}


@dataclass(frozen=True, slots=True)
class Files:
    """Commands, completions and units.

    Args:
        places: where things are called to be.
        venv: the virtual environment that has the commands.
        root: what comes before all places while a package is built, else ``/``.
    """

    places: Places
    venv: Path
    root: Path = Path("/")

    def install(self) -> Iterator[Step]:
        """Put the commands and what shells complete into place."""
        places = self.places
        yield Link(self.at(places.commands / "comenq"), self.venv / "bin/comenq")
        yield Link(self.at(places.daemon), self.venv / "bin/comenqd")
        for shell, name in COMPLETIONS.items():
            if text := _said("completion", shell):
                yield File(self.at(places.share / name), text)

    def unit(self) -> Step:
        """Put systemd's unit into place."""
        text = conf_file(self.places.unit).read_text()
        return File(
            self.at(self.places.units / "comenq.service"),
            text.replace("/usr/local/sbin/comenqd", str(self.places.daemon)),
        )

    def uninstall(self) -> Iterator[Step]:
        """Take them away."""
        places = self.places
        yield Gone(self.at(places.units / "comenq.service"))
        for name in COMPLETIONS.values():
            yield Gone(self.at(places.share / name))
        yield Gone(self.at(places.daemon))
        yield Gone(self.at(places.commands / "comenq"))

    def extras(self) -> Iterator[tuple[str, Path]]:
        """What systemd is told beside the unit: our file, and where it is to be."""
        for name, place in EXTRAS.items():
            yield name, self.at(self.places.units.parents[1] / place)

    def at(self, path: Path) -> Path:
        """Where to put what will be called ``path``."""
        return self.root / path.relative_to("/")


def _said(*words: str) -> str:
    """What the client prints, which is "" when it does not know these words."""
    command = [sys.executable, "-m", "comenq_core.cli.client", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
