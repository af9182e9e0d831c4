"""A redemption that was signed under the former tables goes on under the present ones."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.wiring.database import database_of
from local.postgres.databases import create_database, drop_database
from tests.integration.postgres_fixtures import ROOT

pytestmark = pytest.mark.settlement

FIRST_OF_THIS_KIND = "202611241200"


@pytest.fixture
def former(postgres_server: str) -> Iterator[Database]:
    """A database with the tables as they were before."""
    name = f"former_{uuid4().hex[:12]}"
    opened = database_of(create_database(postgres_server, name), application_name="tests")
    files = read_migrations(ROOT / "migrations")
    migrate(opened, [each for each in files if each.name < FIRST_OF_THIS_KIND])
    yield opened
    opened.close()
    drop_database(postgres_server, name)


def test_each_state_keeps_its_bytes_and_becomes_a_send(former: Database) -> None:
    wallet = uuid4()
    states = ["DUE", "PREPARED", "BROADCAST", "MINED", "BOOKED", "NOTHING_TO_DO", "FAILED", "NEEDS_OPERATOR"]
    with former.transaction() as transaction:
        transaction.execute(
            "INSERT INTO trading_wallets VALUES (:id, 'o', 'w', :address, 0, 's', 0, now())",
            id=wallet,
            address="0x" + "a1" * 20,
        )
        for number, state in enumerate(states):
            transaction.execute(_MARKET, condition=f"0x{number:064x}")
            transaction.execute(
                _REDEMPTION,
                id=uuid4(),
                wallet=wallet,
                condition=f"0x{number:064x}",
                state=state,
                nonce=number,
                payer="0x" + "a1" * 20,
                hash=f"0x{number + 1:064x}",
            )

    migrate(former, read_migrations(ROOT / "migrations"))

    with former.transaction() as transaction:
        rows = transaction.rows(
            """
            SELECT redemption.state, send.state AS send_state, version.signed_transaction
            FROM lt_redemptions AS redemption
            LEFT JOIN chain_sends AS send USING (chain_send_id)
            LEFT JOIN chain_send_versions AS version USING (chain_send_id)
            """
        )
    found = {row["state"]: (row["send_state"], row["signed_transaction"]) for row in rows}
    assert found == {
        "DUE": (None, None),
        "PREPARED": ("PREPARED", "0x02"),
        "BROADCAST": ("BROADCAST", "0x02"),
        "MINED": ("MINED", "0x02"),
        "BOOKED": ("CONFIRMED", "0x02"),
        "NOTHING_TO_DO": (None, None),
        "FAILED": (None, None),
        "NEEDS_OPERATOR": (None, None),
    }


_MARKET = """
INSERT INTO markets (
    condition_id, version, question, slug, outcomes, token_ids, is_open, accepting_orders, tick_size,
    minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state_since, refreshed_at
) VALUES (:condition, 'v1', 'q', 's', '{Yes,No}', '{1,2}', FALSE, FALSE, 0.01, 5, 0, 1, FALSE, now(), now())
"""
_REDEMPTION = """
INSERT INTO lt_redemptions (
    lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, sender, nonce, signed_transaction,
    transaction_hash, market_resolved_at, created_at
) VALUES (:id, :wallet, :condition, 'STANDARD', :state, 1, :payer, :nonce, '0x02', :hash, now(), now())
"""
