"""What became of an FT wallet over the API: orders, versions, positions and results, from what is kept."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.store.database.connection import Database
from tests.integration.api_fixtures import STRANGER, Api, http_event
from tests.integration.explaining.decided_world import all_pages, decide, known_world, own_wallet
from tests.integration.source_builders import NOON, a_trade, add_version, seconds, store_trades

pytestmark = pytest.mark.integration


@pytest.fixture
def wallet(database: Database) -> UUID:
    """A wallet with 1,000 dollars, and ten trades that it might have copied."""
    known_world(database)
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(10)])
    return own_wallet(database)


def bet(database: Database, wallet: UUID, trade: int, *, cost: str = "10", token: str = "1001") -> UUID:
    """A paper order of twice as many shares as it cost dollars, on one of the trades; without a cost nothing filled."""
    order_id = uuid4()
    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO ft_orders (
                ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
                signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, trade_time,
                decided_at, outcome, pnl_usd, resolved_at
            )
            SELECT
                :id, :wallet, 1, source_trade_id, :token, condition_id, 0, 0.5, 10, 'book',
                CASE WHEN :cost::numeric > 0 THEN 'FULL' ELSE 'NONE' END, CASE WHEN :cost::numeric > 0 THEN 0.5 END,
                2 * :cost::numeric, :cost, :cost::numeric / 100, trade_time, trade_time,
                CASE WHEN :cost::numeric > 0 THEN 'OPEN' ELSE 'NOT_FILLED' END,
                CASE WHEN :cost::numeric = 0 THEN 0 END, CASE WHEN :cost::numeric = 0 THEN trade_time END
            FROM source_trades ORDER BY source_trade_id OFFSET :trade LIMIT 1
            """,
            id=order_id,
            wallet=wallet,
            trade=trade,
            cost=Decimal(cost),
            token=token,
        )
    return order_id


def end(database: Database, order_id: UUID, outcome: str, pnl: str, days: int = 0) -> None:
    with database.transaction() as transaction:
        transaction.execute(
            """
            UPDATE ft_orders SET outcome = :outcome, pnl_usd = :pnl::numeric, resolved_at = :at
            WHERE ft_order_id = :id
            """,
            id=order_id,
            outcome=outcome,
            pnl=pnl,
            at=NOON + timedelta(days=days),
        )


def orders_of(reply: Any) -> list[str]:
    return [each["ft_order_id"] for each in reply.body["ft_orders"]]


def test_paper_orders_are_found_by_outcome_and_time_newest_first(api: Api, database: Database, wallet: UUID) -> None:
    made = [bet(database, wallet, number) for number in range(3)]
    unfilled = bet(database, wallet, 3, cost="0")
    end(database, made[0], "WON", "9.9")
    path = f"/api/ft/wallets/{wallet}/orders"

    def found(query: str = "") -> list[str]:
        return orders_of(api.call("GET", f"{path}?{query}"))

    assert found() == [str(each) for each in (unfilled, made[2], made[1], made[0])]
    assert found("outcome=OPEN") == [str(made[2]), str(made[1])]
    assert found("outcome=WON") == [str(made[0])]
    assert found("since=2026-09-28T12:00:01Z&until=2026-09-28T12:00:03Z") == [str(made[2]), str(made[1])]
    won = api.call("GET", f"{path}?outcome=WON").body["ft_orders"][0]
    assert (won["title"], won["outcome_label"], won["fill_price"], won["shares"]) == (
        "Will it rain?", "Yes", "0.500000", "20.000000",
    )  # fmt: skip
    assert (won["cost_usd"], won["fee_usd"], won["pnl_usd"]) == ("10.000000", "0.100000", "9.900000")
    assert api.call("GET", f"{path}?outcome=PERHAPS").status == 422


def test_pages_of_paper_orders_show_each_once_while_others_are_made(api: Api, database: Database, wallet: UUID) -> None:
    made = [bet(database, wallet, number) for number in range(5)]
    path = f"/api/ft/wallets/{wallet}/orders?limit=2"
    first = api.call("GET", path)
    bet(database, wallet, 7)

    second = api.call("GET", f"{path}&cursor={first.body['next_cursor']}")
    third = api.call("GET", f"{path}&cursor={second.body['next_cursor']}")

    assert [*orders_of(first), *orders_of(second), *orders_of(third)] == [str(each) for each in reversed(made)]
    assert third.body["next_cursor"] is None


def test_paper_orders_come_as_a_table_too(api: Api, database: Database, wallet: UUID) -> None:
    for number in range(3):
        bet(database, wallet, number)

    event = http_event("GET", f"/api/ft/wallets/{wallet}/orders?limit=2")
    event["headers"]["accept"] = "text/csv"
    answer = api.answer(event)

    rows = list(csv.DictReader(io.StringIO(answer["body"])))
    assert [(row["cost_usd"], row["outcome"], row["pnl_usd"]) for row in rows] == [("10.000000", "OPEN", "")] * 2
    assert "x-next-cursor" in answer["headers"]


