"""The files that every installation has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comenq_core.install.paths import File, Link, Removal
from comenq_core.install.places import Places
from comenq_core.install.steps import Step
from comenq_core.supervisor.launch import conf_file

__all__ = ["Files"]

# Below share: where man looks for pages, and each shell for completions.
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
# Beside the directory of systemd's units: where it looks for accounts and directories.
EXTRAS = {"comenq.sysusers": "sysusers.d/comenq.conf", "comenq.tmpfiles": "tmpfiles.d/comenq.conf"}


@dataclass(frozen=True, slots=True)
class Files:
    """Commands, manual pages, completions and units.

    Args:
        places: the places of the installation.
        venv: the virtual environment with the commands.
        root: the directory that stands for ``/`` while a package is built.
    """

    places: Places
    venv: Path
    root: Path = Path("/")

    def install(self) -> Iterator[Step]:
        """Install the commands, the manual pages and the shell completions."""
        places = self.places
        yield Link(self.at(places.commands / "comenq"), self.venv / "bin/comenq")
        yield Link(self.at(places.daemon), self.venv / "bin/comenqd")
        for name, place in SHARED.items():
            yield File(self.at(places.share / place), conf_file(name).read_text())

    def unit(self) -> Step:
        """Install systemd's unit."""
        text = conf_file(self.places.unit).read_text()
        return File(
            self.at(self.places.units / "comenq.service"),
            text.replace("/usr/local/sbin/comenqd", str(self.places.daemon)),
        )

    def uninstall(self) -> Iterator[Step]:
        """Remove them, and the unit."""
        places = self.places
        yield Removal(self.at(places.units / "comenq.service"))
        for place in SHARED.values():
            yield Removal(self.at(places.share / place))
        yield Removal(self.at(places.daemon))
        yield Removal(self.at(places.commands / "comenq"))

    def extras(self) -> Iterator[tuple[str, Path]]:
        """The other files for systemd: the name in ``conf``, and the path to install it at."""
        for name, place in EXTRAS.items():
            yield name, self.at(self.places.units.parents[1] / place)

    def at(self, path: Path) -> Path:
        """The path to write to for what will be at ``path`` when comenq runs."""
        return self.root / path.relative_to("/")
