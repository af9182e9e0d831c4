"""What must hold before the key is used: the order is the plan, on our chain, for our wallet, at a sane price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.signing.order_hash import ExchangeDomain, OrderFields, exchange_domain

# The finest tick of the venue: a BUY that states less than this above its limit cannot reach a worse offer, even if
# the market's tick gets finer after signing.
_FINEST_TICK = Decimal("0.0001")
LARGEST_SALT = 1 << 53


class SigningRefused(GiveUp):
    """The order is not one that this wallet may sign; nothing was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPolicy:
    """The bounds of one wallet. `key_address` is the address of its key, lower case."""

    endpoints: VenueEndpoints
    wallet: TradingWallet
    key_address: str

    def check(self, plan: OrderPlan, order: OrderFields, domain: ExchangeDomain) -> None:
        """Raises SigningRefused with the first thing that is wrong."""
        for wrong, complaint in (
            (domain.chain_id != self.endpoints.chain_id, f"chain {domain.chain_id}"),
            (not self._is_the_exchange(plan, domain), f"contract {domain.contract} does not trade this token"),
            (order.maker.lower() != self.wallet.address, f"maker {order.maker} is not this wallet"),
            (order.signer.lower() != self._expected_signer(), f"signer {order.signer}"),
            (order.signature_type is not self.wallet.signature_type, f"signature type {order.signature_type}"),
            (str(order.token_id) != plan.token_id, "another token than the plan's"),
            (order.side is not plan.side, "the other side than the plan's"),
            (not _has_amounts_of(plan, order), "other amounts than the plan's"),
            (not _is_on_grid(plan), f"limit {plan.limit_price} is not on the grid of {plan.tick_size}"),
            (not _states_the_limit(plan), f"{plan.usd} for {plan.shares} is not the price {plan.limit_price}"),
            ((plan.order_type is OrderType.GTD) != (plan.expiration is not None), "expiration and order type"),
            (not 0 <= order.salt < LARGEST_SALT, "salt"),
        ):
            if wrong:
                raise SigningRefused(f"not signed: {complaint}")

    def _is_the_exchange(self, plan: OrderPlan, domain: ExchangeDomain) -> bool:
        return domain == exchange_domain(self.endpoints, plan.token_id, version=plan.version, neg_risk=plan.neg_risk)

    def _expected_signer(self) -> str:
        is_contract = self.wallet.signature_type is SignatureType.DEPOSIT_WALLET
        return self.wallet.address if is_contract else self.key_address


def maker_and_taker(plan: OrderPlan) -> tuple[int, int]:
    """What the plan gives and gets, in base units: a BUY gives dollars, a SELL shares."""
    if plan.side is Side.BUY:
        return plan.usd.base_units, plan.shares.base_units
    return plan.shares.base_units, plan.usd.base_units


def _has_amounts_of(plan: OrderPlan, order: OrderFields) -> bool:
    is_positive = plan.usd.is_positive and plan.shares.is_positive
    return is_positive and (order.maker_amount, order.taker_amount) == maker_and_taker(plan)


def _is_on_grid(plan: OrderPlan) -> bool:
    price, tick = plan.limit_price.value, plan.tick_size.value
    return 0 < tick <= price <= 1 - tick and price % tick == 0


def _states_the_limit(plan: OrderPlan) -> bool:
    """Whether the amounts state the limit: to the last unit, or for a stake of dollars within a tick above it."""
    limit, usd, shares = plan.limit_price.value, plan.usd.value, plan.shares.value
    if plan.side is Side.BUY:
        return limit * shares <= usd < (limit + _FINEST_TICK) * shares
    return usd == limit * shares
