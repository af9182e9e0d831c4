"""The ids that a question has on this chain, for each kind of market."""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak

from live_trading.chain.abi import hex_bytes, hex_text
from live_trading.chain.reading.position_ids import condition_id, token_ids
from local.chain.deployment import (
    ADDRESSES,
    EXCHANGE_V3,
    NEG_RISK_EXCHANGE,
    ORACLE,
    STANDARD_EXCHANGE,
    WRAPPED_COLLATERAL,
)

_ZEROS_OF_A_POSITION = bytes(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedMarket:
    """A condition with two outcomes on the chain; `token_ids` are in outcome order.

    A condition of protocol v2 has 31 bytes, and its tokens are positions.
    """

    question_id: str
    condition_id: str
    token_ids: tuple[str, str]
    neg_risk: bool
    is_v2: bool = False

    @property
    def exchange(self) -> str:
        """The contract that its orders are signed for and settled by."""
        if self.is_v2:
            return EXCHANGE_V3
        return NEG_RISK_EXCHANGE if self.neg_risk else STANDARD_EXCHANGE


def market_of(question_id: str, *, neg_risk: bool) -> PreparedMarket:
    """A question on ConditionalTokens, whether or not it is prepared."""
    oracle = ADDRESSES.neg_risk_adapter if neg_risk else ORACLE
    backing = WRAPPED_COLLATERAL if neg_risk else ADDRESSES.usdce_token
    condition = condition_id(oracle, question_id)
    return PreparedMarket(
        question_id=question_id,
        condition_id=condition,
        token_ids=token_ids(condition, backing),
        neg_risk=neg_risk,
    )


def v2_market_of(question_id: str, *, neg_risk: bool) -> PreparedMarket:
    """A question on the position manager, whether or not it is prepared.

    A position is its condition's 31 bytes and the outcome's one; 64 bits above its lowest 40 are zero, by which the
    venue's clients tell it from a token of ConditionalTokens.
    """
    digest = keccak(b"protocol v2" + hex_bytes(question_id, length=32))
    condition = digest[:19] + _ZEROS_OF_A_POSITION + digest[19:23]
    first = int.from_bytes(condition, "big") << 8
    return PreparedMarket(
        question_id=question_id,
        condition_id=hex_text(condition),
        token_ids=(str(first), str(first | 1)),
        neg_risk=neg_risk,
        is_v2=True,
    )
