"""A GitHub stand-in on loopback: real HTTP, state, and answers that a test can script.

::

    with Forge() as forge:
        forge.answer_next(status=502, accept=True)
        ...  # post a comment to forge.url
        forge.wait_for_comments(1)

It creates and lists comments as GitHub does, as far as a client that comments can tell. Anything
else GitHub might answer is scripted with `Forge.answer_next`. From outside the process, the same
is done over HTTP under ``/_forge``, and ``python -m comenq_core.testing.forge`` serves it.

The HTTP is the standard library's ``http.server``, so that plugin authors need install nothing;
it keeps connections alive and gives access to the socket, so that a dropped connection is one.
"""

from comenq_core.testing.forge.records import Account, Answer, Comment, Received
from comenq_core.testing.forge.stand_in import Forge

__all__ = ["Account", "Answer", "Comment", "Forge", "Received"]
