"""`comenq review`: a person looks at what is held, and decides."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from comenq_core.cli.comenq import show
from comenq_core.cli.comenq.filters import read_filter
from comenq_core.cli.comenq.held_comments import AT_ONCE, HeldComments, Job, details, is_held
from comenq_core.cli.comenq.screen import Screen
from comenq_core.cli.comenq.scrolled_text import ScrolledText
from comenq_core.cli.exit_status import DONE, INTERRUPTED
from comenq_core.cli.output import print_done, print_error
from comenq_core.errors import ComenqError, DaemonError, DaemonRefused
from comenq_core.presentation.formatting import plural, target
from comenq_core.text import printable

__all__ = ["configure", "run"]

SECOND = 1.0
LONGEST_LINE = 500
HEADING = "held comment on {} · {:,} held"
KEYS = "r:release e:edit d:delete s:skip q:quit R,D:all of this pull request"
CHANGES = {"r": "release", "d": "del"}
UNREAD = "nothing is released: scroll to the end first, and read it"
WORDS = {"release": "release", "del": "delete"}
EPILOG = """\
keys:
  r                   release the comment that is shown
  e                   edit it, in $VISUAL or $EDITOR
  d                   delete it, after a question
  s                   skip it: it stays held
  R, D                release or delete all held comments of its pull request: their texts
                      are shown first, then comes a question
  up, down, k, j      scroll; so do page up, page down, space, home, end, g and G
  q, Ctrl-C           quit

examples:
  comenq review
  comenq review octo-org/site
  comenq review octo-org/site#7
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="*",
        help="go only through comments on this: OWNER/REPO, OWNER/REPO#NUMBER, NUMBER or a URL",
    )


def run(args: Namespace) -> int:
    """Go through held comments one by one, until there are no more or the user quits."""
    held = HeldComments(args, read_filter(args.target))
    screen = Screen(instead="list --state held")
    first = held.next()
    if first is None:
        print_error("no held comment matches" if args.target else "no comment is held")
        return DONE
    try:
        with screen:
            Review(held, screen).run(first)
    except EOFError:
        return INTERRUPTED
    finally:
        _tell(held)
    return DONE


def _tell(held: HeldComments) -> None:
    """Print what was done once the screen is gone, as the single commands would have."""
    for line in held.done:
        print_done(line)
    if held.skipped:
        print_error(f"{plural(held.skipped, 'comment')} skipped, and held as before")


class Review:
    """One held comment at a time on the whole terminal, with keys.

    What is shown never changes by itself: a key that was meant for one text must not act on
    another. So the daemon makes a change only if the text is still the one that is shown, a
    comment that changed or went meanwhile stays on the screen until the next key, and keys that
    were pressed before another comment was shown are forgotten.

    Args:
        held: what the daemon tells, and what it is told.
        screen: where it is shown.
    """

    def __init__(self, held: HeldComments, screen: Screen) -> None:
        self._held = held
        self._screen = screen
        self._job: Job | None = None
        self._text = ScrolledText(screen, ())
        self._count = 0
        self._message = ""
        self._news = ""
        self._fault = ""

    def run(self, first: Job) -> None:
        """Show comments until there are no more, or the user quits."""
        self._show(first)
        while self._job is not None:
            self._draw(self._text, self._message, self._fault or self._news, KEYS)
            key = self._screen.key(SECOND)
            if key in {"q", "Q"}:
                return
            try:
                self._go_on(self._job, key)
                self._fault = ""
            except DaemonError as error:
                self._fault = _words(error)

    def _go_on(self, job: Job, key: str) -> None:
        """Do what a key says; without one, look whether the comment has changed."""
        if not key:
            self._count = self._held.count()
            self._news = self._news or _news(job, self._held.now(job))
        elif self._text.scroll(key):
            return
        elif self._news:
            self._show_again(job)
        elif key in {"r", "d"}:
            self._change(job, CHANGES[key])
        elif key in {"R", "D"}:
            self._change_all(job, CHANGES[key.lower()])
        elif key == "e":
            self._edit(job)
        elif key == "s":
            self._held.skip(job)
            self._show(self._held.next())

    # What is shown ------------------------------------------------------------------------------

    def _show(self, job: Job | None, message: str = "") -> None:
        """Show a comment that was not on the screen before; ``None`` is the end."""
        if job is not None:
            self._count = self._held.count()
        self._job, self._message, self._news = job, message, ""
        if job is not None:
            self._text = ScrolledText(self._screen, show.lines(job))
            self._screen.discard_keys()

    def _show_again(self, job: Job, message: str = "") -> None:
        """Show a comment as it is now or, if it is held no more, the next one."""
        self._message = message
        now = self._held.now(job)
        self._show(now if is_held(now) else self._held.next(), message)

    def _draw(self, text: ScrolledText, *footer: str) -> None:
        heading = HEADING.format(target(self._job), self._count) if self._job else ""
        text.draw(footer, heading)

    def _is_confirmed(self, text: ScrolledText, question: str) -> bool:
        """Whether the user says yes, who can scroll before."""
        key = ""
        while not key or text.scroll(key):
            self._draw(text, f"{question} y/n")
            key = self._screen.key(None)
        return key in {"y", "Y"}

    # What is done -------------------------------------------------------------------------------

    def _change(self, job: Job, operation: str) -> None:
        if operation == "del" and not self._is_confirmed(self._text, f"delete {job['id']}?"):
            self._message = "not deleted"
            return
        if operation == "release" and not self._text.is_read:
            self._message = UNREAD
            return
        try:
            message = self._held.change(operation, job)
        except DaemonRefused as error:  # somebody else was quicker, or it is not permitted
            message = _words(error)
        self._show_again(job, message)

    def _change_all(self, job: Job, operation: str) -> None:
        jobs = self._held.of_pull_request(job)
        word = WORDS[operation]
        number = plural(len(jobs), "comment")
        first = "the first " if len(jobs) == AT_ONCE else ""
        text = ScrolledText(self._screen, details(jobs))
        self._screen.discard_keys()
        if not self._is_confirmed(text, f"{word} {first}{number} on {target(job)}?"):
            self._message = f"nothing is {word}d"
        elif operation == "release" and not text.is_read:
            self._message = UNREAD
        else:
            self._show_again(job, self._change_each(jobs, operation))

    def _change_each(self, jobs: Sequence[Job], operation: str) -> str:
        """Change those jobs that are as they were shown; return what is done."""
        refusals = []
        for job in jobs:
            try:
                self._held.change(operation, job)
            except DaemonRefused as error:
                refusals.append(_words(error))
        number = plural(len(jobs) - len(refusals), "comment")
        return f"{number} {WORDS[operation]}d{''.join(f', but {one}' for one in refusals[:1])}"

    def _edit(self, job: Job) -> None:
        message = ""
        with self._screen.suspended():
            try:
                message = self._held.edit(job)
            except ComenqError as error:
                print_error(error)
                self._screen.wait_for_enter()
        self._show_again(job, message)


def _words(error: DaemonError) -> str:
    return " ".join(printable(line, LONGEST_LINE) for line in str(error).split("\n"))


def _news(job: Job, now: Job | None) -> str:
    """What has happened to a comment since it was shown, if anything has."""
    if now is None:
        return f"{job['id']} is gone: any key goes on"
    if not is_held(now):
        return f"{job['id']} is {now['state']} by now: any key goes on"
    if now["body"] != job["body"]:
        return f"the text of {job['id']} was changed: any key shows the new one"
    return ""
