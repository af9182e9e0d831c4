"""The outbox of one run: entered orders wait for one another just long enough to share a request.

A batch goes out when it is full, when its oldest order has waited long enough, and at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from live_trading.nouns.orders import OrderState
from live_trading.services.posting import Sent

ORDERS_A_BATCH = 15
# Entering an order takes some tens of milliseconds; waiting longer costs the first ones more than a request saves.
LONGEST_WAIT_SECONDS = 0.12


@dataclass(slots=True)
class _Waiting:
    lt_order_id: UUID
    since: float


class Outbox:
    """Collects the orders of one trading wallet and hands them on in batches."""

    def __init__(
        self,
        *,
        send: Callable[[list[UUID]], Sent],
        sent: Callable[[UUID, OrderState, bool], None],
        elapsed: Callable[[], float],
    ) -> None:
        """`send` posts a batch; `sent` is told of each order, with True where it is to be planned anew.

        `elapsed` tells seconds that only ever grow.
        """
        self._send = send
        self._sent = sent
        self._elapsed = elapsed
        self._waiting: list[_Waiting] = []

    def add(self, lt_order_id: UUID) -> None:
        """Takes one order, and sends what is due."""
        self._waiting.append(_Waiting(lt_order_id, self._elapsed()))
        is_full = len(self._waiting) >= ORDERS_A_BATCH
        if is_full or self._elapsed() - self._waiting[0].since >= LONGEST_WAIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Sends whatever waits, and what is planned anew because of it, which happens once an order at most.

        What fails stays committed as it is, for the next run to follow up.
        """
        while self._waiting:
            batch, self._waiting = [each.lt_order_id for each in self._waiting], []
            outcome = self._send(batch)
            for lt_order_id, state in outcome.states.items():
                self._sent(lt_order_id, state, lt_order_id in outcome.plan_again)
