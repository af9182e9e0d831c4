"""The operator's levers: redemptions by state, retry, mark-handled, and approvals that are asked for."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from live_trading.api.fields import parsed
from live_trading.api.once import Answer, Caller
from live_trading.api.problems import Problem, ProblemCode
from live_trading.api.routes.money.approval_routes import Approvals, AskApproval
from live_trading.api.routes.money.redemption_routes import (
    MarkHandled,
    RedemptionsApi,
    RedemptionsAsked,
    RetryRedemption,
)
from live_trading.chain.abi import MAX_UINT256
from live_trading.chain.contracts import SET_APPROVAL_FOR_ALL
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import AssetType, SignatureType
from live_trading.services.redeeming.approval_needs import Exchanges
from live_trading.settlement.machine import RedemptionState
from live_trading.store.chain import venue_spenders
from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from tests.first_pages import first_page
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.job_fixtures import CONFIRMATIONS
from tests.settlement.parts.settlement_fixtures import SettlementDesk

EXCHANGES = Exchanges(
    standard=STANDARD_EXCHANGE, neg_risk=NEG_RISK_EXCHANGE, v3="0xe3333700ca9d93003f00f0f71f8515005f6c00aa"
)
STRANGE = "0x" + "5f" * 20

pytestmark = pytest.mark.settlement

OPERATOR = Caller(owner_id="operator", idempotency_key=None, request_hash="0" * 64)
STRANGER = Caller(owner_id="stranger", idempotency_key=None, request_hash="0" * 64)


def api(settling: SettlementDesk) -> RedemptionsApi:
    return RedemptionsApi(database=settling.database, clock=settling.clock)


def approvals(settling: SettlementDesk) -> Approvals:
    return Approvals(
        database=settling.database,
        clock=settling.clock,
        chain=lambda: settling.reader,
        addresses=ADDRESSES,
        exchanges=EXCHANGES,
        new_id=uuid4,
    )


def given_up(settling: SettlementDesk) -> UUID:
    """A redemption whose tokens are gone, in the operator's hands."""
    holder, market = settling.due()
    settling.take_away(holder, market)
    settling.chain.mine(CONFIRMATIONS)
    assert settling.redeem_to_the_end(runs=8) == ["NEEDS_OPERATOR"]
    found: UUID = settling.redemptions()[0]["lt_redemption_id"]
    return found


def listed(answer: Answer) -> list[str]:
    return [row["state"] for row in answer.body["redemptions"]]


def test_redemptions_are_listed_by_state_to_their_owner_only(settling: SettlementDesk) -> None:
    settling.due()

    assert listed(api(settling).list("operator", first_page(), state=None)) == ["DUE"]
    assert listed(api(settling).list("operator", first_page(), state=RedemptionState.BOOKED)) == []
    assert listed(api(settling).list("stranger", first_page(), state=None)) == []
    with pytest.raises(Problem) as refused:
        parsed(RedemptionsAsked, {"state": "GONE"})
    assert refused.value.code is ProblemCode.INVALID


def test_a_retry_makes_it_due_with_attempts_counted_anew(settling: SettlementDesk) -> None:
    redemption = given_up(settling)

    answer = api(settling).retry(OPERATOR, redemption, parsed(RetryRedemption, {"reason": "looked at the wallet"}))

    assert (answer.body["state"], answer.body["redemption_attempts"]) == ("DUE", 0)
    assert settling.rows("SELECT cause FROM audit_log WHERE action = 'redemption_retried'") == [
        {"cause": "looked at the wallet"}
    ]
    with pytest.raises(Problem) as refused:
        api(settling).retry(OPERATOR, redemption, parsed(RetryRedemption, {"reason": "once more"}))
    assert refused.value.code is ProblemCode.WRONG_STATE


@pytest.mark.parametrize(("outcome", "cash"), [("PAID", "506"), ("WRITTEN_OFF", "496")])
def test_marking_as_handled_books_what_the_operator_says(settling: SettlementDesk, outcome: str, cash: str) -> None:
    holder, market = settling.due()
    settling.take_away(holder, market)
    settling.chain.mine(CONFIRMATIONS)
    settling.redeem()
    (row,) = settling.redemptions()
    body = parsed(MarkHandled, {"reason": "seen in the explorer", "outcome": outcome})

    answer = api(settling).mark_handled(OPERATOR, row["lt_redemption_id"], body)

    assert (answer.body["state"], answer.body["settled_by"]) == ("NOTHING_TO_DO", "OPERATOR")
    balances = settling.balances(holder)
    assert (balances.available, balances.pending_redemption) == (Usd(cash), Usd(0))
    assert balances.available - CAPITAL == balances.net_pnl


