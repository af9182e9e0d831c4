"""A chain on this machine: anvil as Polygon, the real ConditionalTokens and Safe, stand-ins for the venue's own."""

from local.chain.deployment import ADDRESSES, AUTO_REDEEMER, NEG_RISK_EXCHANGE, ORACLE, STANDARD_EXCHANGE
from local.chain.local_chain import ChainRefused, LocalChain, PreparedMarket
from local.chain.process import ChainStartFailed
from local.chain.settlement import FillToSettle, SettlementReverted

__all__ = [
    "ADDRESSES",
    "AUTO_REDEEMER",
    "NEG_RISK_EXCHANGE",
    "ORACLE",
    "STANDARD_EXCHANGE",
    "ChainRefused",
    "ChainStartFailed",
    "FillToSettle",
    "LocalChain",
    "PreparedMarket",
    "SettlementReverted",
]
