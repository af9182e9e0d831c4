"""The committed state of a strategy that a proposed entry is judged on."""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.nouns.money import Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSnapshot:
    """All amounts in USD and at cost; none of them contains the proposed entry itself.

    `exposure` is open positions and open reservations. `position_usd` is that part of it which is in the proposed
    entry's token, and `open_positions` counts tokens with either. What is `spent` in a period is what entries begun in
    it have cost, or may cost while they are open.
    """

    equity: Usd
    day_start_equity: Usd
    week_start_equity: Usd
    month_start_equity: Usd
    available: Usd
    exposure: Usd
    position_usd: Usd
    holds_this_position: bool
    open_positions: int
    spent_today: Usd
    spent_this_week: Usd
    spent_this_month: Usd
