"""Redemption on the real ConditionalTokens: what pays, and what only looks as if it had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live_trading.chain.contracts import NO_PARENT, REDEEM_POSITIONS, SET_APPROVAL_FOR_ALL
from live_trading.chain.errors import Reverted
from live_trading.chain.redemption import RedemptionKind, redeem_call, redemption_adapter
from live_trading.chain.sending.sender import EoaSender, Receipt
from live_trading.nouns.money import Shares, Usd
from local.chain import ADDRESSES, LocalChain, PreparedMarket
from tests.integration.chain_fixtures import (
    Account,
    buy,
    fresh_id,
    kind_of,
    new_account,
    reader_of,
    redeem,
    running_chain,
    sender_of,
    sent,
)

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def account(chain: LocalChain) -> Account:
    return new_account(chain)


@pytest.fixture
def sender(chain: LocalChain, account: Account) -> EoaSender:
    return sender_of(account, chain.rpc_url)


def resolved(chain: LocalChain, account: Account, numerators: list[int], *, neg_risk: bool = False) -> PreparedMarket:
    """A market in which the account holds 10 YES and 3.000001 NO, resolved."""
    market = chain.prepare_market(fresh_id(), neg_risk=neg_risk)
    buy(chain, account, market, outcome=0, shares="10")
    buy(chain, account, market, outcome=1, shares="3.000001")
    chain.report_payouts(market.question_id, numerators, neg_risk=neg_risk)
    return market


def direct(sender: EoaSender, market: PreparedMarket, collateral: str) -> Receipt:
    """Redeems at ConditionalTokens itself, past the adapters."""
    call = REDEEM_POSITIONS.call(ADDRESSES.conditional_tokens, collateral, NO_PARENT, market.condition_id, [1, 2])
    return sent(sender, call)


@pytest.mark.parametrize(
    ("numerators", "payout", "neg_risk"),
    [
        ([1, 0], "10", False),
        ([0, 1], "3.000001", False),
        ([1, 1], "6.500000", False),
        ([1, 0], "10", True),
        ([0, 1], "3.000001", True),
    ],
    ids=["yes-won", "no-won", "fifty-fifty", "neg-risk-yes-won", "neg-risk-no-won"],
)
def test_the_right_adapter_pays_exactly_what_the_vector_owes(
    chain: LocalChain, account: Account, sender: EoaSender, numerators: list[int], payout: str, neg_risk: bool
) -> None:
    market = resolved(chain, account, numerators, neg_risk=neg_risk)
    before = chain.collateral_balance(account.address)

    receipt = redeem(sender, market)

    assert receipt.status == 1
    assert receipt.collateral_received == Usd(payout)
    assert chain.collateral_balance(account.address) - before == Usd(payout)
    assert set(reader_of(chain).token_balances(account.address, market.token_ids).values()) == {Shares(0)}


def test_a_lost_position_redeems_to_nothing_and_is_burnt(
    chain: LocalChain, account: Account, sender: EoaSender
) -> None:
    market = chain.prepare_market(fresh_id())
    buy(chain, account, market, outcome=1)
    chain.report_payouts(market.question_id, [1, 0])

    receipt = redeem(sender, market)

    assert (receipt.status, receipt.collateral_received) == (1, Usd(0))
    assert chain.token_balance(account.address, market.token_ids[1]) == Shares(0)


@pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
def test_a_repeated_redemption_succeeds_and_pays_nothing(
    chain: LocalChain, account: Account, sender: EoaSender, neg_risk: bool
) -> None:
    market = resolved(chain, account, [1, 0], neg_risk=neg_risk)
    redeem(sender, market)

    again = redeem(sender, market)

    assert (again.status, again.collateral_received) == (1, Usd(0))


@pytest.mark.parametrize(
    ("neg_risk", "wrong"),
    [(True, RedemptionKind.STANDARD), (False, RedemptionKind.NEG_RISK)],
    ids=["standard-adapter-on-neg-risk", "neg-risk-adapter-on-standard"],
)
def test_the_wrong_adapter_succeeds_pays_nothing_and_keeps_the_tokens(
    chain: LocalChain, account: Account, sender: EoaSender, neg_risk: bool, wrong: RedemptionKind
) -> None:
    market = resolved(chain, account, [1, 0], neg_risk=neg_risk)

    receipt = redeem(sender, market, wrong)

    assert (receipt.status, receipt.collateral_received) == (1, Usd(0))
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)
    assert redeem(sender, market).collateral_received == Usd(10)


def test_a_direct_redemption_with_pusd_succeeds_and_redeems_nothing(
    chain: LocalChain, account: Account, sender: EoaSender
) -> None:
    market = resolved(chain, account, [1, 0])

    receipt = direct(sender, market, ADDRESSES.collateral_token)

    assert (receipt.status, receipt.collateral_received) == (1, Usd(0))
    assert reader_of(chain).usdce_balance(account.address) == Usd(0)
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)


def test_a_direct_redemption_with_usdce_pays_usdce_and_no_pusd(
    chain: LocalChain, account: Account, sender: EoaSender
) -> None:
    market = resolved(chain, account, [1, 0])

    receipt = direct(sender, market, ADDRESSES.usdce_token)

    assert (receipt.status, receipt.collateral_received) == (1, Usd(0))
    assert reader_of(chain).usdce_balance(account.address) == Usd(10)


@pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
def test_a_redemption_before_the_resolution_is_refused_with_its_reason(
    chain: LocalChain, account: Account, sender: EoaSender, neg_risk: bool
) -> None:
    market = chain.prepare_market(fresh_id(), neg_risk=neg_risk)
    buy(chain, account, market)

    with pytest.raises(Reverted) as refused:
        sender.simulate(redeem_call(kind_of(market), market.condition_id, ADDRESSES))

    assert refused.value.reason == "result for condition not received yet"


def test_a_redemption_without_approval_of_the_adapter_is_refused(
    chain: LocalChain, account: Account, sender: EoaSender
) -> None:
    market = resolved(chain, account, [1, 0])
    adapter = redemption_adapter(RedemptionKind.STANDARD, ADDRESSES)
    sent(sender, SET_APPROVAL_FOR_ALL.call(ADDRESSES.conditional_tokens, adapter, False))

    with pytest.raises(Reverted, match="need operator approval"):
        redeem(sender, market)


def test_the_adapter_ignores_every_argument_but_the_condition(
    chain: LocalChain, account: Account, sender: EoaSender
) -> None:
    market = resolved(chain, account, [1, 0])
    call = REDEEM_POSITIONS.call(ADDRESSES.ctf_collateral_adapter, account.address, fresh_id(), market.condition_id, [])

    receipt = sent(sender, call)

    assert receipt.collateral_received == Usd(10)


def test_a_redemption_takes_nothing_from_another_holder(chain: LocalChain, account: Account, sender: EoaSender) -> None:
    other = new_account(chain)
    market = chain.prepare_market(fresh_id())
    buy(chain, account, market)
    buy(chain, other, market, shares="7")
    chain.report_payouts(market.question_id, [1, 0])

    receipt = redeem(sender, market)

    assert receipt.collateral_received == Usd(10)
    assert chain.token_balance(other.address, market.token_ids[0]) == Shares(7)
