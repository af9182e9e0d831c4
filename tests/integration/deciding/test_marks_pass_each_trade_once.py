"""Which trades a subject takes up: once each, from when it follows their trader, and however far it is behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import pytest

from live_trading.nouns.trades import Side
from live_trading.services.following import evaluation, subject_looks
from live_trading.services.following.evaluation import Subject
from live_trading.store.database.connection import Conflict, Database
from live_trading.store.feed import marks, source_trades
from live_trading.store.feed.marks import Mark
from live_trading.store.feed.source_trades import StoredTrade
from tests.integration.source_builders import (
    ALICE,
    BOB,
    NOON,
    TEN_DOLLARS,
    a_trade,
    add_version,
    create_wallet,
    follow,
    minutes,
    seconds,
    store_trades,
)

pytestmark = pytest.mark.integration

LEAVING = {"exits": {"follow_trader": True}}


@pytest.fixture(autouse=True)
def _followed(database: Database) -> None:
    follow(database, [ALICE, BOB])


def subjects_of(database: Database) -> list[Subject]:
    with database.transaction() as transaction:
        return [each for each in evaluation.wallet_subjects(transaction) if isinstance(each, Subject)]


def pending(database: Database) -> dict[str, list[StoredTrade]]:
    """By the name of the wallet what it has not decided."""
    of = subjects_of(database)
    with database.transaction() as transaction:
        found = evaluation.undecided(transaction, of, newest_first=False)
    return {each.name: found.get(each.key, []) for each in of}


def hashes(trades: Iterable[StoredTrade]) -> list[int]:
    return [int(each.trade.transaction_hash, 16) for each in trades]


def refuse(database: Database, trades: Iterable[StoredTrade], ft_wallet_id: UUID) -> None:
    """Decisions as a run stores them."""
    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO decisions (
                source_trade_id, ft_wallet_id, config_version, verdict, reason, checks, stake_usd, own, hash, decided_at
            )
            SELECT number, :wallet, 1, 'REJECTED', 'market_unknown', '[]', 0, '{}', sha256(''), :now
            FROM unnest(:numbers::bigint[]) AS number
            """,
            wallet=ft_wallet_id,
            now=NOON,
            numbers=[each.source_trade_id for each in trades],
        )


def settle(database: Database, now: datetime = NOON) -> dict[str, dict[str, int]]:
    """Moves the marks; what was passed over by wallet and reason."""
    of = subjects_of(database)
    with database.transaction() as transaction:
        passed = evaluation.settle(transaction, of, now)
    return {each.name: dict(passed.get(each.key, {})) for each in of}


def mark_of(database: Database) -> Mark:
    (subject,) = subjects_of(database)
    with database.transaction() as transaction:
        return marks.of_names(transaction, [subject.cursor_name])[1][subject.cursor_name]


def change(database: Database, wallet: UUID, version: int, config: dict[str, object], at: datetime) -> None:
    with database.transaction() as transaction:
        add_version(transaction, wallet, version, TEN_DOLLARS | config, at)
        transaction.execute(
            "UPDATE ft_wallets SET current_version = :version WHERE ft_wallet_id = :id", version=version, id=wallet
        )


def test_each_wallet_takes_up_whom_it_follows_and_counts_the_others_once(database: Database) -> None:
    create_wallet(database, name="all")
    create_wallet(database, name="bob's", config={"target_traders": [BOB]})
    create_wallet(database, name="not bob", config={"excluded_traders": [BOB]})
    create_wallet(database, name="leaving", config=LEAVING | {"target_traders": [ALICE]})
    store_trades(
        database,
        [
            a_trade(1),
            a_trade(2, trader=BOB),
            a_trade(3, side=Side.SELL),
            a_trade(4, trader=BOB, side=Side.SELL),
        ],
    )

    found = pending(database)
    passed = [settle(database), settle(database)]

    assert {name: hashes(trades) for name, trades in found.items()} == {
        "all": [1, 2],
        "bob's": [2],
        "not bob": [1],
        "leaving": [1, 3],
    }
    assert passed[0] == {
        "all": {"not_an_entry": 2},
        "bob's": {"not_an_entry": 2, "not_target_trader": 1},
        "not bob": {"not_an_entry": 2, "excluded_trader": 1},
        "leaving": {"not_target_trader": 2},
    }
    assert passed[1] == {"all": {}, "bob's": {}, "not bob": {}, "leaving": {}}


