"""A trigger is followed to its end: bots as they are known to behave, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from comenq_core.model import LOOKBACK, Ending
from comenq_core.policy.asking import (
    FURTHEST,
    Adopt,
    AlreadyReviewed,
    Ask,
    Hold,
    NotOpen,
    before_asking,
    first_reading,
)
from comenq_core.policy.following import FollowPolicy
from comenq_core.testing.forge import Act
from tests.reviewers.following import POLICY, START, Scene, scene
from tests.reviewers.reading import REVIEWERS

RABBIT = "@coderabbitai review"
RATE = "<!-- This is an auto-generated comment: rate limited by coderabbit.ai -->"
WARNING = f"{RATE}\n> [!WARNING]\n> ## Review limit reached\n>\n"
LIMITED = WARNING + "> **Next included review available in 51 minutes.**"
TEN_DAYS = WARNING + "> **Next included review available in 10 days.**"
NO_NUMBER = (
    "<details>\n<summary>❌ Action not completed</summary>\n\nReview rate limited.\n\n</details>"
)
ACCEPTED = (
    "<details>\n<summary>✅ Action performed</summary>\n\nFull review triggered.\n\n</details>"
)
CLEAN = "**Actionable comments posted: 0**\n\nNo actionable comments were generated in the recent review. 🎉"  # noqa: E501
FINDINGS = "**Actionable comments posted: 11**"
PROGRESS = "<!-- This is an auto-generated comment: review in progress by coderabbit.ai -->\n> [!NOTE]\n> Currently processing new changes in this PR. This may take a few minutes, please wait..."  # noqa: E501
PAUSED = "> [!NOTE]\n> ## Reviews paused\n>\n> Use the commands to manage reviews."
SKIPPED = f"{RATE}\n> [!IMPORTANT]\n> ## Review skipped\n>\n> Too many files!"
FAILED = "> [!CAUTION]\n> ## Review failed\n>\n> The pull request is closed."
ODD = "> [!WARNING]\n> ## Reviews are unavailable\n>\n> We could not start this review."


@pytest.fixture
def play() -> Iterator[Scene]:
    """A pull request where CodeRabbit is asked."""
    with scene(REVIEWERS["coderabbit"], RABBIT) as made:
        yield made


WALK, REPLY = "walkthrough", "reply"
SCENES: dict[str, tuple[Sequence[Act], Ending, str]] = {
    "a limit, with its number in the walkthrough": (
        [
            Act(after=4, text=NO_NUMBER, name=REPLY),
            Act(after=7, text="Walkthrough", name=WALK),
            Act(after=9, text=LIMITED, name=WALK),
        ],
        Ending.LIMITED,
        LIMITED,
    ),
    "an acceptance that is taken back": (
        [Act(after=3, text=ACCEPTED, name=REPLY), Act(after=9, text=NO_NUMBER, name=REPLY)],
        Ending.LIMITED,
        NO_NUMBER,
    ),
    "an acceptance that is taken back 19 minutes later": (
        [
            Act(after=3, text=ACCEPTED),
            Act(after=5, text=PROGRESS, name=WALK),
            Act(after=19 * 60, text=LIMITED, name=WALK),
        ],
        Ending.LIMITED,
        LIMITED,
    ),
    "findings": (
        [Act(after=3, text=ACCEPTED), Act(after=400, kind="review", text=FINDINGS)],
        Ending.REVIEWED,
        FINDINGS,
    ),
    "no findings": (
        [
            Act(after=3, text=ACCEPTED),
            Act(after=5, text=PROGRESS, name=WALK),
            Act(after=300, text=CLEAN, name=WALK),
        ],
        Ending.REVIEWED,
        CLEAN,
    ),
    "too many files": ([Act(after=5, text=SKIPPED)], Ending.SKIPPED, SKIPPED),
    "a failure": (
        [Act(after=3, text=ACCEPTED), Act(after=90, text=FAILED)],
        Ending.FAILED,
        FAILED,
    ),
    "a refusal in new words": (
        [Act(after=5, text=ODD)],
        Ending.NOT_UNDERSTOOD,
        ODD,
    ),
    "too long": ([Act(after=5, text=TEN_DAYS)], Ending.BLOCKED, TEN_DAYS),
    "nothing": ([], Ending.UNANSWERED, ""),
    "nothing but a look-alike": (
        [
            Act(after=5, text=CLEAN, login="coderabbitai-fan"),
            Act(after=9, kind="review", text=FINDINGS, login="coderabbitai2[bot]"),
            Act(after=9, text=LIMITED, login="xcoderabbitai"),
        ],
        Ending.UNANSWERED,
        "",
    ),
    "only elsewhere": ([Act(after=5, text=CLEAN, number=8)], Ending.UNANSWERED, ""),
    "something else": (
        [Act(after=5, text="\nHello there!\n\nHow are you?")],
        Ending.UNANSWERED,
        "Hello there!",
    ),
    "accepted and no more": ([Act(after=3, text=ACCEPTED)], Ending.UNREVIEWED, ACCEPTED),
    "paused": (
        [Act(after=3, text=ACCEPTED), Act(after=5, text=PAUSED, name=WALK)],
        Ending.UNREVIEWED,
        PAUSED,
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_has_its_ending(play: Scene, name: str) -> None:
    """And its line is one that the bot wrote where it said so; its address is shown, too."""
    acts, ending, text = SCENES[name]
    play.bot(acts)
    conclusion = play.conclude()
    assert conclusion.ending is ending
    assert conclusion.reason in text
    assert bool(conclusion.reason) == bool(conclusion.url) == bool(text)


def test_a_limit_is_held_until_the_reviewer_says(play: Scene) -> None:
    """From when it said so, and half a minute more, however late it is seen."""
    play.bot([Act(after=6, text=LIMITED)])
    following, trigger = play.post()
    play.advance(3000)
    conclusion = play.follow(following, trigger)
    assert conclusion.until == START + timedelta(seconds=6 + 51 * 60 + 30)
    assert not conclusion.is_guessed


@pytest.mark.parametrize(("refusals", "minutes"), [(0, 15), (1, 30), (3, 120)])
def test_without_a_number_it_is_guessed(play: Scene, refusals: int, minutes: int) -> None:
    """The guess doubles with each refusal, and says that it is one."""
    play.bot([Act(after=6, text=NO_NUMBER)])
    policy = FollowPolicy(guess=POLICY.guess, refusals=refusals, max_wait=POLICY.max_wait)
    conclusion = play.conclude(policy)
    assert conclusion.until == START + timedelta(seconds=6, minutes=minutes)
    assert conclusion.is_guessed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bugbot", "### Bugbot couldn't run - usage limit reached"),
        ("greptile", "octocat has reached the 50-credit limit for trial accounts"),
        ("coderabbit", WARNING + "> Your organization has run out of usage credits."),
    ],
)
def test_who_wants_credits_or_another_month_blocks(name: str, text: str) -> None:
    """No guess is made, and a person has to decide; a number that is said counts all the same."""
    reviewer = REVIEWERS[name]
    trigger = {"bugbot": "bugbot run", "greptile": "@greptile review"}.get(name, RABBIT)
    number = "> More reviews will be available" if name == "coderabbit" else "This resets"
    for more, ending in (("", Ending.BLOCKED), (f"\n{number} in 9 minutes.", Ending.LIMITED)):
        with scene(reviewer, trigger) as play:
            play.bot([Act(after=5, text=text + more)])
            found = play.conclude()
            assert (found.ending, found.until is None) == (ending, ending is Ending.BLOCKED)


@pytest.mark.parametrize("refusals", [10, 1_000_000])
def test_no_guess_is_without_end(play: Scene, refusals: int) -> None:
    """In the end, a person has to decide."""
    play.bot([Act(after=6, text=NO_NUMBER)])
    policy = FollowPolicy(guess=POLICY.guess, refusals=refusals, max_wait=POLICY.max_wait)
    assert play.conclude(policy).ending is Ending.BLOCKED


def test_what_was_there_before_is_history(play: Scene) -> None:
    """A limit and a review from before the trigger are no answers to it."""
    for text in (LIMITED, CLEAN):
        play.forge.add_comment("o", "r", 7, body=text, login="coderabbitai[bot]")
    play.forge.add_review("o", "r", 7, body=FINDINGS, login="coderabbitai[bot]")
    play.advance(60)
    play.bot([])
    assert play.conclude().ending is Ending.UNANSWERED


def test_an_old_comment_that_is_edited_is_an_answer(play: Scene) -> None:
    """The walkthrough of days ago says that the reviewer is limited now."""
    comment = play.forge.add_comment("o", "r", 7, body=CLEAN, login="coderabbitai[bot]")
    play.advance(3 * 86_400)
    play.bot([])
    following, trigger = play.post()
    play.advance(8)
    play.forge.edit_comment(comment, body=LIMITED)
    assert play.follow(following, trigger).ending is Ending.LIMITED


def test_it_is_asked_often_at_first(play: Scene) -> None:
    """After 5, 10, 20, 40 and 60 seconds, each minute to the tenth, and then every three."""
    play.bot([Act(after=3, text=ACCEPTED)])
    play.conclude()
    minutes = [*range(1, 11), *range(13, 45, 3), 45]
    assert play.polls == [5, 10, 20, 40, *(60 * minute for minute in minutes)]


def test_half_a_minute_without_a_change_is_waited_for(play: Scene) -> None:
    """And no longer: the forge is asked then, also between two of the usual times."""
    play.bot([Act(after=4, text=NO_NUMBER), Act(after=31, text=LIMITED)])
    assert play.conclude().reason == "Review limit reached"
    assert play.polls == [5, 10, 20, 34, 40, 60, 61]


@pytest.mark.parametrize(
    ("name", "trigger", "acts", "ending"),
    [
        (
            "codex",
            "@codex review",
            [
                Act(after=2, kind="reaction", text="eyes", name="eyes"),
                Act(after=200, kind="withdraw", name="eyes"),
                Act(after=200, kind="reaction", text="+1", on="description"),
            ],
            Ending.REVIEWED,
        ),
        (
            "codex",
            "@codex review",
            [Act(after=2, kind="reaction", text="eyes")],
            Ending.UNREVIEWED,
        ),
        (
            "codex",
            "@codex review",
            [Act(after=9, text="You have reached your Codex usage limits for code reviews.")],
            Ending.LIMITED,
        ),
    ],
)
def test_reactions_are_answers(
    name: str, trigger: str, acts: Sequence[Act], ending: Ending
) -> None:
    """Those to the trigger and those to the description."""
    with scene(REVIEWERS[name], trigger) as play:
        play.bot(acts)
        assert play.conclude().ending is ending


def asked(play: Scene, *own: int) -> object:
    """What to do about a trigger that was queued at the start."""
    return before_asking(
        play.read(), play.reviewer, queued=START, own=own, guess=POLICY.guess, now=play.now
    )


def test_a_trigger_that_somebody_else_made_is_followed(play: Scene) -> None:
    """What was said between it and the first reading counts, and what was said before does not."""
    play.bot([Act(after=3, text=ACCEPTED), Act(after=300, kind="review", text=FINDINGS)])
    play.forge.add_comment("o", "r", 7, body=LIMITED, login="coderabbitai[bot]")
    play.advance(60)
    made = play.forge.add_comment("o", "r", 7, body=RABBIT, login="colleague")
    play.advance(200)
    found = asked(play)
    assert isinstance(found, Adopt)
    assert found.trigger.comment_id == made.id
    assert found.following.is_accepted
    assert play.follow(found.following, made.id).ending is Ending.REVIEWED


def test_our_own_trigger_is_not_somebody_elses(play: Scene) -> None:
    """Nor is one that is too old, or answered, or has more words."""
    made = play.forge.add_comment("o", "r", 7, body=RABBIT)
    play.forge.add_comment("o", "r", 7, body=f"{RABBIT} and tell me a joke", login="colleague")
    assert isinstance(asked(play), Adopt)
    assert isinstance(asked(play, made.id), Ask)
    play.advance(15 * 60)
    assert isinstance(asked(play), Ask)


@pytest.mark.parametrize(("notice", "seconds"), [(LIMITED, 51 * 60 + 30), (NO_NUMBER, 15 * 60)])
def test_a_trigger_that_was_refused_holds_ours(play: Scene, notice: str, seconds: int) -> None:
    """It is answered: ours waits for as long as the reviewer has said, and goes then."""
    play.bot([Act(after=5, text=notice)])
    play.forge.add_comment("o", "r", 7, body=RABBIT, login="colleague")
    play.advance(60)
    found = asked(play)
    assert isinstance(found, Hold)
    assert found.until == START + timedelta(seconds=5 + seconds)
    play.now = found.until
    assert isinstance(asked(play), Ask)


def test_a_refusal_without_a_number_ends_with_the_number_beside_it(play: Scene) -> None:
    """The reply names none, and the walkthrough does: no guess keeps the lane held after that."""
    soon = WARNING + "> **Next included review available in 100 seconds.**"
    play.bot([Act(after=4, text=NO_NUMBER), Act(after=9, text=soon)])
    made = play.forge.add_comment("o", "r", 7, body=RABBIT)
    play.advance(60)
    found = asked(play, made.id)
    assert isinstance(found, Hold)
    assert found.until == START + timedelta(seconds=9 + 100 + 30)
    play.now = found.until
    assert isinstance(asked(play, made.id), Ask)
    play.forge.add_comment("o", "r", 7, body=NO_NUMBER, login="coderabbitai[bot]")
    assert isinstance(asked(play, made.id), Hold)


def test_a_head_that_was_reviewed_meanwhile_is_not_asked_for(play: Scene) -> None:
    """An earlier review, or one of another head, is none of it."""
    play.advance(-60)
    play.forge.add_review("o", "r", 7, body=FINDINGS, login="coderabbitai[bot]")
    play.advance(120)
    assert isinstance(asked(play), Ask)
    play.forge.add_review("o", "r", 7, body=FINDINGS, login="coderabbitai[bot]")
    found = asked(play)
    assert isinstance(found, AlreadyReviewed)
    assert found.review.url
    play.forge.set_pull("o", "r", 7, head="d" * 40)
    assert isinstance(asked(play), Ask)
    play.forge.add_review("o", "r", 7, body=FINDINGS, login="colleague")
    assert isinstance(asked(play), Ask)


def test_a_pull_request_that_is_closed_is_not_asked_for(play: Scene) -> None:
    """Nobody wants that review any more."""
    play.forge.set_pull("o", "r", 7, state="closed")
    assert isinstance(asked(play), NotOpen)


def test_a_first_reading_begins_where_the_comment_was_queued() -> None:
    """By the forge's clock, and with a margin; never further back than a week."""
    ahead = timedelta(minutes=3)
    assert first_reading(START, START + LOOKBACK, ahead) is None
    for waited, back in [
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(weeks=5), FURTHEST),
    ]:
        now = START + waited
        found = first_reading(START, now, ahead)
        assert found
        assert found.since == now - back + ahead - LOOKBACK
        assert (found.sightings, found.validators) == ((), ())