def test_another_owner_s_redemption_does_not_exist(settling: SettlementDesk) -> None:
    redemption = given_up(settling)

    with pytest.raises(Problem) as refused:
        api(settling).retry(STRANGER, redemption, parsed(RetryRedemption, {"reason": "curious"}))

    assert refused.value.code is ProblemCode.NOT_FOUND


def test_a_direct_redemption_pays_usdce_and_leaves_what_the_strategy_can_trade_with(settling: SettlementDesk) -> None:
    holder, _ = settling.due()
    adapter = ADDRESSES.ctf_collateral_adapter
    settling.chain.send_as(holder.address, ADDRESSES.conditional_tokens, SET_APPROVAL_FOR_ALL, adapter, False)
    settling.redeem()
    (row,) = settling.redemptions()
    body = parsed(RetryRedemption, {"reason": "the adapter is not approved", "kind": "DIRECT"})
    api(settling).retry(OPERATOR, row["lt_redemption_id"], body)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.reader.usdce_balance(holder.address) == Usd(10)
    assert settling.balances(holder).available == CAPITAL - Usd(4)
    assert settling.balances(holder).pending_redemption == Usd(0)
    settling.assert_ledger_is_chain(holder)


@pytest.mark.parametrize("kind", [SignatureType.PROXY, SignatureType.DEPOSIT_WALLET], ids=["proxy", "deposit-wallet"])
def test_a_wallet_of_the_relayer_is_not_sent_to_the_neg_risk_adapter(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    settling.due(kind=kind, neg_risk=True)
    settling.redeem()
    (row,) = settling.redemptions()
    assert (row["state"], row["failure_code"]) == ("FAILED", "no_sender")
    body = parsed(RetryRedemption, {"reason": "past the adapter", "kind": "DIRECT_NEG_RISK"})

    with pytest.raises(Problem) as refused:
        api(settling).retry(OPERATOR, row["lt_redemption_id"], body)

    assert refused.value.code is ProblemCode.INVALID
    assert [field.field for field in refused.value.fields] == ["kind"]
    assert settling.states() == ["FAILED"]


@pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
def test_an_approval_that_was_asked_for_lets_a_redemption_through(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    holder, _ = settling.due(kind=kind)
    adapter = ADDRESSES.ctf_collateral_adapter
    settling.chain.send_as(holder.address, ADDRESSES.conditional_tokens, SET_APPROVAL_FOR_ALL, adapter, False)
    settling.redeem()
    assert settling.redemptions()[0]["failure_code"] == "approval_missing"
    wallet_id = holder.wallet.trading_wallet_id
    missing = [
        need["spender"]
        for need in approvals(settling).list("operator", wallet_id, first_page()).body["needed"]
        if need["purpose"] == "redeeming and merging" and not need["granted"]
    ]
    assert missing == [adapter]

    body = parsed(AskApproval, {"kind": "OPERATOR", "spender": adapter, "reason": "to redeem"})
    assert approvals(settling).ask(OPERATOR, wallet_id, body).status == 202
    with pytest.raises(Problem) as refused:
        approvals(settling).ask(OPERATOR, wallet_id, body)
    assert refused.value.code is ProblemCode.ALREADY_EXISTS

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    assert settling.rows("SELECT state FROM wallet_approvals") == [{"state": "BOOKED"}]
    settling.assert_ledger_is_chain(holder)


@pytest.mark.parametrize(
    ("amount", "units"), [({"amount_usd": "250"}, 250_000_000), ({"unlimited": True}, MAX_UINT256)]
)
def test_an_allowance_is_as_large_as_was_asked_for(
    settling: SettlementDesk, amount: dict[str, object], units: int
) -> None:
    holder = settling.holder()
    settling.chain.approve_trading_of(holder.address)
    body = {"kind": "ALLOWANCE", "spender": STANDARD_EXCHANGE, "reason": "to buy", **amount}

    approvals(settling).ask(OPERATOR, holder.wallet.trading_wallet_id, parsed(AskApproval, body))
    for _ in range(3):
        settling.redeem()
        settling.chain.mine(CONFIRMATIONS)

    assert settling.reader.allowances(holder.address, [STANDARD_EXCHANGE]) == {STANDARD_EXCHANGE: units}
    (row,) = settling.rows("SELECT state FROM wallet_approvals")
    assert row["state"] == ("NOTHING_TO_DO" if units == MAX_UINT256 else "BOOKED")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "ALLOWANCE", "spender": STANDARD_EXCHANGE},
        {"kind": "ALLOWANCE", "spender": STANDARD_EXCHANGE, "amount_usd": "1", "unlimited": True},
        {"kind": "OPERATOR", "spender": STANDARD_EXCHANGE, "amount_usd": "1"},
        {"kind": "OPERATOR", "spender": "0x" + "12" * 20},
    ],
)
def test_an_approval_of_nobody_or_without_its_amount_is_refused(
    settling: SettlementDesk, body: dict[str, object]
) -> None:
    holder = settling.holder()

    with pytest.raises(Problem) as refused:
        approvals(settling).ask(
            OPERATOR, holder.wallet.trading_wallet_id, parsed(AskApproval, {**body, "reason": "to see"})
        )

    assert refused.value.code is ProblemCode.INVALID
    assert settling.rows("SELECT * FROM wallet_approvals") == []


