"""Writes the results into docs/performance.md, so that nobody types a figure there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from benchmarks.plots import plot
from benchmarks.ratios import Row
from benchmarks.results import Results, saved

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PLOTS = {"depth": ("Until an operation is answered", "comments waiting", "ms")}
SENTENCES = {
    "comenq o/r 1 text, whole process": "`comenq o/r 1 text` takes {ours}, the start of Python"
    " included, which is {ratio} times what the shortest Python client takes.",
    "from the acknowledgement to the POST's arrival, queue idle, p50": "When nothing else waits, a"
    " comment reaches GitHub {ours} after it is acknowledged.",
    "memory (Pss), idle, all three processes": "An idle daemon takes {ours} of memory.",
    "wake-ups a minute, idle worker": "Its worker makes {ours} a minute.",
    "kill -9 of the worker between answer and receipt, until the next post": "Killed at the worst"
    " moment, it goes on posting after {ours}.",
    "list, 100,000 comments waiting": "The first page of a queue of 100,000 comments takes {ours},"
    " that of 100 takes {theirs}.",
    "the page, first view, 10,000 comments waiting": "The page in the browser shows a queue of"
    " 10,000 after {ours}.",
}
"""What a user feels, each by the row that says how much."""
PAGE_WIDTH = 100
WHOLE = 100
"""Figures from here on are shown without decimals."""
BEGIN = "<!-- What follows is written by scripts/bench --document: {} -->\n"
END = "<!-- What precedes is written by scripts/bench --document: {} -->\n"


def write() -> None:
    """Update the page and its plots from the saved results."""
    results = saved()
    PAGE.write_text(page(PAGE.read_text(), results))
    for name, drawing in drawings(results).items():
        place = drawing_at(name)
        place.parent.mkdir(exist_ok=True)
        place.write_text(drawing)


def page(text: str, results: Results) -> str:
    """The page's text with these results in it."""
    return _with(_with(text, "summary", _summary(results)), "results", _table(results))


def _with(text: str, part: str, written: str) -> str:
    begin, end = BEGIN.format(part), END.format(part)
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{written}\n{end}{rest.partition(end)[2]}"


def drawing_at(name: str) -> Path:
    """The file of a plot."""
    return PAGE.parent / "performance" / f"{name}.svg"


def drawings(results: Results) -> dict[str, str]:
    """Each plot as SVG."""
    return {
        name: plot(*words, {c.line: c.points for c in results.curves if c.plot == name})
        for name, words in PLOTS.items()
    }


def _summary(results: Results) -> str:
    rows = {row.name: row for row in results.rows}
    said = " ".join(
        text.format(
            ours=_with_unit(row.ours, row),
            theirs=_with_unit(row.theirs, row),
            ratio=f"{row.ratio:.2f}",
        )
        for name, text in SENTENCES.items()
        if (row := rows.get(name))
    )
    return f"{textwrap.fill(said, PAGE_WIDTH, break_on_hyphens=False)}\n"


def _with_unit(value: float, row: Row) -> str:
    return f"{_figure(value)} {row.unit}"


def _table(results: Results) -> str:
    return "\n".join([f"On {results.machine}:\n", *_lines(results.rows), ""])


def _lines(rows: list[Row]) -> Iterator[str]:
    yield "| measurement | compared with | comenq | other | ratio | middle half | target | met |"
    yield "| --- | --- | ---: | ---: | ---: | --- | --- | --- |"
    for row in rows:
        reached = {True: "yes", False: "**no**", None: ""}[row.reached]
        yield (
            f"| {row.name} | {row.against} | {_figure(row.ours)} {row.unit} |"
            f" {_figure(row.theirs)} {row.unit} | {row.ratio:.2f} | {row.half} |"
            f" {row.wanted} | {reached} |"
        )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE else f"{value:.2f}"
