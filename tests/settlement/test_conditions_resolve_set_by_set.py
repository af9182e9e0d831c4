"""lt-resolve books conditions set by set: a bad one stops itself alone, and a death between two sets loses nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from live_trading.nouns.money import Usd
from live_trading.services.settling import resolve
from local.chain import PreparedMarket
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.fault_fixtures import Moment
from tests.settlement.parts.killed_process_fixtures import Child, DyingDatabase
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

MOST_COMMITS = 40


def held(settling: SettlementDesk, count: int = 3) -> tuple[Holder, list[PreparedMarket]]:
    """A wallet with ten shares of the winning outcome in each of some markets, which the chain has resolved."""
    holder = settling.holder()
    bought = [settling.market() for _ in range(count)]
    for market in bought:
        settling.buys(holder, market)
        settling.chain.report_payouts(market.question_id, (1, 0))
    return holder, bought


def resolutions(settling: SettlementDesk) -> list[dict[str, Any]]:
    return settling.rows("SELECT * FROM ledger_transactions WHERE kind = 'RESOLUTION' ORDER BY ledger_transaction_id")


def test_a_condition_that_contradicts_its_books_stops_itself_alone(settling: SettlementDesk) -> None:
    holder, (first, bad, last) = held(settling)
    settling.change(
        """
        UPDATE markets SET resolution_state = 'RESOLVED', payout_numerators = '{0,1}', payout_denominator = 1,
            resolved_at = :now WHERE condition_id = :id
        """,
        now=settling.clock.now(),
        id=bad.condition_id,
    )

    report = settling.resolve()

    told = [(each.part, each.error) for each in report.failures if each.part.startswith("condition")]
    assert told == [(f"condition {bad.condition_id}", "ContradictingResolution")]
    assert (report.resolved, report.outcomes) == (2, {"WON": 2})
    assert {row["condition_id"] for row in settling.redemptions()} == {first.condition_id, last.condition_id}
    assert settling.balances(holder).pending_redemption == Usd(20)
    assert settling.balances(holder).position_cost == Usd(4)


@pytest.mark.parametrize("moment", Moment)
def test_a_run_that_is_killed_between_two_sets_leaves_whole_ones_and_the_next_goes_on(
    settling: SettlementDesk, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, markets = held(settling)
    monkeypatch.setattr(resolve, "CONDITIONS_A_STEP", 1)
    seen: list[int] = []

    for number in range(1, MOST_COMMITS):
        child = Child(settling, partial(DyingDatabase, number=number, moment=moment), does=SettlementDesk.resolve)
        child.release()
        was_killed = child.was_killed()
        booked = len(resolutions(settling))
        assert booked == len(settling.redemptions())
        assert booked == len(settling.rows("SELECT 1 FROM lt_orders WHERE outcome = 'WON'"))
        seen.append(booked)
        settling.wait(minutes=5)
        if not was_killed:
            break

    assert seen == sorted(seen)
    assert (min(seen), max(seen)) == (0, 3)
    assert settling.resolve().resolved == 0
    assert sorted(row["expected_usd"] for row in settling.redemptions()) == [10] * len(markets)
    assert settling.balances(holder).pending_redemption == Usd(30)
