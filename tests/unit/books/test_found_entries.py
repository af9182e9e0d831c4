"""What a person books to strategies: balanced, to the base unit, and no more than there is."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.ledger.accounts import Account
from live_trading.ledger.found_entries import Adopted, Gone, Stake, adoption, departure, owed_no_more, shared_among
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.money import Shares, Usd, total_shares, total_usd

pytestmark = pytest.mark.money_faults

WALLET = uuid4()
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
UNITS = st.integers(min_value=1, max_value=10**12)


def stake(shares: int, usd: int, account: Account = Account.POSITION_COST) -> Stake:
    return Stake(
        lt_strategy_id=uuid4(), account=account, shares=Shares.of_base_units(shares), amount=Usd.of_base_units(usd)
    )


def of(entry: LedgerTransaction, account: Account, strategy: UUID | None = None) -> Usd:
    return total_usd(
        [each.amount for each in entry.entries if (each.account, each.lt_strategy_id) == (account, strategy)]
    )


def in_collateral(entry: LedgerTransaction) -> Usd:
    """How much more the ledger expects on the chain."""
    return total_usd([each.amount for each in entry.entries if each.account in (Account.CASH, Account.UNALLOCATED)])


@given(
    stakes=st.lists(st.tuples(UNITS, UNITS), min_size=1, max_size=5),
    missing=UNITS,
    proceeds=st.integers(min_value=0, max_value=10**12),
)
def test_missing_shares_and_their_proceeds_are_shared_out_without_a_rest(
    stakes: list[tuple[int, int]], missing: int, proceeds: int
) -> None:
    held = [stake(*each) for each in stakes]

    gone = shared_among(held, Shares.of_base_units(missing), Usd.of_base_units(proceeds))

    there = total_shares([each.shares for each in held])
    assert total_shares([each.shares for each in gone]) == min(Shares.of_base_units(missing), there)
    assert total_usd([each.proceeds for each in gone]) == Usd.of_base_units(proceeds)
    assert all(each.shares <= each.stake.shares and each.amount <= each.stake.amount for each in gone)


def test_a_whole_stake_takes_its_whole_cost_with_it() -> None:
    (gone,) = shared_among([stake(30_000_001, 11)], Shares.of_base_units(30_000_001), Usd.zero())

    assert gone.amount == Usd.of_base_units(11)


def test_adopted_tokens_cost_the_strategy_what_is_missing_of_the_wallet() -> None:
    strategy = uuid4()
    found = Adopted(
        lt_strategy_id=strategy,
        token_id="1",
        shares=Shares(20),
        cost=Usd(8),
        known=Shares.zero(),
        to_wallet=Usd.zero(),
        payout=None,
    )

    entry = adoption(break_id=7, trading_wallet_id=WALLET, adopted=[found], difference=-Usd(2), occurred_at=NOON)

    assert entry.source_reference == "correction:7"
    assert in_collateral(entry) == -Usd(10)
    assert (of(entry, Account.CASH, strategy), of(entry, Account.POSITION_COST, strategy)) == (-Usd(8), Usd(8))
    assert of(entry, Account.UNALLOCATED) == -Usd(2)


def test_tokens_of_a_resolved_market_are_owed_their_payout() -> None:
    strategy = uuid4()
    found = Adopted(
        lt_strategy_id=strategy,
        token_id="1",
        shares=Shares(20),
        cost=Usd(8),
        known=Shares(20),
        to_wallet=Usd(8),
        payout=Usd(20),
    )

    entry = adoption(break_id=7, trading_wallet_id=WALLET, adopted=[found], difference=Usd.zero(), occurred_at=NOON)

    assert in_collateral(entry) == Usd.zero()
    assert of(entry, Account.PENDING_REDEMPTION, strategy) == Usd(20)
    assert of(entry, Account.REALISED_PNL, strategy) == -Usd(12)
    assert total_shares([each.shares for each in entry.entries]) == Shares.zero()


@pytest.mark.parametrize(
    ("from_token", "from_income", "new"),
    [(Usd(6), Usd.zero(), Usd.zero()), (Usd.zero(), Usd(6), Usd.zero()), (Usd.zero(), Usd(2), Usd(4))],
)
def test_only_proceeds_that_are_in_no_account_yet_raise_what_the_chain_should_have(
    from_token: Usd, from_income: Usd, new: Usd
) -> None:
    held = stake(30_000_000, 12_000_000)
    gone = [Gone(stake=held, shares=Shares(10), proceeds=Usd(6))]

    entry = departure(
        break_id=7,
        trading_wallet_id=WALLET,
        token_id="1",
        gone=gone,
        external=Shares.zero(),
        from_token=from_token,
        from_income=from_income,
        occurred_at=NOON,
    )

    assert in_collateral(entry) == new
    assert of(entry, Account.CASH, held.lt_strategy_id) == Usd(6)
    assert of(entry, Account.POSITION_COST, held.lt_strategy_id) == -Usd(4)
    assert of(entry, Account.REALISED_PNL, held.lt_strategy_id) == -Usd(2)


def test_only_resolved_shares_are_owed_no_more() -> None:
    resolved, running = stake(10, 10, Account.PENDING_REDEMPTION), stake(10, 4)

    gone = shared_among([resolved, running], Shares.of_base_units(10), Usd.zero())

    assert owed_no_more(gone) == Usd.of_base_units(5)
