"""A trader's record out of the recording: what had been sold out or had ended by the clock, and what that brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side, SourceTrade
from live_trading.polymarket.data.data_api import PositionsStep
from live_trading.polymarket.data.trader_history import PositionList, PositionRow, PositionStatus, Resolution
from local.backtest.sources import Endings
from local.replay_data import RecordedFeed, Recording

_NOTHING = PositionsStep(listed=PositionList(rows=[], quarantined=[]), next_cursor=None, digest="")


@dataclass(slots=True)
class _Held:
    condition_id: str
    outcome_index: int | None
    first_at: datetime
    last_at: datetime
    shares: Shares
    paid: Usd


class RecordedHistory(RecordedFeed):
    """The recorded trades, and the positions that they made."""

    def __init__(self, recording: Recording, endings: Endings, clock: Clock) -> None:
        super().__init__(recording, clock)
        self._own_clock = clock
        self._endings = endings

    def positions(self, trader: str, status: PositionStatus, cursor: str | None) -> PositionsStep:  # noqa: ARG002
        """All of them as CLOSED, on one page; the other lists are empty."""
        if status is not PositionStatus.CLOSED:
            return _NOTHING
        now = self._own_clock.now()
        held = _held([trade for trade in self._by_trader[trader] if trade.trade_time <= now])
        rows = [row for token, each in held.items() if (row := self._ended(trader, token, each)) is not None]
        newest_first = sorted(rows, key=lambda row: row.last_event_at or now, reverse=True)
        return PositionsStep(listed=PositionList(rows=newest_first, quarantined=[]), next_cursor=None, digest="all")

    def resolutions(self, condition_ids: Collection[str]) -> dict[str, Resolution]:
        return {
            each: Resolution(at=self._endings.at(each), is_final=True)
            for each in condition_ids
            if self._endings.vector(each) is not None
        }

    def _ended(self, trader: str, token_id: str, held: _Held) -> PositionRow | None:
        vector, at = self._endings.vector(held.condition_id), held.last_at
        worth = Decimal(0)
        if held.shares.is_positive:
            if vector is None or held.outcome_index is None:
                return None
            worth = held.shares.value * vector.per_share(held.outcome_index)
            at = self._endings.at(held.condition_id) or at
        return PositionRow.model_validate(
            {
                "proxy_wallet": trader,
                "token_id": token_id,
                "condition_id": held.condition_id,
                "realized_pnl": worth - held.paid.value,
                "unrealized_pnl": Decimal(0),
                "status": PositionStatus.CLOSED,
                "first_entry_at": held.first_at.isoformat(),
                "last_event_at": at.isoformat(),
            }
        )


def _held(trades: Sequence[SourceTrade]) -> dict[str, _Held]:
    """By token; `paid` is what the shares cost, less what those that were sold brought.

    Sales of what the recording does not show as bought are left out.
    """
    found: dict[str, _Held] = {}
    bought: dict[str, Shares] = defaultdict(Shares.zero)
    for trade in trades:
        if trade.side is Side.SELL and not bought[trade.token_id].is_positive:
            continue
        held = found.setdefault(
            trade.token_id,
            _Held(
                trade.condition_id,
                trade.outcome_index,
                trade.trade_time,
                trade.trade_time,
                Shares.zero(),
                Usd.zero(),
            ),
        )
        sign = 1 if trade.side is Side.BUY else -1
        left = held.shares.value + sign * trade.shares.value
        held.shares = Shares(max(left, Decimal(0)))
        held.paid = Usd(held.paid.value + sign * trade.trade_usd.value)
        held.last_at = trade.trade_time
        bought[trade.token_id] = held.shares
    return found
