"""What the chain says: payout vectors, balances, allowances, and whether the contracts stand where they should."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from live_trading.chain.abi import Call, Function, decode_bool, decode_uint, hex_text
from live_trading.chain.contracts import (
    ALLOWANCE,
    BALANCE_OF,
    ETH_BALANCE,
    IS_APPROVED_FOR_ALL,
    OUTCOME_SLOT_COUNT,
    PAYOUT_DENOMINATOR,
    PAYOUT_NUMERATORS,
    POSITION_PAYOUT,
    TOKEN_BALANCE_OF,
    WRAPPED_COLLATERAL_OF,
    ContractAddresses,
)
from live_trading.chain.reading.arrivals import arrived_tokens
from live_trading.chain.reading.dry_run import predicted_payment
from live_trading.chain.reading.multicall import Multicall
from live_trading.chain.reading.outside_payments import leaving_transactions
from live_trading.chain.reading.receipts import Payer, Receipt, payer_of, read_receipt
from live_trading.chain.reading.sent_collateral import SentCollateral, sent_collateral
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import Market, PayoutVector, ProtocolVersion, is_position_id
from live_trading.nouns.money import Shares, Usd

logger = logging.getLogger(__name__)

_Quantity = TypeVar("_Quantity", Usd, Shares)
_NO_CODE = ("0x", None)
# So many base units that the part which each outcome is paid tells its numerator, rounding apart.
_PROBE_UNITS = 10**24


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the chain has of an address.

    `allowances` are base units of collateral by spender, as an unlimited one is no amount of dollars.
    """

    collateral: Usd
    allowances: dict[str, int]
    tokens: dict[str, Shares]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """The collateral of an address, and its money for gas, in wei."""

    collateral: Usd
    gas_wei: int


