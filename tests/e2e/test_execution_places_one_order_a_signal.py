"""The executor against the real exchange simulator, chain and Postgres: one order a signal, whatever goes wrong."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest

from live_trading.nouns.money import Usd
from live_trading.services.running.budget import Budget
from live_trading.store.database.connection import StoreUnavailable
from tests.e2e.live_fixtures import CAPITAL, LiveDesk
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.e2e


def test_a_signal_becomes_one_filled_order_whose_cost_is_in_the_ledger(desk: LiveDesk) -> None:
    desk.signal()

    report = desk.execute()
    # the venue lists a trade some seconds after its match
    desk.advance(10)
    desk.execute()

    (order,) = desk.orders()
    assert order["state"] == "FILLED", report
    balances = desk.balances()
    assert balances.reserved == Usd.zero()
    assert balances.position_cost.is_positive
    assert balances.available == CAPITAL - balances.position_cost - balances.fees
    assert balances.position_cost.value <= order["order_usd"]


def test_a_second_run_decides_and_sends_nothing_again(desk: LiveDesk) -> None:
    desk.signal()
    desk.execute()

    again = desk.execute()

    assert again.decisions == {}
    assert len(desk.orders()) == 1
    assert desk.reasons() == ["accepted"]


def test_fills_are_followed_to_confirmation_and_the_chain_then_agrees(desk: LiveDesk) -> None:
    desk.signal()
    desk.execute()

    desk.advance(30)
    report = desk.execute()

    assert {row["status"] for row in desk.rows("SELECT status FROM fills")} == {"CONFIRMED"}
    assert report.reconciled[0].breaks == 0
    assert report.reconciled[0].failures == []


def test_an_order_accepted_in_a_lost_answer_is_found_by_its_hash_and_not_sent_again(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("accept_then_timeout", endpoint="/order", count=1)
    desk.execute()

    desk.clear_faults()
    desk.advance(30)
    desk.execute()

    (order,) = desk.orders()
    assert order["state"] == "FILLED"
    assert desk.venue_orders()[order["order_hash"]]["posts_seen"] == 1


def test_while_an_order_is_unknown_its_reservation_is_kept(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("drop_before_accept", endpoint="/order", count=1)

    desk.execute()

    (order,) = desk.orders()
    assert order["state"] == "UNKNOWN"
    assert desk.balances().reserved == Usd(order["reserved_usd"])


def test_an_order_whose_bytes_never_arrive_is_given_up_three_spaced_look_ups_after_they_last_went_out(
    desk: LiveDesk,
) -> None:
    desk.signal()
    desk.arm("drop_before_accept", endpoint="/order", count=None)
    desk.execute()
    sends, states = [], []

    for _ in range(10):
        desk.advance(40)
        desk.execute()
        sends.append(desk.orders()[0]["sends"])
        states.append(desk.orders()[0]["state"])

    # Sent once and again with every run for five minutes; then three looks that find nothing.
    assert sends == [2, 3, 4, 5, 6, 7, 8, 8, 8, 8]
    assert states == ["UNKNOWN"] * 9 + ["REJECTED"]
    assert desk.orders()[0]["rejection_code"] == "never_arrived"
    assert desk.balances().available == CAPITAL


def test_an_order_on_an_old_grid_is_planned_and_signed_once_more(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.arm("tick_changed", count=1)

    desk.execute()
    desk.advance(10)
    desk.execute()

    first, second = sorted(desk.orders(), key=lambda order: order["attempt"])
    assert (first["state"], first["rejection_code"], first["attempt"]) == ("REJECTED", "tick_size", 1)
    assert (second["state"], second["attempt"], second["decision_id"]) == ("FILLED", 2, first["decision_id"])
    assert first["order_hash"] != second["order_hash"]
    assert [order["order_hash"] for order in desk.venue_orders().values() if order["accepted"]] == [
        second["order_hash"]
    ]
    assert desk.reasons() == ["accepted"]


def test_a_grid_that_keeps_changing_costs_the_signal_and_nothing_else(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("tick_changed", count=2)

    desk.execute()

    assert [order["state"] for order in desk.orders()] == ["REJECTED", "REJECTED"]
    assert desk.balances().available == CAPITAL


def test_a_stale_balance_is_refreshed_and_the_same_bytes_go_out_once_more(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.arm("balance_stale", count=1)

    desk.execute()
    desk.advance(10)
    desk.execute()

    (order,) = desk.orders()
    assert (order["state"], order["sends"], order["attempt"]) == ("FILLED", 2, 1)


def test_a_balance_that_really_does_not_suffice_ends_the_order(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("balance_stale", count=2)

    desk.execute()

    (order,) = desk.orders()
    assert (order["state"], order["rejection_code"]) == ("REJECTED", "not_enough_balance")
    assert desk.balances().available == CAPITAL


def test_a_wallet_that_the_venue_refuses_has_its_entries_stopped_for_an_hour(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("deposit_wallet_required", count=1)
    desk.execute()
    desk.signal()
    desk.execute()

    assert desk.reasons() == ["accepted", "entries_locked"]
    (lock,) = desk.rows("SELECT scope, ends_at - starts_at AS length FROM locks")
    assert (lock["scope"], lock["length"]) == ("TRADING_WALLET", timedelta(hours=1))


def test_bytes_that_were_lost_on_the_way_are_sent_again_as_they_were(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.arm("drop_before_accept", endpoint="/order", count=1)
    desk.execute()
    (lost,) = desk.orders()

    desk.advance(40)
    desk.execute()
    desk.advance(10)
    desk.execute()

    (order,) = desk.orders()
    assert (lost["state"], order["state"], order["order_hash"]) == ("UNKNOWN", "FILLED", lost["order_hash"])
    assert order["sends"] == 2


def test_an_outage_of_the_look_up_is_no_proof_of_absence(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("drop_before_accept", endpoint="/order", count=1)
    desk.execute()
    desk.arm("server_error")

    for _ in range(5):
        desk.advance(40)
        desk.execute()

    (order,) = desk.orders()
    assert order["state"] == "UNKNOWN"
    assert order["absence_proofs"] <= 1


def test_an_order_that_a_restarting_engine_refused_goes_out_again_with_the_same_bytes(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.arm("engine_restarting", endpoint="/order", count=1)

    desk.execute()
    (waiting,) = desk.orders()
    desk.advance(60)
    desk.execute()
    desk.advance(10)
    desk.execute()

    (order,) = desk.orders()
    assert (waiting["state"], waiting["last_refusal_code"]) == ("INTENT", "engine_restarting")
    assert (order["state"], order["sends"], order["order_hash"]) == ("FILLED", 2, waiting["order_hash"])
    assert desk.venue_orders()[order["order_hash"]]["accepted"] == 1


def test_an_order_that_stays_refused_ends_with_the_venues_reason_and_gives_its_reservation_back(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("engine_restarting", endpoint="/order", count=None)

    for _ in range(4):
        desk.execute()
        desk.advance(120)

    (order,) = desk.orders()
    assert (order["state"], order["rejection_code"]) == ("REJECTED", "engine_restarting")
    assert desk.balances().available == CAPITAL


def test_an_exchange_that_answers_500_to_everything_loses_and_doubles_nothing(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("server_error")
    broken = desk.execute()

    desk.clear_faults()
    desk.execute()
    desk.advance(10)
    desk.execute()

    assert broken.failures
    (order,) = desk.orders()
    assert order["state"] == "FILLED"
    assert desk.reasons() == ["accepted"]


def test_a_fill_that_fails_to_settle_is_reversed_to_the_cent(desk: LiveDesk) -> None:
    desk.arm("settlement_failure", count=1)
    desk.signal()
    desk.execute()

    desk.advance(60)
    report = desk.execute()

    assert {row["status"] for row in desk.rows("SELECT status FROM fills")} == {"FAILED"}
    assert desk.balances().available == CAPITAL
    assert desk.balances().fees == Usd.zero()
    assert report.reconciled[0].breaks == 0


def test_a_budget_counts_what_is_reserved_and_refuses_the_order_that_would_pass_it(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_risk_rules SET daily_budget_usd = 25")
    desk.signal()
    desk.signal(outcome_index=1)

    desk.execute()

    assert sorted(desk.reasons()) == ["accepted", "risk_rejected"]
    (refused,) = desk.rows("SELECT risk_checks FROM decisions WHERE reason = 'risk_rejected'")
    verdicts = {check["rule"]: check["verdict"] for check in refused["risk_checks"]}
    assert verdicts["daily_budget"] != "PASS"
    assert verdicts["cash"] == "PASS"


def test_a_paused_strategy_opens_nothing_but_still_follows_its_orders(desk: LiveDesk) -> None:
    desk.signal()
    desk.execute()
    desk.change(
        f"""
        INSERT INTO locks (scope, scope_id, reason, starts_at, created_by)
        VALUES ('STRATEGY', '{desk.lt_strategy_id}', 'paused_by_user', '2020-01-01Z', 'operator')
        """
    )
    desk.signal(outcome_index=1)
    desk.advance(30)

    desk.execute()

    assert desk.reasons() == ["accepted", "strategy_paused"]
    assert {row["status"] for row in desk.rows("SELECT status FROM fills")} == {"CONFIRMED"}


def test_a_geoblocked_place_opens_nothing(desk: LiveDesk) -> None:
    desk.arm("geoblocked")
    desk.signal()

    report = desk.execute()

    assert report.waiting == {"not_eligible": 1}
    assert desk.reasons() == []
    assert desk.orders() == []


def test_an_account_in_closed_only_mode_opens_nothing(desk: LiveDesk) -> None:
    desk.arm("closed_only")
    desk.signal()

    report = desk.execute()

    assert report.waiting == {"not_eligible": 1}
    assert desk.orders() == []


def test_two_overlapping_runs_place_one_order(desk: LiveDesk) -> None:
    from live_trading.wiring.composition import Parts

    desk.signal()
    others = [Parts(desk.settings) for _ in range(2)]
    reports = []

    threads = [
        Thread(target=lambda parts=parts, name=name: reports.append(parts.executor(f"run-{name}").run()))
        for name, parts in enumerate(others)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for parts in others:
        parts.database.close()

    assert len(reports) == 2
    assert len(desk.orders()) == 1
    assert [order["posts_seen"] for order in desk.venue_orders().values()] == [1]


def test_postgres_going_away_in_mid_run_loses_nothing(desk: LiveDesk) -> None:
    desk.signal()
    executor = desk.parts.executor("cut-off")
    executor._ingest = _CuttingOff(desk)

    with pytest.raises(StoreUnavailable):
        executor.run()
    desk.advance(120)
    desk.execute()
    desk.advance(10)
    desk.execute()

    assert len(desk.orders()) == 1
    assert desk.reasons() == ["accepted"]
    assert desk.balances().reserved == Usd.zero()


class _CuttingOff:
    """Ends every connection of the test's database, as a failing-over server does."""

    def __init__(self, desk: LiveDesk) -> None:
        self._desk = desk

    def run(self, _budget: Budget) -> None:
        from local.postgres.databases import connect, with_database

        server = connect(with_database(self._desk.database_url, "postgres"))
        name = self._desk.database_url.rsplit("/", 1)[-1].split("?")[0]
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name", name=name)
        server.close()
        with self._desk.parts.database.transaction() as transaction:
            transaction.rows("SELECT 1")
        raise StoreUnavailable("the server went away")


