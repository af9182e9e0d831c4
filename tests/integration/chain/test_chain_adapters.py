"""The collateral adapters: they pay out all that lies in them, and stand still while they are paused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live_trading.chain.abi import Function
from live_trading.chain.contracts import MERGE_POSITIONS, NO_PARENT
from live_trading.chain.errors import Reverted
from live_trading.nouns.money import Shares, Usd
from local.chain import ADDRESSES, ORACLE, ChainRefused, LocalChain, PreparedMarket
from local.chain.deployment import WRAPPED_COLLATERAL
from tests.integration.chain_fixtures import (
    Account,
    buy,
    fresh_id,
    new_account,
    redeem,
    running_chain,
    sender_of,
)

pytestmark = pytest.mark.integration

KINDS = pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg-risk"])
MINT = Function("mint(address,uint256)")
DUST = Usd("0.000001")


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def account(chain: LocalChain) -> Account:
    return new_account(chain, collateral="100")


def adapter_of(market: PreparedMarket) -> str:
    return ADDRESSES.neg_risk_ctf_collateral_adapter if market.neg_risk else ADDRESSES.ctf_collateral_adapter


def won(chain: LocalChain, account: Account, *, neg_risk: bool) -> PreparedMarket:
    """A market whose first outcome has won, ten shares of it at the account, bought for four dollars."""
    market = chain.prepare_market(fresh_id(), neg_risk=neg_risk)
    buy(chain, account, market, shares="10", usd="4")
    chain.report_payouts(market.question_id, [1, 0], neg_risk=neg_risk)
    return market


def pairs(chain: LocalChain, account: Account, *, neg_risk: bool) -> PreparedMarket:
    """A market of whose outcomes the account has ten shares each, bought for eight dollars."""
    market = chain.prepare_market(fresh_id(), neg_risk=neg_risk)
    for outcome in (0, 1):
        buy(chain, account, market, outcome=outcome, shares="10", usd="4")
    return market


def merge(chain: LocalChain, account: Account, market: PreparedMarket) -> None:
    chain.send_as(
        account.address, adapter_of(market), MERGE_POSITIONS,
        ADDRESSES.collateral_token, NO_PARENT, market.condition_id, [1, 2], 10_000_000,
    )  # fmt: skip


@KINDS
def test_dust_that_lies_at_an_adapter_goes_to_the_next_who_redeems(
    chain: LocalChain, account: Account, neg_risk: bool
) -> None:
    market = won(chain, account, neg_risk=neg_risk)
    chain.mint_usdce(adapter_of(market), DUST)

    receipt = redeem(sender_of(account, chain.rpc_url), market)

    assert receipt.collateral_received == Usd(10) + DUST
    assert chain.usdce_balance(adapter_of(market)) == Usd(0)


@KINDS
def test_dust_that_lies_at_an_adapter_goes_to_the_next_who_merges(
    chain: LocalChain, account: Account, neg_risk: bool
) -> None:
    market = pairs(chain, account, neg_risk=neg_risk)
    chain.mint_usdce(adapter_of(market), DUST)

    merge(chain, account, market)

    assert chain.collateral_balance(account.address) == Usd(102) + DUST


@KINDS
def test_dust_pays_even_who_has_nothing_to_redeem(chain: LocalChain, account: Account, neg_risk: bool) -> None:
    market = chain.prepare_market(fresh_id(), neg_risk=neg_risk)
    chain.report_payouts(market.question_id, [1, 0], neg_risk=neg_risk)
    chain.mint_usdce(adapter_of(market), DUST)

    receipt = redeem(sender_of(account, chain.rpc_url), market)

    assert (receipt.status, receipt.collateral_received) == (1, DUST)


def test_wrapped_collateral_that_lies_at_the_neg_risk_adapter_is_paid_out_too(
    chain: LocalChain, account: Account
) -> None:
    market = won(chain, account, neg_risk=True)
    chain.send_as(ORACLE, WRAPPED_COLLATERAL, MINT, ADDRESSES.neg_risk_adapter, DUST.base_units)

    receipt = redeem(sender_of(account, chain.rpc_url), market)

    assert receipt.collateral_received == Usd(10) + DUST


@KINDS
def test_a_paused_adapter_redeems_and_merges_nothing_until_it_goes_on(
    chain: LocalChain, account: Account, neg_risk: bool
) -> None:
    market, whole = won(chain, account, neg_risk=neg_risk), pairs(chain, account, neg_risk=neg_risk)
    sender = sender_of(account, chain.rpc_url)
    chain.pause_adapter(adapter_of(market))

    with pytest.raises(Reverted):
        redeem(sender, market)
    with pytest.raises(ChainRefused, match="OnlyUnpaused"):
        merge(chain, account, whole)
    assert chain.token_balance(account.address, market.token_ids[0]) == Shares(10)

    chain.unpause_adapter(adapter_of(market))
    assert redeem(sender, market).collateral_received == Usd(10)


def test_a_pause_of_another_asset_stops_nothing(chain: LocalChain, account: Account) -> None:
    market = won(chain, account, neg_risk=False)
    chain.pause_adapter(adapter_of(market), ADDRESSES.collateral_token)

    assert redeem(sender_of(account, chain.rpc_url), market).collateral_received == Usd(10)


def test_one_adapter_s_pause_leaves_the_other_alone(chain: LocalChain, account: Account) -> None:
    market = won(chain, account, neg_risk=True)
    chain.pause_adapter(ADDRESSES.ctf_collateral_adapter)
    try:
        assert redeem(sender_of(account, chain.rpc_url), market).collateral_received == Usd(10)
    finally:
        chain.unpause_adapter(ADDRESSES.ctf_collateral_adapter)
