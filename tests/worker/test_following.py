"""Triggers that a real worker follows: what bots answer, and what becomes of jobs and lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from comenq_core.model import Change, Ending, Follow, Job, Lane, LaneRecord, Outcome, State
from comenq_core.protocols import Poster
from comenq_core.testing.forge import Act, Bot
from comenq_plugins.github.poster import GitHubPoster
from tests.worker.rig import Rig, rig

RABBIT = "@coderabbitai review"
OURS = Lane(reviewer="coderabbit", scope="o")
MINUTE = 60.0
NOTICE = "<!-- rate limited by coderabbit.ai -->\n> ## Review limit reached\n>\n"
LIMITED = NOTICE + "> **Next included review available in 51 minutes.**"
TEN_DAYS = NOTICE + "> **Next included review available in 10 days.**"
ACCEPTED = "✅ Action performed\n\nFull review triggered."
CLEAN = "No actionable comments were generated in the recent review. 🎉"
ODD = "> ## Reviews are unavailable\n>\n> We could not start this review."

REFUSE = [Act(after=5, text=LIMITED, name="walkthrough")]
REVIEW = [
    Act(after=3, text=ACCEPTED),
    Act(after=200, kind="review", text="**Actionable comments posted: 2**"),
]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rig]:
    """A rig whose settings have one reviewer."""
    with rig(tmp_path, reviewers=("coderabbit",)) as made:
        yield made


def play(made: Rig, *scenes: Sequence[Act]) -> None:
    """Have CodeRabbit do this about the first trigger, the second, and so on."""
    made.forge.set_bots(Bot(login="coderabbitai[bot]", triggers=[RABBIT], scenes=scenes))


def lane(made: Rig) -> LaneRecord:
    """What is known of the lane."""
    return made.store.lanes()[OURS]


def triggers(made: Rig) -> list[float]:
    """When triggers were posted, in seconds from the first one."""
    times = [one.created_at for one in made.forge.comments if one.body == RABBIT]
    return [(at - times[0]).total_seconds() for at in times]


def ending(made: Rig, job: Job) -> Ending | None:
    """How the job's trigger has ended."""
    conclusion = made.job(job).conclusion
    return conclusion.ending if conclusion else None


def test_a_review_ends_the_job(made: Rig) -> None:
    """The job stays posted, with the address of the review; nothing more is kept of it."""
    play(made, REVIEW)
    job = made.put(RABBIT)
    made.run()
    assert made.job(job).is_awaiting
    made.run_for(10 * MINUTE)
    found = made.job(job)
    assert found.state is State.POSTED
    assert found.conclusion
    assert found.conclusion.ending is Ending.REVIEWED
    assert "#pullrequestreview-" in found.conclusion.url
    assert (lane(made).triggers, lane(made).reviewed, lane(made).refused) == (1, 1, 0)
    assert not made.store.follows()


def test_a_refused_trigger_goes_again_when_the_bot_said(made: Rig) -> None:
    """The lane is held until the notice's time, its wait and half a minute; then it is reviewed."""
    play(made, REFUSE, REVIEW)
    job = made.put(RABBIT)
    made.run_for(2 * MINUTE)
    assert made.job(job).state is State.WAITING
    assert "limited until" in made.job(job).reason
    held = lane(made).held_until
    assert held
    assert lane(made).reason
    made.run_for(60 * MINUTE)
    assert triggers(made) == [0.0, pytest.approx(5 + 51 * MINUTE + 30, abs=2)]
    assert ending(made, job) is Ending.REVIEWED
    assert (lane(made).triggers, lane(made).reviewed, lane(made).refused) == (2, 1, 1)


def test_a_job_asks_three_times_at_most(made: Rig) -> None:
    """After that it ends as not reviewed, with what the bot said; its lane is held all the same."""
    play(made, REFUSE)
    job = made.put(RABBIT)
    made.run_for(6 * 3600.0)
    assert len(triggers(made)) == 3
    assert ending(made, job) is Ending.UNREVIEWED
    assert "refused 3 times" in made.job(job).reason
    assert "Review limit reached" in made.job(job).reason


