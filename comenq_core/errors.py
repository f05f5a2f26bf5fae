"""Every exception that comenq raises on purpose, in one tree.

::

    ComenqError
    ├── SettingsError
    │   └── AddressTaken
    ├── PluginError
    ├── InvalidRequest
    ├── QueueRefused
    ├── StoreError
    │   ├── NoSuchJob
    │   ├── WrongState
    │   ├── StoreUnusable
    │   ├── StoreLocked
    │   └── PacingConflict
    └── DaemonError
        ├── DaemonUnreachable
        ├── NotAcknowledged
        └── DaemonRefused

Errors carry data, and their text says what is wrong, where, and what to do. A record that is made
with a wrong member raises a ValueError, `comenq_core.model.InvalidMember`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the client, which has to start fast, does without typing
if TYPE_CHECKING:
    from typing import ClassVar

__all__ = [
    "AddressTaken",
    "ComenqError",
    "DaemonError",
    "DaemonRefused",
    "DaemonUnreachable",
    "InvalidRequest",
    "NoSuchJob",
    "NotAcknowledged",
    "PacingConflict",
    "PluginError",
    "QueueRefused",
    "SettingsError",
    "StoreError",
    "StoreLocked",
    "StoreUnusable",
    "WrongState",
]


class ComenqError(Exception):
    """The root: catch it to catch everything that comenq raises on purpose.

    ``code`` is the stable word for the error in the socket protocol. ``is_transient`` tells
    whether the cause may go away by itself, so that trying again makes sense.
    """

    code: ClassVar[str] = "failed"
    is_transient: ClassVar[bool] = False


class SettingsError(ComenqError):
    """A setting is wrong; the text names the place, the key and what was expected."""

    code = "invalid_settings"


class AddressTaken(SettingsError):
    """Another daemon has the socket; it may be about to end."""

    is_transient = True


class PluginError(ComenqError):
    """A plugin is broken or missing; the text names distribution, plugin and cause."""

    code = "plugin_failed"


class InvalidRequest(ComenqError):
    """Text from outside is not a request, or text from a store is not a record.

    Args:
        path: the member that is wrong (``body``, ``request.owner``), or ``""`` for all of it.
        reason: what is wrong with it, without quoting it.
    """

    code = "invalid_request"

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)


class PolicyRefused(InvalidRequest):
    """A policy of the daemon does not allow it, to those who ask. To ask again does not help.

    Args:
        policy: the policy's name, as in the table ``[policies.NAME]``.
        reason: what it does not allow.
    """

    code = "policy"

    def __init__(self, policy: str, reason: str) -> None:
        self.policy = policy
        super().__init__("", f"policy {policy}: {reason}")


class PolicyFull(PolicyRefused):
    """A policy allows no more comments in the queue, until some are posted or deleted."""

    code = "policy_full"


class QueueRefused(ComenqError):
    """The queue takes no more comments now.

    Args:
        why: the protocol's word for it, such as ``queue_full`` or ``disk_full``.
        reason: a sentence for the user.
    """

    is_transient = True

    def __init__(self, why: str, reason: str) -> None:
        self.why = why
        super().__init__(reason)

    @classmethod
    def full(cls, waiting: int, max_pending: int) -> QueueRefused:
        """More jobs would wait than the setting ``max_pending`` allows."""
        return cls(
            "queue_full",
            f"{waiting} comments are waiting, and max_pending is {max_pending}:"
            " try again later, or raise max_pending",
        )


class StoreError(ComenqError):
    """The store could not do what was asked; nothing was acknowledged."""

    code = "store_failed"
    is_transient = True


class StoreUnusable(StoreError):
    """The store cannot be used as it is; the text says what has to be repaired."""

    is_transient = False


class NoSuchJob(StoreError):
    """No job has that id, or several do."""

    code = "no_such_job"


class WrongState(StoreError):
    """The job exists, but its state does not allow what was asked."""

    code = "wrong_state"


class StoreLocked(StoreError):
    """Another worker has this store.

    Args:
        text: who has it, and what to do.
        ends: whether the daemon of that worker was killed, so that it ends after its post.
    """

    code = "locked"
    is_transient = False

    def __init__(self, text: str, *, ends: bool = False) -> None:
        self.ends = ends
        super().__init__(text)


class PacingConflict(StoreError):
    """The pacing record has changed since the caller read it: read it again."""

    code = "pacing_conflict"


class DaemonError(ComenqError):
    """The root of what a client can meet when it talks to the daemon."""


class DaemonUnreachable(DaemonError):
    """No daemon listens where the client tried."""

    code = "unreachable"


class NotAcknowledged(DaemonError):
    """The connection ended before the daemon acknowledged: the job may or may not be queued."""

    code = "not_acknowledged"


class DaemonRefused(DaemonError):
    """The daemon answered with an error.

    Args:
        why: the protocol's ``code``.
        message: the protocol's ``message``.
    """

    def __init__(self, why: str, message: str) -> None:
        self.why = why
        super().__init__(message)
