"""Many items are done in one step, in chunks within bounds, and each alone where they cannot be had together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from live_trading.nouns.errors import GiveUp
from live_trading.services.running.failures import PartFailure
from live_trading.services.running.together import in_chunks, together
from live_trading.store.database.connection import StoreUnavailable


class Refused(GiveUp):
    """One of the items is bad."""


class Deed:
    """Does items, all or none of a call; refuses a call with a bad one."""

    def __init__(self, *bad: str, error: type[Exception] = Refused) -> None:
        self.bad, self.error = set(bad), error
        self.calls: list[list[str]] = []
        self.done: list[str] = []

    def __call__(self, items: Sequence[str]) -> None:
        self.calls.append(list(items))
        if self.bad & set(items):
            raise self.error("no")
        self.done += items


def test_what_nothing_refuses_is_one_call() -> None:
    deed, failures = Deed(), list[PartFailure]()
    together(["a", "b", "c"], deed, str, failures)
    assert (deed.calls, failures) == ([["a", "b", "c"]], [])


def test_a_bad_item_stops_itself_alone() -> None:
    deed, failures = Deed("b"), list[PartFailure]()
    together(["a", "b", "c"], deed, lambda each: f"item {each}", failures)
    assert deed.done == ["a", "c"]
    assert [(each.part, each.error) for each in failures] == [("item b", "Refused")]


def test_one_item_is_tried_once() -> None:
    deed, failures = Deed("a"), list[PartFailure]()
    together(["a"], deed, str, failures)
    assert (deed.calls, len(failures)) == ([["a"]], 1)


def test_what_is_of_the_whole_run_is_raised_and_nothing_tried_alone() -> None:
    deed, failures = Deed("b", error=StoreUnavailable), list[PartFailure]()
    with pytest.raises(StoreUnavailable):
        together(["a", "b"], deed, str, failures)
    assert (len(deed.calls), failures) == (1, [])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([], []),
        ([1, 1, 1, 1], [[1, 1, 1], [1]]),
        ([4, 4, 4], [[4, 4], [4]]),
        ([50, 1, 1], [[50], [1, 1]]),
        ([1, 50, 1], [[1], [50], [1]]),
    ],
)
def test_chunks_keep_the_order_and_both_bounds(weights: list[int], expected: list[list[int]]) -> None:
    assert list(in_chunks(weights, lambda each: each, most_items=3, most_weight=10)) == expected
