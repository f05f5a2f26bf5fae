"""Tells the variables that a platform sets from those that a person misspelt. Pure."""

from __future__ import annotations

import re

__all__ = ["is_from_platform"]

# A service or a container named comenqd, or comenqd-something, gives its neighbours these.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
# https://docs.docker.com/engine/network/links/#environment-variables
_LINK = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?"
    r"|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|START|END))*|ENV_\w+)"
)
_ADDRESS = re.compile(r"(\w+_)?PORT")
_NAME = re.compile(r"(\w+_)?NAME")


def is_from_platform(name: str, value: str) -> bool:
    """Whether a variable is a platform's link to a service.

    Args:
        name: what follows ``COMENQD_``.
        value: a link's address names its protocol, and its name is a path, so that a person's
            ``COMENQD_PORT=8080`` is no link.
    """
    if _LINK.fullmatch(name):
        return True
    if _ADDRESS.fullmatch(name):
        return value.startswith(("tcp://", "udp://", "sctp://"))
    return _NAME.fullmatch(name) is not None and value.startswith("/")
