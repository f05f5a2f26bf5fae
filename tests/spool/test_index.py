"""The names in memory agree with a list that is sorted anew each time."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from comenq_plugins.spool.index import Index
from comenq_plugins.spool.names import Name

ids = st.sampled_from([f"{letter}00000000000" for letter in "abcdefgh"])
names = st.builds(
    Name,
    order=st.integers(min_value=0, max_value=9),
    due=st.just(0) | st.integers(min_value=1, max_value=40),
    id=ids,
    digest=st.sampled_from(["00000000", "11111111"]),
)


class IndexMachine(RuleBasedStateMachine):
    """An index beside a plain dictionary of the same names."""

    def __init__(self) -> None:
        super().__init__()
        self.index = Index()
        self.known: dict[str, Name] = {}
        self.now = 0

    @rule(name=names)
    def add(self, name: Name) -> None:
        """A name comes in, perhaps instead of another one of the same job."""
        self.index.add(name)
        self.known[name.id] = name

    @rule(name=names)
    def discard_any(self, name: Name) -> None:
        """A name that may never have been there goes."""
        self.index.discard(name)
        if self.known.get(name.id) == name:
            del self.known[name.id]

    @rule(job_id=ids)
    def discard_known(self, job_id: str) -> None:
        """A name that is there goes."""
        if name := self.known.pop(job_id, None):
            self.index.discard(name)

    @rule(now=st.integers(min_value=0, max_value=50))
    def set_clock(self, now: int) -> None:
        """Time passes, or the clock is set back."""
        self.now = now

    @rule()
    def build_anew(self) -> None:
        """A rescan gives the same index."""
        self.index = Index(self.known.values())

    @invariant()
    def agrees(self) -> None:
        """Each question has the answer that sorting everything would give."""
        ready = sorted(name for name in self.known.values() if name.due <= self.now)
        later = [name for name in self.known.values() if name.due > self.now]
        line = [*ready, *sorted(later, key=lambda name: (name.due, name))]
        assert self.index.first(self.now) == (ready[0] if ready else None)
        assert self.index.next_due(self.now) == min((n.due for n in later), default=None)
        assert self.index.line(self.now) == line
        assert sorted(self.index) == sorted(line)
        assert [self.index.position(name, self.now) for name in line] == list(range(len(line)))
        assert len(self.index) == len(self.known)
        assert all(self.index.get(name.id) == name for name in line)
        assert {name.id for name in self.index.starting("a")} == {"a00000000000"} & set(self.known)


TestIndex = IndexMachine.TestCase
TestIndex.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
