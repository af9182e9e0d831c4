"""A process that runs a job of settlement and is killed in the middle of it, at a request or at a commit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from live_trading.store.database.connection import Database, Transaction
from live_trading.wiring.database import database_of
from tests.settlement.parts.fault_fixtures import Lost, Moment
from tests.settlement.parts.settlement_fixtures import SettlementDesk


class DyingDatabase(Database):
    """A connection whose process is killed before, or just after, one of its commits."""

    def __init__(self, url: str, number: int, moment: Moment) -> None:
        real = database_of(url, application_name="killed")
        super().__init__(real._connect)
        self._left = number
        self._moment = moment

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as transaction:
            yield transaction
            self._left -= 1
            if self._left == 0 and self._moment is Moment.BEFORE:
                os.kill(os.getpid(), signal.SIGKILL)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Child:
    """A process that does something once it is released: runs lt-redemptions twice, with blocks in between."""

    def __init__(
        self,
        settling: SettlementDesk,
        open_database: Callable[[str], Database] | None = None,
        does: Callable[[SettlementDesk], object] = SettlementDesk.redeem_twice,
    ) -> None:
        reading, self._gate = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _run_and_exit(settling, reading, open_database, does)
        os.close(reading)

    def release(self) -> None:
        os.write(self._gate, b"g")
        os.close(self._gate)

    def was_killed(self) -> bool:
        """Waits for its end; True where a signal was it, and fails where it failed by itself."""
        _, status = os.waitpid(self.pid, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return False
        return os.WTERMSIG(status) == signal.SIGKILL

    def dies_at(self, number: int, moment: Moment) -> Callable[[int, str, Moment], None]:
        """For a server's `happens`: kills at this request, which the server has not seen where it is BEFORE it."""

        def happens(seen: int, _: str, at: Moment) -> None:
            if seen == number and at is moment:
                os.kill(self.pid, signal.SIGKILL)
                raise Lost

        return happens


def _run_and_exit(
    settling: SettlementDesk,
    gate: int,
    open_database: Callable[[str], Database] | None,
    does: Callable[[SettlementDesk], object],
) -> None:
    """In the child: nothing of the parent's connections is used, and no handler of the parent's runs at its end."""
    code = 1
    try:
        os.read(gate, 1)
        url = settling.database_url
        settling.database = open_database(url) if open_database else database_of(url, application_name="child")
        does(settling)
        code = 0
    finally:
        os._exit(code)
