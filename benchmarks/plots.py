"""Draws plots as SVG, written as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT, MARGIN = 640, 360, 60
PARTS = 5
"""Of the y axis."""
COLOURS = ("#1f6feb", "#d1242f", "#2da44e", "#8250df", "#9a6700")


def plot(title: str, x_label: str, y_label: str, lines: Mapping[str, Points]) -> str:
    """An SVG with a logarithmic x axis and a linear y axis from 0."""
    points = [point for line in lines.values() for point in line]
    low, high = (math.log10(edge(x for x, _ in points)) for edge in (min, max))
    step = _round_step(max(y for _, y in points) / PARTS)
    top = step * PARTS

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low) / ((high - low) or 1)
        return (
            MARGIN + across * (WIDTH - 2 * MARGIN),
            HEIGHT - MARGIN - y / top * (HEIGHT - 2 * MARGIN),
        )

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            ' font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 24, title, "middle"),
        _text(WIDTH / 2, HEIGHT - 16, x_label, "middle"),
        _text(8, 40, y_label, "start"),
    ]
    parts += [
        _text(place(x, 0)[0], HEIGHT - MARGIN + 18, f"{x:,.0f}", "middle")
        for x in sorted({x for x, _ in points})
    ]
    for number in range(PARTS + 1):
        y = step * number
        level = place(10**low, y)[1]
        parts.append(
            f'<path d="M{MARGIN} {level:.1f}H{WIDTH - MARGIN}" stroke="#ddd" fill="none"/>'
        )
        parts.append(_text(MARGIN - 6, level + 4, f"{y:,.4g}", "end"))
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(x, y) for x, y in line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(WIDTH - MARGIN, 44 + 16 * number, name, "end", colour))
    return "\n".join([*parts, "</svg>", ""])


def _round_step(least: float) -> float:
    """The least of …, 1, 2, 2.5, 5, 10, … that is no less."""
    unit = 10.0 ** math.floor(math.log10(least))
    return next(unit * one for one in (1, 2, 2.5, 5, 10) if unit * one >= least)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(words)}</text>"
    )
