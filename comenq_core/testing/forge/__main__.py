"""Serve the stand-in: print its URL on one line, and go on until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import signal

from comenq_core.testing.forge import Forge


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m comenq_core.testing.forge", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="where to listen (0: a free port)")
    parser.add_argument("--prefix", default="", help="stands before every path, as in /api/v3")
    arguments = parser.parse_args()
    endings = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the threads start, so that they leave the signals to sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with Forge(port=arguments.port, prefix=arguments.prefix) as forge:
        print(forge.url, flush=True)  # noqa: T201 - what callers wait for
        signal.sigwait(endings)


if __name__ == "__main__":
    main()
