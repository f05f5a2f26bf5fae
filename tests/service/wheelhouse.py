"""Wheels of comenq and of all that the tests install, made once for a whole run, offline."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from comenq_core.supervisor.launch import conf_file

__all__ = ["CHECKOUT", "REQUIREMENTS", "WHEEL", "build_wheel", "closure", "make_once"]

PARTS = ("pyproject.toml", "README.md", "LICENSE", "comenq_core", "comenq_plugins", "conf")
CHECKOUT = conf_file("supervisord.conf").parents[1]
EXAMPLES = tuple((CHECKOUT / "examples").glob("comenq-*"))
WHEEL = "comenq-*.whl"
"""Which of the wheels is comenq's own."""
REQUIREMENTS = "requirements.txt"
"""What comenq needs, with the hashes of these wheels, which are not those of an index."""
BUILD_REQUIREMENTS = "requirements-build.txt"
"""The same of what its wheel is built with."""


def make_once(directory: Path) -> Path:
    """Make all wheels in a directory, unless another worker of pytest has made them there.

    They are comenq's, those of the examples, and those of all that these need and are built with.
    """
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            draft = directory.with_suffix(".draft")
            draft.mkdir()
            _fill(draft, "aiosmtpd", "hatchling")
            for source in EXAMPLES:
                _build(source, draft)
            build_wheel(draft)
            draft.rename(directory)
    return directory


def build_wheel(directory: Path, version: str = "") -> Path:
    """Build comenq's own wheel from the checkout.

    Args:
        directory: where to.
        version: what it is to call itself, if not what it does.
    """
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "comenq")
        for part in PARTS:
            copy = shutil.copytree if (CHECKOUT / part).is_dir() else shutil.copy
            source.mkdir(exist_ok=True)
            copy(CHECKOUT / part, source / part)
        if version:
            init = source / "comenq_core/__init__.py"
            text = init.read_text()
            init.write_text(re.sub('(?m)^__version__ = ".*"$', f'__version__ = "{version}"', text))
        _build(source, directory)
    (wheel,) = directory.glob(f"comenq-{version or '*'}-*.whl")
    return wheel


def _build(source: Path, directory: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    command = [*build, "--directory", str(directory)]
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL)


def _fill(directory: Path, *more: str) -> None:
    """Pack each installed distribution that comenq needs into a wheel again.

    Args:
        directory: where to.
        more: other distributions, which are packed too, with what they need.
    """
    packed = {one.name: _pack(one, directory) for one in closure("comenq", *more)}
    needed = {
        REQUIREMENTS: closure("comenq"),
        BUILD_REQUIREMENTS: [distribution("hatchling"), *closure("hatchling")],
    }
    for name, distributions in needed.items():
        pinned = [
            f"{one.name}=={one.version} --hash=sha256:{_digest(packed[one.name])}\n"
            for one in distributions
        ]
        (directory / name).write_text("".join(pinned))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def closure(root: str, *more: str) -> Iterator[Distribution]:
    """All that an installed distribution needs, without itself, and more with what it needs."""
    yield from map(distribution, more)
    seen, waiting = {root, *more}, [root, *more]
    while waiting:
        for text in distribution(waiting.pop()).requires or ():
            requirement = Requirement(text)
            name = re.sub("[-_.]+", "-", requirement.name).lower()
            applies = not requirement.marker or requirement.marker.evaluate({"extra": ""})
            if applies and name not in seen:
                seen.add(name)
                waiting.append(name)
                yield distribution(name)


def _pack(installed: Distribution, directory: Path) -> Path:
    # https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    tags = re.findall("(?m)^Tag: (.+)$", installed.read_text("WHEEL") or "")
    name = re.sub("[-_.]+", "_", installed.metadata["Name"])
    path = directory / f"{name}-{installed.version}-{_compressed(tags)}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in installed.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                wheel.write(Path(str(file.locate())), str(file))
    return path


def _compressed(tags: list[str]) -> str:
    """The tags as a file name has them."""
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)
