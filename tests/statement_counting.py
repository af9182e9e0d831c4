"""Counts what goes to Postgres and comes back: each statement, and each COMMIT, is a round trip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from pg8000.core import CoreConnection


@dataclass(slots=True)
class RoundTrips:
    """What was asked of Postgres, in the order asked, by this process on any connection.

    Left out is preparing a statement, which happens once a connection: it says how warm the connection was.
    """

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)

    @property
    def by_statement(self) -> Counter[str]:
        """How often each statement ran; its text on one line."""
        return Counter(" ".join(each.split()) for each in self.statements)

    def of(self, part: str) -> list[str]:
        """The statements in whose text `part` stands."""
        return [each for each in self.statements if part in " ".join(each.split())]

    def text(self, most: int = 40) -> str:
        """The statements with how often each ran, the most frequent first."""
        return "\n".join(f"{count:>6}  {text[:150]}" for text, count in self.by_statement.most_common(most))


@contextmanager
def counted_round_trips() -> Iterator[RoundTrips]:
    """The round trips of the block."""
    made = RoundTrips()
    simple, named = CoreConnection.execute_simple, CoreConnection.execute_named

    def execute_simple(connection: CoreConnection, statement: str) -> Any:
        made.statements.append(statement)
        return simple(connection, statement)

    def execute_named(
        connection: CoreConnection, name: bytes, params: Any, columns: Any, input_funcs: Any, statement: str
    ) -> Any:
        made.statements.append(statement)
        return named(connection, name, params, columns, input_funcs, statement)

    with (
        patch.object(CoreConnection, "execute_simple", execute_simple),
        patch.object(CoreConnection, "execute_named", execute_named),
    ):
        yield made
