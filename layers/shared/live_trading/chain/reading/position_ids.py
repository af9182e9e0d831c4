"""Condition and token ids computed as ConditionalTokens computes them, without asking it.

A token id is a hash over the collateral and a point on the curve y² = x³ + 3 (alt_bn128) that stands for one
outcome of one condition.
"""

from __future__ import annotations

from eth_hash.auto import keccak

from live_trading.chain.abi import hex_bytes, hex_text

_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583
_CURVE_B = 3
_ODD_BIT = 1 << 254
_OUTCOME_SLOTS = 2


def condition_id(oracle: str, question_id: str, outcome_slots: int = _OUTCOME_SLOTS) -> str:
    """The id of the condition that `oracle` decides."""
    packed = hex_bytes(oracle, length=20) + hex_bytes(question_id, length=32) + outcome_slots.to_bytes(32, "big")
    return hex_text(keccak(packed))


def collection_id(condition: str, index_set: int) -> bytes:
    """The id of an outcome collection without a parent; index set 1 is outcome 0, 2 is outcome 1."""
    seed = int.from_bytes(keccak(hex_bytes(condition, length=32) + index_set.to_bytes(32, "big")), "big")
    wants_odd = seed >> 255 == 1
    x = seed
    while True:
        x = (x + 1) % _FIELD
        square = (pow(x, 3, _FIELD) + _CURVE_B) % _FIELD
        y = pow(square, (_FIELD + 1) // 4, _FIELD)
        if y * y % _FIELD == square:
            break
    # The contract turns y to the parity that the seed's top bit asks for and keeps that parity in the id.
    return (x ^ _ODD_BIT if wants_odd else x).to_bytes(32, "big")


def token_ids(condition: str, collateral: str) -> tuple[str, str]:
    """The decimal token ids of outcome 0 and outcome 1.

    `collateral` is USDC.e for a standard market and the wrapped collateral for a neg-risk one, never pUSD.
    """
    prefix = hex_bytes(collateral, length=20)
    first, second = (
        str(int.from_bytes(keccak(prefix + collection_id(condition, index_set)), "big")) for index_set in (1, 2)
    )
    return first, second
