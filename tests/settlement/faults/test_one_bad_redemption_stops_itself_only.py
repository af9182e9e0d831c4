"""What goes wrong with one redemption, merge, approval or wallet stops that one and is told of; the others are paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from live_trading.api.once import Caller
from live_trading.api.routes.money.redemption_routes import HandledAs, MarkHandled, RedemptionsApi
from live_trading.ledger import settlement_entries
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.settlement.advice import WHAT_TO_DO
from live_trading.settlement.preflight import FailureCode
from live_trading.store.books import ledger
from local.chain import PreparedMarket
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL, Holder
from tests.settlement.parts.job_fixtures import CONFIRMATIONS
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]


def spoil(settling: SettlementDesk, market: PreparedMarket) -> None:
    """The row says that one dollar more was due than the ledger's claims are."""
    settling.change(
        "UPDATE lt_redemptions SET expected_usd = expected_usd + 1 WHERE condition_id = :id", id=market.condition_id
    )


def state_of(settling: SettlementDesk, market: PreparedMarket) -> tuple[str, str | None]:
    (row,) = settling.rows(
        "SELECT state, failure_code FROM lt_redemptions WHERE condition_id = :id", id=market.condition_id
    )
    return row["state"], row["failure_code"]


def alert_of(settling: SettlementDesk, market: PreparedMarket) -> dict[str, str]:
    (alert,) = settling.rows(
        """
        SELECT severity, status, message FROM lt_alerts
        WHERE subject = (SELECT lt_redemption_id::text FROM lt_redemptions WHERE condition_id = :id)
        """,
        id=market.condition_id,
    )
    return alert


def in_flight(settling: SettlementDesk, kind: SignatureType, numbers: int = 2) -> tuple[Holder, list[PreparedMarket]]:
    """Redemptions of one wallet that are sent and deep enough, and not judged yet."""
    holder = settling.holder(kind)
    markets = [settling.market() for _ in range(numbers)]
    for market in markets:
        settling.buys(holder, market)
        settling.resolves(market, [1, 0])
    settling.redeem()
    settling.chain.mine(CONFIRMATIONS)
    return holder, markets


def test_a_payment_that_the_ledger_does_not_claim_is_the_operator_s_and_other_wallets_are_paid(
    settling: SettlementDesk,
) -> None:
    bad, (spoilt,) = in_flight(settling, SignatureType.EOA, 1)
    good, _ = settling.due()
    spoil(settling, spoilt)

    settling.redeem()
    settling.chain.mine(CONFIRMATIONS)
    report = settling.redeem()

    assert state_of(settling, spoilt) == ("NEEDS_OPERATOR", "ledger_disagrees")
    assert settling.balances(good).available == CAPITAL + Usd(6)
    assert (settling.balances(bad).available, settling.balances(bad).pending_redemption) == (CAPITAL - Usd(4), Usd(10))
    assert report.ran
    alert = alert_of(settling, spoilt)
    assert (alert["severity"], alert["status"]) == ("CRITICAL", "ACTIVE")
    for part in (
        str(bad.wallet.trading_wallet_id),
        spoilt.condition_id,
        "11",
        "due since",
        WHAT_TO_DO[FailureCode.LEDGER_DISAGREES],
    ):
        assert part in alert["message"]


def test_of_redemptions_that_share_a_transaction_the_others_are_booked(settling: SettlementDesk) -> None:
    holder, (spoilt, right) = in_flight(settling, SignatureType.SAFE)
    spoil(settling, spoilt)

    settling.redeem()

    assert state_of(settling, spoilt) == ("NEEDS_OPERATOR", "ledger_disagrees")
    assert state_of(settling, right) == ("BOOKED", None)
    assert settling.balances(holder).available == CAPITAL - Usd(8) + Usd(10)
    (send,) = settling.rows("SELECT finished_at FROM chain_sends")
    assert send["finished_at"] is not None, "the wallet's next transaction does not wait for it"


def test_what_cannot_be_written_is_the_operator_s_too(settling: SettlementDesk) -> None:
    holder, (spoilt, right) = in_flight(settling, SignatureType.SAFE)
    settling.change(
        "ALTER TABLE ledger_transactions ADD CONSTRAINT spoilt CHECK (source_reference NOT LIKE '%' || "
        f"'{spoilt.token_ids[0]}' || '%') NOT VALID"
    )

    settling.redeem()

    assert state_of(settling, spoilt) == ("NEEDS_OPERATOR", "booking_failed")
    assert state_of(settling, right) == ("BOOKED", None)
    assert settling.balances(holder).pending_redemption == Usd(10)


def test_a_payment_of_somebody_else_that_cannot_be_booked_stops_no_other(settling: SettlementDesk) -> None:
    holder, spoilt = settling.due()
    right = settling.market()
    settling.buys(holder, right)
    settling.resolves(right, [1, 0])
    settling.auto_redeem(holder, spoilt)
    settling.chain.mine(CONFIRMATIONS)
    spoil(settling, spoilt)

    settling.redeem_to_the_end()

    assert state_of(settling, spoilt) == ("NEEDS_OPERATOR", "ledger_disagrees")
    assert state_of(settling, right) == ("BOOKED", None)


