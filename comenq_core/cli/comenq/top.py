"""`comenq top`, which is ``comenq status --watch``."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from textwrap import wrap

from comenq_core.cli.comenq.list import table
from comenq_core.cli.comenq.screen import Screen
from comenq_core.cli.comenq.scrolled_text import ScrolledText
from comenq_core.cli.comenq.top_queue import Job, TopQueue
from comenq_core.cli.comenq.window import Window
from comenq_core.cli.exit_status import DONE, INTERRUPTED
from comenq_core.cli.table import paint
from comenq_core.cli.text_width import encodable, fit
from comenq_core.errors import DaemonError
from comenq_core.presentation.formatting import countdown, target
from comenq_core.presentation.status_text import COLOURS, facts
from comenq_core.text import printable

__all__ = ["configure", "run"]

SECOND = 1.0
HEADING = "comenq {time}"
KEYS = "s:show h:hold r:release f:first l:last d:delete p:pause q:quit"
BACK = "q:back"
MARK, NO_MARK = "> ", "  "
FEWEST_ROWS = 3
CHANGES = {"h": "hold", "r": "release", "f": "bump", "l": "bust"}
HELP = """\
keys:
  up, down, page up, page down, home, end   select a job
  k, j, space, g, G                         the same, but for page up
  s, enter                                  show the job
  h, r                                      hold it, release it
  f, l                                      move it to the front, to the back
  d                                         delete it, after a question
  p                                         pause the queue, or resume it
  q, Ctrl-C                                 quit
"""


def configure(parser: ArgumentParser) -> None:
    parser.epilog = HELP


def run(args: Namespace) -> int:
    """Show the state of the queue live, until the user quits."""
    with Screen(instead="status") as screen:
        try:
            return Top(TopQueue(args), screen).run()
        except EOFError:
            return INTERRUPTED


class Top:
    """The queue on the whole terminal, with keys.

    Args:
        queue: what the daemon tells, and what it is told.
        screen: where it is shown.
    """

    def __init__(self, queue: TopQueue, screen: Screen) -> None:
        self._queue = queue
        self._screen = screen
        self._window = Window()
        self._jobs: Sequence[Job] = ()
        self._message = ""
        self._refresh_at = 0.0

    def run(self) -> int:
        """Show it until the user quits; return the exit status."""
        while True:
            self._draw()
            key = self._screen.key(max(0.0, self._refresh_at - time.monotonic()))
            if key in {"q", "Q"}:
                return DONE
            if key and not self._window.press(key):
                self._message = self._done(key)
                self._refresh_at = 0.0

    # What is shown ------------------------------------------------------------------------------

    def _draw(self) -> None:
        width, height = self._screen.size()
        try:
            self._refresh(height)
            lines = list(self._queue_lines(width, height - 1))
        except DaemonError as error:
            self._refresh_at = time.monotonic() + SECOND
            lines = [fit(line, width) for line in str(error).splitlines()]
            self._jobs = ()
        heading = fit(HEADING.format(time=time.strftime("%H:%M:%S")), width)
        self._screen.draw([paint(heading, "bold"), *lines][:height])

    def _refresh(self, height: int) -> None:
        """Ask the daemon once a second. What is selected stays so when its place changes."""
        if self._jobs and time.monotonic() < self._refresh_at:
            return
        self._refresh_at = time.monotonic() + SECOND
        selected = self._selected()
        self._queue.refresh(self._window.first, height)
        row = self._queue.find(selected["id"]) if selected else None
        if row is not None:
            self._window.select(row)

    def _queue_lines(self, width: int, height: int) -> Iterator[str]:
        keys = wrap(KEYS, width)
        # Around the rows: an empty line, the heads, what is below, and the message.
        others = len(keys) + 4
        state = list(self._state(width))[: max(0, height - others - FEWEST_ROWS)]
        self._window.fit(height - others - len(state), self._queue.total)
        self._jobs = self._queue.rows(self._window.first, self._window.rows)
        yield from state
        if self._jobs:
            yield ""
            yield from self._table(width)
            yield f"  … {self._window.below:,} more below" if self._window.below else ""
        yield fit(encodable(printable(self._message)), width)
        yield from keys

    def _state(self, width: int) -> Iterator[str]:
        for name, text in facts(self._queue.status, countdown, self._queue.unconfirmed):
            line = fit(encodable(f"{name + ':':10} {printable(text)}"), width)
            yield paint(line, COLOURS[name]) if name in COLOURS else line

    def _table(self, width: int) -> Iterator[str]:
        head, *rows = table(self._jobs, max(1, width - len(MARK)))
        yield NO_MARK + head
        for index, row in enumerate(rows, start=self._window.first):
            is_selected = index == self._window.selected
            yield (paint(MARK, "bold") if is_selected else NO_MARK) + row

    # What is done -------------------------------------------------------------------------------

    def _selected(self) -> Job | None:
        """The selected job, as it was shown last."""
        index = self._window.selected - self._window.first
        return self._jobs[index] if 0 <= index < len(self._jobs) else None

    def _done(self, key: str) -> str:
        """Do what a key says; return what is done, or why it is not."""
        job = self._selected()
        try:
            if key == "p":
                return self._queue.pause_or_resume()
            if job is None:
                return ""
            if key in {"s", "enter"}:
                self._show(self._queue.details(job))
            elif key == "d":
                return self._delete(job)
            elif key in CHANGES:
                return self._queue.change(CHANGES[key], job)
        except DaemonError as error:
            return str(error)
        return ""

    def _delete(self, job: Job) -> str:
        self._message = f"delete {job['id']}? y/n · {target(job)}"
        self._draw()
        return self._queue.change("del", job) if self._next_key() in {"y", "Y"} else "not deleted"

    def _next_key(self) -> str:
        """Wait for a key, while the screen follows the terminal's size."""
        while not (key := self._screen.key(SECOND)):
            self._draw()
        return key

    def _show(self, text: Sequence[str]) -> None:
        """Show a text that scrolls, until a key that does not scroll it."""
        scrolled = ScrolledText(self._screen, text)
        key = ""
        while not key or scrolled.scroll(key):
            scrolled.draw([BACK])
            key = self._screen.key(None)
