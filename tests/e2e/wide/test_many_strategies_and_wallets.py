"""Many strategies and wallets in one run: what is taken first, what is kept, and who waits for whom."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from live_trading.nouns.wallets import TradingWallet
from live_trading.services.entering import signal_queue
from live_trading.services.entering.execute import Executor
from live_trading.services.following import evaluation, judging
from local.machine.patience import HANG_SECONDS
from tests.e2e.live_fixtures import LiveDesk, beside, sibling

pytestmark = pytest.mark.e2e

REFUSED = "UPDATE ft_wallet_versions SET config = jsonb_set(config, '{min_trader_resolved_count}', '1000')"


def executor(desk: LiveDesk) -> Executor:
    return desk.parts.executor(f"test-{uuid.uuid4().hex[:8]}")


def orders_made(desk: LiveDesk) -> list[tuple[uuid.UUID, int]]:
    """Strategy and signal of each order, in the order in which they were made."""
    rows = desk.rows("SELECT lt_strategy_id, source_trade_id FROM lt_orders ORDER BY made_number")
    return [(row["lt_strategy_id"], row["source_trade_id"]) for row in rows]


def decided(desk: LiveDesk) -> list[int]:
    return [row["source_trade_id"] for row in desk.rows("SELECT source_trade_id FROM decisions ORDER BY decision_id")]


def test_signals_are_taken_newest_first_over_all_strategies_of_a_wallet(desk: LiveDesk) -> None:
    other = sibling(desk)
    older = desk.signal()
    desk.advance(1)
    newer = desk.signal(outcome_index=1)

    report = desk.execute()

    assert report.failures == []
    assert [signal for _, signal in orders_made(desk)] == [newer, newer, older, older]
    assert {strategy for strategy, _ in orders_made(desk)} == {desk.lt_strategy_id, other.lt_strategy_id}


def test_of_strategies_with_the_same_signal_the_one_served_longest_ago_comes_first(desk: LiveDesk) -> None:
    sibling(desk)
    desk.signal()
    desk.execute()
    desk.change(
        f"UPDATE turns SET served_at = served_at + INTERVAL '1 second' WHERE part = 'strategy {desk.lt_strategy_id}'"
    )
    desk.signal(outcome_index=1)
    desk.execute()
    desk.change(
        f"UPDATE turns SET served_at = served_at - INTERVAL '9 seconds' WHERE part = 'strategy {desk.lt_strategy_id}'"
    )
    desk.signal()

    desk.execute()

    strategies = [strategy for strategy, _ in orders_made(desk)]
    assert len(strategies) == 6
    assert strategies[2] != desk.lt_strategy_id
    assert strategies[4] == desk.lt_strategy_id


def test_a_run_that_is_killed_between_two_parts_has_kept_the_first_and_the_next_goes_on_from_there(
    desk: LiveDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_queue, "FIRST_PART", 1)
    older = desk.signal()
    desk.advance(1)
    newer = desk.signal(outcome_index=1)
    killed = executor(desk)
    killed._pass._entries._asking = Dying(killed._pass._entries._asking, "ask", at=2)

    with pytest.raises(SystemExit):
        killed.run()
    kept = decided(desk)
    desk.execute()

    assert kept == [newer]
    assert decided(desk) == [newer, older]
    assert [signal for _, signal in orders_made(desk)] == [newer, older]


def test_a_burst_is_worked_off_in_one_run(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "BATCH", 3)
    monkeypatch.setattr(signal_queue, "FIRST_PART", 2)
    desk.change(REFUSED)
    numbers = [desk.signal() for _ in range(8)]

    report = desk.execute()

    assert report.failures == []
    assert sorted(decided(desk)) == numbers


def test_a_refused_signal_is_evaluated_once(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated: list[int] = []
    evaluate = judging.evaluate

    def counting(inputs: Any) -> Any:
        evaluated.append(1)
        return evaluate(inputs)

    monkeypatch.setattr(judging, "evaluate", counting)
    desk.change(REFUSED)
    for _ in range(5):
        desk.signal()

    desk.execute()

    assert len(decided(desk)) == len(evaluated) == 5


def test_a_strategy_whose_configuration_cannot_be_read_stands_still_alone(desk: LiveDesk) -> None:
    other = sibling(desk)
    desk.change(
        f"""
        UPDATE ft_wallet_versions SET config = jsonb_set(config, '{{bet_size}}', '"much"')
        WHERE ft_wallet_id = '{desk.ft_wallet_id}'
        """
    )
    signal = desk.signal()

    report = desk.execute()

    assert orders_made(desk) == [(other.lt_strategy_id, signal)]
    assert (f"strategy {desk.lt_strategy_id}", "InvalidConfig") in {(each.part, each.error) for each in report.failures}


def test_a_signal_that_is_too_old_is_decided_without_asking_anybody(desk: LiveDesk) -> None:
    desk.execute()
    desk.signal()
    desk.advance(601)
    asked: list[str] = []
    run = executor(desk)
    run._pass._entries._asking = Told(run._pass._entries._asking, "ask", lambda: asked.append("venue"))
    run._pass._entries._evidence = Told(run._pass._entries._evidence, "gather", lambda: asked.append("evidence"))

    report = run.run()

    assert report.decisions == {"signal_too_old": 1}
    assert asked == []


def test_a_wallet_whose_venue_account_is_slow_delays_no_other(desk: LiveDesk) -> None:
    other = beside(desk)
    desk.signal()
    run = executor(desk)
    run._pass = Waiting(run._pass, desk.trading_wallet_id)

    report = run.run()

    assert report.failures == []
    assert [strategy for strategy, _ in orders_made(desk)] == [other.lt_strategy_id, desk.lt_strategy_id]


def test_what_fails_of_one_wallet_leaves_the_other_and_its_report_whole(desk: LiveDesk) -> None:
    other = beside(desk)
    desk.change(
        "UPDATE trading_wallets SET secret_name = 'live-trading/wallets/none' "
        f"WHERE trading_wallet_id = '{desk.trading_wallet_id}'"
    )
    desk.signal()

    report = desk.execute()

    assert report.decisions == {"accepted": 1}
    assert [strategy for strategy, _ in orders_made(desk)] == [other.lt_strategy_id]
    assert {each.part for each in report.failures} == {f"wallet {desk.trading_wallet_id}"}


class Told:
    """Stands before a part of a run and tells when it is asked for something."""

    def __init__(self, part: Any, name: str, act: Callable[[], object]) -> None:
        self._part = part
        self._name = name
        self._act = act

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._act()
        return getattr(self._part, name)


class Dying(Told):
    """Ends the process the so many-th time that a part is asked for something."""

    def __init__(self, part: Any, name: str, *, at: int) -> None:
        super().__init__(part, name, self._count)
        self._left = at

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise SystemExit("killed")


class Waiting:
    """Has one wallet's pass stand still until another's is over."""

    def __init__(self, part: Any, slow: uuid.UUID) -> None:
        self._part = part
        self._slow = slow
        self._other_is_over = Event()

    def run(self, wallet: TradingWallet, *arguments: Any) -> None:
        if wallet.trading_wallet_id == self._slow:
            assert self._other_is_over.wait(HANG_SECONDS)
        self._part.run(wallet, *arguments)
        self._other_is_over.set()
