"""Plans become signed orders: exactly these amounts, one set of bytes, and nothing outside the policy."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polymarket._internal.actions.orders.market import _compute_market_order_amounts
from polymarket._internal.actions.orders.post import build_post_order_request

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import ProtocolVersion
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, SignedOrder
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from live_trading.orders.rounding import plan_limit, plan_marketable_buy, plan_marketable_sell
from live_trading.polymarket.clob.account import OrderStamps, UnusableAccount
from live_trading.polymarket.signing.order_hash import NoExchange, OrderFields, exchange_domain, order_hash
from live_trading.polymarket.signing.order_payload import client_order, fields_of, own_order
from live_trading.polymarket.signing.signing_policy import SigningPolicy, SigningRefused, maker_and_taker
from tests.unit.venue.polymarket_builders import (
    CONTRACT_WALLET,
    ENDPOINTS,
    KEY_ADDRESS,
    NO,
    POSITION,
    YES,
    a_moment,
    account,
    market,
    plan,
    wallet,
)

# Every example costs a signature of several milliseconds.
SIGNING = settings(max_examples=40, deadline=None)
TICKS = ("0.1", "0.02", "0.01", "0.005", "0.0025", "0.001", "0.00025", "0.0001")


def posted_bytes(signed: SignedOrder) -> bytes:
    """What the official client puts on the wire for a stored order."""
    _, body = build_post_order_request(client_order(signed), owner_api_key="key")
    return json.dumps(body, separators=(",", ":")).encode()


def test_the_signed_amounts_are_the_plans() -> None:
    signed = account().sign(plan(usd=Usd("5.43"), shares=Shares("10.86")))

    assert signed.payload["makerAmount"] == "5430000"
    assert signed.payload["takerAmount"] == "10860000"


def test_a_sell_gives_shares_and_asks_for_dollars() -> None:
    signed = account().sign(plan(side=Side.SELL))

    assert (signed.payload["makerAmount"], signed.payload["takerAmount"]) == ("10000000", "5000000")
    assert signed.payload["side"] == "SELL"


def test_the_hash_is_that_of_the_stored_order() -> None:
    signed = account().sign(plan())

    domain = exchange_domain(ENDPOINTS, YES, version=ProtocolVersion.V1, neg_risk=False)
    assert signed.order_hash == order_hash(fields_of(signed), domain)


def test_a_stored_order_posts_the_same_bytes_whatever_order_its_fields_come_back_in() -> None:
    signed = account().sign(plan())
    fields = list(json.loads(json.dumps(signed.payload)).items())
    random.Random(3).shuffle(fields)

    copy = SignedOrder(order_hash=signed.order_hash, payload=dict(fields))

    assert client_order(copy) == client_order(signed)
    assert posted_bytes(copy) == posted_bytes(signed)


def test_the_posted_body_is_the_stored_order() -> None:
    signed = account().sign(plan())

    body = json.loads(posted_bytes(signed))

    stored = dict(signed.payload)
    assert body["orderType"] == stored.pop("orderType") == "FAK"
    assert stored.pop("postOnly") is False
    assert body["order"] == stored


def test_a_stored_order_that_was_tampered_with_is_refused() -> None:
    signed = account().sign(plan())

    with pytest.raises(MalformedAnswer):
        client_order(replace(signed, payload=signed.payload | {"makerAmount": "5.0"}))


def test_two_orders_of_one_plan_are_two_orders() -> None:
    trader = account()

    first, second = trader.sign(plan()), trader.sign(plan())

    assert first.order_hash != second.order_hash
    assert first.payload["salt"] != second.payload["salt"]
    assert int(str(first.payload["timestamp"])) < int(str(second.payload["timestamp"]))


def test_salts_survive_a_json_number() -> None:
    salts = [int(account().sign(plan()).payload["salt"]) for _ in range(5)]

    assert all(0 <= salt < 2**53 for salt in salts)


def test_stamps_grow_also_when_the_clock_stands_or_goes_back() -> None:
    times = iter([100, 100, 90, 105])
    stamps = OrderStamps(lambda: next(times))

    assert [stamps.next() for _ in range(4)] == [100, 101, 102, 105]


def test_a_gtd_carries_its_expiration_in_seconds() -> None:
    expiration = a_moment() + timedelta(seconds=200)

    signed = account().sign(plan(order_type=OrderType.GTD, expiration=expiration))

    assert signed.payload["expiration"] == str(int(expiration.timestamp()))
    assert client_order(signed).order_type == "GTD"


def test_a_deposit_wallet_is_maker_and_signer() -> None:
    trader = account(wallet(SignatureType.DEPOSIT_WALLET, CONTRACT_WALLET))

    payload = trader.sign(plan()).payload

    assert str(payload["maker"]).lower() == str(payload["signer"]).lower() == CONTRACT_WALLET
    assert payload["signatureType"] == 3


def test_a_safe_is_the_maker_and_its_owner_the_signer() -> None:
    payload = account(wallet(SignatureType.SAFE, CONTRACT_WALLET)).sign(plan()).payload

    assert str(payload["maker"]).lower() == CONTRACT_WALLET
    assert str(payload["signer"]).lower() == KEY_ADDRESS


def test_the_key_of_another_wallet_is_refused() -> None:
    with pytest.raises(UnusableAccount):
        account(wallet(SignatureType.EOA, CONTRACT_WALLET))


def test_our_own_order_is_read_back_from_what_is_stored() -> None:
    bought, sold = account().sign(plan()), account().sign(plan(side=Side.SELL))

    assert (own_order(bought).usd, own_order(bought).shares) == (Usd(5), Shares(10))
    assert (own_order(sold).usd, own_order(sold).shares) == (Usd(5), Shares(10))
    assert own_order(bought).is_dollar_sized
    assert not own_order(sold).is_dollar_sized


BAD_PLANS: list[dict[str, Any]] = [
    {"limit_price": Price("0.505")},
    {"limit_price": Price(0)},
    {"limit_price": Price(1), "usd": Usd(10)},
    {"tick_size": Price(0)},
    {"usd": Usd(0)},
    {"shares": Shares(0)},
    {"usd": Usd("-5"), "shares": Shares("-10")},
    {"usd": Usd("5.01")},
    {"usd": Usd("4.99")},
    {"side": Side.SELL, "usd": Usd("5.01")},
    {"side": Side.SELL, "usd": Usd("4.99")},
    {"side": Side.SELL, "usd": Usd("4.9999")},
    {"version": ProtocolVersion.UNKNOWN},
    {"version": ProtocolVersion.V2},
    {"order_type": OrderType.GTD},
    {"expiration": a_moment()},
]


@pytest.mark.parametrize("changes", BAD_PLANS, ids=[", ".join(f"{k}={v}" for k, v in bad.items()) for bad in BAD_PLANS])
def test_a_plan_outside_the_policy_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises((SigningRefused, NoExchange)):
        account().sign(plan(**changes))


POLICY = SigningPolicy(endpoints=ENDPOINTS, wallet=wallet(), key_address=KEY_ADDRESS)


def order_of(the_plan: OrderPlan) -> OrderFields:
    maker_amount, taker_amount = maker_and_taker(the_plan)
    return OrderFields(
        salt=1,
        maker=KEY_ADDRESS,
        signer=KEY_ADDRESS,
        token_id=int(the_plan.token_id),
        maker_amount=maker_amount,
        taker_amount=taker_amount,
        side=the_plan.side,
        signature_type=SignatureType.EOA,
        timestamp=1,
    )


BAD_ORDERS: list[dict[str, Any]] = [
    {"maker": CONTRACT_WALLET},
    {"signer": CONTRACT_WALLET},
    {"signature_type": SignatureType.SAFE},
    {"token_id": int(NO)},
    {"side": Side.SELL},
    {"maker_amount": 5_000_001},
    {"taker_amount": 9_999_999},
    {"salt": 2**53},
]


@pytest.mark.parametrize("changes", BAD_ORDERS, ids=[next(iter(bad)) for bad in BAD_ORDERS])
def test_an_order_that_is_not_the_plan_is_refused(changes: dict[str, Any]) -> None:
    domain = exchange_domain(ENDPOINTS, YES, version=ProtocolVersion.V1, neg_risk=False)

    with pytest.raises(SigningRefused):
        POLICY.check(plan(), replace(order_of(plan()), **changes), domain)


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 80002},
        {"contract": "0x" + "66" * 20},
        {"contract": ENDPOINTS.neg_risk_exchange},
        {"version": "1"},
    ],
    ids=["chain", "unknown contract", "exchange of another kind", "version"],
)
def test_a_domain_that_is_not_the_tokens_is_refused(changes: dict[str, Any]) -> None:
    domain = replace(exchange_domain(ENDPOINTS, YES, version=ProtocolVersion.V1, neg_risk=False), **changes)

    with pytest.raises(SigningRefused):
        POLICY.check(plan(), order_of(plan()), domain)


@pytest.mark.parametrize("neg_risk", [False, True])
def test_a_position_of_the_second_protocol_is_signed_for_its_own_exchange(*, neg_risk: bool) -> None:
    signed = account().sign(plan(token_id=POSITION, version=ProtocolVersion.V2, neg_risk=neg_risk))

    domain = exchange_domain(ENDPOINTS, POSITION, version=ProtocolVersion.V2, neg_risk=neg_risk)
    assert domain.version == "3"
    assert signed.order_hash == order_hash(fields_of(signed), domain)


def prices_on(tick: str) -> st.SearchStrategy[Price]:
    steps = int(1 / Decimal(tick))
    return st.integers(1, steps - 1).map(lambda step: Price(step * Decimal(tick)))


GRIDS = st.sampled_from(TICKS).flatmap(lambda tick: st.tuples(st.just(tick), prices_on(tick)))
CENTS = st.integers(100, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))


def signed_exactly(made: object) -> bool:
    assume(isinstance(made, OrderPlan))
    assert isinstance(made, OrderPlan)
    order = own_order(account().sign(made))
    return (order.usd, order.shares, order.side) == (made.usd, made.shares, made.side)


@SIGNING
@given(grid=GRIDS, stake=CENTS, order_type=st.sampled_from([OrderType.FAK, OrderType.FOK]))
def test_every_planned_marketable_buy_is_signed_to_the_unit(
    grid: tuple[str, Price], stake: Decimal, order_type: OrderType
) -> None:
    tick, price = grid

    made = plan_marketable_buy(
        market=market(tick), outcome_index=0, limit_price=price, stake=Usd(stake), order_type=order_type
    )

    assert signed_exactly(made)


@SIGNING
@given(grid=GRIDS, size=CENTS)
def test_every_planned_marketable_sell_is_signed_to_the_unit(grid: tuple[str, Price], size: Decimal) -> None:
    tick, price = grid

    made = plan_marketable_sell(
        market=market(tick), outcome_index=1, limit_price=price, shares=Shares(size), order_type=OrderType.FAK
    )

    assert signed_exactly(made)


@SIGNING
@given(grid=GRIDS, size=CENTS, side=st.sampled_from(Side))
def test_every_planned_resting_order_is_signed_to_the_unit(grid: tuple[str, Price], size: Decimal, side: Side) -> None:
    tick, price = grid

    made = plan_limit(
        market=market(tick),
        outcome_index=0,
        side=side,
        limit_price=price,
        shares=Shares(size),
        order_type=OrderType.GTC,
        expiration=None,
    )

    assert signed_exactly(made)


def test_the_clients_own_rounding_would_post_another_amount_than_the_plan() -> None:
    made = plan_marketable_buy(
        market=market("0.001"),
        outcome_index=0,
        limit_price=Price("0.333"),
        stake=Usd(10),
        order_type=OrderType.FAK,
    )

    clients = _compute_market_order_amounts(
        amount=Decimal(10), price=Decimal("0.333"), side="BUY", tick_size=Decimal("0.001")
    )

    assert isinstance(made, OrderPlan)
    assert maker_and_taker(made) == (10_000_000, 30_030_000)
    assert clients == (10_000_000, 30_030_030)
