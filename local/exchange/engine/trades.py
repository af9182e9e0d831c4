"""A venue trade: one taker and the makers it met, settled in one transaction, and where that stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from eth_hash.auto import keccak

from local.exchange.engine.orders import Order
from local.exchange.tape.recorded import RecordedMarket
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd

# The other side of every fill against recorded depth.
HOUSE_ACCOUNT = "0x" + keccak(b"recorded depth")[12:].hex()
HOUSE_OWNER = str(uuid.UUID(bytes=keccak(b"recorded depth")[:16], version=4))


class TradeStatus(StrEnum):
    MATCHED = "MATCHED"
    MINED = "MINED"
    RETRYING = "RETRYING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"


UNSETTLED = frozenset({TradeStatus.MATCHED, TradeStatus.RETRYING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One side's part of a trade. `order` is None for recorded depth; `fee` is 0 for a maker.

    A BUY gives `usd_units` for `shares_units`, with `fee_units` on top; a SELL gives `shares_units` for
    `usd_units`, of which `fee_units` are taken. `price` is on the grid for a maker, the average for a taker.
    """

    order: Order | None
    order_hash: str
    account: str
    owner: str
    token_id: str
    outcome: str
    side: Side
    price: Price
    shares: Shares
    usd: Usd
    fee: Usd

    @property
    def usd_units(self) -> int:
        """Collateral in base units, without the fee."""
        return self.usd.base_units

    @property
    def shares_units(self) -> int:
        """Outcome tokens in base units."""
        return self.shares.base_units

    @property
    def fee_units(self) -> int:
        """The fee in base units of collateral."""
        return self.fee.base_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a trade stood from `since_ms` on."""

    since_ms: int
    status: TradeStatus
    transaction_hash: str | None
    error: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Trade:
    """One trade. `transaction_hash` is that of its newest settlement, reverted ones included.

    `bucket_index` numbers the trades of a match that needed several.
    """

    trade_id: str
    market: RecordedMarket
    taker: Leg
    makers: tuple[Leg, ...]
    matched_ms: int
    updated_ms: int
    bucket_index: int = 0
    status: TradeStatus = TradeStatus.MATCHED
    error: str | None = None
    transaction_hash: str | None = None
    _past: list[Standing] = field(default_factory=list)

    def move(self, status: TradeStatus, transaction_hash: str, now_ms: int) -> None:
        """Go to a new status, keeping what was before it."""
        self._past.append(self._standing(self.updated_ms, None))
        self.status = status
        self.transaction_hash = transaction_hash
        self.updated_ms = now_ms

    def standing(self, at_ms: int) -> Standing:
        """Where it stood at a moment, MATCHED before its match."""
        if at_ms >= self.updated_ms or not self._past:
            return self._standing(self.updated_ms, self.error)
        return next((past for past in reversed(self._past) if past.since_ms <= at_ms), self._past[0])

    def _standing(self, since_ms: int, error: str | None) -> Standing:
        return Standing(since_ms=since_ms, status=self.status, transaction_hash=self.transaction_hash, error=error)

    @property
    def settling_legs(self) -> tuple[Leg, ...]:
        """The legs that move funds of an account, the taker's first."""
        return tuple(leg for leg in (self.taker, *self.makers) if leg.order is not None)

    @property
    def is_unsettled(self) -> bool:
        """Whether the funds of its legs are spoken for but have not moved."""
        return self.status in UNSETTLED

    def legs_of_user(self, user: str) -> tuple[Leg, ...]:
        """The legs of orders that came with an API key of this address."""
        return tuple(leg for leg in self.settling_legs if leg.order is not None and leg.order.user == user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a post came to: `status` as the venue answers it, and the trades that it made at once."""

    order: Order
    status: str
    trades: tuple[Trade, ...] = ()


def order_leg(order: Order, *, price: Price, shares: Shares, usd: Usd, fee: Usd) -> Leg:
    """An order's part of a trade."""
    return Leg(
        order=order,
        order_hash=order.order_hash,
        account=order.account,
        owner=order.owner,
        token_id=order.token_id,
        outcome=order.outcome,
        side=order.side,
        price=price,
        shares=shares,
        usd=usd,
        fee=fee,
    )


def house_leg(
    market: RecordedMarket, token_id: str, side: Side, *, price: Price, shares: Shares, usd: Usd, now_ms: int
) -> Leg:
    """The recorded depth's part of a trade, under an order id that no account can have."""
    return Leg(
        order=None,
        order_hash="0x" + keccak(f"{token_id}:{side}:{price}:{now_ms}".encode()).hex(),
        account=HOUSE_ACCOUNT,
        owner=HOUSE_OWNER,
        token_id=token_id,
        outcome=market.outcomes[market.outcome_index(token_id)],
        side=side,
        price=price,
        shares=shares,
        usd=usd,
        fee=Usd.zero(),
    )


def new_trade(
    market: RecordedMarket, taker: Leg, makers: Iterable[Leg], *, sequence: int, bucket_index: int, now_ms: int
) -> Trade:
    """A trade matched just now."""
    trade_id = uuid.UUID(bytes=keccak(f"{taker.order_hash}:{sequence}".encode())[:16], version=4)
    return Trade(
        trade_id=str(trade_id),
        market=market,
        taker=taker,
        makers=tuple(makers),
        matched_ms=now_ms,
        updated_ms=now_ms,
        bucket_index=bucket_index,
    )
