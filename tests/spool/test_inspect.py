"""Inspecting a spool, as `comenqd check` does, makes and changes nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import Pause
from comenq_core.settings import Settings
from comenq_core.testing.contract.harness import put
from comenq_plugins.spool import SpoolFactory, SpoolStore
from tests.spool.children import needs_root
from tests.spool.rig import everything_in


def inspect(spool: Path, **table: Any) -> SpoolStore | None:
    """Inspect a spool with these options."""
    return SpoolFactory().inspect(Settings(queue_path=spool, tables={"spool": table}))


def test_what_is_in_a_spool_is_seen(spool: Path, store: SpoolStore) -> None:
    """Jobs, pacing and pause can be read, and nothing is changed by it."""
    jobs = put(store, "one", "two")
    store.pause(Pause(since=store.now().wall, reason="for a while"))
    before = everything_in(spool)

    seen = inspect(spool)

    assert seen is not None
    assert seen.pending() == jobs
    assert seen.pacing() == {}
    assert seen.paused() == store.paused()
    seen.close()
    assert everything_in(spool) == before


def test_a_spool_that_is_not_there_is_not_made(spool: Path) -> None:
    """There is no spool yet where one can be made."""
    assert inspect(spool / "deep" / "down") is None
    assert not spool.exists()


def test_a_spool_that_is_not_complete_is_not_completed(spool: Path, store: SpoolStore) -> None:
    """What a killed daemon has begun to make is not a spool yet."""
    store.close()
    shutil.rmtree(spool / "adopt")

    assert inspect(spool) is None
    assert not (spool / "adopt").exists()


def test_a_place_where_none_can_be_made_is_an_error(spool: Path) -> None:
    """Below a file there can be no directory."""
    spool.write_text("")

    with pytest.raises(StoreError, match=f"{spool}/q: it cannot be made in {spool} by"):
        inspect(spool / "q")


def test_a_spool_that_others_can_write_is_an_error(spool: Path, store: SpoolStore) -> None:
    """A mode that would keep the daemon from opening it is found without opening it."""
    store.close()
    (spool / "cur").chmod(0o777)

    with pytest.raises(StoreError, match=r"others can write here \(mode 0777\)"):
        inspect(spool)


def test_a_spool_of_another_format_is_an_error(spool: Path, store: SpoolStore) -> None:
    """The error names the format."""
    store.close()
    (spool / "version").write_text("9\n")

    with pytest.raises(StoreError, match="this spool has format '9'"):
        inspect(spool)


def test_a_group_that_is_not_there_is_an_error(spool: Path) -> None:
    """The options are checked, too."""
    with pytest.raises(StoreError, match="there is no group 'nobody-at-all'"):
        inspect(spool, group="nobody-at-all")


@needs_root
def test_root_does_not_inspect_the_spool_of_another_user(spool: Path, store: SpoolStore) -> None:
    """Root inspects for the daemon's user, so it is no error that the owner is another one."""
    store.close()
    os.chown(spool, 65534, 65534)

    assert inspect(spool) is None
