"""A wrong command line of ``comenqd``: one line that says what to type, and repeats no secret."""

from __future__ import annotations

import re
from argparse import (
    Action,
    ArgumentParser,
    HelpFormatter,
    Namespace,
    _MutuallyExclusiveGroup,
    _SubParsersAction,
)
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NoReturn

from comenq_core.cli.exit_status import UsageError
from comenq_core.settings import KINDS, flag
from comenq_core.text import nearest, printable

__all__ = ["Formatter", "NoToken", "Parser"]

Groups = Iterable[_MutuallyExclusiveGroup]
_CHOICE = re.compile(r"argument (\w+): invalid choice: '(.*)' \(choose from (.*)\)$", re.DOTALL)


class Formatter(HelpFormatter):
    """Shows all settings as one word in the line of usage, and in full below it."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[Action],
        groups: Groups,
        prefix: str | None = None,
    ) -> None:
        """Add the line of usage."""
        given = list(actions)
        shown = [action for action in given if not _is_setting(action)]
        if len(shown) < len(given):
            shown.insert(0, Action([], "settings", nargs="?", metavar="SETTINGS"))
        super().add_usage(usage, shown, groups, prefix)


def _is_setting(action: Action) -> bool:
    return action.dest in KINDS and flag(action.dest) in action.option_strings


class NoToken(Action):
    """What a flag for a token would be: everybody can see a command line."""

    def __call__(self, parser: ArgumentParser, *_rest: object, **_more: object) -> NoReturn:
        """Refuse the token, and do not repeat it."""
        parser.error(
            "a token has no flag, because everybody can see a command line: set"
            " github_token_file or github_token_command"
        )


class Parser(ArgumentParser):
    """Raises `UsageError`, where argparse would print the usage and what was typed."""

    def parse(self, words: Sequence[str], given: Namespace) -> Namespace:
        """Parse a command line into ``given``, which has the defaults of what it may lack.

        Raises:
            UsageError: it is wrong. A mistyped option is told before its value is taken for a
                command.
        """
        if option := self._mistyped(iter(words)):
            self.error(f"unrecognized arguments: {option}")
        return self.parse_args(words, given)

    def _mistyped(self, words: Iterator[str]) -> str:
        """The first long option that is none here or of the command that comes before it."""
        commands = self._commands()
        for word in words:
            name, separator, _ = word.partition("=")
            if word in commands:
                return commands[word]._mistyped(words)  # noqa: SLF001 -- a parser of this class
            if word == "--" or (commands and not word.startswith("-")):
                return ""
            if not word.startswith("--"):
                continue
            action = self._option_string_actions.get(name)
            if action is None:
                return name
            if action.nargs != 0 and not separator:
                next(words, "")
        return ""

    def error(self, message: str) -> NoReturn:
        """Report a wrong command line.

        What was typed may be a token: only an option's name is repeated, and a word that
        resembles one of comenqd's own.

        Raises:
            UsageError: always; for a mistyped word, it suggests the right one.
        """
        raise UsageError(f"{self._told(message)} (see {self.prog} --help)")

    def _told(self, message: str) -> str:
        _, _, words = message.partition("unrecognized arguments: ")
        if words:
            return self._unknown(words.split())
        if choice := _CHOICE.match(message):
            return _no_choice(*choice.groups())
        argument, is_given, _ = message.partition(": ignored explicit argument")
        return f"{argument} takes no value" if is_given else printable(message)

    def _unknown(self, words: Collection[str]) -> str:
        options = [word.partition("=")[0] for word in words if word.startswith("-")]
        if not options:
            return "there are more arguments than the command takes"
        option = options[0]
        if takers := list(self._takers(option)):
            return f"{option} stands after {' or '.join(takers)} only"
        meant = nearest(option, dict.fromkeys(self._options()))
        hint = f"; did you mean {meant}?" if meant else ""
        return f"there is no option {printable(option)}{hint}"

    def _options(self) -> Iterator[str]:
        """The options of this parser and of its commands."""
        yield from self._option_string_actions
        for command in self._commands().values():
            yield from command._option_string_actions  # noqa: SLF001 -- a parser of this class

    def _takers(self, option: str) -> Iterator[str]:
        """The commands that have an option, which was given to another one."""
        for name, command in self._commands().items():
            if option in command._option_string_actions:  # noqa: SLF001 -- as above
                yield name

    def _commands(self) -> dict[str, Parser]:
        found = (action for action in self._actions if isinstance(action, _SubParsersAction))
        return {name: parser for action in found for name, parser in action.choices.items()}


def _no_choice(argument: str, word: str, choices: str) -> str:
    """What there is in place of a word; argparse has quoted the word and the choices."""
    known = re.findall(r"[\w-]+", choices)
    if meant := nearest(word, known):
        return f"there is no {argument.lower()} {printable(word)}; did you mean {meant}?"
    return f"there is no such {argument.lower()}; there are {', '.join(known)}"
