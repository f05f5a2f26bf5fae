"""docs/performance.md shows what was measured, and nothing else."""

from __future__ import annotations

from benchmarks import document
from benchmarks.results import saved


def test_page_has_the_figures_that_were_measured() -> None:
    """Nobody has typed a figure into the table, or forgotten to write a new one there."""
    text = document.PAGE.read_text()
    assert document.page(text, saved()) == text


def test_plots_are_those_of_what_was_measured() -> None:
    """The same goes for the plots."""
    for name, drawing in document.drawings(saved()).items():
        assert document.drawing_at(name).read_text() == drawing
