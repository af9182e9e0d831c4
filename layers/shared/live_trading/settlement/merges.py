"""Which holdings are complementary: a pair of both outcomes is worth a dollar whatever happens. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from live_trading.nouns.money import Shares


class HeldPart(Protocol):
    """Shares of one strategy in one token."""

    @property
    def lt_strategy_id(self) -> UUID: ...

    @property
    def token_id(self) -> str: ...

    @property
    def shares(self) -> Shares: ...


def pairs_to_merge(held: Iterable[HeldPart], token_ids: Sequence[str]) -> dict[UUID, Shares]:
    """Pairs of both outcomes by strategy, those with none left out.

    Only what one strategy holds of both counts: a pair across two strategies has no fair price inside it.
    """
    by_strategy: dict[UUID, dict[str, Shares]] = defaultdict(dict)
    for part in held:
        by_strategy[part.lt_strategy_id][part.token_id] = part.shares
    pairs: dict[UUID, Shares] = {}
    for strategy_id, shares in by_strategy.items():
        least = min(shares.get(token_id, Shares.zero()) for token_id in token_ids)
        if least.is_positive:
            pairs[strategy_id] = least
    return pairs


def allotted(pairs: dict[UUID, Shares], total: Shares) -> dict[UUID, Shares] | None:
    """`total` merged pairs handed to the strategies in the order given; None where they hold fewer."""
    rest = total
    found: dict[UUID, Shares] = {}
    for strategy_id, held in pairs.items():
        part = min(held, rest)
        if part.is_positive:
            found[strategy_id] = part
            rest -= part
    return None if rest else found
