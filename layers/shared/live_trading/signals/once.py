"""Remembers what a pure function makes of a value, for as long as that very value lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import ref

_Value = TypeVar("_Value")
_Made = TypeVar("_Made")


def once(make: Callable[[_Value], _Made]) -> Callable[[_Value], _Made]:
    """Asks `make` once for each value and gives what it made from then on.

    By identity, because comparing a configuration costs more than what is saved. What is made must not hold the value,
    or neither ever dies.
    """
    kept: dict[int, tuple[ref[_Value], _Made]] = {}

    @wraps(make)
    def made_once(value: _Value) -> _Made:
        place = id(value)
        found = kept.get(place)
        if found is not None and found[0]() is value:
            return found[1]
        made = make(value)
        kept[place] = (ref(value, lambda _: kept.pop(place, None)), made)
        return made

    return made_once
