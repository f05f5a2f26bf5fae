"""Reads the answers of one review bot by its profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from comenq_core.model import Answer, Channel, Reading, ReadingKind, Scope
from comenq_core.protocols import same_login
from comenq_plugins.reviewers.lines import Line, Lines, is_alert, read_lines
from comenq_plugins.reviewers.profile import Profile, Rule
from comenq_plugins.reviewers.refusals import is_terse, refusal_in

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

    def addresses(self, comment: str) -> bool:
        if len(comment) > COMMENT_LIMIT:
            return False
        words = " ".join(comment.casefold().split())
        return any(phrase.begins(words) for phrase in self._profile.triggers)

    def wrote(self, answer: Answer) -> bool:
        names = [*self._profile.logins]
        if answer.channel is Channel.STATUS:
            names += self._profile.statuses
        return any(same_login(answer.login, name) for name in names)

    def read(self, answer: Answer) -> Reading:
        if not self.wrote(answer):
            return Reading(kind=ReadingKind.OTHER)
        lines = self._lines(answer)
        found = self._matching(OF_THE_HEAD, answer.channel, lines)
        if found is None and answer.channel is not Channel.REACTION:
            refusal = refusal_in(lines.head, answer.channel)
            if refusal is not None:
                return Reading(kind=ReadingKind.NOT_UNDERSTOOD, reason=refusal.text)
        found = found or self._matching(OF_THE_WHOLE, answer.channel, lines)
        if found is None:
            return _unknown(answer.channel, lines)
        rule, reason = found
        wait = self._wait(lines.head) if rule.kind is ReadingKind.LIMITED else None
        return Reading(kind=rule.kind, wait=wait, reason=reason, rule=rule.name)

    def _lines(self, answer: Answer) -> Lines:
        if answer.channel is Channel.REACTION:
            name = Line(text=answer.text, folded=answer.text.strip().casefold())
            return Lines(head=[name], all=[name], markers=[])
        lines = read_lines(answer.text, self._is_section)
        return replace(lines, head=self._telling(lines.head), all=self._telling(lines.all))

    def _is_section(self, line: Line) -> bool:
        return any(phrase.begins(line.folded) for phrase in self._profile.sections)

    def _telling(self, lines: Sequence[Line]) -> Sequence[Line]:
        """The lines without those that are ignored, and without the mark of an alert of such."""
        kept: list[Line] = []
        for line in lines:
            if not any(phrase.begins(line.folded) for phrase in self._profile.ignore):
                kept.append(line)
            elif kept and is_alert(kept[-1]):
                kept.pop()
        return kept

    def _matching(
        self, kinds: Sequence[ReadingKind], channel: Channel, lines: Lines
    ) -> tuple[Rule, str] | None:
        """The first rule that an answer has all of, and the line that it matched."""
        for rule in self._rules(kinds, channel):
            among = lines.head if rule.kind in OF_THE_HEAD else lines.all
            reason = _reason(rule, among, lines)
            if rule.is_of_any_text and is_terse(lines.all):
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


def _unknown(channel: Channel, lines: Lines) -> Reading:
    if channel is Channel.REVIEW and is_terse(lines.all):
        return Reading(kind=ReadingKind.NOT_UNDERSTOOD, reason=lines.all[0].text)
    return Reading(kind=ReadingKind.OTHER)


def _reason(rule: Rule, among: Sequence[Line], lines: Lines) -> str | None:
    """The line by which an answer has all that a rule asks for; ``None`` if it has not."""
    if not among and not rule.markers:
        return None
    if rule.markers and not any(
        phrase.is_in(marker) for marker in lines.markers for phrase in rule.markers
    ):
        return None
    if rule.also and not any(phrase.is_in(line.folded) for line in among for phrase in rule.also):
        return None
    said = [*lines.markers, *(line.folded for line in among)]
    if any(phrase.is_in(text) for text in said for phrase in rule.unless):
        return None
    first = next(iter(among), Line(text="", folded=""))
    if not rule.lines:
        return first.text
    found = (line for line in among if any(phrase.begins(line.folded) for phrase in rule.lines))
    line = next(found, None)
    return None if line is None else line.text
