"""A virtual environment that is made in one place and used in another, in a package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comenq_core.install.paths import Gone

__all__ = ["Relocation"]

# What a package does without: it is never activated, and nothing else is installed into it.
SUPERFLUOUS = ("fingerprint", "bin/activate*", "bin/Activate*", "bin/pip*",
               "lib/*/site-packages/pip", "lib/*/site-packages/pip-*", "include",
               "lib/*/site-packages/setuptools*", "lib/*/site-packages/pkg_resources",
               "lib/*/site-packages/*distutils*")  # fmt: skip
# These tell where and how the package was built, which is nobody's business and never the same.
TRACES = ("lib/*/site-packages/*/direct_url.json", "lib/*/site-packages/*/REQUESTED",
          "lib/*/site-packages/*/RECORD", "**/__pycache__")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relocation:
    """Make a virtual environment work in another place.

    Args:
        staged: where it was made.
        final: where it will be used.
    """

    staged: Path
    final: Path

    def is_done(self) -> bool:
        """Whether nothing in it names the place where it was made."""
        return not any(self._scripts()) and not any(self._surplus())

    def do(self) -> None:
        """Let its commands name the other place, and leave out what a package does without."""
        for path in self._surplus():
            Gone(path).do()
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
        return f"make the commands in {self.staged} work in {self.final}"
