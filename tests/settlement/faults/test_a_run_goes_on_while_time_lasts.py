"""A run of lt-redemptions follows what it began until it is booked, leaves in time, and blocks nobody for long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import SignatureType
from live_trading.services.redeeming.redeem import LEASE, LEASE_SECONDS
from live_trading.services.running.budget import Budget
from live_trading.store.database import leases
from local.chain import ADDRESSES
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL
from tests.settlement.parts.settlement_fixtures import SettlementDesk

pytestmark = [pytest.mark.settlement, pytest.mark.money_faults]


def waiting(settling: SettlementDesk, *, blocks: int = 1, then: Callable[[], None] = lambda: None) -> list[float]:
    """Runs lt-redemptions once, with so many blocks a pause and ninety seconds of time; the pauses that it made."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        settling.wait(seconds=seconds)
        if blocks:
            settling.chain.mine(blocks)
        then()

    budget = Budget.until(settling.clock, settling.clock.now() + timedelta(seconds=90))
    settling.reports.append(settling.redeemer(pause=pause).run(budget))
    return pauses


@pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
def test_a_redemption_is_booked_by_the_run_that_began_it(settling: SettlementDesk, kind: SignatureType) -> None:
    holder, _ = settling.due(kind=kind)

    pauses = waiting(settling)

    assert settling.states() == ["BOOKED"]
    assert 0 < sum(pauses) < 30
    assert settling.balances(holder).available == CAPITAL + Usd(6)
    settling.assert_ledger_is_chain(holder)


def test_what_waited_for_the_wallet_s_last_transaction_is_sent_in_the_same_run(settling: SettlementDesk) -> None:
    settling.addresses = replace(ADDRESSES, safe_multisend=None)
    holder, _ = settling.due(kind=SignatureType.SAFE)
    second = settling.market()
    settling.buys(holder, second)
    settling.resolves(second, [1, 0])

    waiting(settling)

    assert settling.states() == ["BOOKED", "BOOKED"]
    settling.assert_ledger_is_chain(holder)


def test_a_run_ends_in_good_order_where_the_chain_stands_still(settling: SettlementDesk) -> None:
    settling.due()

    pauses = waiting(settling, blocks=0)

    assert settling.states() == ["MINED"]
    assert 30 < sum(pauses) < 90
    assert settling.redeem().ran, "its lease is free"


def test_the_wallet_that_time_ran_out_for_comes_first_in_the_next_run(settling: SettlementDesk) -> None:
    holders = [settling.due()[0] for _ in range(2)]
    names = [str(each.wallet.trading_wallet_id) for each in holders]
    looks = [60.0, 1.0]

    report = settling.redeemer().run(Budget(lambda: looks.pop(0)))
    assert report.left == [names[1]]
    looks = [60.0, 1.0]
    report = settling.redeemer().run(Budget(lambda: looks.pop(0)))

    assert report.left == [names[0]]
    assert len(settling.rows("SELECT * FROM chain_sends")) == 2


def test_a_killed_run_blocks_the_next_one_for_less_than_a_minute(settling: SettlementDesk) -> None:
    settling.due()
    with settling.database.transaction() as transaction:
        assert leases.acquire(transaction, LEASE, "killed", settling.clock.now(), LEASE_SECONDS) is not None

    assert not settling.redeem().ran
    settling.wait(seconds=50)

    assert settling.redeem().ran


def test_a_run_that_works_for_longer_than_its_lease_keeps_it(settling: SettlementDesk) -> None:
    settling.due()
    others: list[bool] = []

    waiting(settling, blocks=0, then=lambda: others.append(settling.redeem().ran))

    assert len(others) * 4 > LEASE_SECONDS
    assert not any(others)
