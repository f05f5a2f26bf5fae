"""What a simulated week comes to, with comenq and without."""

from __future__ import annotations

from collections.abc import Mapping

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


@pytest.fixture(scope="module")
def weeks() -> Mapping[tuple[float, str], Week]:
    """All weeks of the table."""
    return {(a, name): simulate(a, name) for a in ALLOWANCES for name in STRATEGIES}


@pytest.mark.parametrize("allowance", ALLOWANCES)
def test_comenq_gets_a_review_for_nearly_each_trigger(
    weeks: Mapping[tuple[float, str], Week], allowance: float
) -> None:
    """With one profile, whatever the plan allows, and although the wording changes."""
    ours = weeks[allowance, COMENQ]
    assert ours.reviews == ours.wanted
    assert ours.per_trigger >= ENOUGH


@pytest.mark.parametrize("allowance", ALLOWANCES)
def test_comenq_is_no_slower_than_the_best_of_the_others(
    weeks: Mapping[tuple[float, str], Week], allowance: float
) -> None:
    """The last review is there at least as early as with any other strategy."""
    others = [weeks[allowance, name].hours for name in STRATEGIES if name != COMENQ]
    assert weeks[allowance, COMENQ].hours <= min(others)


def test_page_has_the_figures_of_the_simulation(
    weeks: Mapping[tuple[float, str], Week],
) -> None:
    """Nobody has typed a figure into the table, or forgotten to write a new one there."""
    text = week.PAGE.read_text()
    assert week.page(text, list(weeks.values())) == text


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("allowance", ALLOWANCES)
def test_another_week_comes_to_the_same(allowance: float, seed: int) -> None:
    """What holds for the week of the table holds for others, but for some minutes of luck."""
    ours, *others = (simulate(allowance, name, seed=seed) for name in STRATEGIES)
    assert ours.per_trigger >= ENOUGH
    assert ours.hours <= min(one.hours for one in others) + LUCK


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
