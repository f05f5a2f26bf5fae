"""Generates the manual pages from the help texts, the documentation and the docstrings."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType

from markup import add_markdown
from page import Page
from roff import ManualPage
from settings_page import settings_page

from comenq_core import protocols
from comenq_core.cli import exit_status
from comenq_core.cli.comenq.parser import whole_parser
from comenq_core.cli.comenq.target import FORMS
from comenq_core.cli.comenqd.main import parser as daemon_parser
from comenq_core.model import PENDING

__all__ = ["add_client", "add_daemon", "pages"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
CLIENT_ENVIRONMENT = {
    "COMENQ_SOCKET": "The daemon's socket.",
    "COMENQ_DAEMON": "The name of your daemon, if you have several.",
    "VISUAL, EDITOR": "The editor for -e.",
    "NO_COLOR": "If set, the output has no colours. See https://no-color.org.",
    "TERM": "If it is dumb, the output is plain text.",
}
CLIENT_FILES = {
    "$XDG_RUNTIME_DIR/comenq/comenq.sock": "The socket of the user's own daemon.",
    "$XDG_STATE_HOME/comenq/comenq.sock": "The same, where there is no XDG_RUNTIME_DIR.",
    "/run/comenq/comenq.sock": "The socket of the system's daemon.",
}
STATUSES = {
    exit_status.DONE: "Done; for a new comment: it is on disk.",
    exit_status.FAILED: "Rejected or failed.",
    exit_status.USAGE: "The command line is wrong.",
    exit_status.UNREACHABLE: "No daemon answers.",
    exit_status.TIMED_OUT: "The time of --timeout has passed; the comment stays queued.",
    exit_status.NEEDS_PERSON: "The comment is queued, and is not posted before a person has done"
    " something; or the daemon's reply was lost.",
    exit_status.INTERRUPTED: "Interrupted, as by Ctrl-C.",
}


def pages() -> Iterator[tuple[str, Page]]:
    """Yield each page with the name of its file."""
    yield "comenq.1", _client_page()
    yield "comenqd.8", _daemon_page()
    yield "comenqd.toml.5", _settings_page()
    yield "comenq-plugins.7", _plugins_page()


def add_client(page: Page) -> None:
    """Describe the command ``comenq``, as its help does."""
    parser = whole_parser()
    page.heading("Synopsis")
    page.example([*(f"comenq {form} [BODY]" for form in FORMS), str(parser.usage)])
    page.heading("Description")
    page.paragraph(str(parser.description))
    _add_commands(page, parser)
    _add_terms(page, "Exit status", {str(number): text for number, text in STATUSES.items()})
    _add_terms(page, "Environment", CLIENT_ENVIRONMENT)
    _add_terms(page, "Files", CLIENT_FILES)


def add_daemon(page: Page) -> None:
    """Describe the command ``comenqd``, as its help does."""
    parser = daemon_parser()
    page.heading("Synopsis")
    scope = "[--config FILE | --name NAME] [SETTINGS]"
    page.example([f"comenqd {scope}", f"comenqd COMMAND {scope} …"])
    page.heading("Description")
    page.paragraph(str(parser.description))
    page.paragraph(str(parser.epilog))
    _add_commands(page, parser)


def _client_page() -> Page:
    page = ManualPage("comenq", 1, "queue comments for pull requests")
    add_client(page)
    page.heading("See also")
    page.paragraph("comenqd(8), comenqd.toml(5), comenq-plugins(7)")
    return page


def _daemon_page() -> Page:
    page = ManualPage("comenqd", 8, "post queued comments to pull requests")
    add_daemon(page)
    page.heading("See also")
    page.paragraph("comenq(1), comenqd.toml(5), comenq-plugins(7)")
    return page


def _settings_page() -> Page:
    page = ManualPage("comenqd.toml", 5, "the configuration of comenqd")
    page.heading("Description")
    add_markdown(page, (DOCS / "configuration.md").read_text())
    add_markdown(page, settings_page())
    page.heading("See also")
    page.paragraph("comenqd(8), comenq(1), comenq-plugins(7)")
    return page


def _plugins_page() -> Page:
    page = ManualPage("comenq-plugins", 7, "how to write plugins for comenq")
    page.heading("Description")
    add_markdown(page, (DOCS / "plugins.md").read_text())
    for name in protocols.__all__:
        protocol = getattr(protocols, name)
        if inspect.isclass(protocol):
            _add_protocol(page, protocol)
    page.heading("See also")
    page.paragraph("comenqd(8), comenqd.toml(5), comenq(1)")
    return page


def _add_protocol(page: Page, protocol: type) -> None:
    page.heading(protocol.__name__)
    page.text(inspect.getdoc(protocol) or "")
    for name, member in vars(protocol).items():
        if isinstance(member, property):
            assert member.fget is not None
            page.subheading(f"{name}: {inspect.signature(member.fget).return_annotation}")
            page.text(inspect.getdoc(member) or "")
        elif isinstance(member, FunctionType) and not name.startswith("_"):
            _add_signature(page, member)
            page.text(inspect.getdoc(member) or "")


def _add_signature(page: Page, function: FunctionType) -> None:
    signature = str(inspect.signature(function)).replace(repr(PENDING), "PENDING")
    # Of a function that is a default, the name is of use, and the address another each time.
    signature = re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", signature)
    page.subheading(f"{function.__name__}{signature.replace(chr(39), '')}")


def _add_commands(page: Page, parser: argparse.ArgumentParser) -> None:
    page.heading("Options")
    options = _options(parser)
    _add_options(page, options)
    page.heading("Commands")
    for name, command in _commands(parser).items():
        _add_command(page, f"{parser.prog} {name}", command, without=options)


def _add_command(
    page: Page, name: str, command: argparse.ArgumentParser, without: Iterable[argparse.Action]
) -> None:
    known = {option.dest for option in without}
    page.subheading(name)
    page.paragraph(str(command.description))
    _add_options(page, [option for option in _options(command) if option.dest not in known])
    if command.epilog:
        page.text(command.epilog)


def _add_options(page: Page, options: Iterable[argparse.Action]) -> None:
    for option in options:
        names = ", ".join(option.option_strings)
        page.term(f"{names} {_value(option)}".strip(), f"{option.help}.")


def _value(option: argparse.Action) -> str:
    if option.nargs == 0:
        return ""
    if option.metavar is None and option.choices is not None:
        return "|".join(map(str, option.choices))
    return str(option.metavar or option.dest.upper())


def _add_terms(page: Page, heading: str, terms: dict[str, str]) -> None:
    page.heading(heading)
    for term, meaning in terms.items():
        page.term(term, meaning)


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]  # noqa: SLF001 -- argparse has no public way to list actions
    return [action for action in shown if not isinstance(action, _Commands)]


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in parser._actions if isinstance(action, _Commands))  # noqa: SLF001
    return dict(action.choices)


_Commands = argparse._SubParsersAction  # noqa: SLF001
