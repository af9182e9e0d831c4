"""What other people, the pool, the chain and wrong configuration do to a redemption, and how each ends in detail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from live_trading.chain.contracts import CONDITION_RESOLUTION, SET_APPROVAL_FOR_ALL
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import SignatureType
from local.chain import ADDRESSES
from tests.integration.chain_fixtures import buy
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.fault_fixtures import Moment
from tests.settlement.parts.faulty_node_fixtures import Refusal, faulty_node
from tests.settlement.parts.job_fixtures import CONFIRMATIONS
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

WALLETS = pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
MARKETS = pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
SWAPPED = replace(
    ADDRESSES,
    ctf_collateral_adapter=ADDRESSES.neg_risk_ctf_collateral_adapter,
    neg_risk_ctf_collateral_adapter=ADDRESSES.ctf_collateral_adapter,
)


@WALLETS
def test_a_redeemed_condition_is_not_paid_for_again(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, market = settling.due(kind=kind)
    theirs = settling.auto_redeem(holder, market)
    settling.chain.mine(CONFIRMATIONS)
    sent = settling.sent_by(holder)

    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"], settling.reports

    (row,) = settling.redemptions()
    assert (row["settled_by"], row["transaction_hash"]) == ("SOMEONE_ELSE", theirs)
    assert settling.sent_by(holder) == sent
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


@MARKETS
@pytest.mark.money_faults
def test_the_contract_s_resolution_is_found_by_the_market_s_condition(settling: SettlementDesk, neg_risk: bool) -> None:
    def resolutions() -> list[object]:
        place = {"address": ADDRESSES.conditional_tokens, "fromBlock": "0x0"}
        found = settling.rpc.call("eth_getLogs", {**place, "topics": [CONDITION_RESOLUTION, market.condition_id]})
        return list(found)

    market = settling.market(neg_risk=neg_risk)
    before = resolutions()
    settling.resolves(market, (1, 0))

    assert (before, len(resolutions())) == ([], 1)


@WALLETS
def test_a_payment_by_somebody_else_waits_for_its_confirmations(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, market = settling.due(kind=kind)
    settling.auto_redeem(holder, market)

    settling.redeem()

    assert settling.states() == ["DUE"]
    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"]
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_a_condition_that_is_redeemed_in_between_is_booked_from_the_payment_that_was_made(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, market = settling.due(kind=kind)
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        node.happens = _refuse("eth_sendRawTransaction", "txpool is full, try later")
        settling.redeem()
        assert settling.states() == ["PREPARED"]
        theirs = settling.auto_redeem(holder, market)
        node.heals()

        assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"], settling.reports

    (row,) = settling.redemptions()
    assert (row["settled_by"], row["transaction_hash"]) == ("SOMEONE_ELSE", theirs)
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


def test_tokens_that_are_gone_without_a_payment_are_an_operator_s(settling: SettlementDesk) -> None:
    holder, market = settling.due()
    settling.take_away(holder, market)
    settling.chain.mine(CONFIRMATIONS)

    assert settling.redeem_to_the_end(runs=8) == ["NEEDS_OPERATOR"]

    (row,) = settling.redemptions()
    assert row["failure_code"] == "payment_not_found"
    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.balances(holder).pending_redemption == Usd(10)
    (alert,) = settling.rows("SELECT severity, status FROM lt_alerts WHERE alert_type = 'redemption'")
    assert alert == {"severity": "CRITICAL", "status": "ACTIVE"}


@WALLETS
def test_a_wrong_adapter_is_found_out_before_anything_is_paid_for(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, _ = settling.due(kind=kind)
    settling.addresses = SWAPPED
    sent = settling.sent_by(holder)

    settling.redeem()

    (row,) = settling.redemptions()
    assert (row["state"], row["failure_code"]) == ("FAILED", "call_pays_otherwise")
    assert settling.sent_by(holder) == sent
    settling.addresses = ADDRESSES
    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"]
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_a_transaction_that_succeeds_and_pays_nothing_is_a_loud_failure(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, market = settling.due(kind=kind)
    settling.addresses = SWAPPED
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        node.refuses_overrides = True
        settling.redeem()
        settling.chain.mine(CONFIRMATIONS)
        settling.redeem()

    (row,) = settling.redemptions()
    assert (row["state"], row["failure_code"]) == ("FAILED", "paid_nothing")
    (alert,) = settling.rows("SELECT severity, status FROM lt_alerts WHERE alert_type = 'redemption'")
    assert alert == {"severity": "CRITICAL", "status": "ACTIVE"}
    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.chain.token_balance(holder.address, market.token_ids[0]) == Shares(10)

    settling.addresses, settling.rpc_url = ADDRESSES, settling.chain.rpc_url
    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"]
    assert settling.rows("SELECT status FROM lt_alerts WHERE alert_type = 'redemption'") == [{"status": "RESOLVED"}]
    settling.assert_ledger_is_chain(holder)


@MARKETS
def test_a_catalogue_that_is_wrong_about_the_kind_is_overruled_by_the_token_ids(
    settling: SettlementDesk, neg_risk: bool
) -> None:
    holder, market = settling.holder(), settling.market(neg_risk=neg_risk, stored_as_neg_risk=not neg_risk)
    settling.buys(holder, market)
    settling.resolves(market, [1, 0])

    assert settling.redeem_to_the_end() == ["BOOKED"]

    assert settling.redemptions()[0]["kind"] == ("NEG_RISK" if neg_risk else "STANDARD")
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_running_again_redeems_nothing_again(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, _ = settling.due(kind=kind)
    settling.redeem_to_the_end()
    sent, cash = settling.sent_by(holder), settling.balances(holder).available

    for _ in range(3):
        settling.wait(minutes=11)
        settling.resolve()
        settling.redeem()

    assert settling.states() == ["BOOKED"]
    assert (settling.sent_by(holder), settling.balances(holder).available) == (sent, cash)


@WALLETS
def test_a_transaction_that_reverts_is_tried_again_later(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, _ = settling.due(kind=kind)
    with settling.blocks_held_back():
        settling.redeem()
        with settling.broken(ADDRESSES.ctf_collateral_adapter):
            settling.chain.mine(CONFIRMATIONS)
    settling.redeem()
    (row,) = settling.redemptions()
    assert (row["state"], row["failure_code"]) == ("FAILED", "reverted")

    settling.redeem()
    assert settling.states() == ["FAILED"], "it waits for its next attempt"

    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"]
    assert len(settling.rows("SELECT * FROM ledger_transactions WHERE kind = 'GAS'")) == 2
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_a_dropped_transaction_is_sent_again_with_the_same_bytes(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, _ = settling.due(kind=kind)
    with settling.blocks_held_back() as rpc:
        settling.redeem()
        (before,) = settling.redemptions()
        rpc.call("anvil_dropTransaction", before["transaction_hash"])
        settling.redeem()

    assert settling.redeem_to_the_end() == ["BOOKED"]
    assert settling.redemptions()[0]["transaction_hash"] == before["transaction_hash"]
    assert len(settling.rows("SELECT * FROM chain_send_versions")) == 1
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_a_transaction_that_waits_too_long_is_outbid_on_the_same_nonce(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, _ = settling.due(kind=kind)
    with settling.blocks_held_back():
        settling.redeem()
        settling.wait(minutes=4)
        settling.redeem()
        assert settling.states() == ["BROADCAST"]

    assert settling.redeem_to_the_end() == ["BOOKED"]
    first, second = settling.rows("SELECT * FROM chain_send_versions ORDER BY version")
    assert second["max_fee_wei"] > first["max_fee_wei"]
    assert settling.redemptions()[0]["transaction_hash"] == second["transaction_hash"]
    assert [row["state"] for row in settling.rows("SELECT state FROM chain_sends")] == ["CONFIRMED"]
    settling.assert_ledger_is_chain(holder)


def test_a_first_version_that_is_mined_after_all_is_booked_as_what_it_is(settling: SettlementDesk) -> None:
    holder, _ = settling.due()
    with settling.blocks_held_back() as rpc:
        settling.redeem()
        settling.wait(minutes=4)
        settling.redeem()
        first, second = settling.rows("SELECT * FROM chain_send_versions ORDER BY version")
        rpc.call("anvil_dropTransaction", second["transaction_hash"])
        rpc.call("eth_sendRawTransaction", first["signed_transaction"])

    assert settling.redeem_to_the_end() == ["BOOKED"]
    assert settling.redemptions()[0]["transaction_hash"] == first["transaction_hash"]
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_a_reorganisation_of_three_blocks_takes_a_redemption_back_and_it_is_sent_again(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, _ = settling.due(kind=kind)
    settling.redeem()
    settling.chain.mine(2)
    settling.redeem()
    assert settling.states() == ["MINED"]
    settling.rpc.call("anvil_reorg", 3, [])
    assert settling.balances(holder).available == CAPITAL - Usd(4)

    assert settling.redeem_to_the_end() == ["BOOKED"]

    causes = [row["cause"] for row in settling.rows("SELECT cause FROM audit_log ORDER BY audit_log_id")]
    assert "reorged" in causes
    settling.assert_ledger_is_chain(holder)


def test_without_the_adapter_s_approval_nothing_is_sent_and_the_failure_says_whom_to_approve(
    settling: SettlementDesk,
) -> None:
    holder, _ = settling.due()
    approve = settling.chain.send_as
    adapter = ADDRESSES.ctf_collateral_adapter
    approve(holder.address, ADDRESSES.conditional_tokens, SET_APPROVAL_FOR_ALL, adapter, False)

    for _ in range(7):
        settling.redeem()
        settling.wait(minutes=11)

    (row,) = settling.redemptions()
    assert (row["state"], row["failure_code"]) == ("FAILED", "approval_missing")
    assert adapter in row["last_error"]
    approve(holder.address, ADDRESSES.conditional_tokens, SET_APPROVAL_FOR_ALL, adapter, True)
    assert settling.redeem_to_the_end() == ["BOOKED"]


@WALLETS
def test_a_payer_that_runs_out_of_gas_money_is_told_of_before_it_stops(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, _ = settling.due(kind=kind)
    settling.chain.fund_gas(holder.payer, 5 * 10**17)

    assert settling.redeem_to_the_end() == ["BOOKED"]

    alerts = settling.rows("SELECT subject, status FROM lt_alerts WHERE alert_type = 'gas'")
    assert alerts == [{"subject": holder.payer, "status": "ACTIVE"}]


@WALLETS
def test_without_gas_money_the_signed_bytes_wait_for_it(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, _ = settling.due(kind=kind)
    settling.chain.fund_gas(holder.payer, 0)

    settling.redeem()

    assert settling.states() in (["PREPARED"], ["FAILED"])
    settling.chain.fund_gas(holder.payer)
    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_tokens_that_a_stranger_sent_neither_stop_a_redemption_nor_become_a_profit(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, market = settling.holder(kind), settling.market()
    settling.buys(holder, market)
    buy(settling.chain, holder.account, market, shares="0.000007", usd="0.000001")
    settling.chain.mint_collateral(holder.address, Usd("0.000001"))
    settling.resolves(market, [1, 0])

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.balances(holder).available == CAPITAL + Usd(6)
    assert settling.balances(holder).realised_pnl == Usd(6)
    settling.assert_ledger_is_chain(holder)


def test_two_positions_of_an_own_account_are_redeemed_side_by_side(settling: SettlementDesk) -> None:
    holder = settling.holder()
    for _ in range(3):
        market = settling.market()
        settling.buys(holder, market)
        settling.resolves(market, [1, 0])
    before = settling.sent_by(holder)

    assert settling.redeem_to_the_end() == ["BOOKED"] * 3

    assert settling.sent_by(holder) == before + 3
    settling.assert_ledger_is_chain(holder)


def test_positions_of_a_safe_share_one_transaction(settling: SettlementDesk) -> None:
    holder = settling.holder(SignatureType.SAFE)
    for neg_risk in (False, False, False):
        market = settling.market(neg_risk=neg_risk)
        settling.buys(holder, market)
        settling.resolves(market, [1, 0])
    before = settling.sent_by(holder)

    assert settling.redeem_to_the_end() == ["BOOKED"] * 3

    assert settling.sent_by(holder) == before + 1
    assert len({row["transaction_hash"] for row in settling.redemptions()}) == 1
    settling.assert_ledger_is_chain(holder)


def test_of_positions_that_share_a_transaction_one_may_be_redeemed_elsewhere(settling: SettlementDesk) -> None:
    holder = settling.holder(SignatureType.SAFE)
    markets = [settling.market() for _ in range(3)]
    for market in markets:
        settling.buys(holder, market)
        settling.resolves(market, [1, 0])
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        node.happens = _refuse("eth_sendRawTransaction", "txpool is full, try later")
        settling.redeem()
        settling.auto_redeem(holder, markets[1])
        node.heals()

        assert sorted(settling.redeem_to_the_end()) == ["BOOKED", "BOOKED", "NOTHING_TO_DO"], settling.reports

    assert settling.balances(holder).available == CAPITAL + Usd(18)
    settling.assert_ledger_is_chain(holder)


def _refuse(method: str, text: str) -> Callable[[int, str, Moment], None]:
    def happens(_: int, seen: str, moment: Moment) -> None:
        if seen == method and moment is Moment.BEFORE:
            raise Refusal(code=-32000, message=text)

    return happens


@WALLETS
@pytest.mark.parametrize("predicts", [True, False], ids=["node-predicts", "node-knows-no-overrides"])
def test_a_paused_adapter_is_waited_for_and_told_of_after_an_hour(
    settling: SettlementDesk, kind: SignatureType, predicts: bool
) -> None:
    holder, _ = settling.due(kind=kind)
    sent = settling.sent_by(holder)
    with faulty_node(settling.chain.rpc_url) as node, settling.paused(ADDRESSES.ctf_collateral_adapter):
        settling.rpc_url = node.url
        node.refuses_overrides = not predicts
        settling.redeem()
        (row,) = settling.redemptions()
        assert (row["state"], row["failure_code"], row["redemption_attempts"]) == ("DUE", None, 0)
        assert settling.rows("SELECT 1 FROM lt_alerts WHERE alert_type = 'redemption'") == []
        for _ in range(7):
            settling.wait(minutes=11)
            settling.redeem()
        settling.rpc_url = settling.chain.rpc_url

    (alert,) = settling.rows("SELECT severity, title FROM lt_alerts WHERE alert_type = 'redemption'")
    assert (alert["severity"], alert["title"][-21:]) == ("WARNING", "waits: adapter_paused")
    assert (settling.states(), settling.sent_by(holder)) == (["DUE"], sent)
    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    assert settling.rows("SELECT 1 FROM lt_alerts WHERE status <> 'RESOLVED'") == []
    settling.assert_ledger_is_chain(holder)
