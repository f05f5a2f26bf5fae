"""A wrong command line of ``comenqd``: one line that says what to type, and repeats no secret."""

from __future__ import annotations

import re
from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Collection, Iterator
from typing import NoReturn

from comenq_core.cli.exit_status import UsageError
from comenq_core.text import nearest, printable

__all__ = ["NoToken", "Parser"]

_CHOICE = re.compile(r"argument (\w+): invalid choice: '(.*)' \(choose from (.*)\)$", re.DOTALL)


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
            return f"{option} stands after one of the commands {', '.join(takers)} only"
        meant = nearest(option, set(self._options()))
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

    def _commands(self) -> dict[str, ArgumentParser]:
        found = (action for action in self._actions if isinstance(action, _SubParsersAction))
        return {name: parser for action in found for name, parser in action.choices.items()}


def _no_choice(argument: str, word: str, choices: str) -> str:
    """What there is in place of a word; argparse has quoted the word and the choices."""
    known = re.findall(r"[\w-]+", choices)
    if meant := nearest(word, known):
        return f"there is no {argument.lower()} {printable(word)}; did you mean {meant}?"
    return f"there is no such {argument.lower()}; there are {', '.join(known)}"
