"""A small Debian, made of the packages that are installed on this one, for images to stand on."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["pack"]

WANTED = ("python3-venv", "passwd")
LEFT_OUT = ("/usr/share/doc/", "/usr/share/i18n/", "/usr/share/locale/", "/usr/share/man/")
# Directories that became links: https://wiki.debian.org/UsrMerge
MERGED = ("bin", "lib", "lib64", "sbin")
ACCOUNTS = {"passwd.master": "etc/passwd", "group.master": "etc/group"}


def pack(place: Path) -> None:
    """Write the essential packages, and Python, into a tar file."""
    listed = _ask("dpkg", "--listfiles", *_closure())
    with tarfile.open(place, "w") as tar:
        for name in MERGED:
            tar.add(f"/{name}", recursive=False)
        for path in sorted(set(_real_paths(listed))):
            tar.add(path, recursive=False)
        for source, name in ACCOUNTS.items():
            tar.add(f"/usr/share/base-passwd/{source}", arcname=name)


def _real_paths(listed: list[str]) -> Iterator[str]:
    for text in listed:
        path = Path(text)
        is_wanted = not text.startswith(LEFT_OUT) and text.removeprefix("/") not in MERGED
        if is_wanted and path.is_absolute() and os.path.lexists(path):
            yield str(path.parent.resolve() / path.name)


def _closure() -> set[str]:
    needs: dict[str, list[list[str]]] = {}
    providers: dict[str, str] = {}
    waiting = list(WANTED)
    shown = r"${Package}\t${Essential}\t${Pre-Depends},${Depends}\t${Provides}\n"
    for line in _ask("dpkg-query", "--show", "--showformat", shown):
        package, essential, depends, provides = line.split("\t")
        needs[package] = [_names(choice, "|") for choice in depends.split(",")]
        providers |= dict.fromkeys(_names(provides, ","), package)
        if essential == "yes":
            waiting.append(package)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        package = name if name in needs else providers[name]
        if package not in found:
            found.add(package)
            for choice in needs[package]:
                waiting += [name for name in choice if name in needs or name in providers][:1]
    return found


def _names(text: str, separator: str) -> list[str]:
    return [match[0] for part in text.split(separator) if (match := re.search(r"[\w.+-]+", part))]


def _ask(*command: str) -> list[str]:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()
