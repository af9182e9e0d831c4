"""What strategies of a wallet hold, with all that a look at it needs but the books: read for all of them at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from live_trading.exits.bracket import RestingBracket
from live_trading.exits.held import HeldToken
from live_trading.nouns.clock import Clock
from live_trading.nouns.exits import ExitRules, ExitWatch
from live_trading.nouns.locks import LockMode
from live_trading.nouns.markets import Market
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.following import evaluation
from live_trading.services.leaving.looks import TraderTrades, asked_of_traders
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, trader_moves
from live_trading.store.positions import brackets, exit_facts, exit_watches
from live_trading.store.positions.exit_watches import WatchedSubject, WatchKey
from live_trading.store.risk import locks


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyHoldings:
    """One strategy's positions; `may_rest` is False where a lock ends what rests of it."""

    strategy: LiveStrategy
    rules: ExitRules
    positions: tuple[HeldToken, ...]
    watches: Mapping[str, ExitWatch]
    markets: Mapping[str, Market]
    trades: TraderTrades
    brackets: Mapping[str, RestingBracket]
    may_rest: bool

    @property
    def who(self) -> WatchedSubject:
        return WatchedSubject(lt_strategy_id=self.strategy.lt_strategy_id)

    def part_of(self, position: HeldToken) -> str:
        """The position's name in a report."""
        return f"position {self.strategy.lt_strategy_id}/{position.token_id}"


class HoldingsReader:
    """Reads what strategies hold that have rules of leaving."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of_wallet(
        self, lease: Lease, wallet: TradingWallet, failures: list[PartFailure], only: Collection[UUID] | None = None
    ) -> list[StrategyHoldings]:
        """By strategy, oldest first; of those in `only` where it is given.

        A strategy whose holdings cannot be read is a failure of its own: where reading all at once fails, each is read
        alone.
        """
        with self._database.reading() as reading:
            strategies = live_strategies.with_positions(reading, wallet.trading_wallet_id)
        asked = [each for each in strategies if only is None or each.lt_strategy_id in only]
        together: list[PartFailure] = []
        with contained(f"positions of wallet {wallet.trading_wallet_id}", together):
            found, unread = self._read(lease, wallet, asked)
            failures += unread
            return found
        alone: list[StrategyHoldings] = []
        for strategy in asked:
            with contained(f"positions of strategy {strategy.lt_strategy_id}", failures):
                found, unread = self._read(lease, wallet, [strategy])
                failures += unread
                alone += found
        return alone

    def _read(
        self, lease: Lease, wallet: TradingWallet, strategies: Sequence[LiveStrategy]
    ) -> tuple[list[StrategyHoldings], list[PartFailure]]:
        ids = [each.lt_strategy_id for each in strategies]
        now = self._clock.now()
        if not ids:
            return [], []
        with self._database.reading() as reading:
            held = exit_facts.of_strategies(reading, ids)
            watches = exit_watches.of_subjects(reading, ids)
        self._forget_others(lease, watches, held)
        if not held:
            return [], []
        with self._database.reading() as reading:
            rules, unread = _rules(reading, [each for each in ids if each in held])
            if not rules:
                return [], unread
            positions = [each for lt_strategy_id in rules for each in held[lt_strategy_id]]
            known = markets.by_condition(reading, {each.condition_id for each in positions})
            trades = trader_moves.in_tokens(reading, asked_of_traders(positions))
            resting = brackets.of_strategies(reading, list(rules))
            in_force = [lock for lock in locks.on_entries(reading, now) if lock.mode is not LockMode.STOP_ENTRIES]
        remembered: dict[UUID, dict[str, ExitWatch]] = {}
        for (lt_strategy_id, token_id), watch in watches.items():
            remembered.setdefault(lt_strategy_id, {})[token_id] = watch
        return [
            StrategyHoldings(
                strategy=each,
                rules=rules[each.lt_strategy_id],
                positions=tuple(held[each.lt_strategy_id]),
                watches=remembered.get(each.lt_strategy_id, {}),
                markets=known,
                trades=trades,
                brackets=resting.get(each.lt_strategy_id, {}),
                may_rest=not any(lock.stops_all_of(each.lt_strategy_id, wallet.trading_wallet_id) for lock in in_force),
            )
            for each in strategies
            if each.lt_strategy_id in rules
        ], unread

    def _forget_others(
        self, lease: Lease, watches: Collection[WatchKey], held: Mapping[UUID, Sequence[HeldToken]]
    ) -> None:
        """Forgets what is remembered of positions that are not held any more."""
        kept = {(lt_strategy_id, each.token_id) for lt_strategy_id, several in held.items() for each in several}
        gone = set(watches) - kept
        if gone:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                exit_watches.forget(transaction, sorted(gone))


def _rules(transaction: Transaction, ids: Sequence[UUID]) -> tuple[dict[UUID, ExitRules], list[PartFailure]]:
    """The rules of strategies that have some, and the strategies whose configuration cannot be read."""
    found: dict[UUID, ExitRules] = {}
    unread: list[PartFailure] = []
    for subject in evaluation.strategy_subjects(transaction, ids):
        if isinstance(subject, PartFailure):
            unread.append(subject)
        elif subject.lt_strategy_id is not None and subject.config.exits is not None:
            found[subject.lt_strategy_id] = subject.config.exits.rules()
    return found, unread
