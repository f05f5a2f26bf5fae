"""The names in memory agree with a list that is sorted anew each time, however few are at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.index import Index

ids = st.sampled_from([f"{letter}00000000000" for letter in "abcdefgh"])
digests = st.sampled_from(["00000000", "11111111"])
names = st.builds(
    Name,
    order=st.integers(min_value=0, max_value=9),
    # As many digits as an id has may be taken for one, and as many as there can be.
    due=st.just(0) | st.integers(min_value=1, max_value=40) | st.sampled_from([10**11, 10**17]),
    id=ids,
    digest=digests,
    events=st.integers(min_value=0, max_value=2),
    interruptions=st.just(0),
)
times = st.integers(min_value=0, max_value=50) | st.sampled_from([10**11, 10**17])


class IndexMachine(RuleBasedStateMachine):
    """An index beside a plain set of the same names."""

    def __init__(self) -> None:
        super().__init__()
        self.index = Index()
        self.known: set[Name] = set()
        self.window = 0
        self.now = 0

    @initialize(window=st.integers(min_value=1, max_value=4) | st.just(80))
    def start(self, window: int) -> None:
        """Few names are at hand, or all."""
        self.window = window
        self.index = Index(window)

    @rule(name=names)
    def add(self, name: Name) -> None:
        """A name comes in, perhaps again."""
        self.index.add(name)
        self.known.add(name)

    @rule(name=names)
    def discard_any(self, name: Name) -> None:
        """A name that may never have been there goes."""
        self.index.discard(name)
        self.known.discard(name)

    @rule(number=st.integers(min_value=0, max_value=30))
    def discard_known(self, number: int) -> None:
        """A name that is there goes."""
        if self.known:
            name = sorted(self.known)[number % len(self.known)]
            self.index.discard(name)
            self.known.discard(name)

    @rule(now=times)
    def set_clock(self, now: int) -> None:
        """Time passes, or the clock is set back."""
        self.now = now

    @rule(more=st.lists(names, max_size=12), at_once=st.integers(min_value=1, max_value=12))
    def build_anew(self, more: list[Name], at_once: int) -> None:
        """A rescan gives the same index, though it comes in parts and in no order."""
        self.known |= set(more)
        texts = sorted(map(str, self.known), key=lambda text: text[::-1])
        self.index = Index(self.window)
        for start in range(0, len(texts), at_once):
            self.index.load(texts[start : start + at_once])

    @rule()
    def first(self) -> None:
        """The name to claim is the first one that is due."""
        ready = self.line()[0]
        assert self.index.first(self.now) == (ready[0] if ready else None)

    @rule()
    def next_due(self) -> None:
        """The next time at which there is something to do is that of the first one that waits."""
        later = self.line()[1]
        assert self.index.next_due(self.now) == min((n.due for n in later), default=None)

    @rule(start=st.integers(min_value=0, max_value=20))
    def page(self, start: int) -> None:
        """A page begins where it should, and nothing is left out behind it."""
        ready, later = self.line()
        assert list(self.index.line(self.now, start)) == [*ready, *later][start:]

    @rule()
    def positions(self) -> None:
        """Each name has its place."""
        ready, later = self.line()
        found = [self.index.position(name, self.now) for name in (*ready, *later)]
        assert found == list(range(len(self.known)))

    @rule(job_id=ids)
    def get(self, job_id: str) -> None:
        """A job is found by its id, if it is there."""
        found, wanted = self.index.get(job_id), {n for n in self.known if n.id == job_id}
        assert found in wanted if wanted else found is None

    @rule(letter=st.sampled_from("abcdefgh"))
    def starting(self, letter: str) -> None:
        """Jobs are found by the beginning of their ids."""
        assert set(self.index.starting(letter)) == {n for n in self.known if n.id[0] == letter}

    @rule(digest=digests)
    def is_same_comment(self, digest: str) -> None:
        """Jobs are found by their digest."""
        assert set(self.index.is_same_comment(digest)) == {
            n for n in self.known if n.digest == digest
        }

    @rule(wanted=st.sets(ids))
    def among(self, wanted: set[str]) -> None:
        """Jobs are found by several ids at once."""
        assert set(self.index.among(wanted)) == {n for n in self.known if n.id in wanted}

    @invariant()
    def counts(self) -> None:
        """No name is counted twice, and none is forgotten."""
        assert len(self.index) == len(self.known)

    def line(self) -> tuple[list[Name], list[Name]]:
        """What may be claimed now, and what may be later, each in its order."""
        ready = sorted((name for name in self.known if name.due <= self.now), key=str)
        later = (name for name in self.known if name.due > self.now)
        return ready, sorted(later, key=lambda name: (name.due, name))


TestIndex = IndexMachine.TestCase


def test_who_changes_all_jobs_searches_the_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A search finds the names that follow, too; without that, each would be searched for."""
    line = [Name(order, 0, f"{order:012d}", "00000000", 0, 0) for order in range(1_000)]
    index = Index()
    index.load([str(name) for name in line])
    searches = 0
    blocks = Index._blocks

    def counted(self: Index) -> Iterator[str]:
        nonlocal searches
        searches += 1
        return blocks(self)

    monkeypatch.setattr(Index, "_blocks", counted)
    for name in line:
        assert index.get(name.id) == name
        index.discard(name)

    assert searches < 10
