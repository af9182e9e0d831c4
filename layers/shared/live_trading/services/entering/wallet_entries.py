"""The entries of one trading wallet in one run: every strategy's signals, part by part, for as long as time lasts.

What a part has decided and sent is committed before the next one is prepared, so that a run that is killed, or runs out
of time, has kept what it did, and the next goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from live_trading.nouns.chance import Chance
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.entering.execute_report import ExecuteReport
from live_trading.services.entering.part_entries import AgainSignal, EntryTools, PartEntries, record_refusals
from live_trading.services.entering.planning_again import RefusedForTick, refused_for_tick
from live_trading.services.entering.signal_judging import JudgedSignal, judge
from live_trading.services.entering.signal_queue import Follower, PreparedSignal, SignalQueue
from live_trading.services.entering.venue_evidence import VenueAsking
from live_trading.services.following.decision_records import decision_record
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.store.accounts.live_strategies import LiveStrategy

# How long a part may take.
SECONDS_A_PART = 5.0


class WalletEntries:
    """Decides and enters; nothing of one strategy's or trade's failure stops the others."""

    def __init__(self, *, tools: EntryTools, chance: Chance, evidence: EvidenceGatherer, asking: VenueAsking) -> None:
        self._tools = tools
        self._chance = chance
        self._evidence = evidence
        self._asking = asking

    def run(
        self,
        keeper: LeaseKeeper,
        wallet: TradingWallet,
        strategies: Sequence[LiveStrategy],
        report: ExecuteReport,
        budget: Budget,
    ) -> bool:
        """Decides every signal once, as long as the budget lasts; True where orders went out.

        What was refused for the tick is planned anew before that. Signals that time ran out for are in `report.left`.
        """
        if not budget.has(SECONDS_A_PART):
            report.left += [f"strategy {each.lt_strategy_id}" for each in strategies]
            return False
        queue = SignalQueue(
            database=self._tools.database,
            clock=self._tools.clock,
            evidence=self._evidence,
            strategies=strategies,
            report=report,
        )
        has_sent, left = False, Counter[str]()
        with contained(f"signals of wallet {wallet.trading_wallet_id}", report.failures):
            again = self._refused_for_tick(wallet, report.failures)
            part = queue.next_part(keeper.lease)
            while part or again:
                has_sent |= self._enter(keeper, wallet, part, again, report, budget, left)
                if left or not budget.has(SECONDS_A_PART):
                    break
                keeper.keep()
                self._tools.wishes.take_up(keeper.lease, wallet, report.failures)
                part, again = queue.next_part(keeper.lease), []
            queue.settle(keeper.lease)
        left += queue.left()
        report.left += [f"{part_name}: {count} trades" for part_name, count in sorted(left.items())]
        return has_sent

    def _refused_for_tick(self, wallet: TradingWallet, failures: list[PartFailure]) -> list[AgainSignal]:
        now = self._tools.clock.now()
        with self._tools.database.reading() as reading:
            found = refused_for_tick(reading, wallet, now)
        return [AgainSignal(lt_order_id=each.lt_order_id, judged=judge(_signal(each), failures)) for each in found]

    def _enter(
        self,
        keeper: LeaseKeeper,
        wallet: TradingWallet,
        part: Sequence[PreparedSignal],
        again: Sequence[AgainSignal],
        report: ExecuteReport,
        budget: Budget,
        left: Counter[str],
    ) -> bool:
        """Decides one part, and keeps it; True where orders went out."""
        signals = [judge(each, report.failures) for each in part]
        hopeful = [each for each in [*(one.judged for one in again), *signals] if each.is_hopeful]
        wanted = [(each.signal.strategy, each.signal.prepared.inputs.trade.token_id) for each in hopeful]
        venue = self._asking.ask(wallet, wanted, report.failures)
        if venue is None:
            self._refuse(keeper, signals, report)
            return False
        # Whatever happens, no order is on its way any more when this block is left, and so none when the lease is.
        with self._chance.side_by_side(1) as beside:
            entries = PartEntries(
                self._tools,
                keeper=keeper,
                wallet=wallet,
                venue=venue,
                report=report,
                budget=budget,
                beside=beside,
            )
            entries.enter_again(again)
            left += entries.decide(signals)
            entries.finish()
        return entries.has_sent

    def _refuse(self, keeper: LeaseKeeper, signals: Sequence[JudgedSignal], report: ExecuteReport) -> None:
        """None of them may come to an entry."""
        now = keeper.keep()
        records = [
            decision_record(each.signal.follower.subject, each.signal.prepared, each.first, now) for each in signals
        ]
        record_refusals(self._tools.database, keeper, records, report)


def _signal(refused: RefusedForTick) -> PreparedSignal:
    follower = Follower(strategy=refused.strategy, subject=refused.subject)
    return PreparedSignal(follower=follower, prepared=refused.prepared)