def test_who_adds_a_trader_decides_none_of_their_trades_from_before_and_loses_no_other(database: Database) -> None:
    wallet = create_wallet(database, config={"target_traders": [ALICE]})
    store_trades(database, [a_trade(1, trader=BOB, trade_time=NOON + seconds(10))])
    settle(database)
    store_trades(
        database,
        [
            a_trade(2, trade_time=NOON + seconds(50)),
            a_trade(3, trader=BOB, trade_time=NOON + seconds(55)),
            a_trade(4, trader=BOB, trade_time=NOON + seconds(65)),
        ],
    )

    change(database, wallet, 2, {"target_traders": [ALICE, BOB]}, NOON + minutes(1))

    assert hashes(pending(database)["paper"]) == [2, 4]
    assert settle(database)["paper"] == {"not_target_trader": 1}


def test_who_begins_to_leave_with_traders_does_not_decide_their_sales_from_before(database: Database) -> None:
    wallet = create_wallet(database)
    store_trades(
        database,
        [a_trade(number, side=Side.SELL, trade_time=NOON + seconds(at)) for number, at in ((1, 50), (2, 70))],
    )

    change(database, wallet, 2, LEAVING, NOON + minutes(1))

    assert hashes(pending(database)["paper"]) == [2]


def test_a_wallet_that_is_new_reads_nothing_from_before_it_was_created(database: Database) -> None:
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, 30)])
    create_wallet(database, created_at=NOON + seconds(28))

    assert hashes(pending(database)["paper"]) == [28, 29]
    assert settle(database) == {"paper": {}}


def test_what_waits_is_offered_again_and_does_not_hold_back_the_mark(database: Database) -> None:
    wallet = create_wallet(database)
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, 6)])
    (first, second, *others) = pending(database)["paper"]
    refuse(database, [first, *others], wallet)
    settle(database)

    store_trades(database, [a_trade(9, trade_time=NOON + minutes(1))])

    assert mark_of(database) == Mark(position=others[-1].source_trade_id, waiting=(second.source_trade_id,))
    assert hashes(pending(database)["paper"]) == [2, 9]


def test_with_more_waiting_than_a_mark_keeps_it_stays_before_the_rest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject_looks, "MOST_WAITING", 2)
    wallet = create_wallet(database)
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, 7)])
    found = pending(database)["paper"]
    refuse(database, found[3:5], wallet)
    settle(database)

    assert mark_of(database) == Mark(
        position=found[2].source_trade_id - 1, waiting=tuple(each.source_trade_id for each in found[:2])
    )
    assert hashes(pending(database)["paper"]) == [1, 2, 3, 6]

    refuse(database, [*found[:3], found[5]], wallet)
    settle(database)

    assert mark_of(database) == Mark(position=found[5].source_trade_id)
    assert pending(database)["paper"] == []


def test_a_wallet_far_behind_catches_up_part_by_part_with_the_newest_at_hand(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject_looks, "WINDOW", 4)
    wallet = create_wallet(database)
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, 13)])
    offered: list[list[int]] = []
    while trades := pending(database)["paper"]:
        offered.append(hashes(trades))
        refuse(database, trades, wallet)
        settle(database)

    assert offered == [[1, 2, 3, 4, 9, 10, 11, 12], [5, 6, 7, 8]]
    assert mark_of(database).waiting == ()


def test_what_one_wallet_lets_wait_is_not_offered_to_another_that_has_decided_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = create_wallet(database, name="one")
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, 8)])
    found = pending(database)["one"]
    refuse(database, [*found[:3], *found[4:]], one)
    settle(database)
    other = create_wallet(database, name="other")
    refuse(database, [found[3]], other)
    monkeypatch.setattr(subject_looks, "WINDOW", 2)

    assert {name: hashes(trades) for name, trades in pending(database).items()} == {"one": [4], "other": [1, 2, 6, 7]}


def test_a_number_becomes_visible_only_after_those_before_it(database: Database) -> None:
    with database.transaction() as earlier:
        source_trades.insert(earlier, [a_trade(1)], NOON)
        with pytest.raises(Conflict), database.transaction() as later:
            later.execute("SET LOCAL lock_timeout = '50ms'")
            source_trades.insert(later, [a_trade(2)], NOON)
    store_trades(database, [a_trade(2)])

    with database.transaction() as transaction:
        assert source_trades.newest_number(transaction) == 2
