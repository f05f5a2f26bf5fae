"""docs/performance.md shows what was measured, and nothing else."""

from __future__ import annotations

from benchmarks import document
from benchmarks.ratios import Row
from benchmarks.results import Results, saved


def test_page_has_the_figures_that_were_measured() -> None:
    """Nobody has typed a figure into the table, or forgotten to write a new one there."""
    text = document.PAGE.read_text()
    assert document.page(text, saved()) == text


def test_plots_are_those_of_what_was_measured() -> None:
    """The same goes for the plots."""
    for name, drawing in document.drawings(saved()).items():
        assert document.drawing_at(name).read_text() == drawing


def test_first_paragraph_tells_what_was_measured() -> None:
    """Its sentences have a row's figures; one whose row was not measured is left out."""
    name = "list, 100,000 comments waiting"
    row = Row(name=name, against="100 waiting", ours=1.5, theirs=1.25, unit="ms")
    text = document.page(document.PAGE.read_text(), Results(rows=[row]))
    before, _, rest = text.partition(document.BEGIN.format("summary"))
    said = rest.partition(document.END.format("summary"))[0]
    assert "##" not in before
    assert " ".join(said.split()) == (
        "The first page of a queue of 100,000 comments takes 1.50 ms, that of 100 takes 1.25 ms."
    )
