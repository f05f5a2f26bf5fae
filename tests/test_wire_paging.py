"""How many jobs are read for a reply."""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.wire.paging import read_page


class Listing:
    """Jobs, or numbers in their place, and how many were read at a time."""

    def __init__(self, jobs: Sequence[int | None]) -> None:
        self.jobs = jobs
        self.sizes: list[int] = []

    def read(self, limit: int, offset: int) -> Sequence[int | None]:
        """As a queue does."""
        assert sum(self.sizes) == offset
        self.sizes.append(limit)
        return self.jobs[offset : offset + limit]

    def page(self, limit: int) -> tuple[list[int], int | None]:
        """The numbers that the first page shows, and where the next page begins."""
        values, following = read_page(
            self.read, lambda number: {"number": number}, limit=limit, offset=0
        )
        return [value["number"] for value in values], following


def test_page_reads_one_job_more_than_it_shows() -> None:
    """That one tells whether there are more."""
    listing = Listing(range(9))
    assert listing.page(3) == ([0, 1, 2], 3)
    assert listing.sizes == [4]


def test_many_jobs_are_read_at_a_time_where_many_are_passed_over() -> None:
    """A short page of few jobs among many takes few reads of the store."""
    listing = Listing([*[None] * 500, 500])
    assert listing.page(1) == ([500], None)
    assert len(listing.sizes) < 20
    assert max(listing.sizes) == 64
