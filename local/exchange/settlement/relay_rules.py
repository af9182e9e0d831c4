"""What the relayer does not carry: retired targets, and redemptions of nothing."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_hash.auto import keccak

from local.chain.deployment import ADDRESSES, WRAPPED_COLLATERAL
from local.exchange.identity.contracts import NEG_RISK_ADAPTER, POSITION_MANAGER, ROUTER
from local.exchange.settlement.node import Node
from local.exchange.settlement.relayed_calls import InnerCall, Relayed

NOTHING_TO_REDEEM = "PRECHECK_SKIPPED: redeem skipped: zero position balance"


def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


_LEGACY_REDEEM = _selector("redeemPositions(bytes32,uint256[])")
_ADAPTER_REDEEM = _selector("redeemPositions(address,bytes32,bytes32,uint256[])")
_ROUTER_REDEEM = _selector("redeem(bytes31,uint256,uint256)")
_COLLECTION_ID = _selector("getCollectionId(bytes32,bytes32,uint256)")
_POSITION_ID = _selector("getPositionId(address,bytes32)")
_BALANCE_OF = _selector("balanceOf(address,uint256)")

# Which collateral stands behind the tokens that each contract redeems.
_BACKING = {
    ADDRESSES.ctf_collateral_adapter: ADDRESSES.usdce_token,
    ADDRESSES.conditional_tokens: ADDRESSES.usdce_token,
    ADDRESSES.neg_risk_ctf_collateral_adapter: WRAPPED_COLLATERAL,
}


def is_retired(call: InnerCall) -> bool:
    """Direct neg-risk redemption, blocked since 2026-07-17."""
    return call.target == NEG_RISK_ADAPTER and call.data[:4] == _LEGACY_REDEEM


def redeems_nothing(relayed: Relayed, node: Node) -> bool:
    """Whether some call of a relayed action redeems positions of which the wallet has none.

    Those are the tokens that the called contract would burn. Tokens of the same condition behind which other collateral
    stands do not count: the venue has skipped redemptions of tokens that the wallet had (builder-relayer-client #30).
    """
    return any(_is_empty(call, relayed.wallet, node) for call in relayed.calls)


def _is_empty(call: InnerCall, wallet: str, node: Node) -> bool:
    selector, arguments = call.data[:4], call.data[4:]
    if selector == _ADAPTER_REDEEM and call.target in _BACKING:
        tokens = _token_ids(arguments[64:96], _BACKING[call.target], node)
        return not any(_balance(ADDRESSES.conditional_tokens, wallet, token, node) for token in tokens)
    if selector == _ROUTER_REDEEM and call.target == ROUTER:
        position = int.from_bytes(arguments[:32], "big") | int.from_bytes(arguments[32:64], "big")
        return not _balance(POSITION_MANAGER, wallet, position, node)
    return False


def _token_ids(condition_id: bytes, backing: str, node: Node) -> list[int]:
    tokens: list[int] = []
    for index_set in (1, 2):
        asked = encode(["bytes32", "bytes32", "uint256"], [bytes(32), condition_id, index_set])
        collection = node.read(ADDRESSES.conditional_tokens, _COLLECTION_ID + asked)
        asked = encode(["address", "bytes32"], [backing, collection])
        tokens.append(node.read_number(ADDRESSES.conditional_tokens, _POSITION_ID + asked))
    return tokens


def _balance(contract: str, wallet: str, token: int, node: Node) -> int:
    return node.read_number(contract, _BALANCE_OF + encode(["address", "uint256"], [wallet, token]))
