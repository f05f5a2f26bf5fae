"""A stand-in for GitHub on loopback: real HTTP, with state, and with answers that a test scripts.

::

    with Forge() as forge:
        forge.answer_next(status=502, accept=True)
        ...  # post a comment to forge.url
        forge.wait_for_comments(1)

It creates and lists comments, and replies in review threads, as GitHub does, as far as a client
that comments can tell, also for a GitHub App and with the accounts and repositories that a test
names. Every other answer is scripted with `Forge.answer_next` or `Forge.answer_always`. Review bots
answer to triggers as a `Bot` is scripted: with comments that they edit, reviews and reactions, each
at its time. People edit and delete comments, gateways change them, and the clock may differ. From
another process, the same is done over HTTP under ``/_forge``; ``python -m
comenq_core.testing.forge`` serves it.

It uses the standard library's ``http.server``, which keeps connections alive and gives access to
the socket, so that a dropped connection is one.
"""

from comenq_core.testing.forge.bots import Act, Bot
from comenq_core.testing.forge.gateways import GATEWAYS
from comenq_core.testing.forge.records import (
    Account,
    Answer,
    Comment,
    Installation,
    Pull,
    Reaction,
    Received,
    Review,
    ReviewComment,
)
from comenq_core.testing.forge.stand_in import Forge

__all__ = [
    "GATEWAYS",
    "Account",
    "Act",
    "Answer",
    "Bot",
    "Comment",
    "Forge",
    "Installation",
    "Pull",
    "Reaction",
    "Received",
    "Review",
    "ReviewComment",
]
