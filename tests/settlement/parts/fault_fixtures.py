"""What may happen to the requests that a server of a test gets: nothing, a broken connection, an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Moment(StrEnum):
    """When something happens to a request: before the server has seen it, or after it has done what was asked."""

    BEFORE = "before"
    AFTER = "after"


class Lost(Exception):
    """The connection breaks here."""


class Broken(Exception):
    """The server answers HTTP 500 here."""


@dataclass(slots=True)
class Faults:
    """The requests of one server; `happens` is told of each, twice, and may raise what the server knows to show."""

    methods: list[str] = field(default_factory=list)
    happens: Callable[[int, str, Moment], None] | None = None

    def tell(self, number: int, method: str, moment: Moment) -> None:
        if self.happens is not None:
            self.happens(number, method, moment)

    def breaks_from(self, number: int, moment: Moment) -> None:
        """Every connection breaks from this request on."""

        def happens(seen: int, _: str, at: Moment) -> None:
            if seen > number or (seen == number and at is moment):
                raise Lost

        self.happens = happens

    def breaks_at(self, number: int, moment: Moment, trouble: type[Exception]) -> None:
        """This request alone fails."""

        def happens(seen: int, _: str, at: Moment) -> None:
            if seen == number and at is moment:
                raise trouble

        self.happens = happens

    def heals(self) -> None:
        self.happens = None
