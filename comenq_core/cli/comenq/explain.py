"""`comenq explain`: what the answer of a review bot means. It needs no daemon."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace

from comenq_core.cli.comenq.body import comment
from comenq_core.cli.comenq.daemons import settings_of
from comenq_core.cli.exit_status import DONE, UsageError
from comenq_core.cli.output import as_json, print_error, print_result
from comenq_core.errors import InvalidRequest, SettingsError
from comenq_core.model import Answer, Channel, Reading, ReadingKind
from comenq_core.paths import DAEMON_VARIABLE
from comenq_core.plugins import registry
from comenq_core.plugins.registry import Registry
from comenq_core.process.program import output_apart
from comenq_core.protocols import Reviewer
from comenq_core.settings import Settings, load
from comenq_core.text import nearest, printable

__all__ = ["configure", "run"]

MEANINGS: Mapping[ReadingKind, str] = {
    ReadingKind.LIMITED: "it reviews nothing for a while",
    ReadingKind.ACCEPTED: "it will review; this is no review yet",
    ReadingKind.REVIEWED: "it has reviewed",
    ReadingKind.SKIPPED: "it does not review this pull request",
    ReadingKind.PAUSED: "it waits until somebody asks again for this pull request",
    ReadingKind.FAILED: "it could not finish the review",
    ReadingKind.NOT_UNDERSTOOD: "it looks like a refusal, for no reason that is known",
    ReadingKind.OTHER: "it is no answer to a request for a review",
}
_SHOWN = 300


def configure(parser: ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n"
        "  comenq explain https://github.com/OWNER/REPO/pull/7#issuecomment-123\n"
        "  comenq explain --login 'coderabbitai[bot]' answer.md\n"
        "\nOf a pull request, the latest answer of a known reviewer is explained.\n"
    )
    parser.add_argument(
        "source",
        metavar="FILE",
        help="a file with the answer, - for standard input, or the address of a comment, a review"
        " or a pull request",
    )
    parser.add_argument("--reviewer", metavar="NAME", help="whose answer it is, by its profile")
    parser.add_argument("--login", metavar="LOGIN", help="who wrote it, at the forge")
    parser.add_argument(
        "--channel",
        choices=[channel.value for channel in Channel],
        help="where it appeared (default: comment)",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON")


def run(args: Namespace) -> int:
    """Print the verdict on an answer, the wait, and which rule tells it."""
    with output_apart():
        settings = _settings()
        plugins = registry.load()
        reviewers = _chosen(plugins.reviewers(settings), args.reviewer)
        if re.match("https?://", args.source):
            names, reading = _at_address(args, settings, plugins, reviewers)
        else:
            names, reading = _of_text(args, reviewers)
    wait = None if reading.wait is None else reading.wait.total_seconds()
    if args.json:
        shown = {"kind": reading.kind.value, "wait_seconds": None if wait is None else int(wait)}
        print_result(as_json({**shown, "reason": reading.reason, "rule": reading.rule}))
        return DONE
    print_result(f"verdict   {reading.kind.value}: {MEANINGS[reading.kind]}")
    if names:
        print_result(f"reviewer  {', '.join(map(printable, names))}")
    if reading.kind is ReadingKind.LIMITED:
        print_result(f"wait      {'not told' if reading.wait is None else reading.wait}")
    if reading.reason:
        print_result(f"reason    {printable(reading.reason, _SHOWN)}")
    print_result(f"rule      {'none' if reading.rule is None else printable(reading.rule)}")
    return DONE


def _settings() -> Settings:
    """The settings of the daemon that the command line or the environment names."""
    name = os.environ.get(DAEMON_VARIABLE, "")
    try:
        settings = settings_of(name, os.environ) if name else load(None, os.environ)
    except (SettingsError, PermissionError) as error:
        # The configuration of the machine's daemon is not for every user to read.
        if not isinstance(error, PermissionError) and not isinstance(
            error.__cause__, PermissionError
        ):
            raise
        print_error(f"{printable(error)}; the defaults are used")
        return Settings()
    if settings is None:
        raise UsageError(f"there is no daemon {printable(name)}: comenqd setup --name makes one")
    return settings


def _chosen(known: Mapping[str, Reviewer], name: str | None) -> Sequence[Reviewer]:
    if name is None:
        return list(known.values())
    if name not in known:
        meant = nearest(name, known)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(sorted(known))}"
        raise UsageError(f"there is no reviewer '{printable(name, 40)}': {hint}")
    return [known[name]]


def _at_address(
    args: Namespace, settings: Settings, plugins: Registry, reviewers: Sequence[Reviewer]
) -> tuple[Sequence[str], Reading]:
    if args.login is not None or args.channel is not None:
        raise UsageError("--login and --channel are for a text: an address tells them itself")
    try:
        answers = plugins.answers(settings, args.source, token=os.environ.get("GH_TOKEN", ""))
    except InvalidRequest as error:
        raise UsageError(str(error)) from None
    for answer in reversed(answers):
        for reviewer in reviewers:
            if reviewer.wrote(answer):
                return [reviewer.name], reviewer.read(answer)
    logins = ", ".join(sorted({answer.login for answer in answers})) or "nobody"
    return [], Reading(kind=ReadingKind.OTHER, reason=f"no known reviewer wrote it, but {logins}")


def _of_text(args: Namespace, reviewers: Sequence[Reviewer]) -> tuple[Sequence[str], Reading]:
    channel = Channel(args.channel or Channel.COMMENT)
    answer = Answer(login=args.login or "", channel=channel, text=comment([], args.source))
    if args.login is None:
        return _of_nobody(answer, reviewers)
    for reviewer in reviewers:
        if reviewer.wrote(answer):
            return [reviewer.name], reviewer.read(answer)
    reason = f"{args.login} is the login of no known reviewer"
    return [], Reading(kind=ReadingKind.OTHER, reason=reason)


def _of_nobody(answer: Answer, reviewers: Sequence[Reviewer]) -> tuple[Sequence[str], Reading]:
    """Read an answer whose author is not told, as if it were each reviewer's own.

    Raises:
        UsageError: that makes a difference.
    """
    readings = {one.name: one.read(replace(answer, login=one.logins[0])) for one in reviewers}
    told = {name: reading for name, reading in readings.items() if reading.rule is not None}
    if len({(reading.kind, reading.wait) for reading in told.values()}) > 1:
        kinds = ", ".join(f"{reading.kind.value} by {name}" for name, reading in told.items())
        raise UsageError(f"it depends on who wrote it ({kinds}): add --reviewer or --login")
    if told:
        return list(told), next(iter(told.values()))
    unclear = [one for one in readings.values() if one.kind is ReadingKind.NOT_UNDERSTOOD]
    names = list(readings) if len(readings) == 1 else []
    return names, unclear[0] if unclear else next(iter(readings.values()))
