"""What scripts/build makes: a source archive and a wheel, for an index of packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from subprocess import DEVNULL

import pytest

from tests.service.wheelhouse import CHECKOUT

NOON = 1_700_000_000
IN_GIT = (CHECKOUT / ".git").exists()
BESIDE = (
    "tests/cli/test_generated.py",
    "tests/cli/test_gh_extension.py",
    "tests/spool/test_format_1.py",
    "tests/stability",
    "tests/test_links.py",
    "tests/test_wheel.py",
)
needs_git = pytest.mark.skipif(not IN_GIT, reason="this is no checkout of a git repository")


def git(*words: str | Path, cwd: Path = CHECKOUT) -> str:
    """What git prints."""
    done = subprocess.run(["git", *words], cwd=cwd, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def build(checkout: Path, place: Path, **environ: str) -> tuple[Path, Path]:
    """Run a checkout's scripts/build; return the archive and the wheel."""
    told = {"PATH": os.environ["PATH"], "COMENQ_PYTHON": sys.executable, **environ}
    subprocess.run([checkout / "scripts/build", place], env=told, check=True)
    (archive,), (wheel,) = place.glob("*.tar.gz"), place.glob("*.whl")
    return archive, wheel


def source_archive(place: Path) -> tarfile.TarFile:
    """Build the source archive alone; open it."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory"]
    subprocess.run([*command, place], cwd=CHECKOUT, check=True, stdout=DEVNULL)
    (archive,) = place.iterdir()
    return tarfile.open(archive)


@needs_git
def test_the_source_archive_has_every_file_of_the_repository(tmp_path: Path) -> None:
    """Tests, documentation, examples, scripts and benchmarks are in it; what git ignores is not."""
    with source_archive(tmp_path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    listed = git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    assert names == {"PKG-INFO", *(name for name in listed if (CHECKOUT / name).exists())}


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The files of the source archive, installed in an environment ``env`` beside them."""
    with source_archive(tmp_path / "dist") as archive:
        archive.extractall(tmp_path, filter="data")
    (place,) = tmp_path.glob("comenq-*")
    environment = tmp_path / "env"
    venv.create(environment, symlinks=True, with_pip=False)
    scheme = {"base": str(environment), "platbase": str(environment)}
    # comenq itself is installed there; what it needs, and the tools, are those of the tests.
    site = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    (site / "tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin/python", "--quiet")
    here = ("--no-index", "--no-deps", "--no-build-isolation", "--editable", place)
    subprocess.run([*pip, "install", *here], check=True)
    return place


def run_tests(unpacked: Path, *words: str) -> None:
    """Run pytest there."""
    python = unpacked.parent / "env/bin/python"
    command: list[str | Path] = [python, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    env = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"}
    env.pop("PYTEST_XDIST_WORKER", None)  # It would share directories with other runs.
    subprocess.run([*command, "-m", "not full", *words], cwd=unpacked, env=env, check=True)


@pytest.mark.full
def test_every_test_is_found_in_the_source_archive(unpacked: Path) -> None:
    """Each test is collected with all that it imports, without the repository."""
    run_tests(unpacked, "--collect-only", "--quiet")


@pytest.mark.full
def test_tests_pass_from_the_source_archive(unpacked: Path) -> None:
    """Those that need what is beside the program pass: pages, scripts, fixtures, examples."""
    run_tests(unpacked, *BESIDE)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The last commit, with what has been changed since then."""
    place = tmp_path / "clone"
    git("clone", "--quiet", CHECKOUT, place)
    for name in git("ls-files", "--modified", "--others", "--exclude-standard").splitlines():
        source = CHECKOUT / name
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            shutil.copy(source, place / name)
        else:
            (place / name).unlink()
    return place


@needs_git
@pytest.mark.full
def test_the_same_commit_gives_the_same_files(clone: Path, tmp_path: Path) -> None:
    """In another directory, at another time and under another umask, nothing differs by a bit."""
    here = build(CHECKOUT, tmp_path / "here")
    for path in clone.rglob("*"):
        os.utime(path, (NOON, NOON))
        if path.is_file():
            path.chmod(path.stat().st_mode & 0o700)
    there = build(clone, tmp_path / "there")

    assert [path.read_bytes() for path in here] == [path.read_bytes() for path in there]
    with tarfile.open(here[0]) as archive:
        times = {entry.mtime for entry in archive}
    assert times == {int(git("log", "-1", "--format=%ct"))}
    with zipfile.ZipFile(here[1]) as wheel:
        assert not any(entry.external_attr >> 16 & 0o022 for entry in wheel.infolist())
