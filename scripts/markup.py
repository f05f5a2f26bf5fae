"""Puts a page of our documentation into the manual: the few forms of Markdown that we use."""

from __future__ import annotations

import re
import textwrap

from roff import Page

__all__ = ["add_markdown"]


def add_markdown(page: Page, text: str) -> None:
    """Add a page's text after its title: headings, paragraphs, examples and tables."""
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if block.startswith("# "):
            continue
        if block.startswith("## "):
            page.heading(block.removeprefix("## "))
        elif block.startswith("    "):
            page.example(textwrap.dedent(block).splitlines())
        elif block.startswith("|"):
            _add_table(page, block)
        else:
            page.paragraph(" ".join(block.split()))


def _add_table(page: Page, block: str) -> None:
    heads, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
    ]
    for term, *facts, meaning in rows:
        told = [
            f"{head.capitalize()}: {fact}." for head, fact in zip(heads[1:-1], facts, strict=True)
        ]
        sentence = f"{meaning[:1].upper()}{meaning[1:]}."
        page.term(term.replace("`", ""), " ".join([sentence, *told]))
