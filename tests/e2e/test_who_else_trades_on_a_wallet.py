"""What a pass over a wallet reads, and what it does about trades and orders that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from live_trading.nouns.markets import Market
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.rounding import plan_limit, plan_marketable_buy
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.signing.order_marker import is_marker
from live_trading.services.reconciling.reconcile import Reconciler
from live_trading.services.running.budget import Budget
from live_trading.store.accounts import live_strategies
from live_trading.wiring.composition import Parts
from tests.e2e.altered_venue import AlteredVenue, behind_a_door
from tests.e2e.live_fixtures import DeskMaker, LiveDesk, beside, market_with_time_left

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]

CATALOGUE = "/markets/keyset"
TRADES = "/data/trades"


@pytest.fixture
def altered(desk: LiveDesk) -> Iterator[tuple[LiveDesk, AlteredVenue]]:
    with behind_a_door(desk) as found:
        found[0].change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
        yield found


def on_one_wallet(desks: DeskMaker) -> tuple[LiveDesk, LiveDesk]:
    """Two databases, and in each a strategy that follows the same trader from the same wallet."""
    first, second = desks.make(), desks.make()
    (wallet,) = first.rows("SELECT address, secret_name FROM trading_wallets")
    with second.database.transaction() as transaction:
        transaction.execute("UPDATE trading_wallets SET address = :address, secret_name = :secret_name", **wallet)
    pair = (first, replace(second, market=first.market))
    second.change("UPDATE installation SET installation_id = gen_random_uuid()")
    for desk in pair:
        desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    return pair


def alerts(desk: LiveDesk, alert_type: str) -> list[dict[str, Any]]:
    found = desk.rows("SELECT * FROM lt_alerts ORDER BY lt_alert_id")
    return [each for each in found if each["alert_type"] == alert_type and each["status"] != "RESOLVED"]


def locks(desk: LiveDesk) -> list[str]:
    return [each["reason"] for each in desk.rows("SELECT reason FROM locks WHERE released_at IS NULL ORDER BY lock_id")]


def by_hand(desk: LiveDesk) -> tuple[VenueAccount, Market]:
    """The wallet at the venue's own page, which marks nothing, and the desk's market."""
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
    condition = desk.market["condition_id"]
    market = desk.parts.gamma.markets([condition]).markets[condition].market
    return VenueAccount(wallet, desk.parts.secret(wallet), desk.parts.endpoints, desk.parts.chance), market


def bought_by_hand(desk: LiveDesk, *, outcome: int = 0, dollars: str = "15") -> None:
    account, market = by_hand(desk)
    best = desk.book(outcome).best_ask
    assert best is not None
    plan = plan_marketable_buy(
        market=market, outcome_index=outcome, limit_price=best, stake=Usd(dollars), order_type=OrderType.FAK
    )
    assert isinstance(plan, OrderPlan)
    account.post([account.sign(plan)])


def rested_by_hand(desk: LiveDesk) -> None:
    account, market = by_hand(desk)
    plan = plan_limit(
        market=market,
        outcome_index=0,
        side=Side.BUY,
        limit_price=market.tick_size,
        shares=Shares(200),
        order_type=OrderType.GTC,
        expiration=None,
    )
    assert isinstance(plan, OrderPlan)
    account.post([account.sign(plan)])


def test_two_installations_on_one_wallet_see_each_other_and_neither_opens_anything_more(desks: DeskMaker) -> None:
    pair = on_one_wallet(desks)
    for desk in pair:
        desk.signal()
        desk.execute()
    pair[0].advance(10)
    for desk in pair:
        desk.execute()
        desk.signal(outcome_index=1)
        desk.execute()

    for desk, other in (pair, reversed(pair)):
        (told,) = alerts(desk, "outside_trade")
        (their_order,) = [order["order_hash"] for order in other.orders()]
        (wallet,) = desk.rows("SELECT address FROM trading_wallets")
        assert told["severity"] == "CRITICAL"
        for named in (wallet["address"], their_order, desk.market["condition_id"], "another installation"):
            assert named in told["message"]
        assert locks(desk) == ["wallet_claimed"]
        assert desk.reasons() == ["accepted", "entries_locked"]
    stays = pair[0]
    stays.change("UPDATE locks SET released_at = starts_at, released_by = 'operator', release_kind = 'BY_HAND'")
    stays.signal(outcome_index=1)
    stays.execute()
    assert stays.reasons()[-1] == "accepted"


def test_a_copy_of_the_database_that_trades_is_told_as_what_it_is(desks: DeskMaker) -> None:
    first, copy = on_one_wallet(desks)
    (ours,) = first.rows("SELECT installation_id FROM installation")
    with copy.database.transaction() as transaction:
        transaction.execute("UPDATE installation SET installation_id = :installation_id", **ours)
    copy.signal()
    copy.execute()
    copy.advance(10)

    first.execute()

    (told,) = alerts(first, "outside_trade")
    assert "a copy or an older state of this database" in told["message"]
    assert locks(first) == ["wallet_claimed"]


def test_a_wallet_on_which_another_installation_traded_before_opens_nothing(desks: DeskMaker) -> None:
    first, second = on_one_wallet(desks)
    first.signal()
    first.execute()
    first.advance(10)
    (spent,) = first.settle().reconciled[:1]
    assert spent.breaks == 0
    with second.database.transaction() as transaction:
        transaction.execute("UPDATE trading_wallets SET created_at = :now", now=second.now())
    without_a_node = Parts({**second.settings, "RPC_URL": "http://127.0.0.1:9"})
    without_a_node.executor("tests").run()
    without_a_node.database.close()
    second.signal()

    second.execute()

    assert locks(second)[:1] == ["wallet_claimed"]
    assert second.reasons() == ["entries_locked"]


def test_a_trade_beside_us_is_told_and_one_that_mirrors_our_order_is_critical(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    (ours,) = desk.orders()
    bought_by_hand(desk, dollars="5", outcome=1)
    bought_by_hand(desk, dollars=str(ours["order_usd"]))

    desk.advance(10)
    report = desk.execute().reconciled[0]

    assert (report.failures, report.adopted, report.is_reconciled) == ([], 2, True)
    told = {each["severity"]: each["message"] for each in alerts(desk, "outside_trade")}
    assert set(told) == {"WARNING", "CRITICAL"}
    assert str(ours["lt_order_id"]) in told["CRITICAL"]
    assert desk.market["token_ids"][1] in told["WARNING"]
    assert locks(desk) == []
    desk.execute()
    assert len(alerts(desk, "outside_trade")) == 2


def test_a_purchase_beside_us_is_adopted_after_a_catalogue_that_was_away(
    altered: tuple[LiveDesk, AlteredVenue],
) -> None:
    """The mark up to which trades are read moved past a purchase in a market that nobody could be asked about."""
    desk, venue = altered
    bought_by_hand(desk)
    desk.change("DELETE FROM markets")
    venue.away.add(CATALOGUE)
    for _ in range(12):
        desk.advance(33)
        away = desk.execute().reconciled[0]
        assert (away.adopted, away.breaks, away.is_reconciled) == (0, None, True)

    venue.away.clear()
    back = desk.execute().reconciled[0]

    assert (back.adopted, back.breaks) == (1, 0)
    assert locks(desk) == []


def test_one_resting_order_that_cannot_be_read_is_set_aside_alone(altered: tuple[LiveDesk, AlteredVenue]) -> None:
    """Three runs failed over a price of 1.5 in an order of the owner's, while entries went on."""
    desk, venue = altered
    desk.execute()
    rested_by_hand(desk)
    venue.alter["/data/orders"] = lambda page: {**page, "data": [{**row, "price": "1.5"} for row in page["data"]]}
    desk.advance(1)
    desk.signal()

    report = desk.execute().reconciled[0]

    assert (report.failures, report.breaks, report.is_reconciled) == ([], 0, True)
    assert desk.reasons() == ["accepted"]
    (told,) = alerts(desk, "unreadable_row")
    assert "1.5" in told["message"]
    (kept,) = desk.rows("SELECT source, raw FROM quarantined_rows")
    assert kept["source"] == "clob.orders"
    venue.alter.clear()
    desk.execute()
    assert alerts(desk, "unreadable_row") == []


