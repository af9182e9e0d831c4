"""Does one thing to many items in a step of its own, and to each alone where they cannot have it together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from live_trading.services.running.failures import PartFailure, contained

_Item = TypeVar("_Item")


def together(
    items: Sequence[_Item],
    act: Callable[[Sequence[_Item]], None],
    part_of: Callable[[_Item], str],
    failures: list[PartFailure],
) -> None:
    """One call of `act` for all of them; where it fails, one for each, so that a bad item stops itself alone.

    `act` must leave nothing behind when it raises. Raises what is of the whole run.
    """
    if len(items) > 1:
        refusals: list[PartFailure] = []
        with contained(f"{len(items)} from {part_of(items[0])} on", refusals):
            act(items)
        if not refusals:
            return
    for item in items:
        with contained(part_of(item), failures):
            act([item])


def in_chunks(
    items: Sequence[_Item], weight_of: Callable[[_Item], int], *, most_items: int, most_weight: int
) -> Iterator[list[_Item]]:
    """The items in their order, in chunks within both bounds; one that is heavier than the bound is alone."""
    chunk: list[_Item] = []
    weight = 0
    for item in items:
        more = weight_of(item)
        if chunk and (len(chunk) == most_items or weight + more > most_weight):
            yield chunk
            chunk, weight = [], 0
        chunk.append(item)
        weight += more
    if chunk:
        yield chunk
