"""Whatever comes to a wallet unasked is booked and stops nothing; only what is missing stops its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pytest

from live_trading.chain.contracts import Function
from live_trading.ledger.accounts import IncomeType
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.money import Shares, Usd
from live_trading.polymarket.data.payments import OwnPayment
from live_trading.services.comparing.compare import Comparison
from live_trading.services.running.leasing import held
from live_trading.store.books import surpluses
from local.chain import ADDRESSES, STANDARD_EXCHANGE
from local.chain.deployment import OPERATOR
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

_MINT = Function("mint(address,uint256)")
_TRANSFER = Function("transfer(address,uint256)")


@dataclass(slots=True)
class Activity:
    """What the venue's activity lists, as the test says; it may be away."""

    rows: list[OwnPayment] = field(default_factory=list)
    is_away: bool = False

    def since(self, address: str, since: datetime) -> Sequence[OwnPayment]:
        if self.is_away:
            raise RetryLater("the activity is away")
        return [row for row in self.rows if row.paid_at >= since]


@dataclass(slots=True, kw_only=True)
class Payday:
    """One wallet, what the venue pays it, and the comparisons that see it."""

    settling: SettlementDesk
    holder: Holder
    activity: Activity = field(default_factory=Activity)

    def compare(self) -> int | None:
        settling, wallet = self.settling, self.holder.wallet
        settling.wait(minutes=1)
        comparison = Comparison(
            database=settling.database,
            chain=settling.reader,
            exchange_address=STANDARD_EXCHANGE,
            clock=settling.clock,
            actor="test",
            payments=self.activity.since,
        )
        with held(settling.database, settling.clock, name=f"w:{wallet.address}", holder="t", seconds=60) as lease:
            assert lease is not None
            return comparison.run(lease, wallet)

    def pays(self, usd: str) -> str:
        """Somebody sends the wallet dollars; the hash."""
        call = (self.holder.address, Usd(usd).base_units)
        return self.settling.chain.send_as(OPERATOR, ADDRESSES.collateral_token, _MINT, *call)

    def loses(self, usd: str) -> None:
        call = ("0x" + "de" * 20, Usd(usd).base_units)
        self.settling.chain.send_as(self.holder.address, ADDRESSES.collateral_token, _TRANSFER, *call)

    def lists(self, kind: IncomeType, usd: str, transaction_hash: str | None) -> None:
        self.activity.rows.append(
            OwnPayment(
                income_type=kind,
                amount=Usd(usd),
                paid_at=self.settling.clock.now(),
                transaction_hash=transaction_hash,
                occurrence=0,
            )
        )

    def income(self) -> dict[str, Usd]:
        """What the wallet's income is, by the type that a reference names; unexplained is what still is."""
        rows = self.settling.rows(
            """
            SELECT split_part(source_reference, ':', 2) AS kind, -sum(amount_usd) AS usd
            FROM ledger_transactions INNER JOIN ledger_entries USING (ledger_transaction_id)
            WHERE kind = 'INCOME' AND account IN ('INCOME', 'TRANSFERS') GROUP BY 1
            """
        )
        found = {row["kind"]: Usd(row["usd"]) for row in rows}
        with self.settling.database.transaction() as transaction:
            left = surpluses.unexplained(transaction, self.holder.wallet.trading_wallet_id)
        return {**found, "EXTERNAL": left} if left else found

    def locks(self) -> list[str]:
        return [row["reason"] for row in self.settling.rows("SELECT reason FROM locks WHERE released_at IS NULL")]

    def alerts(self) -> list[str]:
        rows = self.settling.rows("SELECT title FROM lt_alerts WHERE status <> 'RESOLVED' ORDER BY lt_alert_id")
        return [row["title"] for row in rows]


@pytest.fixture
def payday(settling: SettlementDesk) -> Payday:
    return Payday(settling=settling, holder=settling.holder())


def test_a_base_unit_of_a_stranger_is_booked_when_it_is_seen_twice_and_stops_nothing(payday: Payday) -> None:
    payday.pays("0.000001")

    assert (payday.compare(), payday.income(), payday.alerts()) == (0, {}, [])
    assert payday.compare() == 0

    assert payday.income() == {"EXTERNAL": Usd("0.000001")}
    assert payday.alerts() == [f"0.000001 pUSD came to {payday.holder.address} unasked"]
    assert payday.locks() == []
    payday.compare()
    assert payday.settling.unallocated(payday.holder) == Usd("0.000001")
    payday.settling.assert_ledger_is_chain(payday.holder)


def test_only_what_both_comparisons_saw_is_booked(payday: Payday) -> None:
    payday.pays("1")
    payday.compare()
    payday.pays("2")

    payday.compare()
    assert payday.income() == {"EXTERNAL": Usd(1)}

    payday.compare()
    assert payday.income() == {"EXTERNAL": Usd(3)}


def test_a_surplus_that_is_gone_at_the_next_comparison_was_none(payday: Payday) -> None:
    payday.pays("1")
    payday.compare()
    payday.loses("1")
    payday.compare()
    payday.pays("1")

    payday.compare()

    assert payday.income() == {}


