"""Makes a virtual environment in a package usable at another path than it was created at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comenq_core.install.paths import Removal

__all__ = ["Relocation"]

# A package does not need these: nobody activates the environment or installs into it.
SUPERFLUOUS = ("fingerprint", "bin/activate*", "bin/Activate*", "bin/pip*",
               "lib/*/site-packages/pip", "lib/*/site-packages/pip-*", "include",
               "lib/*/site-packages/setuptools*", "lib/*/site-packages/pkg_resources",
               "lib/*/site-packages/*distutils*")  # fmt: skip
# These say where and how the package was built, and differ between builds.
TRACES = ("lib/*/site-packages/*/direct_url.json", "lib/*/site-packages/*/REQUESTED",
          "lib/*/site-packages/*/RECORD", "**/__pycache__")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relocation:
    """Make a virtual environment work at another path.

    Args:
        staged: the path that it was created at.
        final: the path that it will be used at.
    """

    staged: Path
    final: Path

    def is_done(self) -> bool:
        """Whether its commands and files no longer name the path that it was created at."""
        return not any(self._scripts()) and not any(self._surplus())

    def do(self) -> None:
        """Change the path in its commands, and remove what a package does not need."""
        for path in self._surplus():
            Removal(path).do()
        for script in self._scripts():
            script.write_text(script.read_text().replace(str(self.staged), str(self.final)))
        about = self.staged / "pyvenv.cfg"
        about.write_text(re.sub("(?m)^command = .*\n", "", about.read_text()))

    def _scripts(self) -> Iterator[Path]:
        marker = f"#!{self.staged}".encode()
        for path in (self.staged / "bin").iterdir():
            if path.is_file() and path.read_bytes().startswith(marker):
                yield path

    def _surplus(self) -> Iterator[Path]:
        for pattern in (*SUPERFLUOUS, *TRACES):
            yield from list(self.staged.glob(pattern))

    def __str__(self) -> str:
        return f"make the commands in {self.staged} work at {self.final}"
