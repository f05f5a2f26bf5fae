"""What a tool is, as the protocol and an agent see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from comenq_core.cli.comenq.mcp.calls import Caller
from comenq_core.wire.validator import check_by, validator

__all__ = ["Hints", "Tool"]

Json = dict[str, Any]
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a client may think of a tool: the protocol's own hints, none of them left out.

    Args:
        read_only: it changes nothing.
        destructive: it may take something away.
        idempotent: the same call again changes nothing more.
        open_world: something outside of the machine may follow.
    """

    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False
    open_world: bool = False


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool.

    Args:
        name, title, description: for the model and for people.
        hints: for the client.
        arguments, result: JSON Schemas of both.
        run: what it does.
    """

    name: str
    title: str
    description: str
    hints: Hints
    arguments: Schema
    result: Schema
    run: Callable[[Caller, Json], Json]

    @cached_property
    def _rules(self) -> Any:  # noqa: ANN401  (jsonschema is imported late)
        return validator(self.arguments)

    @property
    def definition(self) -> Mapping[str, Any]:
        """The tool as the protocol has it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.arguments,
            "outputSchema": self.result,
            "annotations": {
                "title": self.title,
                "readOnlyHint": self.hints.read_only,
                "destructiveHint": self.hints.destructive,
                "idempotentHint": self.hints.idempotent,
                "openWorldHint": self.hints.open_world,
            },
        }

    def call(self, caller: Caller, arguments: Json) -> Json:
        """Run the tool.

        Raises:
            ComenqError: what was asked for is wrong, or cannot be done; the error says what to do.
        """
        check_by(self._rules, arguments)
        return self.run(caller, arguments)
