"""The names in memory agree with a list that is sorted anew each time."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from comenq_plugins.spool.format.filename import Name, more_advanced
from comenq_plugins.spool.index import Index

ids = st.sampled_from([f"{letter}00000000000" for letter in "abcdefgh"])
digests = st.sampled_from(["00000000", "11111111"])
names = st.builds(
    Name,
    order=st.integers(min_value=0, max_value=9),
    due=st.just(0) | st.integers(min_value=1, max_value=40) | st.sampled_from([10**11, 10**17]),
    id=ids,
    digest=digests,
    events=st.integers(min_value=0, max_value=2),
    interruptions=st.just(0),
    lane=st.sampled_from([b"", b"one", b"two"]),
)
lanes = st.sampled_from([b"", b"one", b"two", b"three"])
times = st.integers(min_value=0, max_value=50) | st.sampled_from([10**11, 10**17])


class IndexMachine(RuleBasedStateMachine):
    """An index beside a plain dictionary of the same names."""

    def __init__(self) -> None:
        super().__init__()
        self.index = Index()
        self.known: dict[str, Name] = {}
        self.corrected: dict[Name, bytes] = {}
        self.now = 0

    def know(self, name: Name) -> None:
        """Add a name to the dictionary; one that was not there is in the lane that it says."""
        known = self.known.get(name.id)
        chosen = more_advanced(name, known or name)
        if chosen != known:
            self.corrected.pop(chosen, None)
        self.known[name.id] = chosen

    @rule(name=names)
    def add(self, name: Name) -> None:
        """Of two names of one job, the more advanced one stays."""
        self.index.add(name)
        self.know(name)

    @rule(name=names)
    def discard_any(self, name: Name) -> None:
        """Only the very name that is there can be removed."""
        self.index.discard(name)
        if self.known.get(name.id) == name:
            del self.known[name.id]

    @rule(job_id=ids)
    def discard_known(self, job_id: str) -> None:
        """A name that is there is removed."""
        if job_id in self.known:
            self.index.discard(self.known.pop(job_id))

    @rule(now=times)
    def set_clock(self, now: int) -> None:
        """Time passes, or the clock is set back."""
        self.now = now

    @rule(more=st.lists(names, max_size=12))
    def build_anew(self, more: list[Name]) -> None:
        """A rescan gives the same index, in whatever order the names come."""
        self.index = Index([*more, *self.known.values()])
        self.corrected.clear()
        for name in more:
            self.know(name)

    @rule()
    def ready_and_later(self) -> None:
        """The names that are due come in their order, and the others as they will be due."""
        ready, later = self.expected()
        assert list(self.index.ready(self.now)) == ready
        assert list(self.index.later(self.now)) == later

    @rule(number=st.integers(min_value=1, max_value=3))
    def discard_some_that_are_ready(self, number: int) -> None:
        """Names can be discarded while they are given; none is left out."""
        ready = self.expected()[0]
        given = []
        for count, name in enumerate(self.index.ready(self.now)):
            given.append(name)
            if count % number == 0:
                self.index.discard(self.known.pop(name.id))
        assert given == ready

    @rule(closed=st.sets(lanes), number=st.integers(min_value=1, max_value=3))
    def outside_closed_lanes(self, closed: set[bytes], number: int) -> None:
        """Names that are due are left out in closed lanes, and may be discarded in others."""
        ready = self.expected()[0]
        given = []
        for count, name in enumerate(self.index.ready(self.now, closed)):
            given.append(name)
            if count % number == 0:
                self.index.discard(self.known.pop(name.id))
        assert given == [n for n in ready if self.corrected.get(n, n.lane) not in closed]

    @rule(closed=st.sets(lanes, min_size=1), lane=lanes)
    def correct_lanes(self, closed: set[bytes], lane: bytes) -> None:
        """A name that has got another lane while it was given is in that one from then on."""
        for name in self.index.ready(self.now, closed):
            if name not in self.corrected:
                self.index.correct_lane(name, lane)
                self.corrected[name] = lane

    @rule(lane=lanes)
    def count_in_lane(self, lane: bytes) -> None:
        """What is due and what is not is counted in its lane."""
        names = [*self.expected()[0], *self.expected()[1]]
        found = [name for name in names if self.corrected.get(name, name.lane) == lane]
        assert self.index.position_in(lane, None, self.now) == len(found)

    @rule()
    def next_due(self) -> None:
        """The next due time is that of the first name that is not due."""
        later = self.expected()[1]
        assert self.index.next_due(self.now) == min((n.due for n in later), default=None)

    @rule(start=st.integers(min_value=0, max_value=20))
    def page(self, start: int) -> None:
        """A page begins where it should, and nothing is left out behind it."""
        ready, later = self.expected()
        assert list(self.index.in_order(self.now, start)) == [*ready, *later][start:]

    @rule()
    def positions(self) -> None:
        """Each name has its place in the queue."""
        ready, later = self.expected()
        found = [self.index.position(name, self.now) for name in (*ready, *later)]
        assert found == list(range(len(self.known)))

    @rule(job_id=ids)
    def get(self, job_id: str) -> None:
        """A job is found by its id, if it is there."""
        assert self.index.get(job_id) == self.known.get(job_id)

    @rule(letter=st.sampled_from("abcdefgh"))
    def starting(self, letter: str) -> None:
        """Jobs are found by the beginning of their ids."""
        found = {name for name in self.known.values() if name.id[0] == letter}
        assert set(self.index.starting(letter)) == found

    @invariant()
    def has_all(self) -> None:
        """Each job has one name, and none is forgotten."""
        assert len(self.index) == len(self.known)
        assert set(self.index) == set(self.known.values())

    def expected(self) -> tuple[list[Name], list[Name]]:
        """What may be claimed now, and what may be later, each in its order."""
        ready = sorted(name for name in self.known.values() if name.due <= self.now)
        later = (name for name in self.known.values() if name.due > self.now)
        return ready, sorted(later, key=lambda name: (name.due, name))


TestIndex = IndexMachine.TestCase


def test_a_name_that_is_due_no_more_leaves_its_lane() -> None:
    """When the clock is set back, its lane has it again only at its time, and once."""
    name = Name(1, 20, "a00000000000", "00000000", lane=b"one")
    index = Index([name])
    given = [list(index.ready(now, {b"two"})) for now in (30, 10, 30)]
    assert given == [[name], [], [name]]
