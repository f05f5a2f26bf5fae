"""One thing has one name: those that it had before are gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from comenq_core.model import OUTCOME_WORDS, State
from comenq_core.wire.vocabulary import VERDICTS
from comenq_core.worker.events import JOB_KEYS

ROOT = Path(__file__).parents[1]
SOURCES = ("benchmarks", "comenq_core", "comenq_plugins", "examples", "scripts", "tests")
TODAY = re.compile("_(dead_letters?|looks?(_[a-z]+)*_ups?|cooldown_flutter)(?=_)")
"""Names of today that contain an earlier word."""

STORES = (
    "comenq_core/protocols/* comenq_core/testing/* comenq_core/migrate.py"
    " comenq_plugins/*/store.py comenq_plugins/*/operators.py comenq_plugins/*/enqueue.py"
    " comenq_plugins/*/migrate.py comenq_plugins/*/pacing_*.py tests/typing/*"
)
WORKER = "comenq_core/worker/* comenq_core/policy/* tests/worker/*"
ATTEMPTS = f"{WORKER} comenq_core/testing/* comenq_plugins/github/* tests/test_retry.py"
LOOK_UPS = (
    f"{WORKER} comenq_plugins/github/* examples/comenq-gitlab/* tests/test_retry.py"
    " tests/test_pacing.py comenq_core/testing/contract/claims.py"
    " comenq_core/testing/contract/lookup.py comenq_core/testing/contract/work*.py"
)
SOCKET = "comenq_plugins/unix_socket/* tests/socket/*"
TABLES = "comenq_plugins/spool/* comenq_plugins/postgres/* tests/spool/* tests/postgres/*"

WORDS = [
    ("failed", "*", "bury buries buried burial given_up refused_file refused_files"),
    ("dead letter", f"{TABLES} comenq_core/testing/*", "letter"),
    ("checking", "*", "doubt doubtful"),
    ("queue", "*", "in_line the_line"),
    ("cooldown", "*", "cool_off"),
    ("rate-limited until", "*", "silence silences wish"),
    ("rate-limited until", "comenq_core/* comenq_plugins/github/*", "quiet"),
    ("jitter", "*", "flutter"),
    ("consecutive failures", "*", "streak"),
    ("attempt limit", "comenq_core/*", "margin"),
    ("lease", "*", "lend lent borrow loan"),
    ("attempt", "*", "try_post"),
    ("attempt", f"{ATTEMPTS} {TABLES} comenq_core/model/* tests/test_model.py", "tries"),
    ("attempt", ATTEMPTS, "try tried"),
    ("look-up", "*", "try_find"),
    ("look-up", LOOK_UPS, "look looks"),
    ("request", "*", "errand submission submissions clerk"),
    ("what is not saved", WORKER, "owed pay"),
    ("credential changed", "*", "welcome"),
    ("clear refusal", "*", "forgive forgiven"),
    ("error reply", "*", "apology"),
    ("goodbye", "*", "farewell"),
    ("wait", "*", "vigil"),
    ("unknown account", "*", "strange"),
    ("queue resumed", "comenq_core/cli/* tests/cli/*", "goes_on"),
]
"""What is said today, places, and the words that no name there contains."""

NAMES = [
    ("NewJob", "comenq_plugins/spool/*", "Item Part"),
    ("Deadline", "comenq_plugins/github/*", "Attempt"),
    ("OperatorActions", "comenq_core/* comenq_plugins/* tests/*", "Desk"),
    ("Claims, Leases", "comenq_core/* comenq_plugins/* tests/*", "Bench"),
    ("Queries", "comenq_core/* comenq_plugins/* tests/*", "Shelf"),
    ("Enqueuer", "comenq_core/* comenq_plugins/* tests/*", "Entrance"),
    ("SpoolWatch, NotifyWatch", TABLES, "Bell Wakeup"),
    ("Handlers", SOCKET, "carry_out"),
    ("Batcher", SOCKET, "Committer Waiting"),
    ("Connections", SOCKET, "Hub admit weigh forget"),
    ("Acceptor", SOCKET, "Gate"),
    ("Transport, Protocol", SOCKET, "Channel Party"),
    ("IdleTimeout", "*", "Patience"),
    ("Pipeline, PendingReply", SOCKET, "Window Ticket"),
    ("Permissions", SOCKET, "Rights masters"),
    ("quarantine", "*", "bury"),
    ("write_dead_letter", "*", "write_letter"),
    ("dead_letters", "comenq_plugins/* tests/spool/test_drops.py tests/spool/rig.py", "letters"),
    ("Checking", "*", "InDoubt"),
    ("Requeued", "comenq_core/* comenq_plugins/* tests/worker/*", "Kept"),
    ("AccountScheduler", "comenq_core/* tests/*", "Turns"),
    ("AttemptResult", "comenq_core/worker/* comenq_core/testing/* tests/worker/*", "Tried"),
    ("first_attempted_at", "*", "tried_at"),
    ("PacingRecords", "comenq_core/* tests/*", "Ledger"),
    ("rebase", WORKER, "anchor"),
    ("_dispatch", WORKER, "attend"),
    ("PacingConflict", "*", "Outpaced"),
    ("is_transient", "comenq_core/* comenq_plugins/*", "passes"),
    ("must_persist_backoff", "*", "is_wish"),
    ("max_remaining", "comenq_core/model/pacing.py", "margin flutter quiet streak refused"),
    ("housekeep", f"{STORES} {WORKER}", "tend"),
    ("change_all", f"{STORES} comenq_core/listener/*", "together"),
    ("save_pacing", STORES, "pace"),
    ("import_jobs", STORES, "adopt adopted"),
    ("delete_imported", "*", "disown"),
    ("RepoFilter", "comenq_core/* comenq_plugins/spool/* tests/*", "Finder"),
    ("Inspectable", "*", "Onlooker"),
    ("inspect", f"{STORES} comenq_core/plugins/* comenq_plugins/*/__init__.py {TABLES}", "look"),
    ("CredentialChecker", "*", "Examiner"),
    ("Capacity", "comenq_core/*", "Room"),
    ("resource, remaining, minimum", "comenq_core/model/status.py", "of left floor"),
    ("CheckResult", "comenq_core/model/* comenq_core/testing/*", "Finding"),
    ("Severity", "comenq_core/*", "Grade"),
    ("ERROR", "comenq_core/model/check_result.py", "WRONG"),
    ("is_same_comment, is_same_job, is_for_repo", "*", "alike is_same is_in"),
    ("JobWaiter.wait", "comenq_core/cli/*", "keep"),
    ("print_error, print_result", "comenq_core/cli/*", "complain emit"),
]
"""What is said today, places, and whole names that nothing there has.

