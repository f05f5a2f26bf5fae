"""Writes the results into docs/performance.md, so that nobody types a figure there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.plots import plot
from benchmarks.ratios import Row
from benchmarks.results import Results, saved

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PLOTS = {
    "clients": ("Acknowledged durable jobs", "clients at once", "jobs/s"),
    "depth": ("Claim and settle one job", "jobs pending", "ms"),
}
WHOLE = 100
"""Figures from here on are shown without decimals."""
BEGIN = "<!-- What follows is written by scripts/bench --document -->\n"
END = "<!-- What precedes is written by scripts/bench --document -->\n"


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
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{_table(results)}\n{END}{after}"


def drawing_at(name: str) -> Path:
    """The file of a plot."""
    return PAGE.parent / "performance" / f"{name}.svg"


def drawings(results: Results) -> dict[str, str]:
    """Each plot as SVG."""
    return {
        name: plot(*words, {c.line: c.points for c in results.curves if c.plot == name})
        for name, words in PLOTS.items()
    }


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
