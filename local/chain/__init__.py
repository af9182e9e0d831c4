"""A chain on this machine: anvil as Polygon, the real ConditionalTokens and Safe, stand-ins for the venue's own."""

from local.chain.deployment import (
    ADDRESSES,
    AUTO_REDEEMER,
    EXCHANGE_V3,
    HOUSE,
    NEG_RISK_EXCHANGE,
    ORACLE,
    STANDARD_EXCHANGE,
)
from local.chain.local_chain import ChainRefused, LocalChain
from local.chain.markets import PreparedMarket
from local.chain.process import ChainStartFailed
from local.chain.settlement import FillToSettle, OrderSide, SettlementReverted, SignedOrder

__all__ = [
    "ADDRESSES",
    "AUTO_REDEEMER",
    "EXCHANGE_V3",
    "HOUSE",
    "NEG_RISK_EXCHANGE",
    "ORACLE",
    "STANDARD_EXCHANGE",
    "ChainRefused",
    "ChainStartFailed",
    "FillToSettle",
    "LocalChain",
    "OrderSide",
    "PreparedMarket",
    "SettlementReverted",
    "SignedOrder",
]
