"""Download GitHub's published description of its API, and keep the parts that comenq uses.

    scripts/python scripts/openapi.py DIRECTORY

It writes DIRECTORY/github.json and nothing else. Without npm or the package, it says so and exits
with 2. The package is GitHub's own description, as Octokit uses it:
https://github.com/octokit/openapi
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
COMMENTS = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
THREADS = "/repos/{owner}/{repo}/pulls/{pull_number}/comments"
OPERATIONS = (
    ("post", COMMENTS),
    ("get", COMMENTS),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
    ("post", f"{THREADS}/{{comment_id}}/replies"),
    ("get", THREADS),
    ("get", "/repos/{owner}/{repo}/pulls/comments/{comment_id}"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}/reactions"),
    ("get", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"),
    ("get", "/user"),
    ("get", "/app"),
    ("post", "/app/installations/{installation_id}/access_tokens"),
)
TIMEOUT_SECONDS = 100.0


def main() -> int:
    """Download and trim; return 0, or 2 if that is not possible."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory: Path = parser.parse_args().directory
    try:
        package = fetch(directory)
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "stderr", None) or error
        first = str(reason).strip().partition("\n")[0]
        print(f"{PACKAGE} is not available: {first}", file=sys.stderr)
        return 2
    with tarfile.open(package) as archive:
        member = archive.extractfile(MEMBER)
        assert member, f"{MEMBER} is no file"
        whole = json.load(member)
    (directory / "github.json").write_text(json.dumps(trimmed(whole)))
    return 0


def fetch(directory: Path) -> Path:
    """Download the package with npm; return its path.

    Raises:
        OSError: there is no npm.
        SubprocessError: it fails, or takes too long.
    """
    directory.mkdir(exist_ok=True)
    done = subprocess.run(
        ["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", directory, PACKAGE],
        env={
            **os.environ,
            "npm_config_cache": str(directory / "cache"),
            "npm_config_fetch_retries": "0",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    (packed,) = json.loads(done.stdout)
    return directory / str(packed["filename"])


def trimmed(whole: dict[str, Any]) -> dict[str, Any]:
    """The description of the operations, and of everything that they refer to."""
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = whole["paths"][path][method]
    kept: dict[str, Any] = {"openapi": whole["openapi"], "info": whole["info"], "paths": paths}
    wanted = references(paths)
    while wanted:
        kind, name = wanted.pop()
        place = kept.setdefault("components", {}).setdefault(kind, {})
        if name not in place:
            place[name] = whole["components"][kind][name]
            wanted += references(place[name])
    return kept


def references(value: object) -> list[tuple[str, str]]:
    """The components that a part of the description refers to, as kinds and names."""
    return re.findall(r'"\$ref": "#/components/([^/"]+)/([^/"]+)"', json.dumps(value))


if __name__ == "__main__":
    sys.exit(main())
