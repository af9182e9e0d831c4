"""What of a wallet's trades and orders nobody of us made, what waits, and who else claims the wallet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Usd
from live_trading.polymarket.clob.account_lists import read_trade_rows
from live_trading.polymarket.clob.account_rows import VenueTrade
from live_trading.polymarket.signing.order_marker import marker_of
from live_trading.services.reconciling.outside_alerts import MIRROR_WITHIN, mirrored
from live_trading.services.reconciling.outside_plan import PATIENCE, KnownMarkets, OutsidePlan, plan_outside, rows_of
from live_trading.store.orders.outside_activity import OwnOrder
from tests.builders import NOON, a_fill
from tests.unit.venue.polymarket_builders import CONDITION, ORDER, OTHER_ORDER, trade_row

pytestmark = pytest.mark.money_faults

FREE = {CONDITION: FeeSchedule(rate=Decimal(0), exponent=Decimal(1))}
SOMEBODY = marker_of(UUID(int=9), "0x" + "ab" * 20)


def trade(**changes: Any) -> VenueTrade:
    (found,) = read_trade_rows([trade_row(match_time=str(int(NOON.timestamp())), **changes)]).trades
    return found


def planned(
    by_order: Mapping[str, Sequence[VenueTrade]],
    *,
    known: KnownMarkets | None = None,
    minutes: int = 1,
    ours: Sequence[str] = (),
    since_minutes: int = -60,
    markers: Mapping[str, str] | None = None,
) -> OutsidePlan:
    return plan_outside(
        open_orders=(),
        by_order=by_order,
        ours=set(ours),
        known=known or KnownMarkets(fees=FREE, unavailable=()),
        since=NOON + timedelta(minutes=since_minutes),
        now=NOON + timedelta(minutes=minutes),
        moved={},
        markers=markers or {},
    )


@pytest.mark.parametrize("minutes", [1, 59, 60 * 24 * 30])
def test_a_trade_waits_for_a_catalogue_that_is_away_however_long(minutes: int) -> None:
    away = KnownMarkets(fees={}, unavailable={CONDITION})

    plan = planned({ORDER: [trade()]}, known=away, minutes=minutes)

    assert (len(plan.waiting), plan.fills, plan.unreadable) == (1, (), ())


def test_a_trade_in_a_market_that_nobody_knows_waits_an_hour_and_is_then_set_aside() -> None:
    nowhere = KnownMarkets(fees={}, unavailable=())
    in_time = PATIENCE // timedelta(minutes=1) - 1

    early = planned({ORDER: [trade()]}, known=nowhere, minutes=in_time)
    late = planned({ORDER: [trade()]}, known=nowhere, minutes=in_time + 1)

    assert (len(early.waiting), early.unreadable) == (1, ())
    assert (late.waiting, len(late.unreadable), len(late.breaks)) == ((), 1, 1)


def test_an_error_that_nobody_foresaw_in_one_trade_sets_that_one_aside() -> None:
    odd = replace(trade(id="odd"), size=Decimal("sNaN"))

    plan = planned({ORDER: [odd], OTHER_ORDER: [trade(id="even", taker_order_id=OTHER_ORDER)]})

    assert [each.fill.venue_trade_id for each in plan.fills] == ["even"]
    (row,) = plan.unreadable
    assert "odd" in row.reason


def test_an_order_that_carries_a_marker_and_is_not_ours_is_a_claim() -> None:
    by_order = {ORDER: [trade()], OTHER_ORDER: [trade(id="t2", taker_order_id=OTHER_ORDER)]}
    markers = {ORDER: SOMEBODY, OTHER_ORDER: SOMEBODY}

    plan = planned(by_order, ours=[ORDER], markers=markers)

    assert [claim.order_hash for claim in plan.claims] == [OTHER_ORDER]
    assert planned(by_order, ours=[ORDER], markers=dict.fromkeys(markers, "0x" + "12" * 32)).claims == ()


def test_what_was_traded_before_the_wallet_was_registered_only_tells_who_else_trades_on_it() -> None:
    plan = planned({ORDER: [trade()]}, since_minutes=1, markers={ORDER: SOMEBODY})

    assert (len(plan.claims), plan.fills, plan.waiting, plan.unreadable) == (1, (), (), ())


def test_a_claim_is_written_before_the_trade_that_told_of_it() -> None:
    plan = planned({ORDER: [trade()]}, markers={ORDER: SOMEBODY})

    assert [part.split(" 0x")[0] for part, _ in plan.pieces()] == ["claim of order", "trades of outside order"]


def test_what_cannot_be_booked_is_kept_with_its_reason() -> None:
    (row,) = rows_of(planned({ORDER: [trade(id="t1")]}), "no room")

    assert (row.source, row.reason) == ("clob.trades", "trade t1: no room")


def own(usd: str = "20", *, minutes: int = 0) -> OwnOrder:
    return OwnOrder(lt_order_id=uuid4(), strategy="copy", usd=Usd(usd), made_at=NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("usd", "is_alike"), [("10", True), ("5", True), ("100", True), ("4.99", False), ("101", False)]
)
def test_a_trade_mirrors_an_order_of_about_its_size(usd: str, is_alike: bool) -> None:
    assert (mirrored([a_fill(usd=Usd(10))], [own(usd)]) is not None) is is_alike


@pytest.mark.parametrize("minutes", [-11, 11])
def test_a_trade_mirrors_no_order_of_another_time(minutes: int) -> None:
    assert abs(timedelta(minutes=minutes)) > MIRROR_WITHIN
    assert mirrored([a_fill(usd=Usd(10))], [own(minutes=minutes)]) is None


def test_several_trades_of_one_order_are_held_against_ours_together() -> None:
    parts = [a_fill(number=number, usd=Usd(1)) for number in range(10)]
    nearest = own(minutes=1)

    assert mirrored(parts[:1], [own("20")]) is None
    assert mirrored(parts, [own("20", minutes=5), nearest]) == nearest
