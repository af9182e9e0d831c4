"""The configured contracts: is there code, has it what we call, and does the installed client name the same ones?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from eth_hash.auto import keccak

from live_trading.chain import contracts as known
from live_trading.chain.abi import Function
from live_trading.chain.errors import Reverted, RpcAnswerLost, RpcRefused, RpcUnavailable
from live_trading.chain.rpc import JsonRpc
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.wiring.settings import Settings
from local.drift.findings import Report

SOURCE = "contracts"
# Where EIP-1967 keeps the address of the code behind a proxy.
_IMPLEMENTATION = hex(int.from_bytes(keccak(b"eip1967.proxy.implementation")) - 1)
_NOBODY = "0x" + "00" * 19 + "01"
_NOTHING = "0x" + "00" * 32
_WORD = 32

# Questions that each has to answer with a word, through whatever proxies.
_READS: Mapping[str, tuple[tuple[Function, tuple[object, ...]], ...]] = {
    "collateral_token": ((known.BALANCE_OF, (_NOBODY,)), (known.ALLOWANCE, (_NOBODY, _NOBODY))),
    "usdce_token": ((known.BALANCE_OF, (_NOBODY,)),),
    "conditional_tokens": (
        (known.PAYOUT_DENOMINATOR, (_NOTHING,)),
        (known.OUTCOME_SLOT_COUNT, (_NOTHING,)),
        (known.TOKEN_BALANCE_OF, (_NOBODY, 1)),
        (known.IS_APPROVED_FOR_ALL, (_NOBODY, _NOBODY)),
    ),
    "neg_risk_adapter": ((known.WRAPPED_COLLATERAL_OF, ()),),
    "position_manager": ((known.TOKEN_BALANCE_OF, (_NOBODY, 1)),),
}
# Functions that change something: their selectors have to be in the code.
_CALLED: Mapping[str, tuple[Function, ...]] = {
    "conditional_tokens": (known.SET_APPROVAL_FOR_ALL, known.REDEEM_POSITIONS, known.MERGE_POSITIONS),
    "ctf_collateral_adapter": (known.REDEEM_POSITIONS, known.MERGE_POSITIONS),
    "neg_risk_ctf_collateral_adapter": (known.REDEEM_POSITIONS, known.MERGE_POSITIONS),
    "protocol_v2_router": (known.ROUTER_REDEEM, known.ROUTER_MERGE),
}
_ADDRESSES = (
    "collateral_token",
    "usdce_token",
    "conditional_tokens",
    "ctf_collateral_adapter",
    "neg_risk_ctf_collateral_adapter",
    "neg_risk_adapter",
    "standard_exchange",
    "neg_risk_exchange",
    "exchange_v3",
    "protocol_v2_router",
    "position_manager",
    "safe_multisend",
    "proxy_factory",
    "deposit_wallet_factory",
    "relay_hub",
)


def check_addresses(endpoints: VenueEndpoints, report: Report) -> None:
    """The parameters against the addresses that the installed client has for production."""
    from polymarket._internal.environment import PRODUCTION_CONFIG

    report.looked_at["addresses"] += 1
    for each in fields(PRODUCTION_CONFIG):
        theirs, ours = getattr(PRODUCTION_CONFIG, each.name), getattr(endpoints, each.name, None)
        is_address = isinstance(theirs, str) and theirs.startswith("0x")
        if is_address and ours is not None and theirs.lower() != ours:
            report.find("parameters", each.name, f"{ours} here, {theirs} in the installed client")


def check_code(settings: Settings, report: Report, *, not_there: frozenset[str] = frozenset()) -> None:
    """Every configured contract on the chain; `not_there` are those that a local chain does without."""
    rpc = JsonRpc(settings.rpc_url)
    try:
        chain_id = rpc.quantity("eth_chainId")
        if chain_id != settings.chain_id:
            report.find(SOURCE, "chain_id", f"the node's is {chain_id}, the parameter {settings.chain_id}")
        for name in _ADDRESSES:
            address = getattr(settings, name)
            if address is not None and name not in not_there:
                _check_one(rpc, name, address, report)
    except (RpcUnavailable, RpcAnswerLost, RpcRefused) as error:
        report.unreachable.append(f"chain: {error}")
    finally:
        rpc.close()


def _check_one(rpc: JsonRpc, name: str, address: str, report: Report) -> None:
    report.looked_at[SOURCE] += 1
    code = str(rpc.call("eth_getCode", address, "latest"))
    if len(code) <= len("0x"):
        report.find(SOURCE, name, f"no code at {address}")
        return
    for function, arguments in _READS.get(name, ()):
        if not _answers(rpc, address, function, arguments):
            report.find(SOURCE, name, f"{address} does not answer {function.signature}")
    missing = [each for each in _CALLED.get(name, ()) if each.selector.hex() not in code]
    if missing:
        code = _behind_proxy(rpc, address)
    for each in missing:
        if each.selector.hex() not in code:
            report.find(SOURCE, name, f"the code at {address} has no {each.signature}")


def _answers(rpc: JsonRpc, address: str, function: Function, arguments: tuple[object, ...]) -> bool:
    try:
        return len(rpc.contract_read(function.call(address, *arguments))) >= _WORD  # type: ignore[arg-type]
    except Reverted:
        return False


def _behind_proxy(rpc: JsonRpc, address: str) -> str:
    stored = str(rpc.call("eth_getStorageAt", address, _IMPLEMENTATION, "latest"))
    implementation = "0x" + stored[-40:]
    return str(rpc.call("eth_getCode", implementation, "latest")) if int(stored, 16) else ""
