"""How many jobs are read for a reply."""

from __future__ import annotations

from collections.abc import Sequence

from comenq_plugins.unix_socket.paging import Page


class Listing:
    """Jobs, or numbers for them, and what was read of them."""

    def __init__(self, jobs: Sequence[int | None]) -> None:
        self.jobs = jobs
        self.sizes: list[int] = []

    def read(self, limit: int, offset: int) -> Sequence[int | None]:
        """As a queue does."""
        assert sum(self.sizes) == offset
        self.sizes.append(limit)
        return self.jobs[offset : offset + limit]


def filled(page: Page, listing: Listing) -> list[int]:
    """The numbers that the page has."""
    page.fill(listing.read, lambda number: {"number": number})
    return [value["number"] for value in page.values]


def test_a_page_reads_one_job_more_than_it_shows() -> None:
    """That one tells whether there are more."""
    page, listing = Page(limit=3, offset=0), Listing(range(9))
    assert filled(page, listing) == [0, 1, 2]
    assert (page.next, listing.sizes) == (3, [4])


def test_where_many_are_passed_over_many_are_read_at_a_time() -> None:
    """A short page of few among many does not ask the store again for every other job."""
    page, listing = Page(limit=1, offset=0), Listing([*[None] * 500, 500])
    assert filled(page, listing) == [500]
    assert page.next is None
    assert len(listing.sizes) < 20
    assert max(listing.sizes) == 64
