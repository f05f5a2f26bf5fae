"""What the shipped profiles make of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import Channel, ReadingKind
from tests.reviewers.reading import read
from tests.reviewers.samples import SAMPLES, Sample

EACH = [(name, sample) for name, samples in SAMPLES.items() for sample in samples]
LIMITS = [(name, one) for name, one in EACH if one[1] == "limited" and one[0] != "status"]
HARMLESS = [(name, one) for name, one in EACH if one[1] not in {"limited", "not_understood"}]
REFUSALS = [(name, one) for name, one in EACH if one[1] in {"limited", "not_understood"}]
WORDS = st.sampled_from(
    ["limit", "rate", "review", "wait", "5 minutes", "quota", "available in", "@octocat", "**", "#",
     "> ", "\n", "\n\n", ". ", ": ", "`", "```\n", "<!-- ", " -->", "- ", "in 3 hours", "please"]
)  # fmt: skip
"""Pieces of which a limit could be made, but no sentence that a bot is known to write."""


@pytest.mark.parametrize(("name", "sample"), EACH)
def test_each_answer_has_its_meaning(name: str, sample: Sample) -> None:
    """The kind, and the seconds of the wait."""
    channel, kind, seconds, text = sample
    reading = read(name, text, channel)
    wait = None if reading.wait is None else reading.wait.total_seconds()
    assert (reading.kind.value, wait) == (kind, seconds), reading


@pytest.mark.parametrize(("name", "samples"), SAMPLES.items())
def test_there_are_enough_answers(name: str, samples: list[Sample]) -> None:
    """Each reviewer has ten, and several of them are no limit."""
    assert len(samples) >= 10
    assert len({kind for _, kind, _, _ in samples}) >= 4


@given(st.sampled_from(LIMITS), st.sampled_from(["octocat", "coderabbit-x", "coderabbitai2"]))
def test_what_a_person_writes_is_no_answer(limit: tuple[str, Sample], login: str) -> None:
    """The same words by another login say nothing."""
    name, (channel, _, _, text) = limit
    assert read(name, text, channel, login).kind is ReadingKind.OTHER


@given(st.sampled_from(LIMITS), st.sampled_from(["```", "~~~~", "````md"]), st.text("ab \n"))
def test_a_limit_in_code_is_none(limit: tuple[str, Sample], fence: str, before: str) -> None:
    """Whatever stands before the code."""
    name, (channel, _, _, text) = limit
    fenced = f"{before}\n{fence}\n{text}\n"
    assert read(name, fenced, channel).kind is not ReadingKind.LIMITED


@given(
    st.sampled_from(LIMITS), st.sampled_from(["@octocat, no.", "That was yesterday.", "`@a` so?"])
)
def test_a_limit_in_a_quote_that_is_answered_is_none(limit: tuple[str, Sample], reply: str) -> None:
    """A quote of what a person has quoted."""
    name, (channel, _, _, text) = limit
    quoted = "".join(f"> {line}\n" for line in f"@octocat wrote:\n{text}".split("\n"))
    assert read(name, f"{quoted}\n{reply}", channel).kind is not ReadingKind.LIMITED


@given(st.sampled_from(HARMLESS), st.lists(WORDS, max_size=12), st.sampled_from(Channel))
def test_what_is_no_limit_becomes_none(
    sample: tuple[str, Sample], words: list[str], channel: Channel
) -> None:
    """An answer with other words after it, in any channel, is no limit."""
    name, (_, _, _, text) = sample
    reading = read(name, f"{text}{' '.join(words)}", channel)
    assert reading.kind is not ReadingKind.LIMITED


@given(st.lists(WORDS, max_size=20), st.sampled_from(sorted(SAMPLES)), st.sampled_from(Channel))
def test_words_of_a_limit_are_no_limit(words: list[str], name: str, channel: Channel) -> None:
    """It takes a sentence."""
    assert read(name, " ".join(words), channel).kind is not ReadingKind.LIMITED


# A review, which a bot does not edit, may refuse in words that nobody knows.
@pytest.mark.parametrize(("name", "sample"), [one for one in REFUSALS if one[1][0] != "review"])
def test_a_refusal_above_an_old_review_is_no_review(name: str, sample: Sample) -> None:
    """Bots edit their comments, and leave below what they said before."""
    channel, _, _, text = sample
    for clean in (
        "No actionable comments were generated in the recent review.",
        "Review completed",
        "Bugbot reviewed your changes and found no new issues!",
        "Code Review by Qodo",
    ):
        assert read(name, f"{text}\n\n{clean}", channel).kind is not ReadingKind.REVIEWED


@pytest.mark.parametrize(("name", "sample"), LIMITS)
def test_emphasis_does_not_matter(name: str, sample: Sample) -> None:
    """A limit without stars, in other line ends and with more space is the same limit."""
    channel, _, seconds, text = sample
    for changed in (
        text.replace("**", ""),
        text.replace("\n", "\r\n"),
        text.replace(" in ", "  in "),
    ):
        reading = read(name, changed, channel)
        assert reading.kind is ReadingKind.LIMITED
        assert (reading.wait and reading.wait.total_seconds()) == seconds


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize(
    "text",
    [
        "Access to reviews requires a paid plan.",
        "Free reviews for this month are gone.",
        "We are experiencing high demand; your review will start later.",
        "octocat does not have a seat. Assign one to get reviews.",
        "Your subscription has lapsed.",
        "Request timed out.",
        "The model is overloaded, please try again later.",
    ],
)
def test_a_refusal_in_unknown_words_is_no_review(name: str, text: str) -> None:
    """Also where whatever a bot writes in a review is one."""
    assert read(name, text, "review").kind is not ReadingKind.REVIEWED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("> [!WARNING]\n> The bundle exceeds its size limit", ReadingKind.OTHER),
        ("Unable to run the benchmarks", ReadingKind.OTHER),
        ("Claude Code could not start: unable to run the action", ReadingKind.NOT_UNDERSTOOD),
        ("**Claude finished @octocat's task**", ReadingKind.REVIEWED),
    ],
)
def test_what_others_say_by_a_shared_account_is_no_refusal(text: str, kind: ReadingKind) -> None:
    """Each workflow comments as GitHub Actions: what it cannot do says nothing of the reviewer."""
    assert read("claude", text, login="github-actions[bot]").kind is kind


@pytest.mark.parametrize("part", ["a-", "`a", "a.b", "w(", "in 1 "])
def test_no_review_takes_long(part: str) -> None:
    """Whether the longest one is about code is found in one go through it; it ends."""
    assert read("coderabbit", part * 32_768, "review").kind is not ReadingKind.LIMITED
