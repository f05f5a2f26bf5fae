"""Prints the table of all weeks; with ``--document``, writes it into docs/reviewers.md as well."""

from __future__ import annotations

import sys

from tests.simulation.week import ALLOWANCES, PAGE, STRATEGIES, page, simulate, table


def main() -> None:
    """Play all weeks."""
    weeks = [simulate(allowance, name) for allowance in ALLOWANCES for name in STRATEGIES]
    sys.stdout.write(f"{table(weeks)}\n")
    if "--document" in sys.argv[1:]:
        PAGE.write_text(page(PAGE.read_text(), weeks))


if __name__ == "__main__":
    main()
