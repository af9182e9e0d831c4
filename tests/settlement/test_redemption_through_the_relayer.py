"""Wallets of the venue's factories through its relayer: states, quotas, busy wallets, and the way round it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from live_trading.chain.abi import Call, hex_bytes
from live_trading.chain.contracts import SET_APPROVAL_FOR_ALL
from live_trading.chain.wallets.relay_messages import deposit_wallet_payload, proxy_payload, safe_payload
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import SignatureType
from live_trading.polymarket.relayer import RelayerClient
from local.chain import ADDRESSES
from local.exchange.identity.contracts import DEPOSIT_WALLET_FACTORY, PROXY_FACTORY
from local.exchange.settlement.relayer import RELAY
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL, Holder
from tests.settlement.parts.fault_fixtures import Moment
from tests.settlement.parts.job_fixtures import CONFIRMATIONS, RELAY_HUB
from tests.settlement.parts.relayer_fixtures import LOOK, SUBMIT, ServedRelayer, served_relayer
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

KINDS = (SignatureType.SAFE, SignatureType.PROXY, SignatureType.DEPOSIT_WALLET)
WALLETS = pytest.mark.parametrize("kind", KINDS, ids=["safe", "proxy", "deposit-wallet"])
EXECUTED = pytest.mark.parametrize("is_executed", [False, True], ids=["waits-there", "is-executed"])
PAYOUTS = pytest.mark.parametrize(
    ("neg_risk", "numerators", "owed"),
    [
        (False, (1, 0), "10.000001"),
        (False, (0, 1), "0"),
        (False, (1, 1), "5.000000"),
        (False, (7, 3), "7.000000"),
        (True, (1, 0), "10.000001"),
        (True, (0, 1), "0"),
    ],
    ids=["won", "lost", "fifty-fifty", "seventy-thirty", "neg-risk-won", "neg-risk-lost"],
)


@pytest.fixture
def relayed(settling: SettlementDesk) -> Iterator[ServedRelayer]:
    with served_relayer(settling.chain.rpc_url) as served:
        settling.relayer_url = served.url
        yield served


def due(settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType, **changes: object) -> Holder:
    holder, _ = settling.due(kind=kind, relayer_key="key", **changes)  # type: ignore[arg-type]
    relayed.serves(holder)
    return holder


@WALLETS
@PAYOUTS
def test_what_is_owed_arrives_without_a_transaction_of_the_owner(
    settling: SettlementDesk,
    relayed: ServedRelayer,
    kind: SignatureType,
    neg_risk: bool,
    numerators: tuple[int, int],
    owed: str,
) -> None:
    holder = due(settling, relayed, kind, numerators=numerators, neg_risk=neg_risk, shares="10.000001")
    before = settling.sent_by(holder)

    assert settling.redeem_to_the_end() == ["BOOKED" if Usd(owed) else "NOTHING_TO_DO"], settling.reports

    assert settling.sent_by(holder) == before
    assert settling.balances(holder).available == CAPITAL - Usd(4) + Usd(owed)
    assert settling.rows("SELECT * FROM ledger_transactions WHERE kind = 'GAS'") == []
    settling.assert_ledger_is_chain(holder)


@WALLETS
@EXECUTED
def test_a_submission_whose_answer_was_lost_is_found_again_and_followed(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType, is_executed: bool
) -> None:
    holder = due(settling, relayed, kind)
    identity = _loses_the_answer(settling, relayed, is_executed=is_executed)

    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    _is_ours(settling, relayed, identity)
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


@WALLETS
@EXECUTED
def test_a_merge_whose_answer_was_lost_is_found_again_and_followed(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType, is_executed: bool
) -> None:
    holder, market = settling.holder(kind, relayer_key="key"), settling.market()
    relayed.serves(holder)
    settling.buys(holder, market, outcome=0, shares="10", usd="4")
    settling.buys(holder, market, outcome=1, shares="7.000001", usd="3")
    identity = _loses_the_answer(settling, relayed, is_executed=is_executed)

    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    _is_ours(settling, relayed, identity)
    assert settling.balances(holder).available == CAPITAL - Usd(7) + Usd("7.000001")
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_a_list_that_is_behind_does_not_make_a_submission_somebody_else_s(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType
) -> None:
    due(settling, relayed, kind)
    identity = _loses_the_answer(settling, relayed, is_executed=True)
    relayed.relayer.lists_behind = 1

    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    _is_ours(settling, relayed, identity)


@pytest.mark.parametrize("kind", [SignatureType.PROXY, SignatureType.DEPOSIT_WALLET], ids=["proxy", "deposit-wallet"])
def test_without_another_way_an_empty_quota_is_waited_for(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType
) -> None:
    holder = due(settling, relayed, kind)
    relayed.relayer.quota = 0

    report = settling.redeem()

    (row,) = settling.redemptions()
    assert (row["state"], row["redemption_attempts"]) == ("DUE", 0)
    assert report.failures == [], "the venue's everyday is no failure"
    assert "resets in 3600 seconds" in str(report.waiting)
    settling.wait(minutes=59)
    assert settling.redeem().failures == [], "it is not asked before the units come back"
    settling.wait(minutes=2)
    for _ in range(6):
        settling.redeem()
        settling.wait(hours=1)
    assert settling.states() == ["DUE"]
    (alert,) = settling.rows("SELECT title FROM lt_alerts WHERE alert_type = 'redemption' AND status = 'ACTIVE'")
    assert alert["title"].endswith("waits: relayer_quota")
    relayed.relayer.quota = None
    assert settling.redeem_to_the_end() == ["BOOKED"]
    settling.assert_ledger_is_chain(holder)


def skips(relayed: ServedRelayer) -> None:
    """It looks at the chain before it sends, as the real one does: nothing to redeem is nothing sent."""

    def happens(_: int, path: str, at: Moment) -> None:
        waiting = [each for each in relayed.relayer.submitted.values() if each.state == "STATE_NEW"]
        if path == LOOK and at is Moment.BEFORE:
            for each in waiting:
                each.state, each.error = "STATE_FAILED", "PRECHECK_SKIPPED: redeem skipped: zero position balance"

    relayed.happens = happens


@pytest.mark.parametrize("kind", [SignatureType.PROXY, SignatureType.SAFE], ids=["proxy", "safe"])
def test_what_the_relayer_skipped_is_looked_for_at_once(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType
) -> None:
    holder, market = settling.holder(kind, relayer_key="key"), settling.market()
    relayed.serves(holder)
    settling.buys(holder, market)
    settling.resolves(market, [1, 0])
    relayed.relayer.sits_on_submissions = True
    settling.redeem()
    settling.auto_redeem(holder, market)
    settling.chain.mine(CONFIRMATIONS)
    skips(relayed)

    settling.redeem()
    settling.redeem()

    (row,) = settling.redemptions()
    assert (row["state"], row["settled_by"]) == ("NOTHING_TO_DO", "SOMEONE_ELSE")
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


def test_what_the_relayer_skips_although_the_tokens_are_there_is_an_operator_s_in_the_end(
    settling: SettlementDesk, relayed: ServedRelayer
) -> None:
    due(settling, relayed, SignatureType.PROXY)
    skips(relayed)

    assert settling.redeem_to_the_end(runs=12) == ["NEEDS_OPERATOR"], settling.reports


@pytest.mark.parametrize("kind", [SignatureType.PROXY, SignatureType.DEPOSIT_WALLET], ids=["proxy", "deposit-wallet"])
def test_a_wallet_of_the_relayer_never_calls_the_neg_risk_adapter(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType
) -> None:
    holder, market = settling.holder(kind, relayer_key="key"), settling.market(neg_risk=True)
    settling.buys(holder, market)
    settling.resolves(market, [1, 0])
    settling.change("UPDATE lt_redemptions SET kind = 'DIRECT_NEG_RISK'")
    relayed.relayer.blocked_targets = {ADDRESSES.neg_risk_adapter}

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert settling.redemptions()[0]["kind"] == "NEG_RISK"
    settling.assert_ledger_is_chain(holder)


def test_a_safe_calls_the_neg_risk_adapter_itself(settling: SettlementDesk, relayed: ServedRelayer) -> None:
    holder, market = settling.holder(SignatureType.SAFE, relayer_key="key"), settling.market(neg_risk=True)
    relayed.serves(holder)
    settling.buys(holder, market)
    settling.resolves(market, [1, 0])
    settling.change("UPDATE lt_redemptions SET kind = 'DIRECT_NEG_RISK'")
    tokens, adapter = ADDRESSES.conditional_tokens, ADDRESSES.neg_risk_adapter
    settling.chain.send_as(holder.address, tokens, SET_APPROVAL_FOR_ALL, adapter, True)

    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports

    assert relayed.relayer.submitted == {}
    assert settling.reader.usdce_balance(holder.address) == Usd(10)


@pytest.mark.parametrize("trouble", ["quota", "blocked", "sits"])
def test_a_safe_goes_its_own_way_where_the_relayer_does_not(
    settling: SettlementDesk, relayed: ServedRelayer, trouble: str
) -> None:
    holder = due(settling, relayed, SignatureType.SAFE)
    relayed.relayer.quota = 0 if trouble == "quota" else None
    relayed.relayer.blocked_targets = {ADDRESSES.ctf_collateral_adapter} if trouble == "blocked" else set()
    relayed.relayer.sits_on_submissions = trouble == "sits"
    before = settling.sent_by(holder)

    assert settling.redeem_to_the_end(runs=9) == ["BOOKED"], settling.reports

    assert settling.sent_by(holder) == before + 1
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


@pytest.mark.parametrize("is_taken", [False, True], ids=["before-it-took-it", "after-it-took-it"])
def test_a_safe_goes_its_own_way_where_the_relayer_is_silent_for_too_long(
    settling: SettlementDesk, relayed: ServedRelayer, is_taken: bool
) -> None:
    holder = due(settling, relayed, SignatureType.SAFE)
    before = settling.sent_by(holder)
    relayed.relayer.sits_on_submissions = True
    if not is_taken:
        # The nonce is asked for first, and answered.
        relayed.breaks_from(2, Moment.BEFORE)
    settling.redeem()
    assert settling.states() == ["BROADCAST" if is_taken else "PREPARED"]
    relayed.breaks_from(0, Moment.BEFORE)

    assert settling.redeem_to_the_end(runs=9) == ["BOOKED"], settling.reports

    assert settling.sent_by(holder) == before + 1
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


@WALLETS
def test_what_is_in_a_block_is_booked_while_the_relayer_is_silent(
    settling: SettlementDesk, relayed: ServedRelayer, kind: SignatureType
) -> None:
    holder = due(settling, relayed, kind)
    settling.redeem()
    relayed.breaks_from(0, Moment.BEFORE)
    settling.chain.mine(4)

    settling.redeem()

    assert settling.states() == ["BOOKED"], settling.reports
    settling.assert_ledger_is_chain(holder)


def test_a_submission_that_fails_at_the_relayer_is_tried_again(
    settling: SettlementDesk, relayed: ServedRelayer
) -> None:
    holder = due(settling, relayed, SignatureType.DEPOSIT_WALLET)
    relayed.relayer.sits_on_submissions = True
    settling.redeem()
    relayed.relayer.sits_on_submissions = False
    with settling.broken(ADDRESSES.ctf_collateral_adapter):
        settling.redeem()
    assert settling.states() == ["FAILED"]

    settling.wait(minutes=11)
    assert settling.redeem_to_the_end() == ["BOOKED"], settling.reports
    settling.assert_ledger_is_chain(holder)


def test_a_busy_wallet_is_waited_for(settling: SettlementDesk, relayed: ServedRelayer) -> None:
    holder = due(settling, relayed, SignatureType.DEPOSIT_WALLET)
    relayed.relayer.sits_on_submissions = True
    client = RelayerClient(relayed.url, api_key="key", owner=holder.payer)
    client.submit(
        deposit_wallet_payload(
            wallet=holder.address,
            signer=LocalKeySigner(holder.owner_key),
            calls=[Call(target=ADDRESSES.conditional_tokens, data="0x")],
            nonce=0,
            deadline=2_000_000_000,
            chain_id=137,
            factory=DEPOSIT_WALLET_FACTORY,
        )
    )

    report = settling.redeem()

    assert "wallet busy" in report.failures[0].message
    assert settling.states() == ["PREPARED"]


def test_without_a_key_for_the_relayer_a_deposit_wallet_waits_for_one(settling: SettlementDesk) -> None:
    holder, _ = settling.due(kind=SignatureType.DEPOSIT_WALLET)

    settling.redeem()

    (row,) = settling.redemptions()
    assert (row["state"], row["failure_code"]) == ("FAILED", "no_sender")
    with served_relayer(settling.chain.rpc_url) as served:
        settling.relayer_url = served.url
        wallet_id = holder.wallet.trading_wallet_id
        settling.keys[wallet_id] = replace(settling.keys[wallet_id], relayer_api_key="key")
        settling.wait(minutes=11)
        assert settling.redeem_to_the_end() == ["BOOKED"]


def _loses_the_answer(settling: SettlementDesk, relayed: ServedRelayer, *, is_executed: bool) -> str:
    """One run whose submission is taken and not answered; its id at the relayer."""
    relayed.loses_answers(SUBMIT)
    settling.redeem()
    assert settling.states() == ["PREPARED"]
    relayed.heals()
    (identity,) = relayed.relayer.submitted
    if is_executed:
        relayed.relayer.look(identity)
        settling.chain.mine(4)
    return identity


def _is_ours(settling: SettlementDesk, relayed: ServedRelayer, identity: str) -> None:
    (row,) = settling.redemptions()
    (send,) = settling.rows("SELECT * FROM chain_sends")
    assert row["settled_by"] == "OURSELVES"
    assert send["relayer_transaction_id"] == identity
    assert list(relayed.relayer.submitted) == [identity]
    assert row["transaction_hash"] == relayed.relayer.submitted[identity].transaction_hash


CALLS = [Call(target="0x" + "a1" * 20, data="0x0102030405"), Call(target="0x" + "b2" * 20, data="0x" + "ff" * 40)]
SIGNER = LocalKeySigner("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
WALLET = "0x1234567890abcdef1234567890abcdef12345678"


@pytest.mark.parametrize("calls", [CALLS[:1], CALLS], ids=["one-call", "two-calls"])
def test_signatures_are_those_of_the_official_client(calls: list[Call]) -> None:
    from eth_account import Account
    from polymarket._internal.actions.relayer import calls as official_calls
    from polymarket._internal.actions.relayer.gasless import _resolve_safe_call
    from polymarket._internal.actions.relayer.signing import deposit_wallet, proxy, safe

    key = Account.from_key("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    theirs = [official_calls.TransactionCall(to=each.target, data=each.data) for each in calls]  # type: ignore[arg-type]

    ours = safe_payload(
        wallet=WALLET, signer=SIGNER, calls=calls, nonce=3, chain_id=137, multisend=ADDRESSES.safe_multisend
    )
    target, data, value, operation = _resolve_safe_call(str(ADDRESSES.safe_multisend), theirs)
    assert ours["data"] == data
    assert ours["signature"] == safe.sign_safe_transaction(
        key,
        safe_address=WALLET,  # type: ignore[arg-type]
        to=target,
        data=data,
        value=value,
        operation=operation,
        nonce="3",
        chain_id=137,
    )

    batch = deposit_wallet_payload(
        wallet=WALLET,
        signer=SIGNER,
        calls=calls,
        nonce=3,
        deadline=1_900_000_000,
        chain_id=137,
        factory=DEPOSIT_WALLET_FACTORY,
    )
    assert batch["signature"] == deposit_wallet.sign_deposit_wallet_batch(
        key,
        wallet=WALLET,  # type: ignore[arg-type]
        calls=theirs,
        nonce="3",
        deadline="1900000000",
        chain_id=137,
    )

    proxied = proxy_payload(
        wallet=WALLET, signer=SIGNER, calls=calls, nonce=3, relay=RELAY, factory=PROXY_FACTORY, relay_hub=RELAY_HUB
    )
    assert proxied["data"] == official_calls.encode_proxy_call(theirs)
    digest = proxy.build_proxy_transaction_hash(
        from_address=SIGNER.address,  # type: ignore[arg-type]
        to=PROXY_FACTORY,  # type: ignore[arg-type]
        data=official_calls.encode_proxy_call(theirs),
        relayer_fee="0",
        gas_price="0",
        gas_limit=proxied["signatureParams"]["gasLimit"],
        nonce="3",
        relay_hub=RELAY_HUB,  # type: ignore[arg-type]
        relay=RELAY,  # type: ignore[arg-type]
    )
    assert proxied["signature"] == proxy.sign_proxy_message(key, digest)
    assert len(hex_bytes(proxied["signature"])) == 65
