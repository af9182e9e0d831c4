"""What an account can spend: its holdings on the chain less what its orders and unsettled fills speak for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx
from eth_utils.address import to_checksum_address

from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from local.exchange import errors
from local.exchange.engine.orders import Order
from local.exchange.engine.trades import Leg, Trade
from local.exchange.identity.contracts import (
    EXCHANGE_V3,
    NEG_RISK_ADAPTER,
    POSITION_MANAGER,
    is_position_id,
    signing_domain,
)
from local.exchange.terms import Side
from local.machine.patience import HANG_SECONDS

UNLIMITED = (1 << 256) - 1

_ADAPTER_ASKED = (NEG_RISK_EXCHANGE, NEG_RISK_ADAPTER)
# What the venue checks of each asset, whichever market it is for: the map of `GET /balance-allowance`.
COLLATERAL_SPENDERS = (STANDARD_EXCHANGE, *_ADAPTER_ASKED, EXCHANGE_V3)
TOKEN_OPERATORS = (STANDARD_EXCHANGE, *_ADAPTER_ASKED)
POSITION_OPERATORS = (EXCHANGE_V3,)

_BALANCE_OF = "0x70a08231"
_ALLOWANCE = "0xdd62ed3e"
_TOKEN_BALANCE_OF = "0x00fdd58e"  # noqa: S105 (a function selector)
_IS_APPROVED_FOR_ALL = "0xe985e9c5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A balance and what a spender may move of it, in base units; an approved operator may move all."""

    balance: int
    allowance: int


class Holdings(Protocol):
    """Where balances and allowances are read."""

    def collateral(self, account: str, spender: str) -> Holding: ...
    def tokens(self, account: str, token_id: str, operator: str) -> Holding: ...
    def has_code(self, address: str) -> bool: ...


class ChainHoldings:
    """Balances and allowances on the local chain, read at the moment they are asked for."""

    def __init__(self, rpc_url: str) -> None:
        self._rpc = httpx.Client(base_url=rpc_url, timeout=HANG_SECONDS)

    def collateral(self, account: str, spender: str) -> Holding:
        """pUSD of an account and its allowance to `spender`."""
        balance, allowance = self._call(
            (ADDRESSES.collateral_token, _BALANCE_OF + _padded(account)),
            (ADDRESSES.collateral_token, _ALLOWANCE + _padded(account) + _padded(spender)),
        )
        return Holding(balance=balance, allowance=allowance)

    def tokens(self, account: str, token_id: str, operator: str) -> Holding:
        """Outcome tokens or positions of an account, and all or nothing for `operator`."""
        keeper = POSITION_MANAGER if is_position_id(int(token_id)) else ADDRESSES.conditional_tokens
        balance, is_approved = self._call(
            (keeper, _TOKEN_BALANCE_OF + _padded(account) + f"{int(token_id):064x}"),
            (keeper, _IS_APPROVED_FOR_ALL + _padded(account) + _padded(operator)),
        )
        return Holding(balance=balance, allowance=UNLIMITED if is_approved else 0)

    def has_code(self, address: str) -> bool:
        """Whether a contract stands at an address."""
        (code,) = self._send([("eth_getCode", [address, "latest"])])
        return len(code) > len("0x")

    def _call(self, *calls: tuple[str, str]) -> list[int]:
        requests = [("eth_call", [{"to": to, "data": data}, "latest"]) for to, data in calls]
        return [int(answer, 16) for answer in self._send(requests)]

    def _send(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[str]:
        batch = [
            {"jsonrpc": "2.0", "id": index, "method": method, "params": params}
            for index, (method, params) in enumerate(requests)
        ]
        answers = self._rpc.post("", json=batch).raise_for_status().json()
        return [answer["result"] for answer in sorted(answers, key=lambda answer: answer["id"])]


def _padded(address: str) -> str:
    return address[2:].rjust(64, "0")


def spenders_of(order: Order) -> tuple[str, ...]:
    """Who needs the allowance, the exchange contract that settles the order first.

    Of neg-risk tokens the venue asks it for their adapter as well, which mints and merges them.
    """
    exchange = signing_domain(int(order.token_id), neg_risk=order.market.neg_risk).exchange
    return _ADAPTER_ASKED if exchange == NEG_RISK_EXCHANGE else (exchange,)


class Funds:
    """Checks that an order is covered.

    `open_orders` and `unsettled` give what speaks for holdings at the moment of the check: orders that can
    still fill, and trades whose transfer is outstanding.
    """

    def __init__(
        self,
        holdings: Holdings,
        open_orders: Callable[[], Iterable[Order]],
        unsettled: Callable[[], Iterable[Trade]],
    ) -> None:
        self._holdings = holdings
        self._open_orders = open_orders
        self._unsettled = unsettled

    def check(self, order: Order, amount: int) -> None:
        """Refuse an order whose account cannot part with `amount` base units, the fee included."""
        holdings = self._holdings_of(order)
        active = sum(_asked(other) for other in self._open_orders() if _same_asset(other, order))
        matched = sum(_owed(leg) for leg in self._owing_legs(order))
        needed = active + matched + amount
        balance = min(holding.balance for holding in holdings.values())
        if balance < needed:
            raise errors.balance_not_enough(balance=balance, active=active, matched=matched, amount=amount)
        for spender, holding in holdings.items():
            if holding.allowance < needed:
                raise errors.allowance_not_enough(
                    spender=to_checksum_address(spender),
                    allowance=holding.allowance,
                    active=active,
                    matched=matched,
                    amount=amount,
                )

    def covers(self, order: Order) -> bool:
        """Whether a resting order could still be settled in full beside the fills that are outstanding."""
        holdings = self._holdings_of(order).values()
        needed = _asked(order) + sum(_owed(leg) for leg in self._owing_legs(order))
        return all(min(holding.balance, holding.allowance) >= needed for holding in holdings)

    def _holdings_of(self, order: Order) -> dict[str, Holding]:
        """What the account has of what the order gives away, by spender."""
        return {spender: self._holding(order, spender) for spender in spenders_of(order)}

    def _holding(self, order: Order, spender: str) -> Holding:
        if order.side is Side.BUY:
            return self._holdings.collateral(order.account, spender)
        return self._holdings.tokens(order.account, order.token_id, spender)

    def _owing_legs(self, order: Order) -> Iterable[Leg]:
        for trade in self._unsettled():
            for leg in trade.settling_legs:
                if leg.order is not None and _same_asset(leg.order, order):
                    yield leg


def _same_asset(other: Order, order: Order) -> bool:
    """Whether two orders give away the same asset of the same account."""
    if other.account != order.account or other.side is not order.side:
        return False
    return order.side is Side.BUY or other.token_id == order.token_id


def _asked(order: Order) -> int:
    """What the unfilled part of an order gives away, in base units."""
    return order.remaining_usd.base_units if order.side is Side.BUY else order.remaining_shares.base_units


def _owed(leg: Leg) -> int:
    """What a leg gives away when it settles, in base units."""
    return (leg.usd + leg.fee).base_units if leg.side is Side.BUY else leg.shares.base_units
