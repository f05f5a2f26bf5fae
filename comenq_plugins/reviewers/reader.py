"""Reads the answers of one review bot by its profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from comenq_core.model import Answer, Channel, Reading, ReadingKind, Scope
from comenq_core.protocols import same_login
from comenq_plugins.reviewers.lines import Line
from comenq_plugins.reviewers.parts import Parts, parts
from comenq_plugins.reviewers.phrases import Phrase
from comenq_plugins.reviewers.profile import Profile, Rule
from comenq_plugins.reviewers.refusals import is_finding, refusal_in

__all__ = ["ProfileReviewer"]

OF_THE_HEAD = (
    ReadingKind.SKIPPED,
    ReadingKind.LIMITED,
    ReadingKind.PAUSED,
    ReadingKind.FAILED,
    ReadingKind.OTHER,
)
"""What the head of an answer tells, in this order: a clean sentence below it is old."""
OF_THE_WHOLE = (ReadingKind.REVIEWED, ReadingKind.ACCEPTED)
COMMENT_LIMIT = 1_000


class ProfileReviewer:
    """A `comenq_core.protocols.Reviewer` that is described by a profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    @property
    def name(self) -> str:
        return self._profile.name

    @property
    def logins(self) -> Sequence[str]:
        return self._profile.logins

    @property
    def scope(self) -> Scope:
        return self._profile.scope

    @property
    def cooldown(self) -> float | None:
        return self._profile.cooldown

    @property
    def guess(self) -> float:
        """Seconds for which it is limited, if it does not say."""
        return self._profile.guess

    @property
    def max_wait(self) -> float:
        """Seconds; if it is limited for longer, a person has to decide."""
        return self._profile.max_wait

    def addresses(self, comment: str) -> bool:
        if len(comment) > COMMENT_LIMIT:
            return False
        words = " ".join(comment.casefold().split())
        return any(phrase.is_all_of(words) for phrase in self._profile.triggers)

    @property
    def ignores_bots(self) -> bool:
        return self._profile.ignores_bots

    def nearly_addresses(self, comment: str) -> bool:
        """Whether a trigger stands in it."""
        if len(comment) > COMMENT_LIMIT or self.addresses(comment):
            return False
        lines = [" ".join(line.casefold().split()) for line in comment.splitlines()]
        phrases = [phrase for phrase in self._profile.triggers if not phrase.is_open]
        return _any_in(phrases, lines)

    def wrote(self, answer: Answer) -> bool:
        names = [*self._profile.logins]
        if answer.channel is Channel.STATUS:
            names += self._profile.statuses
        return _is_one_of(answer.login, names)

    def read(self, answer: Answer) -> Reading:
        if not self.wrote(answer):
            return Reading(kind=ReadingKind.OTHER)
        lines = self._parts(answer)
        found = self._matching(OF_THE_HEAD, answer, lines)
        if found is None and self._may_refuse(answer, lines):
            refusal = refusal_in(lines.head, answer.channel)
            if refusal is not None:
                return Reading(kind=ReadingKind.NOT_UNDERSTOOD, reason=refusal.text)
        found = found or self._begun(answer, lines)
        found = found or self._matching(OF_THE_WHOLE, answer, lines)
        if found is None:
            return _unknown(answer, lines)
        rule, reason = found
        wait = self._wait(lines.head) if rule.kind is ReadingKind.LIMITED else None
        return Reading(kind=rule.kind, wait=wait, reason=reason, rule=rule.name, blocks=rule.blocks)

    def _begun(self, answer: Answer, lines: Parts) -> tuple[Rule, str] | None:
        """The rule by which an alert says that it will review: a clean sentence below is older."""
        alert = [line for line in lines.head if line.is_quoted]
        return self._matching([ReadingKind.ACCEPTED], answer, replace(lines, all=alert))

    def _may_refuse(self, answer: Answer, lines: Parts) -> bool:
        """Whether what looks like a refusal is one of this reviewer."""
        if answer.channel is Channel.REACTION:
            return False
        is_shared = _is_one_of(answer.login, self._profile.shared_logins)
        if answer.channel is Channel.STATUS or not is_shared:
            return True
        return any(self.name.casefold() in line.folded for line in lines.all)

    def _parts(self, answer: Answer) -> Parts:
        if answer.channel is Channel.REACTION:
            name = [Line(text=answer.text.strip(), folded=answer.text.strip().casefold())]
            return Parts(top=name, head=name, all=name, markers=[])
        return parts(answer.text, self._profile.sections, self._profile.ignore)

    def _matching(
        self, kinds: Sequence[ReadingKind], answer: Answer, lines: Parts
    ) -> tuple[Rule, str] | None:
        """The first rule that an answer has all of, and the line that it matched."""
        for rule in self._rules(kinds, answer.channel):
            reason = _reason(rule, lines)
            if rule.is_of_any_text and not is_finding(answer.text, lines.all):
                continue
            if reason is not None:
                return rule, reason
        return None

    def _rules(self, kinds: Sequence[ReadingKind], channel: Channel) -> Iterator[Rule]:
        for kind in kinds:
            for rule in self._profile.rules:
                if rule.kind is kind and channel in rule.channels:
                    yield rule

    def _wait(self, head: Sequence[Line]) -> timedelta | None:
        for line in head:
            for phrase in self._profile.waits:
                wait = phrase.duration_in(line.folded)
                if wait is not None:
                    return wait
        return None


def _is_one_of(login: str, names: Sequence[str]) -> bool:
    return any(same_login(login, name) for name in names)


def _unknown(answer: Answer, lines: Parts) -> Reading:
    is_odd = answer.channel is Channel.REVIEW and not is_finding(answer.text, lines.all)
    if is_odd and lines.all:
        return Reading(kind=ReadingKind.NOT_UNDERSTOOD, reason=lines.all[0].text)
    return Reading(kind=ReadingKind.OTHER)


def _reason(rule: Rule, lines: Parts) -> str | None:
    """The line by which an answer has all that a rule asks for; ``None`` if it has not."""
    among = lines.head if rule.kind in OF_THE_HEAD else lines.all
    said = [*lines.markers, *(line.folded for line in among)]
    if (
        (rule.markers and not _any_in(rule.markers, lines.markers))
        or (rule.also and not _any_in(rule.also, [line.folded for line in among]))
        or _any_in(rule.unless, said)
    ):
        return None
    # A limit stands at the top, unless a marker says so as well.
    is_at_top = rule.kind is ReadingKind.LIMITED and not rule.markers
    for line in lines.top if is_at_top else among:
        if not rule.lines or any(phrase.begins(line.folded) for phrase in rule.lines):
            return line.text
    return None


def _any_in(phrases: Sequence[Phrase], texts: Sequence[str]) -> bool:
    return any(phrase.stands_in(text) for text in texts for phrase in phrases)
