"""One OrderFilled event of the exchanges, read from its log.

An exchange emits one for each order that a match touches. `maker` is always the account whose order it is; the taker of
the match has an event of its own for the whole of what it took, with the exchange itself as its `taker`. So the event
of somebody else that names an account as `taker` is no further fill of that account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from live_trading.chain.abi import WORD, hex_bytes, hex_text
from live_trading.chain.contracts import ORDER_FILLED
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import Moved

_BUY, _SELL = 0, 1
# side, tokenId, makerAmountFilled, takerAmountFilled, fee, builder, metadata
_WORDS = 7
_TOPICS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """What one order moved. Addresses and hashes are lower case; `moved.usd` is without the fee."""

    order_hash: str
    account: str
    token_id: str
    is_buy: bool
    moved: Moved
    metadata: str


def is_order_filled(log: dict[str, Any]) -> bool:
    """Whether a log is such an event, whoever emitted it."""
    return len(log["topics"]) == _TOPICS and str(log["topics"][0]).lower() == ORDER_FILLED


def read_order_filled(log: dict[str, Any]) -> OrderFilled:
    """The event. Raises MalformedAnswer where its data has another shape or states an impossible fill."""
    data = hex_bytes(str(log["data"]))
    words = [int.from_bytes(data[at : at + WORD], "big") for at in range(0, len(data), WORD)]
    if len(data) != _WORDS * WORD or words[0] not in (_BUY, _SELL):
        raise MalformedAnswer("an OrderFilled event of another shape", raw=str(log)[:2000])
    side, token, making, taking, fee = words[:5]
    is_buy = side == _BUY
    usd, shares = (making, taking) if is_buy else (taking, making)
    if not 0 <= usd <= shares or not shares or fee > shares:
        raise MalformedAnswer(f"{usd} dollars and a fee of {fee} for {shares} shares", raw=str(log)[:2000])
    return OrderFilled(
        order_hash=str(log["topics"][1]).lower(),
        account="0x" + str(log["topics"][2]).lower()[-40:],
        token_id=str(token),
        is_buy=is_buy,
        moved=Moved(usd=Usd.of_base_units(usd), shares=Shares.of_base_units(shares), fee=Usd.of_base_units(fee)),
        metadata=hex_text(data[-WORD:]),
    )
