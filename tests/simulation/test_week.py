"""What a simulated week comes to, with comenq and without."""

from __future__ import annotations

from functools import cache

import pytest

from comenq_core.model import Answer, Channel, Ending, ReadingKind
from comenq_core.plugins import registry
from tests.simulation import week
from tests.simulation.agents import Agents
from tests.simulation.bot import DAY, Bot
from tests.simulation.daemon import SETTINGS, Comenq
from tests.simulation.forge import Forge, PullRequest
from tests.simulation.week import ALLOWANCES, COMENQ, STRATEGIES, Week, simulate
from tests.simulation.wordings import NOT_UNDERSTOOD, UNKNOWN, WORDINGS

ENOUGH = 0.9
"""Reviews a trigger that comenq has to reach."""
LUCK = 0.25
"""Hours that the last commit of a week can be reviewed later, at 8 reviews an hour."""


SHORTEST = max(ALLOWANCES)
any_allowance = pytest.mark.parametrize(
    "allowance",
    [pytest.param(one, marks=[] if one == SHORTEST else pytest.mark.full) for one in ALLOWANCES],
)


@cache
def played(allowance: float, strategy: str) -> Week:
    """A week of the table."""
    return simulate(allowance, strategy)


@any_allowance
def test_comenq_gets_a_review_for_nearly_each_trigger(allowance: float) -> None:
    """With one profile, whatever the plan allows, and although the wording changes."""
    ours = played(allowance, COMENQ)
    assert ours.reviews == ours.wanted
    assert ours.per_trigger >= ENOUGH


@any_allowance
def test_comenq_is_no_slower_than_the_best_of_the_others(allowance: float) -> None:
    """The last review is there at least as early as with any other strategy."""
    others = [played(allowance, name).hours for name in STRATEGIES if name != COMENQ]
    assert played(allowance, COMENQ).hours <= min(others)


@any_allowance
def test_page_has_the_figures_of_the_simulation(allowance: float) -> None:
    """Nobody has typed a figure into the table, or forgotten to write a new one there."""
    rows = week.table([played(allowance, name) for name in STRATEGIES])
    assert f"{rows}\n".split("\n", 2)[2] in week.PAGE.read_text()


@pytest.mark.full
def test_page_is_as_the_simulation_writes_it() -> None:
    """The whole table is there, and in its place."""
    text = week.PAGE.read_text()
    weeks = [played(allowance, name) for allowance in ALLOWANCES for name in STRATEGIES]
    assert week.page(text, weeks) == text


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("allowance", ALLOWANCES)
def test_another_week_comes_to_the_same(allowance: float, seed: int) -> None:
    """What holds for the week of the table holds for others, but for some minutes of luck."""
    ours, *others = (simulate(allowance, name, seed=seed) for name in STRATEGIES)
    assert ours.per_trigger >= ENOUGH
    assert ours.hours <= min(one.hours for one in others) + LUCK


@pytest.mark.full
def test_the_same_seed_is_the_same_week() -> None:
    """A figure can be looked into."""
    assert simulate(3, COMENQ, days=1) == simulate(3, COMENQ, days=1)


def test_every_wording_is_read_and_the_unknown_one_is_not_understood() -> None:
    """The week has all wordings of CodeRabbit, and one that no profile knows."""
    reviewer = registry.load().reviewers(SETTINGS)["coderabbit"]

    def kind(text: str) -> ReadingKind:
        login, channel = "coderabbitai[bot]", Channel.EDIT
        return reviewer.read(Answer(login=login, channel=channel, text=text)).kind

    assert {kind(words(3000)) for words in WORDINGS} == {ReadingKind.LIMITED}
    assert kind(UNKNOWN(3000)) is kind(NOT_UNDERSTOOD) is ReadingKind.NOT_UNDERSTOOD


def test_a_refusal_in_unknown_words_ends_as_not_understood() -> None:
    """It is no silence, and no limit; the next request goes all the same."""
    forge = Forge()
    bot = Bot(forge, 1, seed=1)
    comenq = Comenq(forge)
    Agents(forge, bot, comenq, days=2, seed=1)
    forge.run(3 * DAY)
    endings = {job.conclusion.ending for job in comenq.store.history(limit=1000) if job.conclusion}
    assert endings == {Ending.REVIEWED, Ending.NOT_UNDERSTOOD}


def test_the_bots_allowance_shrinks_with_refused_attempts() -> None:
    """Who asks while it is limited waits longer."""
    forge = Forge()
    bot = Bot(forge, 3, seed=1)
    before = bot.rate()
    for number in range(400):
        bot.asked(PullRequest(number=number + 1, head=f"{number + 1:040x}"))
    assert bot.reviews == 0
    assert bot.refusals == 397
    assert bot.rate() == pytest.approx(before / 4)