def needed_of(settling: SettlementDesk, wallet_id: UUID, spender: str) -> list[dict[str, object]]:
    rows = approvals(settling).list("operator", wallet_id, first_page()).body["needed"]
    return [row for row in rows if row["spender"] == spender]


def test_neg_risk_orders_need_the_legacy_adapter_as_spender_and_operator(settling: SettlementDesk) -> None:
    holder = settling.holder()
    wallet_id = holder.wallet.trading_wallet_id

    found = needed_of(settling, wallet_id, ADDRESSES.neg_risk_adapter)

    assert {(row["kind"], row["token"]) for row in found} == {
        ("ALLOWANCE", ADDRESSES.collateral_token),
        ("OPERATOR", ADDRESSES.conditional_tokens),
    }
    body = {"kind": "ALLOWANCE", "spender": ADDRESSES.neg_risk_adapter, "reason": "neg risk", "amount_usd": "100"}
    approvals(settling).ask(OPERATOR, wallet_id, parsed(AskApproval, body))
    settling.redeem_twice()
    (row,) = [row for row in needed_of(settling, wallet_id, ADDRESSES.neg_risk_adapter) if row["kind"] == "ALLOWANCE"]
    assert (row["granted"], row["amount_usd"]) == (True, "100.000000")


def test_the_exchange_of_protocol_v2_moves_positions_and_no_conditional_tokens(settling: SettlementDesk) -> None:
    holder = settling.holder()

    found = needed_of(settling, holder.wallet.trading_wallet_id, EXCHANGES.v3)

    assert {(row["kind"], row["token"]) for row in found} == {
        ("ALLOWANCE", ADDRESSES.collateral_token),
        ("OPERATOR", ADDRESSES.position_manager),
    }


def test_what_the_venue_checks_is_listed_and_a_stranger_among_it_cannot_be_approved(settling: SettlementDesk) -> None:
    holder = settling.holder()
    wallet_id = holder.wallet.trading_wallet_id
    with settling.database.transaction() as transaction:
        listed = {STANDARD_EXCHANGE: 5, STRANGE: 0, ADDRESSES.ctf_collateral_adapter: 0}
        venue_spenders.note_listed(transaction, wallet_id, AssetType.COLLATERAL, listed, settling.clock.now())
        venue_spenders.note_refused(transaction, wallet_id, AssetType.CONDITIONAL_V2, STRANGE, settling.clock.now())

    strange = needed_of(settling, wallet_id, STRANGE)
    assert {(row["kind"], row["token"]) for row in strange} == {
        ("ALLOWANCE", ADDRESSES.collateral_token),
        ("OPERATOR", ADDRESSES.position_manager),
    }
    assert not any(row["may_be_asked"] or row["granted"] for row in strange)
    assert [row["refused_at"] is None for row in strange] == [True, False]
    (allowance,) = [
        row for row in needed_of(settling, wallet_id, ADDRESSES.ctf_collateral_adapter) if row["kind"] == "ALLOWANCE"
    ]
    assert (allowance["checked_by_venue"], allowance["may_be_asked"]) == (True, True)
    for kind in ({"kind": "ALLOWANCE", "amount_usd": "1"}, {"kind": "OPERATOR"}):
        with pytest.raises(Problem) as refused:
            approvals(settling).ask(
                OPERATOR, wallet_id, parsed(AskApproval, {**kind, "spender": STRANGE, "reason": "the venue says so"})
            )
        assert refused.value.code is ProblemCode.INVALID


def test_what_the_venue_lists_no_more_is_gone_unless_it_refused_an_order_over_it(settling: SettlementDesk) -> None:
    wallet_id = settling.holder().wallet.trading_wallet_id
    now = settling.clock.now()
    with settling.database.transaction() as transaction:
        venue_spenders.note_listed(transaction, wallet_id, AssetType.COLLATERAL, {STANDARD_EXCHANGE: 2**256 - 1}, now)
        venue_spenders.note_refused(transaction, wallet_id, AssetType.COLLATERAL, STRANGE, now)
        venue_spenders.note_listed(transaction, wallet_id, AssetType.COLLATERAL, {NEG_RISK_EXCHANGE: 7}, now)

        found = venue_spenders.of_wallet(transaction, wallet_id)

    assert {(each.spender, each.venue_allowance) for each in found} == {(NEG_RISK_EXCHANGE, 7), (STRANGE, None)}
