"""Breaks, locks, and accounts that say what they never may."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Figure, Finding, HealthStatus, Unit, count_of, healthy
from live_trading.store.books import overdrafts
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import money_state, own_state
from live_trading.store.watch.health.money_state import ReservedDifference

_COUNTED = (
    (CheckName.BREAKS, "open_breaks", HealthStatus.CRITICAL),
    (CheckName.REDEMPTIONS_FOR_OPERATOR, "redemptions_for_operator", HealthStatus.WARNING),
    (CheckName.LOCKS, "locks_in_force", HealthStatus.WARNING),
)


def counted(transaction: Transaction, look: Look) -> Judge:
    """Things that need somebody, each of which has an alert of its own."""
    asked = own_state.ask_counts(transaction, look.now)

    def judge() -> Sequence[Finding]:
        return [
            Finding(
                name=name,
                status=bad if asked.told[counted] else HealthStatus.HEALTHY,
                detail=str(asked.told[counted]),
                figures=(count_of(asked.told[counted]),),
                alerts=False,
            )
            for name, counted, bad in _COUNTED
        ]

    return judge


def overdrawn(transaction: Transaction, _look: Look) -> Judge:
    """Cash or a reservation below zero; and wallets that have given their strategies more than they hold."""
    below, wallets = overdrafts.ask_standing(transaction), overdrafts.ask_wallets(transaction)

    def judge() -> Sequence[Finding]:
        accounts = [
            f"{each.account} of strategy {each.lt_strategy_id} in wallet {each.trading_wallet_id} is ${each.amount}"
            for each in below.told
        ]
        short = [f"wallet {name} holds {amount} USD for nobody" for name, amount in wallets.told]
        return [_overdrafts(accounts), _unallocated(short)]

    return judge


def _overdrafts(accounts: Sequence[str]) -> Finding:
    if not accounts:
        return healthy(CheckName.OVERDRAFTS, "none", count_of(0))
    return Finding(
        name=CheckName.OVERDRAFTS,
        status=HealthStatus.CRITICAL,
        detail="; ".join(accounts),
        open_detail="an account is below zero",
        figures=(count_of(len(accounts)),),
    )


def _unallocated(short: Sequence[str]) -> Finding:
    """More is given to strategies than the wallet holds, after a withdrawal for instance: none of them enters."""
    if not short:
        return healthy(CheckName.UNALLOCATED, "no wallet is short of money", count_of(0))
    return Finding(
        name=CheckName.UNALLOCATED,
        status=HealthStatus.WARNING,
        detail="; ".join(short),
        open_detail="a wallet is short of money",
        figures=(count_of(len(short)),),
        advice="its strategies enter nothing until it is made up, by a deposit or by deallocating capital",
    )


def reserved(transaction: Transaction, _look: Look) -> Judge:
    """What is reserved of each strategy against what its open orders may still cost: the same, to the base unit."""
    asked = money_state.ask_reserved(transaction)

    def judge() -> Sequence[Finding]:
        if not asked.told:
            return [
                healthy(CheckName.RESERVED, "each strategy has reserved what its open orders may cost", count_of(0))
            ]
        return [_reserved(each) for each in asked.told]

    return judge


def _reserved(each: ReservedDifference) -> Finding:
    return Finding(
        name=CheckName.RESERVED,
        subject=str(each.lt_strategy_id),
        owner_id=each.owner_id,
        status=HealthStatus.CRITICAL,
        detail=f"{each.name} has {each.reserved} USD reserved, and its open orders may cost {each.orders} USD",
        figures=(Figure(name="reserved", observed=each.reserved.value, limit=each.orders.value, unit=Unit.USD),),
        advice=(
            "pause the strategy and look at the entries of its orders: a reservation that stays behind an ended order "
            "is released by a correcting entry, never by changing one"
        ),
    )