def test_a_merge_of_pairs_that_the_ledger_no_longer_holds_stops_no_redemption(settling: SettlementDesk) -> None:
    holder, pair = settling.holder(), settling.market()
    settling.buys(holder, pair, outcome=0)
    settling.buys(holder, pair, outcome=1)
    won = settling.market()
    settling.buys(holder, won)
    settling.resolves(won, [1, 0])
    settling.redeem()
    settling.chain.mine(CONFIRMATIONS)
    assert {row["action"] for row in settling.redemptions() if row["chain_send_id"]} == {"REDEEM", "MERGE"}
    taken = settlement_entries.resolution(
        trading_wallet_id=holder.wallet.trading_wallet_id,
        lt_strategy_id=holder.lt_strategy_id,
        token_id=pair.token_ids[0],
        condition_id=pair.condition_id,
        shares=Shares(5),
        cost=Usd(2),
        payout=Usd(0),
        occurred_at=settling.clock.now(),
    )
    with settling.database.transaction() as transaction:
        ledger.post(transaction, taken, settling.clock.now())

    settling.redeem()

    assert state_of(settling, pair) == ("NEEDS_OPERATOR", "ledger_disagrees")
    assert state_of(settling, won) == ("BOOKED", None)


def test_handled_as_paid_books_the_claims_as_they_are(settling: SettlementDesk) -> None:
    holder, (spoilt,) = in_flight(settling, SignatureType.EOA, 1)
    spoil(settling, spoilt)
    settling.redeem()

    owned = RedemptionsApi(database=settling.database, clock=settling.clock)
    handled = MarkHandled(reason="it is on the chain", outcome=HandledAs.PAID)
    operator = Caller(owner_id="operator", idempotency_key=None, request_hash="0" * 64)
    answer = owned.mark_handled(operator, settling.redemptions()[0]["lt_redemption_id"], handled).body

    assert (answer["state"], answer["redemption_amount_usd"]) == ("NOTHING_TO_DO", "10.000000")
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    assert alert_of(settling, spoilt)["status"] == "RESOLVED"
    settling.assert_ledger_is_chain(holder)


def test_a_wallet_whose_senders_cannot_be_built_stops_no_other(settling: SettlementDesk) -> None:
    bad, _ = settling.due()
    good, _ = settling.due()

    def carriers(wallet: TradingWallet) -> Sequence[Carrier]:
        if wallet.address == bad.address:
            raise ZeroDivisionError("nobody foresaw this")
        return settling.carriers(wallet)

    for _ in range(2):
        report = settling.redeemer(carriers=carriers).run()
        settling.chain.mine(CONFIRMATIONS)

    assert settling.balances(good).available == CAPITAL + Usd(6)
    assert settling.balances(bad).available == CAPITAL - Usd(4)
    assert [(each.part, each.error) for each in report.failures] == [
        (f"wallet {bad.wallet.trading_wallet_id}", "ZeroDivisionError")
    ]


def test_an_approval_that_cannot_be_asked_of_the_chain_stops_no_other_approval_and_no_redemption(
    settling: SettlementDesk,
) -> None:
    holder, _ = settling.due()
    for token in ("0x" + "00" * 20, settling.addresses.conditional_tokens):
        settling.change(
            """
            INSERT INTO wallet_approvals (
                wallet_approval_id, trading_wallet_id, token, spender, kind, amount_usd, is_unlimited, state, reason,
                asked_by, asked_at
            ) VALUES (:id, :wallet, :token, :spender, 'OPERATOR', NULL, TRUE, 'DUE', 'r', 'operator', :now)
            """,
            id=uuid4(),
            wallet=holder.wallet.trading_wallet_id,
            token=token,
            spender="0x" + "77" * 20,
            now=datetime(2026, 10, 1, tzinfo=UTC),
        )

    settling.redeem_twice()

    assert settling.states() == ["BOOKED"]
    states = {row["token"]: row["state"] for row in settling.rows("SELECT token, state FROM wallet_approvals")}
    assert states[settling.addresses.conditional_tokens] == "BOOKED"


def test_a_step_that_fails_in_a_way_that_nobody_foresaw_is_told_of_and_stops_no_other(
    settling: SettlementDesk,
) -> None:
    holder, (lost, right) = in_flight(settling, SignatureType.EOA)
    settling.change(
        """
        DELETE FROM chain_send_versions WHERE chain_send_id = (
            SELECT chain_send_id FROM lt_redemptions WHERE condition_id = :id
        )
        """,
        id=lost.condition_id,
    )
    settling.change("UPDATE chain_sends SET state = 'PREPARED'")
    settling.change("UPDATE lt_redemptions SET state = 'PREPARED'")

    settling.redeem()

    assert state_of(settling, right) == ("BOOKED", None)
    alert = alert_of(settling, lost)
    assert (alert["severity"], alert["status"]) == ("CRITICAL", "ACTIVE")
    assert "without signed bytes" in alert["message"]
    assert settling.balances(holder).available == CAPITAL - Usd(8) + Usd(10)


def test_every_failure_has_its_advice() -> None:
    assert set(WHAT_TO_DO) == set(FailureCode)
