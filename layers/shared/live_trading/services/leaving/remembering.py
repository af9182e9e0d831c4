"""Keeps what looks at positions saw, and tells of a rule that has fired and cannot be followed, until it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.exits.bracket import BracketStep
from live_trading.exits.held import HeldToken
from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.exits import NEEDS_SOMEBODY, ExitDecision, ExitWatch
from live_trading.nouns.markets import Market
from live_trading.services.guarding.closing import PlannedSale
from live_trading.services.leaving.wallet_holdings import StrategyHoldings
from live_trading.store.database.connection import Transaction
from live_trading.store.positions import exit_watches
from live_trading.store.positions.exit_watches import KeptLook
from live_trading.store.watch import alert_sets
from live_trading.store.watch.alert_sets import NewAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at a position with what follows from it; `watch` is what is remembered if `planned` is placed or not."""

    held: StrategyHoldings
    position: HeldToken
    market: Market
    decision: ExitDecision
    watch: ExitWatch
    step: BracketStep
    planned: PlannedSale | None

    @property
    def subject(self) -> str:
        """What the alert of a position that is not left is about."""
        return f"exit:{self.held.strategy.lt_strategy_id}:{self.position.token_id}"


def remember(transaction: Transaction, looks: Sequence[Seen], now: datetime) -> None:
    """Keeps the looks and their alerts: three statements, however many there are."""
    exit_watches.save(
        transaction,
        [
            KeptLook(subject=seen.held.who, token_id=seen.position.token_id, decision=seen.decision, watch=seen.watch)
            for seen in looks
        ],
        now,
    )
    needy = [seen for seen in looks if seen.decision.hold in NEEDS_SOMEBODY]
    fine = [seen.subject for seen in looks if seen.decision.hold not in NEEDS_SOMEBODY]
    alert_sets.resolve_all(transaction, alert_type=AlertType.EXIT_NOT_DONE, subjects=fine, at=now)
    alert_sets.raise_all(
        transaction, alert_type=AlertType.EXIT_NOT_DONE, alerts=[_alert(seen) for seen in needy], at=now
    )


def _alert(seen: Seen) -> NewAlert:
    hold, position, slug = seen.decision.hold, seen.position, seen.market.slug
    fired = seen.watch.trigger or "a time or the trader's sale"
    return NewAlert(
        severity=Severity.WARNING,
        subject=seen.subject,
        title=f"{seen.held.strategy.name}: {slug} is not left ({hold})",
        message=(
            f"{fired} wants {position.sellable} of {position.shares} shares of token {position.token_id} in "
            f"{slug} sold, and the book does not allow it: {hold}. It is looked at in every pass and sold once "
            "the book allows it; to sell for less at once, close the position by hand with a bound of your own."
        ),
        concern=Concern(lt_strategy_id=seen.held.strategy.lt_strategy_id),
    )
