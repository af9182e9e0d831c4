"""Two sources tell of the same fills in their own order and rounding: no fill becomes two stored trades."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side, SourceTrade
from live_trading.services.following.fills.trade_matching import Matched, matched
from live_trading.store.feed.told.trade_sources import KnownTrade, TradeSource
from tests.integration.source_builders import a_trade

CHAIN, FEED = TradeSource.CHAIN, TradeSource.DATA_API


class Books:
    """What is stored, kept as the store keeps it."""

    def __init__(self) -> None:
        self.rows: list[KnownTrade] = []

    def tell(self, source: TradeSource, *trades: SourceTrade) -> Matched:
        result = matched(self.rows, trades, source)
        for trade in result.new:
            self.rows.append(
                KnownTrade(
                    source_trade_id=len(self.rows) + 1,
                    key=trade.key,
                    source=source,
                    is_listed=source is FEED,
                    block_hash="0xb" if source is CHAIN else None,
                    is_dropped=False,
                )
            )
        told = {known.source_trade_id for known, _ in result.same}
        self.rows = [
            row
            if row.source_trade_id not in told
            else replace(row, block_hash="0xb")
            if source is CHAIN
            else replace(row, is_listed=True)
            for row in self.rows
        ]
        return result


def fill(shares: str, price: str = "0.5", **changes: object) -> SourceTrade:
    return a_trade(1, shares=Shares(shares), price=Price(price), **changes)


def numbered(trades: list[SourceTrade]) -> list[SourceTrade]:
    """The trades with their occurrence numbers, as either source counts them."""
    seen: Counter[object] = Counter()
    found = []
    for trade in trades:
        found.append(replace(trade, occurrence=seen[trade.key]))
        seen[trade.key] += 1
    return found


def test_the_second_source_confirms_what_the_first_stored() -> None:
    for first, second in ((CHAIN, FEED), (FEED, CHAIN)):
        books = Books()
        assert len(books.tell(first, fill("10")).new) == 1
        result = books.tell(second, fill("10"))
        assert (len(result.new), len(result.same), len(result.doubtful)) == (0, 1, 0)
        assert (books.rows[0].is_listed, books.rows[0].is_mined) == (True, True)


def test_a_row_that_differs_by_rounding_is_the_same_fill_at_every_look() -> None:
    for first, second in ((CHAIN, FEED), (FEED, CHAIN)):
        books = Books()
        books.tell(first, fill("10.333333", "0.333333"))
        for _ in range(3):
            result = books.tell(second, fill("10.333334", "0.333334"))
            assert (result.new, result.doubtful, len(result.same)) == ([], [], 1)
        assert len(books.rows) == 1


def test_two_orders_of_a_trader_in_one_transaction_are_two_fills_of_either_source() -> None:
    both = [fill("10"), fill("4", "0.49")]
    for first, second in ((CHAIN, FEED), (FEED, CHAIN)):
        books = Books()
        assert len(books.tell(first, *both).new) == 2
        assert len(books.tell(second, *reversed(both)).same) == 2
        assert len(books.rows) == 2


def test_two_equal_fills_are_two_and_stay_two() -> None:
    both = numbered([fill("10"), fill("10")])
    for first, second in ((CHAIN, FEED), (FEED, CHAIN)):
        books = Books()
        books.tell(first, *both)
        assert books.tell(second, *both).new == []
        assert len(books.rows) == 2


def test_one_row_for_two_fills_that_the_chain_told_of_is_not_stored_and_named() -> None:
    books = Books()
    books.tell(CHAIN, fill("10"), fill("4", "0.49"))

    result = books.tell(FEED, fill("14", "0.497142"))

    assert (result.new, len(result.doubtful)) == ([], 1)


def test_fills_of_a_transaction_for_which_the_feed_has_one_row_are_not_stored_beside_it() -> None:
    books = Books()
    books.tell(FEED, fill("14", "0.497142"))

    result = books.tell(CHAIN, fill("10"), fill("4", "0.49"))

    assert (result.new, len(result.doubtful)) == ([], 2)


def test_the_feed_may_show_one_of_two_fills_before_the_chain_tells_of_both() -> None:
    books = Books()
    books.tell(FEED, fill("10"))

    result = books.tell(CHAIN, fill("10"), fill("4", "0.49"))

    assert [trade.shares for trade in result.new] == [Shares("4")]
    assert books.tell(FEED, fill("10"), fill("4", "0.49")).new == []


def test_what_differs_in_token_side_or_trader_is_another_fill() -> None:
    books = Books()
    books.tell(CHAIN, fill("10"))

    others = [fill("10", token_id="1002"), fill("10", side=Side.SELL), fill("10", trader="0x" + "b0" * 20)]

    assert len(books.tell(FEED, *others).new) == 3


def test_without_the_chain_the_feed_stores_every_row_that_it_shows() -> None:
    books = Books()
    books.tell(FEED, fill("10"))

    assert len(books.tell(FEED, fill("10"), fill("10.000001")).new) == 1


_FILLS = st.lists(
    st.builds(
        lambda units, cents: fill(str(Decimal(units).scaleb(-2)), str(Decimal(cents).scaleb(-2))),
        st.integers(min_value=1, max_value=400),
        st.integers(min_value=1, max_value=99),
    ),
    min_size=1,
    max_size=5,
)
_OFF = st.integers(min_value=-2, max_value=2)


@given(fills=_FILLS, looks=st.lists(st.booleans(), min_size=1, max_size=6), data=st.data())
def test_no_order_of_looks_and_no_rounding_makes_more_trades_than_there_were_fills(
    fills: list[SourceTrade], looks: list[bool], data: st.DataObject
) -> None:
    """The chain tells all of a transaction; the feed any part of it, each number off by some millionths."""
    rounded = [
        replace(each, shares=_off(each.shares, data.draw(_OFF)), price=_off(each.price, data.draw(_OFF)))
        for each in fills
    ]
    books = Books()
    for is_chain in looks:
        if is_chain:
            books.tell(CHAIN, *numbered(fills))
        else:
            shown = data.draw(st.lists(st.booleans(), min_size=len(fills), max_size=len(fills)))
            books.tell(FEED, *numbered([each for each, is_shown in zip(rounded, shown, strict=True) if is_shown]))

    assert len(books.rows) <= len(fills)
    if looks[0]:
        assert len(books.rows) == len(fills)


def _off(amount: Shares | Price, by: int) -> Shares | Price:
    return type(amount)(max(amount.value + Decimal(by).scaleb(-6), Decimal("0.000001")))
