"""A week with each strategy at each allowance, and the table of what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.agents import Agents, Strategy
from tests.simulation.bot import DAY, HOUR, Bot
from tests.simulation.daemon import Comenq
from tests.simulation.forge import Forge
from tests.simulation.strategies import AtOnce, Every15Minutes, RetryLoop

__all__ = ["ALLOWANCES", "COMENQ", "PAGE", "STRATEGIES", "Week", "page", "simulate", "table"]

ALLOWANCES = (1, 3, 8)
"""Reviews an hour."""
COMENQ = "comenq"
STRATEGIES: Mapping[str, Callable[[Forge], Strategy]] = {
    COMENQ: Comenq,
    "post at once": AtOnce,
    "every 15 minutes": Every15Minutes,
    "retry every 15 minutes while refused": RetryLoop,
}
SEED = 1
WORKING_DAYS = 5
PAGE = Path(__file__).parents[2] / "docs" / "reviewers.md"
BEGIN = "<!-- What follows is written by scripts/simulate --document -->\n"
END = "<!-- What precedes is written by scripts/simulate --document -->\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What came of a week.

    Args:
        allowance: reviews an hour that the bot's plan has.
        strategy: by its name.
        triggers: how many were posted.
        reviews: how many reviews came of them.
        wanted: how many were wanted.
        hours: from the first push to the last review; infinity if the week was too short.
    """

    allowance: float
    strategy: str
    triggers: int
    reviews: int
    wanted: int
    hours: float

    @property
    def per_trigger(self) -> float:
        """Reviews for each trigger."""
        return self.reviews / self.triggers


def simulate(
    allowance: float, strategy: str, *, days: int = WORKING_DAYS, seed: int = SEED
) -> Week:
    """Play a week."""
    forge = Forge()
    bot = Bot(forge, allowance, seed)
    agents = Agents(forge, bot, STRATEGIES[strategy](forge), days=days, seed=seed)
    forge.run(7 * DAY)
    is_complete = bot.reviews == agents.wanted
    return Week(
        allowance=allowance,
        strategy=strategy,
        triggers=forge.triggers,
        reviews=bot.reviews,
        wanted=agents.wanted,
        hours=bot.last_review / HOUR if is_complete else math.inf,
    )


def table(weeks: Sequence[Week]) -> str:
    """The weeks as a table of Markdown."""
    return "\n".join(_lines(weeks))


def page(text: str, weeks: Sequence[Week]) -> str:
    """The page's text with these weeks in it."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{table(weeks)}\n\n{END}{after}"


def _lines(weeks: Sequence[Week]) -> Iterator[str]:
    yield "| reviews an hour | | triggers | reviews | reviews a trigger | hours to the last |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: |"
    for week in weeks:
        hours = f"{week.hours:.1f}" if week.hours < math.inf else "not in the week"
        yield (
            f"| {week.allowance} | {week.strategy} | {week.triggers:,} | {week.reviews} of"
            f" {week.wanted} | {week.per_trigger:.2f} | {hours} |"
        )
