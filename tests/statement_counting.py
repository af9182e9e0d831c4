"""Counts what goes to Postgres and comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from live_trading.store.database.postgres_session import Session, Statement


@dataclass(slots=True)
class RoundTrips:
    """What this process asked of Postgres, on any connection, in the order asked.

    Left out is preparing a statement, which happens once a connection: it says how warm the connection was.
    """

    trips: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def statements(self) -> list[str]:
        """Every statement, its text on one line."""
        return [" ".join(each.split()) for trip in self.trips for each in trip]

    @property
    def by_statement(self) -> Counter[str]:
        """How often each statement ran."""
        return Counter(self.statements)

    def of(self, part: str) -> list[str]:
        """The statements in whose text `part` stands."""
        return [each for each in self.statements if part in each]

    def text(self, most: int = 80) -> str:
        """The round trips, and the statements with how often each ran, the most frequent first."""
        lines = [f"{count:>6}  {text[:150]}" for text, count in self.by_statement.most_common(most)]
        return "\n".join([f"{len(self.trips):>6}  round trips", *lines])


@contextmanager
def counted_round_trips() -> Iterator[RoundTrips]:
    """The round trips of the block."""
    made = RoundTrips()
    exchange, commit = Session.exchange, Session.commit

    def counted_exchange(session: Session, statements: Sequence[Statement]) -> Any:
        made.trips.append(tuple(each.sql for each in statements))
        return exchange(session, statements)

    def counted_commit(session: Session, last: Sequence[Statement] = ()) -> None:
        if not last:
            made.trips.append(("COMMIT",))
        commit(session, last)

    with patch.object(Session, "exchange", counted_exchange), patch.object(Session, "commit", counted_commit):
        yield made
