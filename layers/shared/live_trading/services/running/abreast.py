"""Serves parts side by side, a few at a time: one that is slow delays nobody but those that come after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeVar

from live_trading.nouns.chance import Chance

PartT = TypeVar("PartT")


def served_abreast(parts: Iterator[PartT], serve: Callable[[PartT], None], *, chance: Chance, at_once: int) -> None:
    """Serves each part once, up to `at_once` of them at a time, each taken when somebody is free for it.

    `parts` is asked for the next one by one caller at a time. Where serving raises, no other part is begun; what it
    raised is raised once those that were begun have ended, the first error where there are several.
    """
    if at_once <= 1:
        for part in parts:
            serve(part)
        return
    guard = Lock()
    failures: list[BaseException] = []

    def taken() -> Iterator[PartT]:
        while True:
            with guard:
                if failures:
                    return
                try:
                    part = next(parts)
                except StopIteration:
                    return
            yield part

    def work() -> None:
        try:
            for part in taken():
                serve(part)
        except BaseException as error:
            failures.append(error)
            raise

    with chance.side_by_side(at_once) as pool:
        for _ in range(at_once):
            pool.submit(work)
    if failures:
        raise failures[0]