Neither case nor leading underscores count, nor the ``test_`` of a test's module.
"""


@pytest.mark.parametrize(("today", "places", "words"), WORDS)
def test_earlier_word_is_in_no_name(today: str, places: str, words: str) -> None:
    """No module, class, function, member, log key or state has an earlier word in its name."""
    found = [
        (place, name)
        for place, name in _names()
        if any(_has(name, word) for word in words.split()) and _is_at(place, places)
    ]
    assert not found, f"say {today}"


@pytest.mark.parametrize(("today", "places", "names"), NAMES)
def test_earlier_name_is_gone(today: str, places: str, names: str) -> None:
    """No module, class, function, member, log key or state has an earlier name."""
    earlier = {_snake(name) for name in names.split()}
    found = [(place, has) for place, has in _names() if has in earlier and _is_at(place, places)]
    assert not found, f"say {today}"


def _has(name: str, word: str) -> bool:
    return word in name and f"_{word}_" in TODAY.sub("", f"_{name}_")


def _is_at(place: str, patterns: str) -> bool:
    return any(fnmatchcase(place, pattern) for pattern in patterns.split())


def _snake(name: str) -> str:
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name.strip("_")).lower()


@cache
def _names() -> list[tuple[str, str]]:
    """Each name, with the file that has it."""
    found = set(product(["comenq_core/worker/events.py"], JOB_KEYS.values()))
    found |= set(product(["comenq_core/model/job.py"], State))
    found |= set(product(["comenq_core/model/outcome.py"], OUTCOME_WORDS.values()))
    found |= set(product(["comenq_core/wire/vocabulary.py"], VERDICTS))
    for source in (path for top in SOURCES for path in (ROOT / top).rglob("*.py")):
        relative = source.relative_to(ROOT)
        modules = [part.removesuffix(".py").removeprefix("test_") for part in relative.parts]
        defined = _defined(ast.parse(source.read_text("utf-8")))
        found |= set(product([str(relative)], [*modules, *defined]))
    return sorted({(place, _snake(name)) for place, name in found})


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name, body=body):
                yield name
                yield from _assigned(body)
            case ast.Module(body=body):
                yield from _assigned(body)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log")),
                          args=[ast.Constant(value=str(key)), *_]):  # fmt: skip
                yield key


def _assigned(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name
