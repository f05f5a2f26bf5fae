"""What is packed agrees with a list that is sorted anew each time, however small its blocks."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from comenq_plugins.spool.packed import Packed, unpack

names = st.integers(min_value=0, max_value=40).map("{:02}.job".format)


class PackedMachine(RuleBasedStateMachine):
    """Packed names beside a plain set of them."""

    @initialize(block=st.integers(min_value=1, max_value=4))
    def start(self, block: int) -> None:
        """Begin with nothing."""
        self.packed = Packed(block)
        self.known: set[str] = set()

    @rule(more=st.lists(names, unique=True))
    def load(self, more: list[str]) -> None:
        """Many come in at once."""
        new = [name for name in more if name not in self.known]
        self.packed.load(new)
        self.known |= set(new)

    @rule(name=names)
    def add(self, name: str) -> None:
        """One comes in, and it is told whether it was new."""
        assert self.packed.add(name) == (name not in self.known)
        self.known.add(name)

    @rule(name=names)
    def discard(self, name: str) -> None:
        """One goes, and it is told whether it was there."""
        assert self.packed.discard(name) == (name in self.known)
        self.known.discard(name)

    @rule()
    def take(self) -> None:
        """The first few go, and there are some as long as there are any."""
        taken = self.packed.take()
        assert taken == sorted(self.known)[: len(taken)]
        assert bool(taken) == bool(self.known)
        self.known -= set(taken)

    @rule(name=names)
    def rank(self, name: str) -> None:
        """A name's rank is how many come before it, whether it is there or not."""
        assert self.packed.rank(name) == len([other for other in self.known if other < name])

    @rule(start=st.integers(min_value=0, max_value=45))
    def since(self, start: int) -> None:
        """All but the first few are given in their order."""
        assert list(self.packed.since(start)) == sorted(self.known)[start:]

    @invariant()
    def is_whole(self) -> None:
        """Each name is there once."""
        found = [name for block in self.packed.blocks() for name in unpack(block)]
        assert sorted(found) == sorted(self.known)
        assert len(self.packed) == len(self.known)


TestPacked = PackedMachine.TestCase
TestPacked.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