def test_the_next_of_a_lane_waits_for_the_answer(made: Rig) -> None:
    """Other comments do not; once the bot has accepted, the next goes after the cool-off."""
    play(made, [Act(after=30 * MINUTE, text=ACCEPTED)])
    made.put(RABBIT)
    made.put(RABBIT, number=2)
    other = made.put("hello", number=3)
    made.run_for(9 * MINUTE)
    assert len(triggers(made)) == 1
    assert made.job(other).state is State.POSTED


def test_an_acceptance_is_enough_for_the_next(made: Rig) -> None:
    """It goes a cool-off after the first, although the review of that is still awaited."""
    play(made, [Act(after=5, text=ACCEPTED)])
    first = made.put(RABBIT)
    made.put(RABBIT, number=2)
    made.run_for(2 * MINUTE)
    assert made.job(first).is_awaiting
    assert len(triggers(made)) == 2
    assert triggers(made)[1] >= MINUTE


def test_a_long_limit_blocks_the_lane(made: Rig) -> None:
    """The job is kept, and goes once an operator opens the lane."""
    play(made, [Act(after=5, text=TEN_DAYS)], REVIEW)
    job = made.put(RABBIT)
    made.run_for(2 * MINUTE)
    made.clock.advance(11 * 24 * 3600.0)
    made.run_for(2 * MINUTE)
    assert lane(made).is_blocked
    assert len(triggers(made)) == 1
    assert made.job(job).state is State.WAITING
    opened = replace(lane(made), is_blocked=False, held_until=None, released=made.wall())
    made.store.save_lane(opened, expect=lane(made))
    made.run_for(10 * MINUTE)
    assert ending(made, job) is Ending.REVIEWED


def test_an_opened_lane_is_not_held_by_an_older_notice(made: Rig) -> None:
    """What an operator knows counts more than what the bot said before."""
    play(made, REFUSE, REVIEW)
    job = made.put(RABBIT)
    made.run_for(2 * MINUTE)
    assert lane(made).held_until
    opened = replace(lane(made), held_until=None, released=made.wall())
    made.store.save_lane(opened, expect=lane(made))
    made.run_for(20 * MINUTE)
    assert len(triggers(made)) == 2
    assert ending(made, job) is Ending.REVIEWED


@pytest.mark.parametrize(
    ("scene", "expected", "within"),
    [
        ([], Ending.UNANSWERED, 12 * MINUTE),
        ([Act(after=5, text=ACCEPTED)], Ending.UNREVIEWED, 50 * MINUTE),
        ([Act(after=5, text=ODD)], Ending.NOT_UNDERSTOOD, 3 * MINUTE),
    ],
    ids=["silence", "no review", "odd words"],
)
def test_every_end_has_a_line(
    made: Rig, scene: Sequence[Act], expected: Ending, within: float
) -> None:
    """The job is over, and says why; the lane is open for the next."""
    play(made, scene)
    job = made.put(RABBIT)
    made.run_for(within)
    assert ending(made, job) is expected
    assert made.job(job).state is State.POSTED
    assert made.job(job).reason
    assert not made.store.follows()


def test_a_request_may_opt_out(made: Rig) -> None:
    """Its trigger is posted and done, in its lane."""
    job = made.put(RABBIT, follow=False)
    made.run_for(MINUTE)
    assert made.job(job).state is State.POSTED
    assert not made.job(job).reviewer
    assert not made.store.follows()


def test_a_closed_pull_request_is_not_reviewed(made: Rig) -> None:
    """The job is skipped, with that line."""
    made.forge.set_pull("o", "r", 1, state="closed")
    job = made.put(RABBIT)
    made.run_for(MINUTE)
    assert made.job(job).state is State.SKIPPED
    assert "not open" in made.job(job).reason


