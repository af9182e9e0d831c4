"""An order as it arrives on the wire, and as the venue keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from local.chain import OrderSide, SignedOrder
from local.exchange import errors
from local.exchange.arithmetic import collateral_of, total_shares, total_usd
from local.exchange.engine.demand import Demand
from local.exchange.identity.signing import OrderFields
from local.exchange.tape.recorded import RecordedMarket
from local.exchange.terms import OrderType, Side
from local.exchange.units import Price, Shares, Usd

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,78}$")]
Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]
Word = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-fA-F]{2})+$")]
LARGEST_SALT = 2**53

# Fields that only orders of the first version have.
_VERSION_ONE_FIELDS = frozenset({"nonce", "feeRateBps"})
MARKET_TYPES = frozenset({OrderType.FAK, OrderType.FOK})


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class SignedOrderBody(_Body):
    """The venue's order object. Amounts are base units as text; `taker` is tolerated and means nothing."""

    salt: Annotated[int, Field(ge=0, le=LARGEST_SALT)]
    maker: Address
    signer: Address
    taker: Address | None = None
    token_id: Digits
    maker_amount: Digits
    taker_amount: Digits
    side: Literal["BUY", "SELL"]
    expiration: Digits
    signature_type: Literal[0, 1, 2, 3]
    timestamp: Digits
    metadata: Word
    builder: Word
    signature: Signature

    def signed(self) -> SignedOrder:
        """The order as its exchange contract checks it."""
        fields = self.fields()
        return SignedOrder(
            salt=fields.salt,
            maker=fields.maker,
            signer=fields.signer,
            token_id=fields.token_id,
            maker_amount=fields.maker_amount,
            taker_amount=fields.taker_amount,
            side=OrderSide(fields.side),
            signature_type=fields.signature_type,
            timestamp=fields.timestamp,
            metadata=fields.metadata,
            builder=fields.builder,
            signature=bytes.fromhex(self.signature[2:]),
        )

    def fields(self) -> OrderFields:
        """The part that is signed."""
        return OrderFields(
            salt=self.salt,
            maker=self.maker.lower(),
            signer=self.signer.lower(),
            token_id=int(self.token_id),
            maker_amount=int(self.maker_amount),
            taker_amount=int(self.taker_amount),
            side=0 if self.side == "BUY" else 1,
            signature_type=self.signature_type,
            timestamp=int(self.timestamp),
            metadata=self.metadata,
            builder=self.builder,
        )


class PostBody(_Body):
    """What `POST /order` takes, and one element of what `POST /orders` takes."""

    order: SignedOrderBody
    owner: str
    order_type: Literal["GTC", "GTD", "FOK", "FAK"]
    defer_exec: bool = False
    post_only: bool = False


def parse_post(raw: Any) -> PostBody:
    """One posted order; Refused for any other shape, and for an order of the first version."""
    if isinstance(raw, dict) and isinstance(raw.get("order"), dict) and _VERSION_ONE_FIELDS & raw["order"].keys():
        raise errors.version_mismatch()
    try:
        body = PostBody.model_validate(raw)
    except ValidationError:
        raise errors.invalid_payload() from None
    fields = body.order.fields()
    is_too_large = max(fields.token_id, fields.maker_amount, fields.taker_amount, fields.timestamp) >= 1 << 256
    if is_too_large or not fields.maker_amount or not fields.taker_amount:
        raise errors.invalid_payload()
    if body.post_only and body.order_type in MARKET_TYPES:
        raise errors.invalid_payload()
    return body


class OrderStatus(StrEnum):
    """Where an order stands. KILLED is one that never rested and never filled: look-ups do not find it."""

    LIVE = "LIVE"
    MATCHED = "MATCHED"
    DELAYED = "DELAYED"
    UNMATCHED = "UNMATCHED"
    KILLED = "KILLED"
    CANCELED = "CANCELED"
    CANCELED_MARKET_RESOLVED = "CANCELED_MARKET_RESOLVED"
    CANCELED_NOT_ENOUGH_BALANCE = "CANCELED_NOT_ENOUGH_BALANCE"
    CANCELED_EXPIRED_ORDER = "CANCELED_EXPIRED_ORDER"


OPEN_STATUSES = frozenset({OrderStatus.LIVE, OrderStatus.DELAYED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFill:
    """An order's part of one trade."""

    trade_id: str
    matched_ms: int
    shares: Shares
    usd: Usd


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """An order that the engine has taken in.

    `account` is its maker, who holds the funds, `owner` the API key it came with and `user` that key's
    address (addresses lower case). `maker_amount` and `taker_amount` are the signed base units, `limit`
    their ratio on the tick grid; `signed` is what the chain gets to check.
    """

    order_hash: str
    account: str
    owner: str
    user: str
    market: RecordedMarket
    token_id: str
    side: Side
    order_type: OrderType
    limit: Price
    maker_amount: int
    taker_amount: int
    expiration_s: int
    post_only: bool
    created_ms: int
    sequence: int
    signed: SignedOrder | None = None
    status: OrderStatus = OrderStatus.LIVE
    fills: list[OrderFill] = field(default_factory=list)

    def fill(self, part: OrderFill) -> None:
        """Count a part of a trade."""
        self.fills.append(part)

    @property
    def matched_shares(self) -> Shares:
        return total_shares(part.shares for part in self.fills)

    @property
    def matched_usd(self) -> Usd:
        return total_usd(part.usd for part in self.fills)

    @property
    def trade_ids(self) -> list[str]:
        return [part.trade_id for part in self.fills]

    @property
    def is_dollar_sized(self) -> bool:
        """Whether the order asks for shares worth an amount; all others ask for a number of shares."""
        return self.side is Side.BUY and self.order_type in MARKET_TYPES

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def rests(self) -> bool:
        """Whether an unfilled remainder stays on the book."""
        return self.order_type not in MARKET_TYPES

    @property
    def usd(self) -> Usd:
        """The dollars that it offers or asks for."""
        return Usd.of_base_units(self.maker_amount if self.side is Side.BUY else self.taker_amount)

    @property
    def shares(self) -> Shares:
        """The shares that it asks for or offers."""
        return Shares.of_base_units(self.taker_amount if self.side is Side.BUY else self.maker_amount)

    @property
    def remaining_shares(self) -> Shares:
        """What a share-sized order still wants, never negative."""
        return max(self.shares - self.matched_shares, Shares.zero())

    @property
    def remaining_usd(self) -> Usd:
        """What the unfilled part of a BUY can still cost without fees."""
        if self.is_dollar_sized:
            return max(self.usd - self.matched_usd, Usd.zero())
        return collateral_of(self.limit, self.remaining_shares)

    @property
    def demand(self) -> Demand:
        """What it still wants from the other side."""
        if self.is_dollar_sized:
            return Demand(side=self.side, limit=self.limit, usd=self.remaining_usd)
        return Demand(side=self.side, limit=self.limit, shares=self.remaining_shares)

    @property
    def outcome(self) -> str:
        return self.market.outcomes[self.market.outcome_index(self.token_id)]

    @property
    def original_size(self) -> Decimal:
        """As look-ups show it: dollars for a dollar-sized order, else shares."""
        return self.usd.value if self.is_dollar_sized else self.shares.value

    def size_matched(self, until_ms: int) -> Decimal:
        """As look-ups show it, in the unit of `original_size`, of the fills that were matched by then."""
        known = [part for part in self.fills if part.matched_ms <= until_ms]
        if self.is_dollar_sized:
            return total_usd(part.usd for part in known).value
        return total_shares(part.shares for part in known).value
