"""The intake: an event loop that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import logging

from comenq_core import Log, Queue, Settings, Stop
from comenq_email.endpoint import listening
from comenq_email.lmtp import MailHandler
from comenq_email.options import Options, Tcp, options_of

__all__ = ["EmailIntake", "make_intake"]

log = Log("email")


class EmailIntake:
    """Receives mails by LMTP.

    Args:
        options: where to listen, and how large a mail may be.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Submit comments to ``queue``; return soon after ``stop`` is set.

        A mail server that could not deliver a mail then keeps it, and tries again later.

        Raises:
            SettingsError: it cannot listen where the settings say.
        """
        # aiosmtpd logs what clients send without escaping it. Our own log has what matters.
        logging.getLogger("mail.log").disabled = True
        asyncio.run(self._serve(queue, stop))

    async def _serve(self, queue: Queue, stop: Stop) -> None:
        loop = asyncio.get_running_loop()
        handler = MailHandler(queue, self._options.max_bytes)
        stopping = asyncio.Event()
        loop.add_reader(stop.fileno(), stopping.set)
        place = self._options.place
        with listening(place) as listener:
            server = await loop.create_server(handler.connect, sock=listener)
            log.info("listening", "Mails can be delivered.", place=place)
            if isinstance(place, Tcp):
                log.warning("open", "Every user of this machine can queue comments by e-mail.")
            await stopping.wait()
            server.close()
        loop.remove_reader(stop.fileno())
        await handler.finish()
        log.info("closed", "No more mails can be delivered.")


def make_intake(settings: Settings) -> EmailIntake:
    """The intake for these settings.

    Raises:
        SettingsError: an option in the table ``[email]`` is wrong.
    """
    return EmailIntake(options_of(settings))