class ChainReader:
    """Reads Polygon through one node.

    Every method raises RetryLater where the node is away, and GiveUp (ContractMissing, MalformedAnswer,
    Reverted) where what stands at a configured address is not the contract that it should be.
    """

    def __init__(self, rpc_url: str, addresses: ContractAddresses) -> None:
        """`rpc_url` is a JSON-RPC endpoint over HTTP; no request is made before the first read."""
        self._rpc_url = rpc_url
        self._addresses = addresses

    @cached_property
    def _rpc(self) -> JsonRpc:
        return JsonRpc(self._rpc_url)

    @cached_property
    def _multicall(self) -> Multicall:
        return Multicall(self._rpc, self._addresses.multicall)

    def payout_vectors(self, condition_ids: Sequence[str]) -> dict[str, PayoutVector | None]:
        """The payout vector of each condition, None where it is not resolved or not known to the contract.

        1,000 conditions take 2 requests when none is resolved and at most 8. A vector is written once, so
        reading it after its denominator cannot mix two states.
        """
        asked = list(dict.fromkeys(condition_ids))
        denominators = self._conditions_uint(PAYOUT_DENOMINATOR, asked)
        resolved = [condition for condition in asked if denominators[condition]]
        slots = self._conditions_uint(OUTCOME_SLOT_COUNT, resolved)
        wanted = [(condition, index) for condition in resolved for index in range(slots[condition])]
        target = self._addresses.conditional_tokens
        answers = self._read_uints([PAYOUT_NUMERATORS.call(target, condition, index) for condition, index in wanted])
        numerators: dict[str, list[int]] = {condition: [] for condition in resolved}
        for (condition, _), numerator in zip(wanted, answers, strict=True):
            numerators[condition].append(numerator)
        return {
            condition: _vector(condition, numerators[condition], denominators[condition])
            if condition in numerators
            else None
            for condition in asked
        }

    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        """The payout vector of each market by condition, whichever protocol keeps it.

        None where it is not resolved, and for a market of an unknown version, whose contract nobody can name.
        """
        known = list(markets)
        second = [market for market in known if market.version is ProtocolVersion.V2]
        first = [market.condition_id for market in known if market.version is ProtocolVersion.V1]
        nowhere = dict.fromkeys(market.condition_id for market in known)
        return {**nowhere, **self.payout_vectors(first), **self._position_vectors(second)}

    def _position_vectors(self, markets: Sequence[Market]) -> dict[str, PayoutVector | None]:
        """What many units of each outcome are paid, as a vector; a position manager has no other word."""
        target = self._addresses.position_manager
        if not markets or target is None:
            return {market.condition_id: None for market in markets}
        wanted = [(market, token) for market in markets for token in market.token_ids]
        results = self._multicall.try_read(
            [POSITION_PAYOUT.call(target, int(token), _PROBE_UNITS) for _, token in wanted]
        )
        paid: dict[str, list[int]] = {market.condition_id: [] for market in markets}
        for (market, _), (succeeded, answer) in zip(wanted, results, strict=True):
            if succeeded:
                paid[market.condition_id].append(decode_uint(answer))
        return {
            market.condition_id: _vector(market.condition_id, _whole(paid[market.condition_id]), _PROBE_UNITS)
            if len(paid[market.condition_id]) == len(market.token_ids)
            else None
            for market in markets
        }

    def collateral_balance(self, address: str) -> Usd:
        """pUSD of an address."""
        return self._erc20_balance(self._addresses.collateral_token, address)

    def usdce_balance(self, address: str) -> Usd:
        """USDC.e of an address, which only a direct redemption pays."""
        return self._erc20_balance(self._addresses.usdce_token, address)

    def token_balances(
        self, address: str, token_ids: Sequence[str], *, contract: str | None = None
    ) -> dict[str, Shares]:
        """Outcome tokens of an address, zero included, all read at one block up to 500 ids.

        `contract` keeps them: the one that each id's form tells unless it is named.
        """
        asked = list(dict.fromkeys(token_ids))
        units = self._read_uints(
            [TOKEN_BALANCE_OF.call(contract or self._keeper(token_id), address, int(token_id)) for token_id in asked]
        )
        return {token_id: _amount(Shares, held) for token_id, held in zip(asked, units, strict=True)}

    def holdings(self, owner: str, token_ids: Sequence[str], spenders: Sequence[str]) -> Holdings:
        """What an address has, and what each of `spenders` may take of it: all at one block up to 499 answers."""
        asked, allowed = list(dict.fromkeys(token_ids)), list(dict.fromkeys(spenders))
        collateral = self._addresses.collateral_token
        balance, *answers = self._read_uints(
            [
                BALANCE_OF.call(collateral, owner),
                *(ALLOWANCE.call(collateral, owner, spender) for spender in allowed),
                *(TOKEN_BALANCE_OF.call(self._keeper(token_id), owner, int(token_id)) for token_id in asked),
            ]
        )
        return Holdings(
            collateral=_amount(Usd, balance),
            allowances=dict(zip(allowed, answers[: len(allowed)], strict=True)),
            tokens={
                token_id: _amount(Shares, units) for token_id, units in zip(asked, answers[len(allowed) :], strict=True)
            },
        )

    def purses(self, addresses: Sequence[str]) -> dict[str, Purse]:
        """Collateral and gas money of each address, all read at one block up to 250 of them."""
        asked = list(dict.fromkeys(addresses))
        collateral, multicall = self._addresses.collateral_token, self._addresses.multicall
        answers = self._read_uints(
            [
                call
                for address in asked
                for call in (BALANCE_OF.call(collateral, address), ETH_BALANCE.call(multicall, address))
            ]
        )
        return {
            address: Purse(collateral=_amount(Usd, units), gas_wei=wei)
            for address, units, wei in zip(asked, answers[::2], answers[1::2], strict=True)
        }

    def _keeper(self, token_id: str) -> str:
        """The contract that keeps a token."""
        manager = self._addresses.position_manager
        return manager if manager is not None and is_position_id(token_id) else self._addresses.conditional_tokens

    def allowances(self, owner: str, spenders: Sequence[str]) -> dict[str, int]:
        """pUSD that each spender may take, in base units: an unlimited allowance is no amount of dollars."""
        asked = list(dict.fromkeys(spenders))
        target = self._addresses.collateral_token
        units = self._read_uints([ALLOWANCE.call(target, owner, spender) for spender in asked])
        return dict(zip(asked, units, strict=True))

    def is_operator_approved(self, owner: str, operator: str, *, contract: str | None = None) -> bool:
        """Whether `operator` may move every outcome token of `owner`, as the exchanges and adapters must.

        `contract` keeps the tokens: ConditionalTokens unless another is named.
        """
        call = IS_APPROVED_FOR_ALL.call(contract or self._addresses.conditional_tokens, owner, operator)
        return decode_bool(self._rpc.contract_read(call))

    def wrapped_collateral(self) -> str:
        """What backs the tokens of neg-risk markets, as their adapter says; lower case."""
        answer = self._rpc.contract_read(WRAPPED_COLLATERAL_OF.call(self._addresses.neg_risk_adapter))
        return hex_text(decode_uint(answer).to_bytes(32, "big")[12:])

    def predicted_payment(self, wallet: str, token: str, call: Call) -> Usd | None:
        """How much `token` the call would bring the wallet, None where the node cannot say. Raises Reverted."""
        return predicted_payment(self._rpc, wallet=wallet, token=token, call=call)

    def leaving_transactions(
        self, wallet: str, token_ids: Sequence[str], *, condition_id: str | None = None
    ) -> Iterator[Receipt]:
        """Transactions of anybody that took these tokens from the wallet, newest first.

        With `condition_id` none from before the condition's resolution; without, or where the chain has none, those of
        two months.
        """
        resolved = None if condition_id is None else (self._addresses.conditional_tokens, condition_id)
        return leaving_transactions(self._rpc, payer=self._payer(wallet), token_ids=token_ids, resolved=resolved)

    def collateral_sent(self, wallet: str) -> list[SentCollateral]:
        """Transfers that took collateral from the wallet in about the last six hours, newest first."""
        return sent_collateral(self._rpc, payer=self._payer(wallet))

    def arrived_tokens(self, wallet: str, after_block: int) -> tuple[Sequence[str], int]:
        """Outcome tokens that came to the wallet after a block, and the block up to which was looked."""
        return arrived_tokens(self._rpc, payer=self._payer(wallet), after_block=after_block)

    def receipt(self, transaction_hash: str, wallet: str) -> Receipt | None:
        """What a transaction of anybody moved for the wallet; None while it is in no block."""
        return read_receipt(self._rpc, transaction_hash=transaction_hash, payer=self._payer(wallet))

    def _payer(self, wallet: str) -> Payer:
        return payer_of(wallet, self._addresses)

    def gas_money(self, address: str) -> int:
        """POL of an address, in wei."""
        return self._rpc.quantity("eth_getBalance", address, "latest")

    def block_number(self) -> int:
        """The head of the node's chain."""
        return self._rpc.quantity("eth_blockNumber")

    def chain_id(self) -> int:
        """137 on Polygon."""
        return self._rpc.quantity("eth_chainId")

    def missing_contracts(self) -> tuple[str, ...]:
        """The names of configured contracts with no code at their address."""
        return tuple(
            name
            for name, address in self._addresses.named()
            if self._rpc.call("eth_getCode", address, "latest") in _NO_CODE
        )

    def _erc20_balance(self, token: str, address: str) -> Usd:
        return _amount(Usd, decode_uint(self._rpc.contract_read(BALANCE_OF.call(token, address))))

    def _conditions_uint(self, function: Function, conditions: Sequence[str]) -> dict[str, int]:
        target = self._addresses.conditional_tokens
        answers = self._read_uints([function.call(target, condition) for condition in conditions])
        return dict(zip(conditions, answers, strict=True))

    def _read_uints(self, calls: Sequence[Call]) -> list[int]:
        return [decode_uint(answer) for answer in self._multicall.read(calls)]


def _amount(kind: type[_Quantity], units: int) -> _Quantity:
    try:
        return kind.of_base_units(units)
    except ArithmeticError as error:
        raise MalformedAnswer("more than there is of anything", raw=str(units)) from error


def _whole(paid: Sequence[int]) -> list[int]:
    """Payments that were each rounded down, made whole again in the last one."""
    missing = _PROBE_UNITS - sum(paid)
    return [*paid[:-1], paid[-1] + missing] if 0 <= missing < len(paid) else list(paid)


def _vector(condition: str, numerators: Sequence[int], denominator: int) -> PayoutVector | None:
    """None for one that does not add up, which is no result of this condition and says nothing of the others."""
    if sum(numerators) != denominator:
        logger.error("payout of %s does not add up: %s of %s", condition, list(numerators), denominator)
        return None
    return PayoutVector(condition_id=condition, numerators=tuple(numerators), denominator=denominator)
