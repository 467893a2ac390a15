"""What every memory offers: an empty state, a write and a read, all pure.

A memory holds no state of its own. ``init`` makes an empty state (a PyTree), ``write`` takes a
state with a key and a value and returns the next state, ``read`` takes a state and a query and
returns what is found. The module holds only the settings of the rule.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Array

__all__ = ["Memory", "Readable"]


@runtime_checkable
class Readable(Protocol):
    """What finds something for a query in a state."""

    def read(self, state: Any, query: Array) -> Any:
        """What the state holds for a query."""
        ...


@runtime_checkable
class Memory(Readable, Protocol):
    """A key-value memory."""

    def init(self) -> Any:
        """The empty state."""
        ...

    def write(self, state: Any, key: Array, value: Array) -> Any:
        """The state after storing one key-value pair."""
        ...
