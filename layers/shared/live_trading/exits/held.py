"""What is held of a token, with what the rules ask of its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from live_trading.exits.trader_exits import OwnBuy, OwnSale
from live_trading.nouns.money import Shares, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldToken:
    """What a paper wallet or a strategy holds of one token.

    `bought` and `sold` are all that ever came and left but for traders' sales, which are in `sold_for_trader`.
    """

    token_id: str
    condition_id: str
    outcome_index: int
    shares: Shares
    sellable: Shares
    paid: Usd
    opened_at: datetime
    bought: tuple[OwnBuy, ...]
    sold: tuple[OwnSale, ...]
    sold_for_trader: Shares
