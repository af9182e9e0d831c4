"""The outbox of one run: a batch goes out while the next orders are entered.

Nothing waits for company: what is entered while a batch is on its way shares the next request. Where that one is full,
nothing more should be decided before it has left (`make_room`): it would only be older when it leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from live_trading.nouns.orders import OrderState
from live_trading.services.orders.posting import Sent

ORDERS_A_BATCH = 15


class OnItsWay(Protocol):
    """A batch between its POST and its answer."""

    @property
    def is_over(self) -> bool:
        """Whether the answer is there."""
        ...


FlightT = TypeVar("FlightT", bound=OnItsWay)


class Outbox(Generic[FlightT]):
    """Collects the orders of one trading wallet and hands them on in batches, one on its way at a time."""

    def __init__(
        self,
        *,
        depart: Callable[[list[UUID]], FlightT],
        land: Callable[[FlightT], Sent],
        sent: Callable[[UUID, OrderState, bool], None],
    ) -> None:
        """`depart` sends a batch off, `land` waits for its answers and books them.

        `sent` is told of each order, with True where it is to be planned anew.
        """
        self._depart = depart
        self._land = land
        self._sent = sent
        self._waiting: list[UUID] = []
        self._flight: FlightT | None = None

    def add(self, lt_order_id: UUID) -> None:
        """Takes one order; it leaves at once unless a batch is on its way."""
        self.add_all([lt_order_id])

    def add_all(self, lt_order_ids: Sequence[UUID]) -> None:
        """Takes orders that were entered together; as many as fit leave in one batch, unless one is on its way."""
        self._waiting += lt_order_ids
        if self._flight is not None and self._flight.is_over:
            self._take_answers()
        self._send_off()

    def make_room(self) -> None:
        """Takes the answers that are waited for and sends on, until what waits does not fill a batch."""
        while self._flight is not None and len(self._waiting) >= ORDERS_A_BATCH:
            self._take_answers()
            self._send_off()

    def flush(self) -> None:
        """Sends whatever waits, and what is planned anew because of it, and takes every answer.

        What fails stays committed as it is, for the next run to follow up.
        """
        while self._waiting or self._flight is not None:
            self._take_answers()
            self._send_off()

    def _send_off(self) -> None:
        if self._flight is None and self._waiting:
            batch, self._waiting = self._waiting[:ORDERS_A_BATCH], self._waiting[ORDERS_A_BATCH:]
            self._flight = self._depart(batch)

    def _take_answers(self) -> None:
        flight, self._flight = self._flight, None
        if flight is None:
            return
        outcome = self._land(flight)
        for lt_order_id, state in outcome.states.items():
            self._sent(lt_order_id, state, lt_order_id in outcome.plan_again)
