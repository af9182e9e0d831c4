"""Proves the keys of newly registered wallets, in the function that may read their secrets.

Nothing is traded, signed or redeemed for a wallet whose key is not proved.
"""

from __future__ import annotations

from collections.abc import Callable

from live_trading.chain.wallets.key_proof import KeyProof
from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.secret_names import is_secret_of, prefix_of_owner
from live_trading.nouns.wallets import TradingWallet, challenge_of
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts import wallet_verification
from live_trading.store.accounts.wallet_verification import Unverified
from live_trading.store.database import audit, leases
from live_trading.store.database.connection import AlreadyExists, Database
from live_trading.store.database.leases import Lease
from live_trading.store.watch import alerts

# Whoever registers many wallets delays his own and not the trading of others.
MOST_A_RUN = 3


class WalletProver:
    """Takes registered wallets from PENDING to VERIFIED."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        prove: Callable[[TradingWallet, str], KeyProof],
        secret_prefix: str,
        actor: str,
    ) -> None:
        """`prove` has the key in a wallet's secret sign a challenge; it raises RetryLater, and GiveUp without a key."""
        self._database = database
        self._clock = clock
        self._prove = prove
        self._secret_prefix = secret_prefix
        self._actor = actor

    def run(self, lease: Lease, failures: list[PartFailure]) -> int:
        """How many wallets may trade from now on. One that cannot be proved is told of and tried again."""
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            waiting = wallet_verification.waiting(transaction, MOST_A_RUN)
        proved = 0
        for each in waiting:
            with contained(f"key of wallet {each.wallet.trading_wallet_id}", failures):
                proved += self._is_proved(lease, each)
        return proved

    def _is_proved(self, lease: Lease, waiting: Unverified) -> bool:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            # Before it is tried: whatever happens to this one, others come before it in the next run.
            leases.assert_held(transaction, lease)
            wallet_verification.not_verified(transaction, waiting.wallet.trading_wallet_id, None, now)
        found = self._proof(waiting.wallet)
        if isinstance(found, KeyProof):
            try:
                self._verify(lease, waiting, found)
            except AlreadyExists as error:
                if error.constraint != wallet_verification.ADDRESS_PROVED:
                    raise
                found = f"another wallet has proved the key of {waiting.wallet.address}"
            else:
                return True
        self._refuse(lease, waiting, found)
        return False

    def _proof(self, wallet: TradingWallet) -> KeyProof | str:
        """The proof, or why there is none."""
        if not is_secret_of(self._secret_prefix, wallet.owner_id, wallet.secret_name):
            start = prefix_of_owner(self._secret_prefix, wallet.owner_id)
            return f"the secret is not the owner's to name: its name has to begin with {start}"
        try:
            proof = self._prove(wallet, challenge_of(wallet))
        except GiveUp as error:
            return str(error)
        if not proof.is_owner:
            return (
                f"the key in the secret is that of {proof.signer}, who is not the owner of {wallet.address} as a "
                f"wallet of kind {wallet.signature_type.name}"
            )
        return proof

    def _verify(self, lease: Lease, waiting: Unverified, proof: KeyProof) -> None:
        wallet, now = waiting.wallet, self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            wallet_verification.verified(transaction, wallet.trading_wallet_id, proof.signature, now)
            audit.record(
                transaction,
                actor=self._actor,
                action="trading_wallet_verified",
                subject_type="trading_wallet",
                subject_id=str(wallet.trading_wallet_id),
                before={"verification": "PENDING"},
                after={"verification": "VERIFIED", "signer": proof.signer, "signature": proof.signature},
                cause="the key signed the challenge",
                at=now,
            )
            alerts.resolve_alert(
                transaction, alert_type=AlertType.WALLET_UNVERIFIED, subject=str(wallet.trading_wallet_id), at=now
            )

    def _refuse(self, lease: Lease, waiting: Unverified, why: str) -> None:
        wallet, now = waiting.wallet, self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            wallet_verification.not_verified(transaction, wallet.trading_wallet_id, why, now)
            if waiting.has_strategies:
                alerts.raise_alert(
                    transaction,
                    alert_type=AlertType.WALLET_UNVERIFIED,
                    severity=Severity.WARNING,
                    subject=str(wallet.trading_wallet_id),
                    title=f"wallet {waiting.name} may not trade: its key is not proved",
                    message=f"wallet {wallet.trading_wallet_id} ({wallet.address}) of {wallet.owner_id}, registered "
                    f"{waiting.registered_at.isoformat()}: {why}. Its strategies open nothing. What to do: put the key "
                    "of the address into the secret, or register the wallet anew; the proof is tried again by itself.",
                    at=now,
                    concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
                )
