"""A profile: the table that describes a review bot, checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from comenq_core.errors import SettingsError
from comenq_core.limits import ACCOUNT_PATTERN
from comenq_core.model import Channel, ReadingKind, Scope
from comenq_core.text import nearest, printable
from comenq_plugins.reviewers.phrases import Phrase, PhraseError

__all__ = ["PROFILE_KEYS", "RULE_KEYS", "Profile", "Rule", "profile"]

T = TypeVar("T")

YEAR = 31_536_000
LIST_LIMIT = 100
RULES_LIMIT = 100
KINDS = [kind.value for kind in ReadingKind if kind is not ReadingKind.NOT_UNDERSTOOD]
SCOPES = [scope.value for scope in Scope]
CHANNELS = [channel.value for channel in Channel]
WRITTEN = (Channel.COMMENT, Channel.EDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an answer has to have, all of it, to be of a kind.

    Args:
        name: the rule's name.
        kind: what the answer then is.
        channels: where it may appear.
        lines: phrases; a line begins with one of them.
        also: phrases; one of them stands somewhere.
        unless: phrases, of which none stands anywhere, markers included.
        markers: phrases; an HTML comment has one of them.
        blocks: whether a limit lasts until a billing period ends or somebody pays, unless the
            answer names a duration.
    """

    name: str
    kind: ReadingKind
    channels: Sequence[Channel] = WRITTEN
    lines: Sequence[Phrase] = ()
    also: Sequence[Phrase] = ()
    unless: Sequence[Phrase] = ()
    markers: Sequence[Phrase] = ()
    blocks: bool = False

    @property
    def is_of_any_text(self) -> bool:
        """Whether the channel alone decides: then a text must not look like a refusal at all."""
        return not self.lines and not self.markers and not self.also


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A review bot.

    Args:
        name: the reviewer's name.
        logins: its accounts.
        statuses: the names of its commit statuses and check runs.
        triggers: phrases; a whole comment that is one of them asks for a review.
        ignore: phrases; a line that begins with one of them says nothing.
        sections: phrases; what follows a line with one of them is about the code.
        waits: phrases with ``{duration}``, which say how long a limit lasts.
        rules: in the order in which they are tried, within a kind.
        scope: what shares one of its quotas.
        cooldown: seconds between two triggers of a quota; by default the settings' cooldown.
        guess: seconds for which it is limited, if it does not say; doubled with each such
            refusal in a row.
        max_wait: seconds; if it is limited for longer, a person has to decide.
        ignores_bots: whether it passes over the triggers of bots and apps.
        shared_logins: those of its accounts that others use as well: what looks like a refusal is
            its own only if it names the reviewer.
    """

    name: str
    logins: Sequence[str]
    statuses: Sequence[str] = ()
    triggers: Sequence[Phrase] = ()
    ignore: Sequence[Phrase] = ()
    sections: Sequence[Phrase] = ()
    waits: Sequence[Phrase] = ()
    rules: Sequence[Rule] = field(default=(), repr=False)
    scope: Scope = Scope.OWNER
    cooldown: float | None = None
    guess: float = 900.0
    max_wait: float = 86_400.0
    ignores_bots: bool = False
    shared_logins: Sequence[str] = ()


def profile(place: str, name: str, table: Mapping[str, object]) -> Profile:
    """The profile that a table describes.

    Args:
        place: where the table stands, for messages.
        name: the reviewer's name.
        table: as TOML gives it.

    Raises:
        SettingsError: a key or a rule is wrong; the error names both.
    """
    if not re.fullmatch(ACCOUNT_PATTERN, name):
        raise SettingsError(f"{place}: a name has 1 to 64 letters, digits, - and _")
    values = _checked(place, table, PROFILE_KEYS)
    if not values.get("logins"):
        raise SettingsError(f"{place}: logins: a reviewer needs the name of its account")
    rules = cast("Mapping[str, object]", values.pop("rules", {}))
    if len(rules) > RULES_LIMIT:
        raise SettingsError(f"{place}: rules: expected at most {RULES_LIMIT}")
    made = [_rule(f"{place}: rules.{printable(key)}", key, rule) for key, rule in rules.items()]
    return Profile(name=name, rules=made, **values)  # type: ignore[arg-type]


def _rule(place: str, name: str, table: object) -> Rule:
    values = _checked(place, _at(place, _table, table), RULE_KEYS)
    if "kind" not in values:
        raise SettingsError(f"{place}: kind: expected one of {', '.join(KINDS)}")
    rule = Rule(name=name, **values)  # type: ignore[arg-type]
    if rule.kind is ReadingKind.LIMITED and not (rule.lines or rule.markers):
        raise SettingsError(f"{place}: lines: a rule for a limit needs them, or markers")
    if rule.blocks and rule.kind is not ReadingKind.LIMITED:
        raise SettingsError(f"{place}: blocks: only a rule for a limit may have it")
    return rule


def _checked(
    place: str, table: Mapping[str, object], kinds: Mapping[str, Callable[[object], object]]
) -> dict[str, object]:
    for key in table.keys() - kinds.keys():
        meant = nearest(key, kinds)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(kinds)}"
        raise SettingsError(f"{place}: {printable(key)}: there is no such setting; {hint}")
    return {key: _at(f"{place}: {key}", kinds[key], value) for key, value in table.items()}


def _at(place: str, accept: Callable[[object], T], value: object) -> T:
    try:
        return accept(value)
    except ValueError as error:
        raise SettingsError(f"{place}: {error}") from None


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("expected a table")  # noqa: TRY004 -- one error for all that is written
    return value


def _texts(value: object) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("expected a list of texts")
    if len(value) > LIST_LIMIT:
        raise ValueError(f"expected at most {LIST_LIMIT} texts")
    return value


def _phrases(value: object) -> Sequence[Phrase]:
    return [_phrase(text) for text in _texts(value)]


def _phrase(text: str) -> Phrase:
    try:
        return Phrase(text)
    except PhraseError as error:
        raise ValueError(f"'{printable(text, 80)}': {error}") from None


def _waits(value: object) -> Sequence[Phrase]:
    for text in _texts(value):
        if "{duration}" not in text:
            raise ValueError(f"'{printable(text, 80)}': expected {{duration}} in it")
    return _phrases(value)


def _kind(value: object) -> ReadingKind:
    if value not in KINDS:
        raise ValueError(f"expected one of {', '.join(KINDS)}")
    return ReadingKind(str(value))


def _scope(value: object) -> Scope:
    if value not in SCOPES:
        raise ValueError(f"expected one of {', '.join(SCOPES)}")
    return Scope(str(value))


def _seconds(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= (seconds := float(str(value))) <= YEAR:
        raise ValueError(f"expected a number of seconds from 0 to {YEAR}")
    return seconds


def _flag(value: object) -> bool:
    if value is not True and value is not False:
        raise ValueError("expected true or false")
    return value


def _channels(value: object) -> Sequence[Channel]:
    names = _texts(value)
    if not names or not set(names) <= set(CHANNELS):
        raise ValueError(f"expected a list of some of {', '.join(CHANNELS)}")
    return [Channel(name) for name in names]


PROFILE_KEYS: Mapping[str, Callable[[object], object]] = {
    "logins": _texts,
    "statuses": _texts,
    "triggers": _phrases,
    "ignore": _phrases,
    "sections": _phrases,
    "waits": _waits,
    "rules": _table,
    "scope": _scope,
    "cooldown": _seconds,
    "guess": _seconds,
    "max_wait": _seconds,
    "ignores_bots": _flag,
    "shared_logins": _texts,
}
"""The keys of a profile, and what checks the value of each."""
RULE_KEYS: Mapping[str, Callable[[object], object]] = {
    "kind": _kind,
    "channels": _channels,
    "lines": _phrases,
    "also": _phrases,
    "unless": _phrases,
    "markers": _phrases,
    "blocks": _flag,
}
"""The keys of a rule, and what checks the value of each."""
