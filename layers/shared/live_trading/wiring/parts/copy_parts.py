"""The invocation that stays: live and paper on the same news."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from live_trading.wiring.metrics import publish_pass
from live_trading.wiring.parts.job_parts import JobParts

if TYPE_CHECKING:
    from live_trading.services.copying.copy_run import CopyReport, CopyRun
    from live_trading.services.entering.execute_report import ExecuteReport
    from live_trading.services.running.budget import Budget

# The name under which one invocation at a time stays; the jobs' own leases guard each of their passes.
LT_EXECUTE = "lt-execute"
STAYS_AS = f"stay:{LT_EXECUTE}"


class CopyParts(JobParts):
    """Adds the run that stays to the jobs that it is made of."""

    def stays(self, event: dict[str, object]) -> bool:
        """Whether an invocation by this event stays. Who asks for one pass gets one: {"once": true}."""
        return self.settings.watch_seconds > 0 and not self.settings.stepped_clock and event.get("once") is not True

    def pass_once(self, holder: str, budget: Budget) -> ExecuteReport:
        """One pass, for no longer than its lease lasts. Raises what `Executor.run` raises."""
        from live_trading.services.copying.copy_run import SECONDS_A_PASS_MAY_TAKE

        return self.executor(holder).run(budget.within(self.chance.elapsed, SECONDS_A_PASS_MAY_TAKE))

    def stay(self, holder: str, budget: Budget) -> CopyReport:
        """Passes until the next tick is near. Raises what `CopyRun.run` raises."""
        return self.copy_run(holder, elapsed=self.chance.elapsed, pause=time.sleep).run(
            self.settings.watch_seconds, budget
        )

    def copy_run(self, holder: str, *, elapsed: Callable[[], float], pause: Callable[[float], None]) -> CopyRun:
        """`elapsed` are seconds that only grow, and `pause` waits for so many."""
        from live_trading.services.copying.copy_run import CopyRun
        from live_trading.services.copying.news import NewsLook
        from live_trading.services.running.staying import Beat, Stay

        return CopyRun(
            stay=Stay(
                database=self.database,
                clock=self.clock,
                elapsed=elapsed,
                pause=pause,
                name=STAYS_AS,
                holder=holder,
                beat=Beat(),
            ),
            news=NewsLook(database=self.database, chain=self.chain_watch()),
            live=self.executor(holder),
            paper=self.paper_trader(holder),
            elapsed=elapsed,
            passed=partial(publish_pass, LT_EXECUTE),
        )
