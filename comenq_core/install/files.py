"""The files of an installation that do not depend on whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comenq_core.install.paths import File, Gone, Link
from comenq_core.install.places import Places
from comenq_core.install.steps import Step
from comenq_core.supervisor.launch import conf_file

__all__ = ["Files"]

# Where manual pages are looked for, and each shell looks for completions, below share.
SHARED = {
    "man/comenq.1": "man/man1/comenq.1",
    "man/comenqd.8": "man/man8/comenqd.8",
    "man/comenqd.toml.5": "man/man5/comenqd.toml.5",
    "man/comenq-plugins.7": "man/man7/comenq-plugins.7",
    "completions/comenq.bash": "bash-completion/completions/comenq",
    "completions/comenqd.bash": "bash-completion/completions/comenqd",
    "completions/comenq.zsh": "zsh/site-functions/_comenq",
    "completions/comenqd.zsh": "zsh/site-functions/_comenqd",
    "completions/comenq.fish": "fish/vendor_completions.d/comenq.fish",
    "completions/comenqd.fish": "fish/vendor_completions.d/comenqd.fish",
}
# Where systemd looks for other things than units, beside the directory of its units.
EXTRAS = {"comenq.sysusers": "sysusers.d/comenq.conf", "comenq.tmpfiles": "tmpfiles.d/comenq.conf"}


@dataclass(frozen=True, slots=True)
class Files:
    """Commands, manual pages, completions and units.

    Args:
        places: where things are called to be.
        venv: the virtual environment that has the commands.
        root: what comes before all places while a package is built, else ``/``.
    """

    places: Places
    venv: Path
    root: Path = Path("/")

    def install(self) -> Iterator[Step]:
        """Put the commands, the manual and what shells complete into place."""
        places = self.places
        yield Link(self.at(places.commands / "comenq"), self.venv / "bin/comenq")
        yield Link(self.at(places.daemon), self.venv / "bin/comenqd")
        for name, place in SHARED.items():
            yield File(self.at(places.share / place), conf_file(name).read_text())

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
        for place in SHARED.values():
            yield Gone(self.at(places.share / place))
        yield Gone(self.at(places.daemon))
        yield Gone(self.at(places.commands / "comenq"))

    def extras(self) -> Iterator[tuple[str, Path]]:
        """What systemd is told beside the unit: our file, and where it is to be."""
        for name, place in EXTRAS.items():
            yield name, self.at(self.places.units.parents[1] / place)

    def at(self, path: Path) -> Path:
        """Where to put what will be called ``path``."""
        return self.root / path.relative_to("/")