def test_a_head_that_was_reviewed_meanwhile_needs_no_trigger(made: Rig) -> None:
    """The job ends as reviewed, with that review."""
    made.store.save_lane(
        LaneRecord(lane=OURS, held_until=made.wall() + timedelta(hours=1)), expect=None
    )
    job = made.put(RABBIT)
    made.run_for(30 * MINUTE)
    made.forge.add_review(
        "o", "r", 1, login="coderabbitai[bot]", body="**Actionable comments posted: 1**"
    )
    made.run_for(40 * MINUTE)
    assert not triggers(made)
    assert made.job(job).state is State.SKIPPED
    assert ending(made, job) is Ending.REVIEWED


HEAD = "c" * 40
CLEAN_OF_HEAD = f"{CLEAN}\n\nReviewing files that changed between {'a' * 40} and {HEAD}."


def waiting(made: Rig) -> Job:
    """Queue a trigger in a lane that is held for two hours; half an hour goes by."""
    held = LaneRecord(lane=OURS, held_until=made.wall() + timedelta(hours=2))
    made.store.save_lane(held, expect=None)
    made.forge.set_pull("o", "r", 1, head=HEAD)
    job = made.put(RABBIT)
    made.run_for(30 * MINUTE)
    return job


def test_a_review_that_is_a_comment_is_seen_however_long_the_job_waits(made: Rig) -> None:
    """A clean one is no review at the forge; one from before the job was queued is none of it."""
    made.forge.add_comment("o", "r", 1, body=CLEAN_OF_HEAD, login="coderabbitai[bot]")
    made.clock.advance(MINUTE)
    job = waiting(made)
    made.forge.add_comment("o", "r", 1, body=CLEAN_OF_HEAD, login="coderabbitai[bot]")
    made.run_for(2 * 3600.0)
    assert not triggers(made)
    assert made.job(job).state is State.SKIPPED
    assert ending(made, job) is Ending.REVIEWED


def test_only_what_is_new_is_kept_of_a_long_reading(made: Rig) -> None:
    """Each later poll would read all of it again; what was said long ago holds no lane either."""
    job = waiting(made)
    limited = LIMITED.replace("51 minutes", "5 hours")
    made.forge.add_comment("o", "r", 1, body=limited, login="coderabbitai[bot]")
    made.run_for(80 * MINUTE)
    recent = made.forge.add_comment("o", "r", 1, body="hello", login="ada")
    made.run_for(10 * MINUTE)
    (kept,) = made.store.follows().values()
    assert made.job(job).is_awaiting
    seen = {one.id for one in kept.snapshot.sightings}
    assert seen == {f"comment {recent.id}"}
    assert made.wall() - kept.snapshot.since < timedelta(minutes=30)


def theirs(made: Rig, *scenes: Sequence[Act]) -> Job:
    """Queue a trigger a minute after somebody else has posted one."""
    play(made, *scenes)
    made.forge.add_comment("o", "r", 1, body=RABBIT, login="ada")
    made.clock.advance(MINUTE)
    return made.put(RABBIT)


def test_somebody_elses_fresh_trigger_is_followed_first(made: Rig) -> None:
    """If it is reviewed, the job ends with their review and the line that it was not posted."""
    job = theirs(made, REVIEW)
    made.run_for(10 * MINUTE)
    assert len(triggers(made)) == 1
    found = made.job(job)
    assert found.state is State.SKIPPED
    assert ending(made, job) is Ending.REVIEWED
    assert "not posted itself" in found.reason
    assert "#pullrequestreview-" in found.url


def test_a_refusal_of_somebody_elses_trigger_holds_our_lane(made: Rig) -> None:
    """The job is posted once the lane is open."""
    job = theirs(made, REFUSE, REVIEW)
    made.run_for(10 * MINUTE)
    assert len(triggers(made)) == 1
    assert made.job(job).state is State.WAITING
    assert lane(made).held_until
    made.run_for(60 * MINUTE)
    assert len(triggers(made)) == 2
    assert ending(made, job) is Ending.REVIEWED


