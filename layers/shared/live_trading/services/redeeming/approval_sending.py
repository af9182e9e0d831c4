"""Signs and sends the approvals that owners asked for, by the same `delivery` as redemptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from live_trading.chain.errors import Reverted
from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming.approval_needs import approval_call, holds
from live_trading.services.redeeming.delivery import Delivery
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.chain import wallet_approvals
from live_trading.store.chain.chain_sends import ChainSend
from live_trading.store.chain.wallet_approvals import WalletApproval
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease


class ApprovalSending:
    """Takes approvals from asked to signed; delivery and proof do the rest."""

    def __init__(self, *, database: Database, chain: ChainReader, clock: Clock, delivery: Delivery) -> None:
        self._database = database
        self._chain = chain
        self._clock = clock
        self._delivery = delivery

    def sign_due(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carrier: Carrier,
        due: Sequence[WalletApproval],
        go: Callable[[ChainSend], bool],
        failures: list[PartFailure],
    ) -> None:
        """Signs each that the chain does not grant already; `go` sends it and says whether it is final.

        Whatever happens to one is its own failure, and the others are signed.
        """
        for approval in due:
            is_in_the_way = False
            with contained(f"approval {approval.wallet_approval_id}", failures):
                is_in_the_way = not self._sign(lease, wallet, carrier, approval, go) and carrier.is_one_at_a_time
            if is_in_the_way:
                return

    def _sign(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carrier: Carrier,
        approval: WalletApproval,
        go: Callable[[ChainSend], bool],
    ) -> bool:
        """True where nothing of it is on its way after this."""
        if holds(self._chain, wallet.address, approval):
            self._end(lease, approval, "NOTHING_TO_DO", None)
            return True
        calls = [approval_call(approval)]
        try:
            send = self._delivery.sign(lease, wallet.trading_wallet_id, carrier, calls, _attaching(approval))
        except Reverted as error:
            self._end(lease, approval, "FAILED", error.reason)
            return True
        return go(send)

    def _end(self, lease: Lease, approval: WalletApproval, state: str, error: str | None) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            wallet_approvals.end_unsigned(transaction, approval.wallet_approval_id, state=state, error=error, now=now)


def _attaching(approval: WalletApproval) -> Callable[[Transaction, ChainSend], None]:
    def attach(transaction: Transaction, send: ChainSend) -> None:
        if not wallet_approvals.attach(transaction, approval.wallet_approval_id, send.chain_send_id):
            raise StopEverything(f"approval {approval.wallet_approval_id} moved under its lease")

    return attach