def test_one_trade_that_cannot_be_read_is_set_aside_alone(altered: tuple[LiveDesk, AlteredVenue]) -> None:
    desk, venue = altered
    odd = desk.market["token_ids"][1]
    venue.alter[TRADES] = lambda page: {
        **page,
        "data": [{**row, "size": "1e999"} if row["asset_id"] == odd else row for row in page["data"]],
    }
    bought_by_hand(desk)
    bought_by_hand(desk, outcome=1)

    report = desk.settle().reconciled[0]

    assert (report.failures, report.adopted, report.is_reconciled) == ([], 1, True)
    (told,) = alerts(desk, "unreadable_row")
    assert "1e999" in told["message"]
    assert [row["source"] for row in desk.rows("SELECT source FROM quarantined_rows")] == ["clob.trades"]


def test_a_trade_that_is_listed_twice_counts_once(altered: tuple[LiveDesk, AlteredVenue]) -> None:
    desk, venue = altered
    venue.alter[TRADES] = lambda page: {**page, "data": [*page["data"], *page["data"]]}
    desk.signal()
    desk.execute()
    bought_by_hand(desk, outcome=1)

    report = desk.settle().reconciled[0]

    assert (report.failures, report.adopted, report.breaks) == ([], 1, 0)
    (order,) = desk.orders()
    assert order["state"] == "FILLED"


