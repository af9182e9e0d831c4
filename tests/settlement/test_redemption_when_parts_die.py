"""Node or relayer breaks at every request, the process is killed at every step: the money arrives once all the same.

Relayed wallets are those whose transactions the venue's relayer sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import SignatureType
from tests.settlement.bookkeeping_fixtures import CAPITAL, Holder
from tests.settlement.fault_fixtures import Broken, Faults, Lost, Moment
from tests.settlement.faulty_node_fixtures import faulty_node
from tests.settlement.killed_process_fixtures import Child, DyingDatabase
from tests.settlement.relayer_fixtures import LOOK, SUBMIT, served_relayer
from tests.settlement.settlement_fixtures import SettlementDesk

pytestmark = pytest.mark.settlement

RELAYED = {
    "relayed-safe": SignatureType.SAFE,
    "relayed-proxy": SignatureType.PROXY,
    "relayed-deposit-wallet": SignatureType.DEPOSIT_WALLET,
}
WAYS = {"eoa": SignatureType.EOA, "safe": SignatureType.SAFE, **RELAYED}
# A proxy's way differs from a deposit wallet's in what is signed and asked of the relayer, and in nothing after it.
ALL_REQUESTS = ("eoa", "safe", "relayed-safe", "relayed-deposit-wallet")
COMMITS = [(way, moment) for way in ("eoa", "safe") for moment in Moment] + [("relayed-safe", Moment.AFTER)]
RELAYER_TROUBLES = [*((way, Lost) for way in RELAYED), ("relayed-safe", Broken)]
EFFECTS = frozenset({"eth_sendRawTransaction", SUBMIT, LOOK})
MOST_STEPS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A wallet, and the servers between it and the chain."""

    holder: Holder
    servers: tuple[Faults, ...]

    def forget(self) -> None:
        for server in self.servers:
            server.methods.clear()

    def heal(self) -> None:
        for server in self.servers:
            server.heals()


@pytest.mark.parametrize("way", ALL_REQUESTS)
def test_a_node_that_breaks_at_any_request_delays_and_never_doubles(settling: SettlementDesk, way: str) -> None:
    with rig_of(settling, way) as rig:
        moments = [each for each in _moments_of_a_redemption(settling, rig) if each[0] is rig.servers[0]]

        for node, number, moment in moments:
            _position(settling, rig.holder)
            rig.forget()
            node.breaks_from(number, moment)
            settling.redeem_twice()
            rig.heal()
            _finishes(settling, rig.holder)
    assert settling.states() == ["BOOKED"] * (len(moments) + 1)


@pytest.mark.parametrize(("way", "trouble"), RELAYER_TROUBLES)
def test_a_relayer_that_fails_at_any_request_delays_and_never_doubles(
    settling: SettlementDesk, way: str, trouble: type[Exception]
) -> None:
    with rig_of(settling, way) as rig:
        _, relayer = rig.servers
        asked = len([each for each in _moments_of_a_redemption(settling, rig, Moment.BEFORE) if each[0] is relayer])

        for number in range(1, asked + 1):
            for moment in Moment:
                _position(settling, rig.holder)
                rig.forget()
                relayer.breaks_at(number, moment, trouble)
                settling.redeem_twice()
                rig.heal()
                _finishes(settling, rig.holder)
    assert settling.states() == ["BOOKED"] * (2 * asked + 1)


@pytest.mark.parametrize("way", ALL_REQUESTS)
def test_a_process_that_is_killed_at_any_request_loses_and_doubles_nothing(settling: SettlementDesk, way: str) -> None:
    with rig_of(settling, way) as rig:
        moments = _moments_of_a_redemption(settling, rig)
        kills = 0

        for server, number, moment in moments:
            _position(settling, rig.holder)
            rig.forget()
            child = Child(settling)
            server.happens = child.dies_at(number, moment)
            child.release()
            kills += child.was_killed()
            rig.heal()
            _finishes(settling, rig.holder)
    # A block that is made at once spares a run its last questions.
    assert kills >= len(moments) - 8
    assert settling.states() == ["BOOKED"] * (len(moments) + 1)


@pytest.mark.parametrize(("way", "moment"), COMMITS)
def test_a_process_that_is_killed_at_any_commit_loses_and_doubles_nothing(
    settling: SettlementDesk, way: str, moment: Moment
) -> None:
    with rig_of(settling, way) as rig:
        for number in range(1, MOST_STEPS):
            _position(settling, rig.holder)
            child = Child(settling, partial(DyingDatabase, number=number, moment=moment))
            child.release()
            was_killed = child.was_killed()
            _finishes(settling, rig.holder)
            if not was_killed:
                assert settling.states() == ["BOOKED"] * number
                return
    pytest.fail("a redemption has more commits than this test expects")


@contextmanager
def rig_of(settling: SettlementDesk, way: str) -> Iterator[Rig]:
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        if way not in RELAYED:
            yield Rig(holder=settling.holder(WAYS[way]), servers=(node,))
            return
        with served_relayer(settling.chain.rpc_url) as served:
            settling.relayer_url = served.url
            holder = settling.holder(WAYS[way], relayer_key="key")
            served.serves(holder)
            yield Rig(holder=holder, servers=(node, served))


def _moments_of_a_redemption(settling: SettlementDesk, rig: Rig, *only: Moment) -> Sequence[tuple[Faults, int, Moment]]:
    """Each request of the two runs of an undisturbed redemption, and after it where it changes the chain.

    What happens after a question is what happens before the next one.
    """
    _position(settling, rig.holder)
    rig.forget()
    settling.redeem_twice()
    assert settling.states() == ["BOOKED"]
    asked = [(server, number, name) for server in rig.servers for number, name in enumerate(server.methods, start=1)]
    before = [(server, number, Moment.BEFORE) for server, number, _ in asked]
    after = [(server, number, Moment.AFTER) for server, number, name in asked if name in EFFECTS]
    assert after
    return [each for each in (*before, *after) if not only or each[2] in only]


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
    assert settling.rows("SELECT * FROM lt_redemptions WHERE settled_by <> 'OURSELVES'") == []
