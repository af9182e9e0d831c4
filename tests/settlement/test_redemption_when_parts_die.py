"""Node or relayer breaks at every request, the process is killed at every step: the money arrives once all the same.

A step is a commit, or a request that may change something. Dying at a question, or before a commit, is dying after the
step before it; `tests/kill_points.py` says which are tried. Relayed wallets are those whose transactions the venue's
relayer sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from live_trading.nouns.money import Usd, total_usd
from tests.kill_points import EVERY_QUESTION, STRIDE, tried
from tests.settlement.parts.bookkeeping_fixtures import CAPITAL, Holder
from tests.settlement.parts.fault_fixtures import Broken, Faults, Lost, Moment
from tests.settlement.parts.killed_process_fixtures import Child, DyingDatabase
from tests.settlement.parts.relayer_fixtures import LOOK, SUBMIT
from tests.settlement.parts.settlement_fixtures import SettlementDesk
from tests.settlement.parts.way_fixtures import RELAYED, WAYS, Rig, rig_of

pytestmark = pytest.mark.settlement

COMMITS = [(way, Moment.AFTER) for way in WAYS]
if EVERY_QUESTION:
    COMMITS.append(("safe", Moment.BEFORE))
RELAYER_TROUBLES = [*((way, Lost) for way in RELAYED), ("relayed-safe", Broken)]
PAYMENTS = [
    (neg_risk, numerators, Usd(owed))
    for neg_risk, numerators, owed in (
        (False, (1, 0), 10),
        (True, (1, 0), 10),
        (False, (1, 1), 5),
        (False, (7, 3), 7),
    )
]
EFFECTS = frozenset({"eth_sendRawTransaction", SUBMIT, LOOK})
MOST_STEPS = 80


@pytest.mark.parametrize("way", WAYS)
def test_a_node_that_breaks_at_any_request_delays_and_never_doubles(settling: SettlementDesk, way: str) -> None:
    with rig_of(settling, way) as rig:
        moments = tried([each for each in _moments_of_a_redemption(settling, rig) if each[0] is rig.node])

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
        relayer = rig.relayer
        assert relayer is not None
        asked = len([each for each in _moments_of_a_redemption(settling, rig, Moment.BEFORE) if each[0] is relayer])

        moments = tried([(number, moment) for number in range(1, asked + 1) for moment in Moment])
        for number, moment in moments:
            _position(settling, rig.holder)
            rig.forget()
            relayer.breaks_at(number, moment, trouble)
            settling.redeem_twice()
            rig.heal()
            _finishes(settling, rig.holder)
    assert settling.states() == ["BOOKED"] * (len(moments) + 1)


@pytest.mark.parametrize("way", WAYS)
def test_a_process_that_is_killed_at_any_request_loses_and_doubles_nothing(settling: SettlementDesk, way: str) -> None:
    with rig_of(settling, way) as rig:
        everything = _moments_of_a_redemption(settling, rig)
        moments = tried([each for each in everything if EVERY_QUESTION or _asked(each) in EFFECTS])
        # A block that is made at once spares a run its last questions, or a look at the relayer, and never the sending.
        spared = 8 if EVERY_QUESTION else sum(_asked(each) == LOOK for each in moments)
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
    assert kills >= len(moments) - spared
    assert settling.states() == ["BOOKED"] * (len(moments) + 1)


@pytest.mark.parametrize(("way", "moment"), COMMITS)
def test_a_process_that_is_killed_at_any_commit_loses_and_doubles_nothing(
    settling: SettlementDesk, way: str, moment: Moment
) -> None:
    with rig_of(settling, way) as rig:
        for booked, number in enumerate(range(1, MOST_STEPS, STRIDE), start=1):
            _position(settling, rig.holder)
            child = Child(settling, partial(DyingDatabase, number=number, moment=moment))
            child.release()
            was_killed = child.was_killed()
            _finishes(settling, rig.holder)
            if not was_killed:
                assert settling.states() == ["BOOKED"] * booked
                return
    pytest.fail("a redemption has more commits than this test expects")


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


def _asked(moment: tuple[Faults, int, Moment]) -> str:
    server, number, _ = moment
    return server.methods[number - 1]


def _position(settling: SettlementDesk, holder: Holder) -> None:
    """One more market that has paid, each of another kind or vector than the one before."""
    neg_risk, numerators, _ = PAYMENTS[len(settling.states()) % len(PAYMENTS)]
    market = settling.market(neg_risk=neg_risk)
    settling.buys(holder, market)
    settling.resolves(market, numerators)


def _finishes(settling: SettlementDesk, holder: Holder) -> None:
    settling.wait(minutes=11)
    assert set(settling.redeem_to_the_end()) == {"BOOKED"}, settling.reports[-3:]
    booked = len(settling.states())
    paid = total_usd([PAYMENTS[number % len(PAYMENTS)][2] for number in range(booked)])
    assert settling.balances(holder).available == CAPITAL - Usd(4 * booked) + paid
    settling.assert_ledger_is_chain(holder)
    confirmed = settling.rows("SELECT transaction_hash FROM chain_sends WHERE state = 'CONFIRMED'")
    assert len(confirmed) == booked
    assert settling.rows("SELECT * FROM lt_redemptions WHERE settled_by <> 'OURSELVES'") == []
