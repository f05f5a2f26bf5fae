"""Lanes in the spool: what waits in a closed one is not opened, and their records survive."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import CommentRequest, Division, Lane, LaneRecord
from comenq_plugins.spool import SpoolStore, worker
from comenq_plugins.spool.catalog import Catalog
from tests.spool.rig import Opener, names_in, new_job

REVIEW = "@bot review"
BOT = Lane(reviewer="bot")


def lane_of(request: CommentRequest) -> Lane:
    """Triggers are in the bot's lane."""
    return BOT if request.body == REVIEW else Lane()


def divided(opener: Opener, edition: str = "1") -> SpoolStore:
    """A spool that knows the bot."""
    store = opener()
    store.divide(Division(lane_of=lane_of, edition=edition))
    return store


def claim_and_count(store: SpoolStore) -> tuple[str, int]:
    """The body of the job that is claimed outside the bot's lane, and how many were read."""
    with patch.object(Catalog, "read", autospec=True, side_effect=Catalog.read) as read:
        job = store.claim_outside([BOT], "octocat")
    return job.asked.body if job else "", read.call_count


@pytest.mark.parametrize("is_reopened", [False, True])
def test_jobs_in_a_closed_lane_are_not_read(opener: Opener, *, is_reopened: bool) -> None:
    """However many wait in it, only the job that is claimed is opened, after a restart too."""
    store = divided(opener)
    store.put([*[new_job(REVIEW) for _ in range(200)], new_job("Hi")])
    if is_reopened:
        store = divided(opener)
    with store.lock():
        assert claim_and_count(store) == ("Hi", 1)


def test_jobs_are_read_once_after_the_settings_have_changed(opener: Opener) -> None:
    """Each waiting job is opened once to learn its lane, and not at the next claim."""
    divided(opener).put([*[new_job(REVIEW) for _ in range(5)], new_job("Hi"), new_job("Ho")])
    store = divided(opener, "2")
    with store.lock():
        assert claim_and_count(store) == ("Hi", 6)
        assert claim_and_count(store) == ("Ho", 1)


def test_a_spool_without_reviewers_has_no_lanes_in_its_names(spool: Path, opener: Opener) -> None:
    """Names are as they were before there were lanes."""
    store = opener()
    store.put([new_job(REVIEW)])
    (name,) = names_in(spool / "new")
    assert str(name).endswith("-0-0.job")


def test_damaged_records_of_lanes_are_told(spool: Path, opener: Opener) -> None:
    """Nothing is posted as though no reviewer had been asked."""
    store = opener()
    store.save_lane(LaneRecord(lane=BOT, reason="limited"), expect=None)
    (spool / "lanes.jsonl").write_text("{}\n")
    with pytest.raises(StoreError, match="the records of lanes cannot be read"):
        store.lanes()


def test_a_record_that_was_cut_short_was_not_written(spool: Path, opener: Opener) -> None:
    """The one before it counts, and the next one takes its place."""
    store = opener()
    first, second = LaneRecord(lane=BOT, reason="1"), LaneRecord(lane=BOT, reason="2")
    store.save_lane(first, expect=None)
    file = spool / "lanes.jsonl"
    file.write_bytes(file.read_bytes() + b'{"lane": {"revi')
    assert dict(store.lanes()) == {BOT: first}
    store.save_lane(second, expect=first)
    assert dict(opener().lanes()) == {BOT: second}


def test_the_file_of_lanes_does_not_grow(spool: Path, opener: Opener) -> None:
    """Records that no longer count are left out now and then."""
    store = opener()
    before = None
    for number in range(200):
        record = LaneRecord(lane=BOT, reason=f"{number}")
        store.save_lane(record, expect=before)
        before = record
    assert (spool / "lanes.jsonl").read_bytes().count(b"\n") < 100
    assert dict(store.lanes()) == {BOT: before}


def test_a_claim_does_not_read_without_end(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the settings have changed, it gives up for a moment, and is due again at once."""
    monkeypatch.setattr(worker, "_READ_AT_ONCE", 3)
    divided(opener).put([*[new_job(REVIEW) for _ in range(5)], new_job("Hi")])
    store = divided(opener, "2")
    with store.lock():
        assert claim_and_count(store) == ("", 3)
        assert store.next_due() == store.now().wall
        assert claim_and_count(store) == ("Hi", 3)
        assert store.next_due() is None
