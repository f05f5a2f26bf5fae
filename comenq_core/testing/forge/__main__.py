"""Serve the stand-in: print its URL on one line, and serve until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import signal

from comenq_core.testing.forge import Forge


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(
        prog="python -m comenq_core.testing.forge", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="where to listen (0: a free port)")
    parser.add_argument("--prefix", default="", help="stands before every path, as in /api/v3")
    arguments = parser.parse_args()
    endings = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the threads start, so that only sigwait gets the signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with Forge(port=arguments.port, prefix=arguments.prefix) as forge:
        print(forge.url, flush=True)  # noqa: T201 - callers wait for it
        signal.sigwait(endings)


if __name__ == "__main__":
    main()
