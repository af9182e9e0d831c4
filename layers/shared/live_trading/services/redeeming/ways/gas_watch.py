"""An alert about a payer that is running out of gas money, raised before it has too little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.sending.senders import Channel
from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.watch import alerts


def watch_gas(
    database: Database,
    chain: ChainReader,
    lease: Lease,
    wallet: TradingWallet,
    carriers: Sequence[Carrier],
    *,
    low_wei: int,
    now: datetime,
) -> None:
    """Raises or ends the alert of everyone who pays gas here. Raises RetryLater where the chain is away."""
    for payer in {carrier.payer for carrier in carriers if carrier.channel is not Channel.RELAYER}:
        left = chain.gas_money(payer)
        with database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if left >= low_wei:
                alerts.resolve_alert(transaction, alert_type=AlertType.GAS, subject=payer, at=now)
                continue
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.GAS,
                severity=Severity.WARNING,
                subject=payer,
                title=f"{payer} is running out of gas money",
                message=f"{left} wei are left; redemptions stop when a transaction costs more",
                at=now,
                concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
            )