def test_one_paper_order_has_its_decision_its_sales_and_its_market(api: Api, database: Database, wallet: UUID) -> None:
    (first, *_) = decide(database)
    order_id = bet(database, wallet, 0)
    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO ft_exits (
                ft_wallet_id, token_id, condition_id, exit_reason, shares, proceeds_usd, fee_usd, limit_price,
                book_hash, book_taken_at, decided_at
            ) SELECT ft_wallet_id, token_id, condition_id, 'take_profit', 5, 4, 0.04, 0.8, 'b', :at, :at FROM ft_orders
            """,
            at=NOON + seconds(60),
        )
        transaction.execute(
            """
            UPDATE markets SET
                resolution_state = 'RESOLVED', payout_numerators = ARRAY[1, 2], payout_denominator = 3,
                resolved_at = :at
            """,
            at=NOON,
        )

    found = api.call("GET", f"/api/ft/orders/{order_id}").body

    assert (found["ft_order"]["ft_order_id"], found["decision_id"]) == (str(order_id), first)
    (sale,) = found["sales"]
    assert (sale["exit_reason"], sale["shares"], sale["proceeds_usd"]) == ("take_profit", "5.000000", "4.000000")
    assert (found["market"]["state"], found["market"]["payout_per_share"]) == ("RESOLVED", "0.333333")


def test_results_are_those_of_the_orders_by_day_and_in_all(api: Api, database: Database, wallet: UUID) -> None:
    ended = [bet(database, wallet, number) for number in range(4)]
    bet(database, wallet, 4, cost="7", token="1002")
    bet(database, wallet, 5, cost="0")
    for order_id, outcome, pnl, day in zip(
        ended, ("WON", "LOST", "SPLIT", "SOLD"), ("9.9", "-10.1", "0.5", "1"), (0, 0, 1, 1), strict=True
    ):
        end(database, order_id, outcome, pnl, day)
    path = f"/api/ft/wallets/{wallet}/results?since=2026-09-01T00:00:00Z&until=2026-09-30T00:00:00Z"

    found = api.call("GET", path).body

    assert (found["starting_balance_usd"], found["bound_usd"]) == ("1000.000000", "7.070000")
    assert (found["bankroll_usd"], found["equity_usd"]) == ("994.230000", "1001.300000")
    assert (found["open_positions"], found["open_orders"]) == (1, 1)
    assert found["in_all"] == {
        "orders": 5, "won": 1, "lost": 1, "split": 1, "sold": 1, "not_filled": 1, "realised_pnl_usd": "1.300000",
    }  # fmt: skip
    assert [(day["day"], day["orders"], day["won"], day["realised_pnl_usd"]) for day in found["days"]] == [
        ("2026-09-29", 2, 0, "1.500000"), ("2026-09-28", 3, 1, "-0.200000"),
    ]  # fmt: skip


def test_an_outcome_that_is_corrected_moves_to_where_it_belongs(api: Api, database: Database, wallet: UUID) -> None:
    order_id = bet(database, wallet, 0)
    end(database, order_id, "LOST", "-10.1", 0)
    end(database, order_id, "WON", "9.9", 1)

    found = api.call("GET", f"/api/ft/wallets/{wallet}/results?until=2026-09-30T00:00:00Z").body

    assert (found["in_all"]["won"], found["in_all"]["lost"], found["in_all"]["orders"]) == (1, 0, 1)
    assert [(day["day"], day["won"], day["realised_pnl_usd"]) for day in found["days"]] == [
        ("2026-09-29", 1, "9.900000")
    ]


def test_positions_are_the_open_orders_of_a_token_and_worth_what_they_would_fetch(
    api: Api, database: Database, wallet: UUID
) -> None:
    bet(database, wallet, 0)
    bet(database, wallet, 1, cost="5")
    bet(database, wallet, 2, cost="3", token="1002")
    with database.transaction() as transaction:
        transaction.execute(
            """
            UPDATE ft_orders SET exited_shares = 5, exit_proceeds_usd = 4, exit_fee_usd = 0.04
            WHERE cost_usd = 10
            """
        )
        transaction.execute(
            """
            INSERT INTO exit_watches (ft_wallet_id, token_id, executable_price, looked_at)
            VALUES (:wallet, '1001', 0.6, :at)
            """,
            wallet=wallet,
            at=NOON + seconds(30),
        )

    pages = all_pages(api, f"/api/ft/wallets/{wallet}/positions?limit=1", "positions")

    (yes,), (no,) = pages
    assert (yes["orders"], yes["shares"], yes["bought_shares"]) == (2, "25.000000", "30.000000")
    assert (yes["cost_usd"], yes["fee_usd"], yes["exited_usd"]) == ("15.000000", "0.150000", "3.960000")
    assert (yes["executable_price"], yes["value_usd"], yes["unrealised_pnl_usd"]) == (
        "0.600000", "15.000000", "3.810000",
    )  # fmt: skip
    assert (no["token_id"], no["value_usd"], no["unrealised_pnl_usd"], no["looked_at"]) == ("1002", None, None, None)


def test_versions_are_shown_newest_first_and_one_by_its_number(api: Api, database: Database, wallet: UUID) -> None:
    with database.transaction() as transaction:
        for version in (2, 3):
            add_version(transaction, wallet, version, {"bet_size": str(version), "max_bet": "9"}, NOON)
    path = f"/api/ft/wallets/{wallet}/versions"

    pages = all_pages(api, f"{path}?limit=2", "versions")

    assert [[each["version"] for each in page] for page in pages] == [[3, 2], [1]]
    assert api.call("GET", f"{path}/2").body["config"] == {"bet_size": "2", "max_bet": "9"}
    for missing in ("4", "0", "9" * 30):
        assert api.call("GET", f"{path}/{missing}").status == 404


@pytest.mark.parametrize("of", ["orders", "versions", "versions/1", "positions", "results"])
def test_what_became_of_somebody_elses_wallet_is_not_found(api: Api, database: Database, wallet: UUID, of: str) -> None:
    order_id = bet(database, wallet, 0)

    assert api.call("GET", f"/api/ft/wallets/{wallet}/{of}").status == 200
    assert api.call("GET", f"/api/ft/wallets/{wallet}/{of}", owner=STRANGER).status == 404
    assert api.call("GET", f"/api/ft/orders/{order_id}", owner=STRANGER).status == 404