def test_an_operator_may_delete_a_job_that_waits_for_somebody_elses_answer(made: Rig) -> None:
    """Nothing is posted, and nothing more is kept of it."""
    job = theirs(made, [Act(after=5, text=ACCEPTED)])
    made.run_for(2 * MINUTE)
    made.store.change(job.id, Change.CANCEL)
    made.run_for(60 * MINUTE)
    assert len(triggers(made)) == 1
    assert not made.store.follows()


def test_a_trigger_whose_answer_was_lost_is_followed(made: Rig) -> None:
    """A look-up finds it, and what the bot has said counts."""
    play(made, REVIEW)
    made.forge.answer_next(method="POST", status=502, accept=True)
    job = made.put(RABBIT)
    made.run_for(20 * MINUTE)
    assert ending(made, job) is Ending.REVIEWED


def test_the_snapshot_is_durable_before_the_post(made: Rig) -> None:
    """What is followed is kept before anything is sent."""
    seen: list[Follow] = []
    send = GitHubPoster.post

    def post(poster: GitHubPoster, job: Job) -> Outcome:
        seen.extend(made.store.follows().values())
        return send(poster, job)

    with patch.object(GitHubPoster, "post", post):
        made.put(RABBIT)
        made.run()
    assert [one.lane for one in seen] == [OURS]


class Blind:
    """Posts as GitHub's does, and cannot read what is said."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self.account = poster.account
        self.credential = poster.credential
        self.find = poster.find
        self.post = poster.post


def test_what_nobody_can_read_keeps_no_lane_closed(made: Rig) -> None:
    """A trigger that was followed ends as unanswered; the next ones are posted and done."""
    play(made, REVIEW)
    first = made.put(RABBIT)
    made.run()
    made.start([Blind(poster) for poster in made.posters()])
    second = made.put(RABBIT, number=2)
    made.run_for(30 * MINUTE)
    assert ending(made, first) is Ending.UNANSWERED
    assert made.job(second).state is State.POSTED
    assert not made.job(second).reviewer


def without_reviewers(made: Rig) -> None:
    """Start a worker whose settings have no reviewers."""
    made.settings = replace(made.settings, reviewers=())
    made.start()


def test_what_awaits_ends_once_the_settings_have_no_reviewers(made: Rig) -> None:
    """The job says so, and nothing more is kept of it; other comments are posted as ever."""
    play(made, REVIEW)
    job = made.put(RABBIT)
    made.run()
    assert made.job(job).is_awaiting
    without_reviewers(made)
    other = made.put("hello", number=2)
    made.run_for(20 * MINUTE)
    assert ending(made, job) is Ending.UNANSWERED
    assert "the settings do not name coderabbit any more" in made.job(job).reason
    assert made.job(other).state is State.POSTED
    assert not made.store.follows()


def test_without_reviewers_nobody_elses_answer_is_waited_for(made: Rig) -> None:
    """The job that has followed somebody else's trigger is posted."""
    job = theirs(made, [])
    made.run()
    without_reviewers(made)
    made.run_for(20 * MINUTE)
    assert len(triggers(made)) == 2
    assert made.job(job).state is State.POSTED
    assert not made.job(job).reviewer
    assert not made.store.follows()


def test_a_trigger_that_may_be_posted_ends_without_reviewers_as_well(made: Rig) -> None:
    """A look-up finds it; then it awaits nobody."""
    play(made, REVIEW)
    made.forge.answer_next(method="POST", status=502, accept=True)
    job = made.put(RABBIT)
    made.worker.step()
    assert made.job(job).state is State.CHECKING
    without_reviewers(made)
    made.run_for(20 * MINUTE)
    assert ending(made, job) is Ending.UNANSWERED
    assert len(triggers(made)) == 1
