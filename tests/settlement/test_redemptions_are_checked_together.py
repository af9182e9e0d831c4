"""What is asked before redemptions are signed: as much of Postgres for many as for two, and the approval once."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest

from live_trading.chain.contracts import IS_APPROVED_FOR_ALL
from live_trading.chain.rpc import JsonRpc
from live_trading.services.redeeming.preparing import RedemptionChecker
from live_trading.services.running.failures import PartFailure
from live_trading.settlement.preflight import Ready
from live_trading.store.chain import redemptions
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.settlement_fixtures import SettlementDesk
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.settlement


def owed(settling: SettlementDesk, holder: Holder, count: int) -> None:
    for _ in range(count):
        market = settling.market()
        settling.buys(holder, market)
        settling.chain.report_payouts(market.question_id, (1, 0))
    settling.resolve()


def checked(settling: SettlementDesk, holder: Holder) -> tuple[int, Counter[str]]:
    """Round trips to Postgres and the chain's reads, by what was called, of one check of all that is due."""
    checker = RedemptionChecker(database=settling.database, chain=settling.reader, addresses=settling.addresses)
    with settling.database.reading() as reading:
        due = redemptions.due(reading, holder.wallet.trading_wallet_id, settling.clock.now())
    asked: Counter[str] = Counter()
    ask = JsonRpc.call

    def counted(rpc: JsonRpc, method: str, *arguments: Any) -> Any:
        data = arguments[0].get("data", "") if arguments and isinstance(arguments[0], dict) else ""
        asked[data[:10]] += 1
        return ask(rpc, method, *arguments)

    failures: list[PartFailure] = []
    with patch.object(JsonRpc, "call", counted), counted_round_trips() as made:
        found = checker.check(holder.wallet, due, failures)
    assert failures == []
    assert [type(each.verdict) for each in found] == [Ready] * len(due)
    assert [str(each.held[0]) for each in found] == ["10.000000"] * len(due)
    return len(made.trips), asked


def test_a_check_of_many_asks_postgres_as_much_as_one_of_two_and_for_the_approval_once(
    settling: SettlementDesk,
) -> None:
    holder = settling.holder()
    owed(settling, holder, 2)
    few, _ = checked(settling, holder)
    owed(settling, holder, 4)
    many, asked = checked(settling, holder)

    assert few == many == 2
    assert asked[IS_APPROVED_FOR_ALL.call(holder.address, holder.address, holder.address).data[:10]] == 1