def test_a_trade_of_an_order_that_was_given_up_is_booked_and_not_adopted(
    altered: tuple[LiveDesk, AlteredVenue],
) -> None:
    """A hash of ours in a final state counted as ours and was watched by nobody: its trades were nobody's."""
    desk, venue = altered

    def refused(answer: Any) -> Any:
        refusal = {"success": False, "errorMsg": "no orders found to match with FAK order", "orderID": "", "status": ""}
        return [{**each, **refusal} for each in answer] if isinstance(answer, list) else {**answer, **refusal}

    venue.alter |= {"/order": refused, "/orders": refused}
    desk.signal()
    desk.execute()
    assert [order["state"] for order in desk.orders()] == ["REJECTED"]
    venue.alter.clear()
    for _ in range(3):
        desk.advance(33)
        report = desk.execute().reconciled[0]

    assert (report.failures, report.adopted, report.breaks) == ([], 0, 0)
    assert [row["status"] for row in desk.rows("SELECT status FROM fills")] == ["CONFIRMED"]
    assert desk.balances().reserved == Usd(0)
    assert desk.balances().exposure.is_positive


def test_a_pass_that_failed_says_that_its_wallet_is_not_reconciled(altered: tuple[LiveDesk, AlteredVenue]) -> None:
    desk, venue = altered
    venue.away.add("/data/orders")

    failed = desk.execute().reconciled[0]
    venue.away.clear()
    whole = desk.execute().reconciled[0]

    assert (failed.is_reconciled, len(failed.failures)) == (False, 1)
    assert (whole.is_reconciled, whole.failures) == (True, [])


def test_an_error_that_nobody_foresaw_stops_the_wallet_that_it_concerns(desk: LiveDesk) -> None:
    other = beside(desk)
    parts = desk.parts

    def account(wallet: TradingWallet) -> VenueAccount:
        if wallet.trading_wallet_id == desk.trading_wallet_id:
            raise ZeroDivisionError("nobody foresaw this")
        return parts.account(wallet)

    reconciler = Reconciler(
        database=desk.database,
        account=account,
        market_keeper=parts.market_keeper,
        comparison=parts.comparison("tests"),
        receipts=parts.fill_receipts,
        books=parts.market_data,
        clock=parts.clock,
        chance=parts.chance,
        holder="tests",
    )

    reports = reconciler.run_all(Budget.unlimited(), [])

    assert sorted(report.is_reconciled for report in reports) == [False, True]
    (failure,) = [failure for report in reports for failure in report.failures]
    assert (failure.part, failure.error) == (f"wallet {desk.trading_wallet_id}", "ZeroDivisionError")
    assert other.trading_wallet_id != desk.trading_wallet_id