def test_tokens_that_nobody_bought_are_external_shares_and_stop_nothing(payday: Payday) -> None:
    settling, holder = payday.settling, payday.holder
    market = settling.market()
    settling.buys(holder, market)
    stranger = settling.holder()
    settling.buys(stranger, market, shares="3", usd="1")
    settling.gives(stranger, holder, market.token_ids[0], Shares(3))

    for _ in range(3):
        assert payday.compare() == 0

    (row,) = settling.rows("SELECT token_id, shares FROM ledger_entries WHERE account = 'EXTERNAL'")
    assert (row["token_id"], row["shares"]) == (market.token_ids[0], 3)
    assert payday.alerts() == [f"3.000000 shares of token {market.token_ids[0]} came to {holder.address} unasked"]
    assert payday.locks() == []
    settling.assert_ledger_is_chain(holder)


def test_tokens_that_the_ledger_has_never_held_are_found_by_their_arrival(payday: Payday) -> None:
    settling, holder = payday.settling, payday.holder
    payday.compare()
    market, stranger = settling.market(), settling.holder()
    settling.buys(stranger, market, outcome=1, shares="3", usd="1")
    settling.gives(stranger, holder, market.token_ids[1], Shares("1.5"))

    for _ in range(3):
        assert payday.compare() == 0

    (row,) = settling.rows("SELECT token_id, shares FROM ledger_entries WHERE account = 'EXTERNAL'")
    assert (row["token_id"], row["shares"]) == (market.token_ids[1], Decimal("1.5"))
    assert payday.locks() == []
    settling.assert_ledger_is_chain(holder)


def test_what_is_missing_stops_and_what_came_beside_it_is_not_booked(payday: Payday) -> None:
    settling, holder = payday.settling, payday.holder
    market = settling.market()
    settling.buys(holder, market)
    settling.take_away(holder, market)
    payday.pays("4")

    for _ in range(3):
        assert payday.compare() == 1

    assert payday.locks() == ["break_found"]
    assert payday.income() == {}


def test_a_payment_that_the_venue_lists_is_booked_by_its_type_and_once(payday: Payday) -> None:
    payday.lists(IncomeType.TAKER_REBATE, "1.25", payday.pays("1.25"))

    for _ in range(3):
        assert payday.compare() == 0

    assert payday.income() == {"TAKER_REBATE": Usd("1.25")}
    assert (payday.alerts(), payday.locks()) == ([], [])
    payday.settling.assert_ledger_is_chain(payday.holder)


def test_several_payments_of_one_transaction_share_what_it_moved(payday: Payday) -> None:
    paid = payday.pays("3")
    payday.lists(IncomeType.MAKER_REBATE, "1", paid)
    payday.lists(IncomeType.REWARD, "2.000001", paid)

    payday.compare()
    payday.compare()

    assert payday.income() == {"MAKER_REBATE": Usd(1), "REWARD": Usd(2)}
    payday.settling.assert_ledger_is_chain(payday.holder)


@pytest.mark.parametrize("has_hash", [True, False])
def test_a_payment_that_is_listed_late_takes_the_place_of_unexplained_dollars(payday: Payday, has_hash: bool) -> None:
    paid = payday.pays("2")
    payday.compare()
    payday.compare()
    assert payday.income() == {"EXTERNAL": Usd(2)}
    payday.lists(IncomeType.YIELD, "2", paid if has_hash else None)
    payday.settling.wait(minutes=6)

    assert payday.compare() == 0

    assert payday.income() == {"YIELD": Usd(2)}
    assert payday.alerts() == []
    assert payday.settling.unallocated(payday.holder) == Usd(2)
    payday.settling.assert_ledger_is_chain(payday.holder)


def test_a_payment_that_hides_a_loss_shows_it(payday: Payday) -> None:
    payday.lists(IncomeType.REWARD, "5", payday.pays("5"))
    payday.loses("3")

    assert [payday.compare() for _ in range(3)] == [1, 1, 1]

    assert payday.income() == {"REWARD": Usd(5)}
    assert payday.locks() == ["break_found"]


def test_a_listed_payment_that_never_arrived_is_not_booked(payday: Payday) -> None:
    payday.lists(IncomeType.REWARD, "5", None)
    payday.pays("1")

    for _ in range(3):
        assert payday.compare() == 0

    assert payday.income() == {"EXTERNAL": Usd(1)}
    payday.settling.assert_ledger_is_chain(payday.holder)


def test_an_activity_that_does_not_answer_is_told_of_and_stops_nothing(payday: Payday) -> None:
    payday.activity.is_away = True
    payday.pays("1")

    payday.compare()
    payday.compare()

    assert payday.income() == {"EXTERNAL": Usd(1)}
    assert f"payments to {payday.holder.address} cannot be read" in payday.alerts()
    assert payday.locks() == []


def test_a_redemption_that_is_on_its_way_is_no_gift(payday: Payday) -> None:
    settling, holder = payday.settling, payday.holder
    market = settling.market()
    settling.buys(holder, market)
    settling.resolves(market, [1, 0])
    payday.compare()
    settling.auto_redeem(holder, market)

    for _ in range(3):
        payday.compare()
    assert payday.income() == {}

    settling.chain.mine(10)
    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"]
    payday.compare()
    assert payday.income() == {}
    settling.assert_ledger_is_chain(holder)
