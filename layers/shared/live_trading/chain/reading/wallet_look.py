"""One quick look at a wallet: its collateral, its gas money, and what it lets others take, in two short requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from live_trading.chain.abi import decode_bool, decode_uint
from live_trading.chain.contracts import ALLOWANCE, BALANCE_OF, IS_APPROVED_FOR_ALL, ContractAddresses
from live_trading.chain.reading.multicall import Multicall
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.nouns.money import Usd

Operator = tuple[str, str]
"""The contract that keeps outcome tokens, and who may move all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletLook:
    """What the chain has of an address, all but the gas money at one block.

    `allowances` are base units of collateral by spender, `operators` whether each may move; None where a contract gave
    no answer. `gas_wei` is POL.
    """

    collateral: Usd
    gas_wei: int
    allowances: dict[str, int | None]
    operators: dict[Operator, bool | None]


class WalletLooker:
    """Looks through one node, and waits for neither of its answers longer than it is told.

    Raises RetryLater where the node is away or too slow, and GiveUp where what stands at a configured address is not
    the contract that it should be.
    """

    def __init__(self, rpc_url: str, addresses: ContractAddresses, *, timeout_seconds: int) -> None:
        """No request is made before the first look."""
        self._rpc_url = rpc_url
        self._addresses = addresses
        self._timeout_seconds = timeout_seconds

    @cached_property
    def _rpc(self) -> JsonRpc:
        return JsonRpc(self._rpc_url, timeout_seconds=self._timeout_seconds)

    def look(self, owner: str, *, spenders: Sequence[str], operators: Sequence[Operator]) -> WalletLook:
        """What `owner` has, and what each of these may take of it."""
        collateral = self._addresses.collateral_token
        answers = Multicall(self._rpc, self._addresses.multicall).try_read(
            [
                BALANCE_OF.call(collateral, owner),
                *(ALLOWANCE.call(collateral, owner, spender) for spender in spenders),
                *(IS_APPROVED_FOR_ALL.call(contract, owner, operator) for contract, operator in operators),
            ]
        )
        held = _uint(answers[0])
        if held is None:
            raise MalformedAnswer("the collateral's contract tells no balance", raw="")
        allowed, moved = answers[1 : 1 + len(spenders)], answers[1 + len(spenders) :]
        return WalletLook(
            collateral=_dollars(held),
            gas_wei=self._rpc.quantity("eth_getBalance", owner, "latest"),
            allowances={spender: _uint(answer) for spender, answer in zip(spenders, allowed, strict=True)},
            operators={operator: _bool(answer) for operator, answer in zip(operators, moved, strict=True)},
        )


def _uint(answer: tuple[bool, bytes]) -> int | None:
    succeeded, said = answer
    try:
        return decode_uint(said) if succeeded else None
    except GiveUp:
        return None


def _bool(answer: tuple[bool, bytes]) -> bool | None:
    succeeded, said = answer
    try:
        return decode_bool(said) if succeeded else None
    except GiveUp:
        return None


def _dollars(units: int) -> Usd:
    try:
        return Usd.of_base_units(units)
    except ArithmeticError as error:
        raise MalformedAnswer("more than there is of anything", raw=str(units)) from error