@pytest.mark.parametrize(("switch", "is_marked"), [("true", True), ("false", False)])
def test_orders_are_marked_unless_the_operator_says_otherwise(desk: LiveDesk, switch: str, is_marked: bool) -> None:
    parts = Parts({**desk.settings, "MARK_ORDERS": switch})
    marking = replace(desk, parts=parts, database=parts.database)
    marking.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    marking.signal()
    marking.execute()
    parts.database.close()

    (order,) = desk.orders()
    assert is_marker(order["signed_payload"]["metadata"]) is is_marked
    assert order["state"] != "REJECTED"


def test_a_trade_that_cannot_be_booked_stops_no_other_and_is_set_aside_after_an_hour(
    altered: tuple[LiveDesk, AlteredVenue],
) -> None:
    desk, venue = altered

    def with_an_id_that_no_table_takes(page: Any) -> Any:
        odd = desk.market["token_ids"][1]
        rows = [{**row, "id": f"{row['id']}\0"} if row["asset_id"] == odd else row for row in page["data"]]
        return {**page, "data": rows}

    venue.alter[TRADES] = with_an_id_that_no_table_takes
    bought_by_hand(desk)
    bought_by_hand(desk, outcome=1)

    matched_at = desk.now().timestamp()
    first = desk.settle().reconciled[0]
    desk.advance(3000)
    desk.execute()
    venue.asked.clear()
    desk.execute()
    waiting = min(int(query["after"]) for query in venue.questions(TRADES))
    desk.advance(1200)
    desk.execute()
    last = desk.execute().reconciled[0]

    assert (first.adopted, first.breaks, first.is_reconciled) == (1, None, True)
    assert [failure.part.split(" 0x")[0] for failure in first.failures] == ["trades of outside order"]
    assert waiting <= matched_at
    (row,) = desk.rows("SELECT source, reason FROM quarantined_rows")
    assert (row["source"], "DatabaseError" in row["reason"] or "byte sequence" in row["reason"]) == (
        "clob.trades",
        True,
    )
    assert len(alerts(desk, "unreadable_row")) == 1
    assert last.breaks


def test_a_trade_that_never_settles_is_told_and_makes_no_read_longer(altered: tuple[LiveDesk, AlteredVenue]) -> None:
    desk, venue = altered
    desk.arm("settlement_retrying", seconds=7200, count=2)
    desk.signal()
    desk.execute()
    bought_by_hand(desk, outcome=1)
    desk.settle()
    assert alerts(desk, "fill_unsettled") == []

    desk.advance(900)
    desk.execute()
    early = [each["severity"] for each in alerts(desk, "fill_unsettled")]
    desk.advance(3900)
    later = replace(desk, market=market_with_time_left(desk, seconds_left=600, settle_seconds=0))
    bought_by_hand(later)
    newest = later.now().timestamp()
    later.settle()
    venue.asked.clear()
    later.execute()

    late = alerts(desk, "fill_unsettled")
    asked = venue.questions(TRADES)
    assert early == ["WARNING"] * 2
    assert [each["severity"] for each in late] == ["CRITICAL"] * 2
    (ours,) = desk.orders()
    assert any(str(ours["lt_order_id"]) in each["message"] for each in late)
    lists = [query for query in asked if not {"market", "id"} & set(query)]
    assert min(int(query["after"]) for query in lists) >= newest - 3600 - 300 - 60
    assert sorted({"market", "id"} & {*query} == {"id"} for query in asked if query not in lists) == [False, True]
    desk.advance(3000)
    later.execute()
    assert alerts(desk, "fill_unsettled") == []
    assert desk.rows("SELECT DISTINCT status FROM fills") == [{"status": "CONFIRMED"}]
    assert desk.rows("SELECT DISTINCT status FROM external_fills") == [{"status": "CONFIRMED"}]
