"""The node breaks at every request, and the process is killed at every step: the money arrives once all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import SignatureType
from live_trading.store.database import Database, Transaction
from live_trading.wiring.database import database_of
from tests.settlement.faulty_node_fixtures import FaultyNode, Moment, faulty_node
from tests.settlement.settlement_fixtures import CAPITAL, CONFIRMATIONS, Holder, SettlementDesk

pytestmark = pytest.mark.settlement

WALLETS = pytest.mark.parametrize("kind", [SignatureType.EOA, SignatureType.SAFE], ids=["eoa", "safe"])
MOST_STEPS = 80


@WALLETS
def test_a_node_that_breaks_at_any_request_delays_and_never_doubles(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        holder = settling.holder(kind)
        moments = _moments_of_a_redemption(settling, node, holder)

        for number, moment in moments:
            _position(settling, holder)
            node.methods.clear()
            node.breaks_from(number, moment)
            settling.redeem()
            node.heals()
            _finishes(settling, holder)
    assert settling.states() == ["BOOKED"] * (len(moments) + 1)


@WALLETS
def test_a_process_that_is_killed_at_any_request_loses_and_doubles_nothing(
    settling: SettlementDesk, kind: SignatureType
) -> None:
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        holder = settling.holder(kind)
        moments = _moments_of_a_redemption(settling, node, holder)
        kills = 0

        for number, moment in moments:
            _position(settling, holder)
            node.methods.clear()
            child = _redeems_in_a_child(settling)
            node.happens = _kills(child, number, moment)
            _release(child)
            kills += child.killed()
            node.heals()
            _finishes(settling, holder)
    # A block that is made at once spares a run its last questions.
    assert kills >= len(moments) - 4
    assert settling.states() == ["BOOKED"] * (len(moments) + 1)


@WALLETS
@pytest.mark.parametrize("moment", Moment)
def test_a_process_that_is_killed_at_any_commit_loses_and_doubles_nothing(
    settling: SettlementDesk, kind: SignatureType, moment: Moment
) -> None:
    holder = settling.holder(kind)
    for number in range(1, MOST_STEPS):
        _position(settling, holder)
        child = _redeems_in_a_child(settling, partial(DyingDatabase, number=number, moment=moment))
        _release(child)
        was_killed = child.killed()
        _finishes(settling, holder)
        if not was_killed:
            assert settling.states() == ["BOOKED"] * number
            return
    pytest.fail("a redemption has more commits than this test expects")


class DyingDatabase(Database):
    """A connection whose process is killed before, or just after, one of its commits."""

    def __init__(self, url: str, number: int, moment: Moment) -> None:
        real = database_of(url, application_name="killed")
        super().__init__(real._connect)
        self._left = number
        self._moment = moment

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as transaction:
            yield transaction
            self._left -= 1
            if self._left == 0 and self._moment is Moment.BEFORE:
                os.kill(os.getpid(), signal.SIGKILL)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Child:
    """A process that runs lt-redemptions twice, with blocks in between, once it is told to."""

    def __init__(self, pid: int, gate: int) -> None:
        self.pid = pid
        self.gate = gate

    def killed(self) -> bool:
        """Waits for its end; True where a signal was it, and fails where it failed by itself."""
        _, status = os.waitpid(self.pid, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return False
        return os.WTERMSIG(status) == signal.SIGKILL


def _redeems_in_a_child(settling: SettlementDesk, open_database: Callable[[str], Database] | None = None) -> Child:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _run_and_exit(settling, reading, open_database)
    os.close(reading)
    return Child(pid, writing)


def _run_and_exit(settling: SettlementDesk, gate: int, open_database: Callable[[str], Database] | None) -> None:
    """In the child: nothing of the parent's connections is used, and no handler of the parent's runs at its end."""
    code = 1
    try:
        os.read(gate, 1)
        url = settling.database_url
        settling.database = open_database(url) if open_database else database_of(url, application_name="child")
        settling.redeem()
        settling.chain.mine(CONFIRMATIONS)
        settling.wait(minutes=11)
        settling.redeem()
        code = 0
    finally:
        os._exit(code)


def _release(child: Child) -> None:
    os.write(child.gate, b"g")
    os.close(child.gate)


def _kills(child: Child, number: int, moment: Moment) -> Callable[[int, str, Moment], None]:
    def happens(seen: int, _: str, at: Moment) -> None:
        if seen == number and at is moment:
            os.kill(child.pid, signal.SIGKILL)

    return happens


def _moments_of_a_redemption(settling: SettlementDesk, node: FaultyNode, holder: Holder) -> list[tuple[int, Moment]]:
    """Each request of the two runs of an undisturbed redemption, and after it where it changes the chain.

    What happens after a question is what happens before the next one.
    """
    _position(settling, holder)
    node.methods.clear()
    settling.redeem()
    settling.chain.mine(CONFIRMATIONS)
    settling.wait(minutes=11)
    settling.redeem()
    assert settling.states() == ["BOOKED"]
    before = [(number, Moment.BEFORE) for number in range(1, len(node.methods) + 1)]
    after = [
        (number, Moment.AFTER)
        for number, method in enumerate(node.methods, start=1)
        if method == "eth_sendRawTransaction"
    ]
    assert after
    return before + after


def _position(settling: SettlementDesk, holder: Holder) -> None:
    market = settling.market()
    settling.buys(holder, market)
    settling.resolves(market, [1, 0])


def _finishes(settling: SettlementDesk, holder: Holder) -> None:
    settling.wait(minutes=11)
    assert set(settling.redeem_to_the_end()) == {"BOOKED"}, settling.reports[-3:]
    booked = len(settling.states())
    assert settling.balances(holder).available == CAPITAL + Usd(6 * booked)
    settling.assert_ledger_is_chain(holder)
    confirmed = settling.rows("SELECT transaction_hash FROM chain_sends WHERE state = 'CONFIRMED'")
    assert len(confirmed) == booked
