"""What has not settled is left out of the comparison and nothing else is; each break is told of by itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from live_trading.chain.contracts import APPROVE, Function
from live_trading.nouns.money import Usd
from live_trading.store.books import breaks
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.positions import touched_tokens
from local.chain import ADDRESSES, NEG_RISK_EXCHANGE
from tests.settlement.parts.break_fixtures import Apart
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]

_TRANSFER = Function("transfer(address,uint256)")
_ELSEWHERE = "0x" + "de" * 20


@pytest.fixture
def apart(settling: SettlementDesk) -> Apart:
    found = Apart(settling=settling, holder=settling.holder())
    assert found.compare() == 0
    return found


def withdraws(apart: Apart, usd: str) -> None:
    call = (_ELSEWHERE, Usd(usd).base_units)
    apart.settling.chain.send_as(apart.holder.address, ADDRESSES.collateral_token, _TRANSFER, *call)


def unsettled(apart: Apart) -> None:
    """A purchase for 2 dollars that matched, and that no receipt settles for now."""
    market = apart.settling.market()
    apart.unsettled_purchase(market, shares="5", usd="2")


def test_a_trade_that_never_settles_hides_no_other_token(apart: Apart) -> None:
    market = apart.settling.market()
    apart.settling.buys(apart.holder, market)
    unsettled(apart)
    assert apart.compare() is None
    apart.sends_away(market, "4")

    assert [apart.compare(), apart.compare()] == [1, 1]

    (found,) = apart.open()
    assert (found["kind"], found["subject"]) == ("TOKEN_BALANCE", market.token_ids[0])
    assert apart.locks() == ["break_found"]


def test_a_trade_that_never_settles_hides_no_more_dollars_than_its_own(apart: Apart) -> None:
    unsettled(apart)
    withdraws(apart, "0.02")
    assert apart.compare() is None

    withdraws(apart, "10")

    assert [apart.compare(), apart.compare()] == [1, 1]
    assert [each["kind"] for each in apart.open()] == ["COLLATERAL"]


def test_nothing_is_said_of_an_order_whose_look_up_failed(apart: Apart) -> None:
    order_id = apart.buys_unseen(apart.settling.market(), shares="20", usd="8", state="LIVE")

    for _ in range(3):
        assert apart.compare(unseen_orders=[order_id]) is None

    assert (apart.all_breaks(), apart.locks(), apart.alerts()) == ([], [], [])
    assert apart.compare() == 1


@pytest.mark.parametrize("state", ["SENT", "UNKNOWN", "DELAYED"])
def test_nothing_is_said_of_an_order_that_may_have_filled(apart: Apart, state: str) -> None:
    apart.buys_unseen(apart.settling.market(), shares="20", usd="8", state=state)

    for _ in range(3):
        assert apart.compare() is None

    assert (apart.all_breaks(), apart.locks()) == ([], [])


def test_an_open_break_stays_while_nothing_can_be_said_of_it(apart: Apart) -> None:
    withdraws(apart, "5")
    apart.compare()
    apart.compare()
    apart.buys_unseen(apart.settling.market(), shares="20", usd="8", state="UNKNOWN")

    apart.compare()

    assert len(apart.open()) == 1
    assert apart.locks() == ["break_found"]


def test_what_came_unasked_waits_while_something_is_on_its_way(apart: Apart) -> None:
    unsettled(apart)
    apart.settling.chain.mint_collateral(apart.holder.address, Usd(50))

    for _ in range(3):
        assert apart.compare() is None

    assert apart.settling.rows("SELECT 1 FROM ledger_entries WHERE account = 'EXTERNAL'") == []
    apart.settling.change("UPDATE fills SET status = 'CONFIRMED', confirmed_at = match_time")
    for _ in range(2):
        assert apart.compare() == 0
    (row,) = apart.settling.rows("SELECT -sum(amount_usd) AS usd FROM ledger_entries WHERE account = 'EXTERNAL'")
    assert row["usd"] == 50


def test_a_wallet_that_goes_uncompared_is_told_of_with_the_oldest_thing_on_its_way(apart: Apart) -> None:
    unsettled(apart)
    apart.compare()
    apart.later(minutes=25)
    apart.compare()
    assert apart.alerts("wallet_uncompared") == []

    apart.later(minutes=5)
    apart.compare()

    (alert,) = apart.alerts("wallet_uncompared")
    (trade,) = apart.settling.rows("SELECT venue_trade_id FROM fills")
    assert alert["subject"] == str(apart.wallet_id)
    assert alert["severity"] == "CRITICAL"
    assert f"trade {trade['venue_trade_id']}, since 2026-10-01 12:01:00 UTC (33 minutes)" in alert["message"]
    assert "was last compared as a whole: 2026-10-01 12:01:00 UTC" in alert["message"]
    apart.settling.change("UPDATE fills SET status = 'CONFIRMED', confirmed_at = match_time")
    apart.compare()
    assert apart.alerts("wallet_uncompared") == []


def test_a_wallet_whose_passes_end_before_the_comparison_is_told_of(apart: Apart) -> None:
    apart.later(minutes=31)

    apart.settling.resolve()

    (alert,) = apart.alerts("wallet_uncompared")
    assert "Its passes end before the comparison" in alert["message"]


def test_each_break_is_told_of_by_itself_and_for_as_long_as_it_stands(apart: Apart) -> None:
    market = apart.settling.market()
    apart.settling.buys(apart.holder, market)
    apart.sends_away(market, "4")
    withdraws(apart, "5")
    apart.compare()
    assert [each["severity"] for each in apart.alerts()] == ["WARNING", "WARNING"]

    apart.compare()

    dollars, tokens = apart.alerts()
    assert [dollars["severity"], tokens["severity"]] == ["CRITICAL", "CRITICAL"]
    assert {each["subject"] for each in apart.alerts()} == {str(each["break_id"]) for each in apart.open()}
    for alert in (dollars, tokens):
        assert apart.holder.address in alert["title"]
        assert str(apart.wallet_id) in alert["message"]
        assert "since 2026-10-01 12:02:00 UTC" in alert["message"]
        assert "What may explain it: transaction 0x" in alert["message"]
        assert f"/breaks/{alert['subject']}: " in alert["message"]
    assert "495.999999" not in dollars["message"]
    assert "491.000000 observed" in dollars["message"]
    assert f"token {market.token_ids[0]} (Yes of {market.condition_id[:20]})" in tokens["message"]
    apart.accept(int(tokens["subject"]))
    assert [each["subject"] for each in apart.alerts()] == [dollars["subject"]]
    apart.accept(int(dollars["subject"]))
    assert apart.alerts() == []


def test_a_break_behind_two_hundred_others_locks_the_wallet(apart: Apart) -> None:
    withdraws(apart, "5")
    others = [
        Break(kind=BreakKind.UNKNOWN_ORDER, subject=f"0x{number:064x}", expected=Decimal(0), observed=Decimal(1))
        for number in range(201)
    ]

    apart.compare(others)
    apart.compare(others)

    assert apart.locks() == ["break_found"]
    with apart.settling.database.transaction() as transaction:
        assert len(breaks.standing(transaction, apart.wallet_id)) == 202


def test_what_the_wallet_s_neg_risk_markets_need_is_compared_too(apart: Apart) -> None:
    settling = apart.settling
    settling.buys(apart.holder, settling.market(neg_risk=True))
    assert apart.compare() == 0

    settling.chain.send_as(apart.holder.address, ADDRESSES.collateral_token, APPROVE, NEG_RISK_EXCHANGE, 1)

    assert apart.compare() == 1
    (found,) = apart.open()
    assert (found["kind"], found["subject"]) == ("ALLOWANCE", NEG_RISK_EXCHANGE)
    assert "grant the allowance" in found["what_to_do"]
    assert apart.locks() == []


def test_tokens_of_old_orders_in_resolved_markets_are_not_asked_for_for_ever(apart: Apart) -> None:
    settling, resolved, running = apart.settling, apart.settling.market(), apart.settling.market()
    settling.buys(apart.holder, resolved)
    settling.buys(apart.holder, running)
    settling.resolves(resolved, [1, 0])

    def asked(*, after: timedelta) -> set[str]:
        """What is asked of the two markets once the wallet has gone on trading for so long."""
        newest = settling.market()
        order_id = settling.buys(apart.holder, newest)
        settling.change(
            "UPDATE lt_orders SET intent_at = :at WHERE lt_order_id = :id", at=settling.clock.now() + after, id=order_id
        )
        with settling.database.transaction() as transaction:
            return set(touched_tokens.of_wallet(transaction, apart.wallet_id)) & {
                *resolved.token_ids,
                *running.token_ids,
            }

    assert asked(after=timedelta(days=13)) == {*resolved.token_ids, *running.token_ids}
    assert asked(after=timedelta(days=15)) == set(running.token_ids)
    assert asked(after=timedelta(days=91)) == set()
