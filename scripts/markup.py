"""Converts a page of the documentation, with the few forms of Markdown that it uses."""

from __future__ import annotations

import re
import textwrap

from roff import ManualPage

__all__ = ["add_markdown"]


# An example can contain blank lines.
BLOCK = re.compile(r"(?:^    .*\n|^\n(?=    ))+|(?:^(?!    ).+\n)+", re.MULTILINE)


def add_markdown(page: ManualPage, text: str) -> None:
    """Add a Markdown page without its title: headings, paragraphs, lists, examples, tables."""
    for block in BLOCK.findall(text):
        if block.startswith("#"):
            _add_title(page, block)
        elif block.strip("\n").startswith("    "):
            page.example(textwrap.dedent(block).strip("\n").splitlines())
        elif block.startswith("- "):
            _add_list(page, block)
        elif block.startswith("|"):
            _add_table(page, block)
        else:
            page.paragraph(" ".join(block.split()))


def _add_title(page: ManualPage, block: str) -> None:
    level, title = block.strip().split(" ", 1)
    if level == "##":
        page.heading(title)
    elif level == "###":
        page.subheading(title)


def _add_list(page: ManualPage, block: str) -> None:
    for item in re.split("^- ", block, flags=re.MULTILINE)[1:]:
        page.item(" ".join(item.split()))


def _add_table(page: ManualPage, block: str) -> None:
    heads, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
    ]
    for term, *facts, meaning in rows:
        details = [
            f"{head.capitalize()}: {fact}." for head, fact in zip(heads[1:-1], facts, strict=True)
        ]
        sentence = f"{meaning[:1].upper()}{meaning[1:]}."
        page.term(term.replace("`", ""), " ".join([sentence, *details]))
