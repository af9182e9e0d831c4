"""Every way, kind of market and payout under every trouble: ledger and chain end equal, one redemption at most.

Each test has one wallet with a position of every kind and payout, so that they also share transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from live_trading.chain.contracts import MERGE_POSITIONS, NO_PARENT
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.nouns.wallets import SignatureType
from local.chain import ADDRESSES, PreparedMarket
from local.exchange.settlement.relay_rules import NOTHING_TO_REDEEM
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.job_fixtures import CONFIRMATIONS
from tests.settlement.parts.settlement_fixtures import SettlementDesk
from tests.settlement.parts.way_fixtures import RELAYED, WAYS, Rig, rig_of

pytestmark = pytest.mark.settlement

OWED = {(1, 0): "10.000001", (0, 1): "0", (1, 1): "5", (7, 3): "7"}
# A neg-risk market pays one outcome all and the other nothing.
POSITIONS = [*((False, numerators) for numerators in OWED), (True, (1, 0)), (True, (0, 1))]
ADAPTERS = (ADDRESSES.ctf_collateral_adapter, ADDRESSES.neg_risk_ctf_collateral_adapter)
SWAPPED = replace(ADDRESSES, ctf_collateral_adapter=ADAPTERS[1], neg_risk_ctf_collateral_adapter=ADAPTERS[0])
PAID = sum(numerators != (0, 1) for _, numerators in POSITIONS)


@pytest.fixture(params=WAYS)
def rig(settling: SettlementDesk, request: pytest.FixtureRequest) -> Iterator[Rig]:
    with rig_of(settling, request.param) as found:
        yield found


@pytest.fixture
def held(settling: SettlementDesk, rig: Rig) -> list[PreparedMarket]:
    """The markets, in the order of POSITIONS."""
    found = []
    for neg_risk, numerators in POSITIONS:
        market = settling.market(neg_risk=neg_risk)
        settling.buys(rig.holder, market, shares="10.000001", usd="4")
        settling.chain.report_payouts(market.question_id, numerators, neg_risk=neg_risk)
        found.append(market)
    settling.resolve()
    return found


def test_already_redeemed(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    for market in held:
        settling.auto_redeem(rig.holder, market)
    settling.chain.mine(CONFIRMATIONS)

    ends_well(settling, rig, held, booked=0)

    assert settling.rows("SELECT * FROM chain_sends") == []


def test_redeemed_in_between(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    rig.lets_nothing_out()
    settling.redeem()
    assert "PREPARED" in settling.states()
    for market in held:
        settling.auto_redeem(rig.holder, market)
    rig.heal()

    ends_well(settling, rig, held, booked=0)


def test_wrong_adapter(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    settling.addresses = SWAPPED
    settling.redeem()
    failures = [row["failure_code"] for row in settling.redemptions() if row["state"] == "FAILED"]
    assert failures == ["call_pays_otherwise"] * PAID
    assert settling.rows("SELECT * FROM chain_sends") == []
    settling.addresses = ADDRESSES

    ends_well(settling, rig, held, booked=PAID)


def test_wrong_adapter_that_nobody_foresaw(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    # Whether the venue's relayer looks before it sends is its own affair: one that does is in the next test.
    rig.relays_unlooked()
    failures = _sent_to_wrong_adapters(settling, rig)
    assert failures == ["paid_nothing"] * PAID, settling.redemptions()

    ends_well(settling, rig, held, booked=PAID)


@pytest.mark.parametrize("rig", RELAYED, indirect=True)
def test_wrong_adapter_that_only_the_relayer_foresaw(
    settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]
) -> None:
    failures = _sent_to_wrong_adapters(settling, rig)
    # Of the tokens that the wrong adapter would burn the wallet has none. A Safe goes past the relayer then.
    goes_on = rig.holder.wallet.signature_type is SignatureType.SAFE
    assert failures == ["paid_nothing" if goes_on else "never_mined"] * PAID, settling.redemptions()
    assert rig.relayer is not None
    skipped = [each for each in rig.relayer.relayer.submitted.values() if each.error == NOTHING_TO_REDEEM]
    assert [each.transaction_hash for each in skipped] == [None] * len(rig.relayer.relayer.submitted)
    assert skipped

    ends_well(settling, rig, held, booked=PAID)


def test_repeated_call(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    ends_well(settling, rig, held, booked=PAID)
    for market in held:
        settling.auto_redeem(rig.holder, market)
    settling.resolve()

    ends_well(settling, rig, held, booked=PAID)


def test_reverted(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    with settling.blocks_held_back():
        settling.redeem()
        with settling.broken(ADAPTERS[0]), settling.broken(ADAPTERS[1]):
            settling.chain.mine(CONFIRMATIONS)
    settling.redeem()
    assert "reverted" in [row["failure_code"] for row in settling.redemptions()]

    ends_well(settling, rig, held, booked=PAID)


def test_dropped_and_replaced(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    with settling.blocks_held_back() as rpc:
        settling.redeem()
        first = {row["transaction_hash"] for row in settling.rows("SELECT transaction_hash FROM chain_sends")}
        for transaction_hash in first:
            rpc.call("anvil_dropTransaction", transaction_hash)
        settling.wait(minutes=4)
        settling.redeem()
        settling.redeem()
        second = {row["transaction_hash"] for row in settling.rows("SELECT transaction_hash FROM chain_sends")}
    assert len(first) == len(second)
    assert not first & second

    ends_well(settling, rig, held, booked=PAID)


def test_reorganisation_of_three_blocks(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket]) -> None:
    with settling.blocks_held_back():
        settling.redeem()
        settling.chain.mine(1)
    settling.chain.mine(1)
    settling.redeem()
    assert "MINED" in settling.states()
    settling.rpc.call("anvil_reorg", 3, [])

    ends_well(settling, rig, held, booked=PAID)

    assert "reorged" in [row["cause"] for row in settling.rows("SELECT cause FROM audit_log")]


@pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
def test_merge_that_was_made_in_between(settling: SettlementDesk, rig: Rig, neg_risk: bool) -> None:
    market = _pairs(settling, rig, neg_risk=neg_risk)
    rig.lets_nothing_out()
    settling.redeem()
    assert settling.states() == ["PREPARED"]
    theirs = _merge_by_hand(settling, rig, market)
    # Only a final block proves that an account's nonce is another transaction's for good.
    settling.chain.mine(64)
    rig.heal()
    settling.wait(minutes=11)

    assert settling.redeem_to_the_end() == ["NOTHING_TO_DO"], settling.reports

    (row,) = settling.redemptions()
    assert (row["settled_by"], row["transaction_hash"]) == ("SOMEONE_ELSE", theirs)
    assert settling.balances(rig.holder).available == CAPITAL
    settling.assert_ledger_is_chain(rig.holder)


def test_merge_that_is_booked_pays_for_no_other(settling: SettlementDesk, rig: Rig) -> None:
    market = _pairs(settling, rig)
    assert settling.redeem_to_the_end() == ["BOOKED"]
    for outcome in (0, 1):
        settling.buys(rig.holder, market, outcome=outcome, shares="10", usd="5")
    settling.take_away(rig.holder, market)
    settling.chain.mine(CONFIRMATIONS)

    assert settling.redeem_to_the_end(runs=8) == ["BOOKED", "NEEDS_OPERATOR"], settling.reports

    assert settling.redemptions()[1]["failure_code"] == "tokens_missing"


def _pairs(settling: SettlementDesk, rig: Rig, *, neg_risk: bool = False) -> PreparedMarket:
    market = settling.market(neg_risk=neg_risk)
    for outcome in (0, 1):
        settling.buys(rig.holder, market, outcome=outcome, shares="10", usd="5")
    return market


def _sent_to_wrong_adapters(settling: SettlementDesk, rig: Rig) -> list[str]:
    """Runs that cannot try their calls before they send them; the codes of what failed, with the mistake mended."""
    settling.addresses = SWAPPED
    rig.node.refuses_overrides = True
    for _ in range(3):
        settling.redeem()
        settling.chain.mine(CONFIRMATIONS)
        settling.wait(minutes=1)
    settling.addresses = ADDRESSES
    rig.node.refuses_overrides = False
    return [row["failure_code"] for row in settling.redemptions() if row["state"] == "FAILED"]


def _merge_by_hand(settling: SettlementDesk, rig: Rig, market: PreparedMarket) -> str:
    token, pairs = ADDRESSES.collateral_token, Shares(10).base_units
    arguments = (token, NO_PARENT, market.condition_id, (1, 2), pairs)
    return settling.chain.send_as(rig.holder.address, ADAPTERS[market.neg_risk], MERGE_POSITIONS, *arguments)


def ends_well(settling: SettlementDesk, rig: Rig, held: list[PreparedMarket], *, booked: int) -> None:
    """Everybody's money is where the ledger has it, and each position was turned in by one transaction at most."""
    settling.wait(minutes=11)
    states = settling.redeem_to_the_end(runs=9)

    assert sorted(states) == ["BOOKED"] * booked + ["NOTHING_TO_DO"] * (len(held) - booked), settling.reports
    paid = total_usd([Usd(OWED[numerators]) for _, numerators in POSITIONS])
    assert settling.balances(rig.holder).available == CAPITAL - Usd(4 * len(held)) + paid
    assert settling.balances(rig.holder).pending_redemption == Usd(0)
    settling.assert_ledger_is_chain(rig.holder)
    for market, (_, numerators) in zip(held, POSITIONS, strict=True):
        turned_in = list(settling.reader.leaving_transactions(rig.holder.address, market.token_ids))
        assert len(turned_in) == 1 or (numerators == (0, 1) and not turned_in)
