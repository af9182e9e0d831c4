"""Every dollar between paper and live has a row and a term, whatever happened, and the sums are kept to the cent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.gap.whole import GapTerm
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.services.settling import gap_explaining
from live_trading.store.database.connection import ConstraintViolated
from live_trading.store.gap import gap_pages, gap_rows
from tests.builders import BOB
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.analytics]


def explain(desk: RiskDesk) -> int:
    with desk.database.transaction() as transaction:
        return gap_explaining.explain(transaction, desk.now)


def paper(desk: RiskDesk, seat: Seat, source_trade_id: int, *, market: int = 0, **changes: Any) -> UUID:
    """A paper bet of twenty dollars at 0.50 on the first outcome, open unless `changes` end it."""
    order = {
        "ft_order_id": uuid4(),
        "outcome": "OPEN",
        "pnl_usd": None,
        "resolved_at": None,
        "shares": Decimal(40),
        "cost_usd": Decimal(20),
        "fee_usd": Decimal(0),
        **changes,
    }
    found = desk.market(market)
    desk.change(
        """
        INSERT INTO ft_orders (
            ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
            signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, trade_time,
            decided_at, outcome, pnl_usd, resolved_at
        ) VALUES (
            :ft_order_id, :wallet, 1, :source, :token, :condition, 0, 0.5, 20, 'book', 'FULL', 0.5, :shares, :cost_usd,
            :fee_usd, :now, :now, :outcome, :pnl_usd, :resolved_at
        )
        """,
        wallet=seat.strategy.ft_wallet_id,
        source=source_trade_id,
        token=found.token_ids[0],
        condition=found.condition_id,
        now=desk.now,
        **order,
    )
    return UUID(str(order["ft_order_id"]))


def source_of(desk: RiskDesk, lt_order_id: UUID) -> int:
    (row,) = desk.rows(f"SELECT source_trade_id FROM lt_orders WHERE lt_order_id = '{lt_order_id}'")
    return int(row["source_trade_id"])


def a_signal(desk: RiskDesk, **signal: Any) -> int:
    """A source trade that nobody has acted on."""
    return desk.candidate(**{"trade_time": desk.now} | signal).prepared.source_trade_id


def mark(desk: RiskDesk, seat: Seat, price: str, *, market: int = 0) -> None:
    desk.change(
        """
        INSERT INTO position_marks VALUES (:wallet, :token, :price, :now)
        ON CONFLICT (trading_wallet_id, token_id) DO UPDATE SET bid_price = excluded.bid_price
        """,
        wallet=seat.strategy.trading_wallet_id,
        token=desk.market(market).token_ids[0],
        price=Decimal(price),
        now=desk.now,
    )


def has_resolved(desk: RiskDesk, *, market: int = 0) -> None:
    desk.change(
        "UPDATE markets SET resolution_state = 'RESOLVED', payout_numerators = ARRAY[1, 0], payout_denominator = 1, "
        "resolved_at = :now, is_open = FALSE WHERE condition_id = :condition",
        now=desk.now,
        condition=desk.market(market).condition_id,
    )


def bars(desk: RiskDesk, seat: Seat) -> dict[str, Usd]:
    with desk.database.transaction() as transaction:
        found = gap_rows.sums(transaction, seat.strategy.lt_strategy_id)
    return {each.part: each.usd for each in found if not each.name}


def terms(desk: RiskDesk, seat: Seat, part: str = "TERM") -> dict[tuple[str, str], Usd]:
    with desk.database.transaction() as transaction:
        found = gap_rows.sums(transaction, seat.strategy.lt_strategy_id)
    return {(each.name, each.reason): each.usd for each in found if each.part == part}


def check_identity(desk: RiskDesk, seat: Seat) -> None:
    """Live's bar is the ledger's marked profit, and each difference of bars the sum of its terms, by day too."""
    found = bars(desk, seat)
    zero = Usd.zero()
    standing = desk.standing(seat)
    assert found.get("LIVE", zero) == standing.marked_equity - standing.capital
    for part, high, low in (
        ("LEADER_TERM", "LEADER", "PAPER"),
        ("TERM", "PAPER", "LIVE"),
        ("AVERAGE", "PAPER", "LIVE"),
    ):
        explained = sum((each.value for each in terms(desk, seat, part).values()), Decimal(0))
        assert explained == (found.get(high, zero) - found.get(low, zero)).value
    days = desk.rows("SELECT part, name, reason, sum(usd) AS usd FROM gap_days GROUP BY 1, 2, 3 HAVING sum(usd) <> 0")
    totals = desk.rows("SELECT part, name, reason, usd FROM gap_totals WHERE usd <> 0")
    assert sorted(days, key=str) == sorted(totals, key=str)


def test_an_open_trade_is_worth_its_mark_on_both_sides(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    live = risk_desk.bought(seat, "20")
    paper(risk_desk, seat, source_of(risk_desk, live))
    mark(risk_desk, seat, "0.6")

    assert explain(risk_desk) == 2

    assert bars(risk_desk, seat) == {"LEADER": Usd(4), "PAPER": Usd(4), "LIVE": Usd(4)}
    check_identity(risk_desk, seat)
    assert explain(risk_desk) == 0, "nothing has moved"

    mark(risk_desk, seat, "0.4")
    risk_desk.now += timedelta(days=1)
    assert explain(risk_desk) == 1
    assert bars(risk_desk, seat)["LIVE"] == Usd(-4)
    check_identity(risk_desk, seat)


def test_a_trade_that_only_live_made_is_a_gap_of_its_own(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "20")
    mark(risk_desk, seat, "0.75")

    explain(risk_desk)

    assert bars(risk_desk, seat) == {"LEADER": Usd(10), "LIVE": Usd(10)}
    assert {name: usd for (name, _), usd in terms(risk_desk, seat).items()} == {"live_only": Usd(-10)}
    assert {name: usd for (name, _), usd in terms(risk_desk, seat, "LEADER_TERM").items()} == {"paper_missed": Usd(10)}
    check_identity(risk_desk, seat)


def test_what_only_paper_made_is_split_by_why_live_did_not(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_concurrent_positions=1)
    risk_desk.bought(seat, "20", market=1)
    refused = risk_desk.enter(seat, "20", trade_time=risk_desk.now)
    assert refused.lt_order_id is None
    (row,) = risk_desk.rows("SELECT source_trade_id FROM decisions WHERE reason = 'risk_rejected'")
    now = risk_desk.now
    paper(risk_desk, seat, row["source_trade_id"], outcome="WON", pnl_usd=Decimal(20), resolved_at=now)
    unseen = a_signal(risk_desk)
    paper(risk_desk, seat, unseen, outcome="LOST", pnl_usd=Decimal(-20), resolved_at=now)
    has_resolved(risk_desk)

    explain(risk_desk)

    missed = {reason: usd for (name, reason), usd in terms(risk_desk, seat).items() if name == "missed"}
    assert missed == {"risk_rejected:concurrent_positions": Usd(20), "not_decided": Usd(-20)}
    check_identity(risk_desk, seat)


def test_what_the_ledger_has_of_no_trade_is_the_rest(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "20")
    assert risk_desk.sell(seat, "10", "8")

    explain(risk_desk)

    assert bars(risk_desk, seat)["LIVE"] == Usd(3)
    (rest,) = risk_desk.rows("SELECT live_usd, reason FROM gap_trades WHERE kind = 'REST'")
    assert rest["reason"] == "of_no_trade"
    check_identity(risk_desk, seat)


def test_paper_trades_from_before_the_launch_are_a_term_of_their_own(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    before = a_signal(risk_desk, trade_time=risk_desk.now - timedelta(days=2))
    risk_desk.now += timedelta(hours=1)
    paper(risk_desk, seat, before, outcome="WON", pnl_usd=Decimal(20), resolved_at=risk_desk.now)
    has_resolved(risk_desk)

    explain(risk_desk)

    assert terms(risk_desk, seat) == {("before_launch", "not_decided"): Usd(20)}
    check_identity(risk_desk, seat)


def test_a_bar_opens_the_trades_behind_it(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    for _ in range(3):
        risk_desk.bought(seat, "20")
    paper(risk_desk, seat, a_signal(risk_desk), outcome="WON", pnl_usd=Decimal(20), resolved_at=risk_desk.now)
    mark(risk_desk, seat, "0.6")
    has_resolved(risk_desk)
    explain(risk_desk)

    with risk_desk.database.transaction() as transaction:
        whose = {"lt_strategy_id": seat.strategy.lt_strategy_id, "page": PageAsked(size=10)}
        missed = gap_pages.of_owner(transaction, "owner", term=GapTerm.MISSED, **whose)
        only_live = gap_pages.of_owner(transaction, "owner", term=GapTerm.LIVE_ONLY, **whose)
        nobody_s = gap_pages.of_owner(transaction, "somebody else", **whose)

    assert nobody_s == []
    assert [each.paper for each in missed] == [Usd(20)]
    assert len(only_live) == 3


def test_terms_that_do_not_sum_to_their_gap_are_refused_by_the_database(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "20")
    mark(risk_desk, seat, "0.6")
    explain(risk_desk)

    with pytest.raises(ConstraintViolated):
        risk_desk.change("UPDATE gap_trades SET live_usd = live_usd + 1 WHERE kind <> 'REST'")


def _step(desk: RiskDesk, seat: Seat, random: Random) -> None:
    match random.choice(("buy", "buy", "paper", "sell", "mark", "resolve", "day")):
        case "buy":
            entered = desk.enter(seat, str(random.randint(2, 30)), trader=BOB)
            if entered.lt_order_id is not None:
                desk.fill(entered.lt_order_id, random.choice(("0", "0.4", "1")))
                if random.random() < 0.6:
                    paper(desk, seat, source_of(desk, entered.lt_order_id))
        case "paper":
            paper(desk, seat, a_signal(desk))
        case "sell":
            desk.sell(seat, "1", str(random.choice(("0.2", "0.9"))))
        case "mark":
            mark(desk, seat, f"0.{random.randint(1, 9)}")
        case "resolve":
            ended = random.choice(("WON", "LOST"))
            desk.change(
                "UPDATE ft_orders SET outcome = :ended, pnl_usd = :pnl, resolved_at = :now WHERE ft_order_id IN "
                "(SELECT ft_order_id FROM ft_orders WHERE outcome = 'OPEN' ORDER BY decided_at LIMIT 1)",
                ended=ended,
                pnl=Decimal(20 if ended == "WON" else -20),
                now=desk.now,
            )
        case "day":
            desk.now += timedelta(hours=random.randint(1, 30))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_sums_are_those_of_the_ledger(risk_desk: RiskDesk, seed: int) -> None:
    random, seat = Random(seed), risk_desk.add_strategy()
    for _ in range(40):
        _step(risk_desk, seat, random)
        if random.random() < 0.5:
            explain(risk_desk)
            check_identity(risk_desk, seat)