@pytest.mark.parametrize(("orders", "most_each"), [(5, 24), (30, 7)])
def test_orders_cost_few_round_trips_each_until_they_have_settled(
    desk: LiveDesk, orders: int, most_each: float
) -> None:
    """Beyond those of a run with nothing to do: judged, written, sent, answered and booked in batches."""
    desk.change("UPDATE ft_wallet_versions SET config = jsonb_set(config, '{bet_size}', '\"5\"')")
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.execute()
    with counted_round_trips() as idle:
        desk.execute()
    for number in range(orders):
        desk.signal(outcome_index=number % 2)

    with counted_round_trips() as entering:
        report = desk.execute()
    desk.advance(30)
    with counted_round_trips() as settling:
        after = desk.execute()

    assert sum(report.orders.values()) == orders, report
    assert report.failures == after.failures == []
    assert {row["state"] for row in desk.orders()} <= {"FILLED", "CANCELLED", "REJECTED"}
    assert desk.balances().reserved == Usd.zero()
    more = len(entering.trips) + len(settling.trips) - 2 * len(idle.trips)
    assert more / orders <= most_each, f"{entering.text()}\n{settling.text()}"


def test_what_rests_at_the_venue_is_followed_in_as_many_round_trips_however_much_it_is(desk: LiveDesk) -> None:
    desk.change("UPDATE ft_wallet_versions SET config = jsonb_set(config, '{bet_size}', '\"5\"')")
    desk.change("UPDATE lt_strategies SET order_type = 'GTD'")
    index = desk.dearer()
    best = desk.book(index).best_ask
    assert best is not None
    taken: list[int] = []
    for resting in (2, 12):
        for _ in range(resting - len(desk.orders())):
            desk.signal(outcome_index=index, price=(best.value / 2).quantize(Decimal("0.01")))
        desk.execute()
        desk.execute()
        with counted_round_trips() as made:
            report = desk.execute()
        assert report.reconciled[0].states == {"LIVE": resting}, report
        taken.append(len(made.trips))

    assert taken[1] <= taken[0] + 1
