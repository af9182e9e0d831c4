"""Closed sets of the code and of the database are the same, whichever migration touched a check last."""

from __future__ import annotations

import re
from enum import StrEnum

import pytest

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.nouns.alerts import AlertScope, AlertState, ChannelName, DeliveryState, MessageKind, Severity
from live_trading.nouns.locks import LockMode, LockReason, LockScope
from live_trading.nouns.orders import FillStatus, OrderState
from live_trading.nouns.wishes import WishKind, WishState
from live_trading.settlement.machine import RedemptionState
from live_trading.signals.history_sums import HistoryPart
from live_trading.store.books.breaks import BreakKind
from live_trading.store.database.connection import Database

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("table", "column", "members"),
    [
        ("ledger_transactions", "kind", TransactionKind),
        ("ledger_entries", "account", Account),
        ("locks", "scope", LockScope),
        ("locks", "mode", LockMode),
        ("locks", "reason", LockReason),
        ("lt_orders", "state", OrderState),
        ("fills", "status", FillStatus),
        ("breaks", "kind", BreakKind),
        ("exit_wishes", "kind", WishKind),
        ("exit_wishes", "state", WishState),
        ("lt_redemptions", "state", RedemptionState),
        ("trader_histories", "part", HistoryPart),
        ("lt_alerts", "severity", Severity),
        ("lt_alerts", "worst_severity", Severity),
        ("lt_alerts", "status", AlertState),
        ("lt_alerts", "scope", AlertScope),
        ("alert_messages", "kind", MessageKind),
        ("alert_messages", "severity", Severity),
        ("alert_deliveries", "channel", ChannelName),
        ("alert_deliveries", "state", DeliveryState),
    ],
)
def test_every_value_of_the_code_is_one_that_the_database_takes(
    database: Database, table: str, column: str, members: type[StrEnum]
) -> None:
    with database.transaction() as transaction:
        checks = transaction.rows(
            """
            SELECT pg_get_constraintdef(oid) AS said FROM pg_constraint
            WHERE conrelid = :table::regclass AND contype = 'c'
            """,
            table=table,
        )
    listed = [
        set(re.findall(r"'([^']+)'::", check["said"]))
        for check in checks
        if re.match(rf"CHECK \(+{column} = ANY", check["said"].replace("((" + column + ")::text", column))
    ]

    assert listed, [check["said"] for check in checks]
    assert set(members) <= set.union(*listed)
