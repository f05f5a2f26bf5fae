"""The intake itself: an event loop that serves until it is told to stop."""

from __future__ import annotations

import asyncio
import logging

from comenq_core import Log, Queue, Settings, Stop
from comenq_email.endpoint import listening
from comenq_email.options import Options, Tcp, options_of
from comenq_email.reception import Reception

__all__ = ["EmailIntake", "make_intake"]

log = Log("email")


class EmailIntake:
    """Takes mails in by LMTP.

    Args:
        options: where, and how large ones.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Pass comments on to ``queue``; return soon after ``stop`` is set.

        A mail server that was about to hand a mail over then keeps it, and tries again later.

        Raises:
            SettingsError: it cannot listen where the settings say.
        """
        # aiosmtpd logs what clients send, as it is. Our own log says what matters, escaped.
        logging.getLogger("mail.log").disabled = True
        asyncio.run(self._serve(queue, stop))

    async def _serve(self, queue: Queue, stop: Stop) -> None:
        loop = asyncio.get_running_loop()
        reception = Reception(queue, self._options.max_bytes)
        stopping = asyncio.Event()
        loop.add_reader(stop.fileno(), stopping.set)
        place = self._options.place
        with listening(place) as listener:
            server = await loop.create_server(reception.connect, sock=listener)
            log.info("listening", "Mails can be delivered.", place=place)
            if isinstance(place, Tcp):
                log.warning("open", "Every user of this machine can queue comments by e-mail.")
            await stopping.wait()
            server.close()
        loop.remove_reader(stop.fileno())
        await reception.finish()
        log.info("closed", "Mails can be delivered no more.")


def make_intake(settings: Settings) -> EmailIntake:
    """Make the intake that the settings ask for.

    Raises:
        SettingsError: an option in the table ``[email]`` is wrong.
    """
    return EmailIntake(options_of(settings))
