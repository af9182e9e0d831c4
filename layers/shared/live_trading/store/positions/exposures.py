"""What is at stake: open positions summed up by market or by event, at cost and at what they would fetch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Transaction
from live_trading.store.positions.position_history import PLACED


class ExposureBy(StrEnum):
    """What open positions are summed up by; those of no event are in no sum of events."""

    MARKET = "MARKET"
    EVENT = "EVENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Open positions of one market or of one event; the other of the two is None.

    `value` is what their shares would have fetched at the last looks, None where one of them has no mark.
    """

    condition_id: str | None
    event_id: str | None
    open_positions: int
    cost: Usd
    value: Usd | None

    @property
    def key(self) -> str:
        """The market or the event."""
        return self.condition_id or self.event_id or ""


# A value is floored as the contracts divide: what was sold would not come to more.
_EXPOSURES = f"""
SELECT
    {{key}} AS key, count(*) AS open_positions, sum(begun.amount_usd) AS cost,
    CASE WHEN count(*) = count(mark.bid_price) THEN sum(trunc(mark.bid_price * begun.shares, 6)) END AS value
FROM lt_strategies AS strategy
CROSS JOIN LATERAL (
    SELECT * FROM ledger_holdings AS kept
    WHERE kept.lt_strategy_id = strategy.lt_strategy_id AND kept.account = 'POSITION_COST' AND kept.shares > 0
) AS begun
CROSS JOIN LATERAL ({PLACED}) AS placed
CROSS JOIN LATERAL (SELECT * FROM markets WHERE markets.condition_id = placed.condition_id LIMIT 1) AS market
LEFT JOIN LATERAL (
    SELECT bid_price FROM position_marks
    WHERE trading_wallet_id = begun.trading_wallet_id AND token_id = begun.token_id LIMIT 1
) AS mark ON TRUE
WHERE
    strategy.owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR strategy.lt_strategy_id = :lt_strategy_id)
    AND {{key}} > :after
GROUP BY {{key}} ORDER BY {{key}} LIMIT :rows_to_read
"""  # noqa: S608 - a constant
_KEY = MappingProxyType({ExposureBy.MARKET: "market.condition_id", ExposureBy.EVENT: "market.event_id"})


def of_owner(
    transaction: Transaction, owner_id: str, page: PageAsked, *, by: ExposureBy, lt_strategy_id: UUID | None = None
) -> list[Exposure]:
    """A page of the sums of the owner, or of one strategy, in the order of markets or events."""
    rows = transaction.rows(
        _EXPOSURES.format(key=_KEY[by]),
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        after=page.after_text or "",
        rows_to_read=page.rows_to_read,
    )
    return [
        Exposure(
            condition_id=row["key"] if by is ExposureBy.MARKET else None,
            event_id=row["key"] if by is ExposureBy.EVENT else None,
            open_positions=row["open_positions"],
            cost=Usd(row["cost"]),
            value=None if row["value"] is None else Usd(row["value"]),
        )
        for row in rows
    ]
