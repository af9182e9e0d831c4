"""How late the venue tells what has happened, in seconds of its own clock."""

from __future__ import annotations

from typing import Annotated

from eth_hash.auto import keccak
from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0)]


class Lags(BaseModel):
    """A trade is listed between `trade_earliest` and `trade_latest` after its match, each at a moment of its own.

    Lists are therefore late, come in parts and out of order, and a trade is first seen as MATCHED. An order is
    found `order` after its post, and its fills show as late. A new API key works after `api_key`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trade_earliest: Seconds = 1
    trade_latest: Seconds = 4
    order: Seconds = 0.5
    api_key: Seconds = 0

    def of_trade_ms(self, trade_id: str) -> int:
        """How late this trade is told, the same at every look."""
        drawn = int.from_bytes(keccak(trade_id.encode())[:4], "big") / (1 << 32)
        return round(1000 * (self.trade_earliest + (self.trade_latest - self.trade_earliest) * drawn))

    @property
    def order_ms(self) -> int:
        return round(1000 * self.order)

    @property
    def api_key_ms(self) -> int:
        return round(1000 * self.api_key)


AT_ONCE = Lags(trade_earliest=0, trade_latest=0, order=0)
