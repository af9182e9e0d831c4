"""Trading wallets: what their strategies may spend, gas money, needed allowances, and what the venue allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from live_trading.chain.reading.reader import Purse
from live_trading.nouns.errors import LiveTradingError
from live_trading.nouns.wallets import SignatureType
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    at,
    count_of,
    healthy,
)
from live_trading.store.watch.health.money_state import WalletState

_WEI = Decimal(10**18)
_PLACES = Decimal("0.000001")

ReadPurses = Callable[[Sequence[str]], Mapping[str, Purse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletProbe:
    """One question for all wallets. `low_gas` is POL below which a wallet that pays for its own gas has too little."""

    purses: ReadPurses
    low_gas: Decimal

    def on_chain(self, wallets: Sequence[WalletState]) -> list[Finding]:
        """What the chain has of each wallet, read at one block; not known where the chain is away, which is told."""
        if not wallets:
            return [healthy(CheckName.WALLETS, "no wallet trades", count_of(0, "wallets", None))]
        try:
            purses = self.purses([wallet.address for wallet in wallets])
        except LiveTradingError as error:
            return [
                Finding(
                    name=CheckName.WALLETS,
                    status=HealthStatus.WARNING,
                    detail=f"not known: {type(error).__name__}",
                    figures=(count_of(len(wallets), "wallets", None),),
                    advice="see chain",
                    alerts=False,
                    is_answer=False,
                )
            ]
        found = [healthy(CheckName.WALLETS, "each was looked at", count_of(len(wallets), "wallets", None))]
        for wallet in wallets:
            purse = purses[wallet.address]
            found.append(_collateral(wallet, purse))
            if wallet.signature_type is SignatureType.EOA:
                found.append(_gas(wallet, purse, self.low_gas))
        return found


def _collateral(wallet: WalletState, purse: Purse) -> Finding:
    figure = Figure(name="collateral", observed=purse.collateral.value, limit=wallet.spendable.value, unit=Unit.USD)
    is_covered = purse.collateral >= wallet.spendable
    return Finding(
        name=CheckName.WALLET_COLLATERAL,
        subject=str(wallet.trading_wallet_id),
        owner_id=wallet.owner_id,
        status=HealthStatus.HEALTHY if is_covered else HealthStatus.CRITICAL,
        detail=f"{wallet.name} has {purse.collateral} USD, and its strategies may spend {wallet.spendable} USD",
        figures=(figure,),
        advice=(
            "a deposit makes it good; after a withdrawal accept the break that names it and deallocate what is missing"
        ),
    )


def _gas(wallet: WalletState, purse: Purse, low: Decimal) -> Finding:
    has = (Decimal(purse.gas_wei) / _WEI).quantize(_PLACES)
    return Finding(
        name=CheckName.WALLET_GAS,
        subject=str(wallet.trading_wallet_id),
        owner_id=wallet.owner_id,
        status=HealthStatus.HEALTHY if has >= low else HealthStatus.WARNING,
        detail=f"{wallet.name} has {has} POL for gas",
        figures=(Figure(name="gas", observed=has, limit=low, unit=Unit.POL),),
        advice="send it some POL: without it redemptions and approvals wait, and trading goes on",
    )


def kept(wallets: Sequence[WalletState]) -> list[Finding]:
    """What passes of lt-execute keep of each wallet: allowances that are too small, and what the venue lets it do."""
    allowed = [_allowance(wallet) for wallet in wallets if wallet.missing_allowances]
    stopped = [_closed_only(wallet) for wallet in wallets if wallet.closed_only_since is not None]
    return [
        *(allowed or [healthy(CheckName.WALLET_ALLOWANCES, "each exchange may take what its wallet has", count_of(0))]),
        *(stopped or [healthy(CheckName.CLOSED_ONLY, "no wallet may only close", count_of(0))]),
    ]


def _allowance(wallet: WalletState) -> Finding:
    return Finding(
        name=CheckName.WALLET_ALLOWANCES,
        subject=str(wallet.trading_wallet_id),
        owner_id=wallet.owner_id,
        status=HealthStatus.WARNING,
        detail=f"{', '.join(wallet.missing_allowances)} may take less than {wallet.name} has",
        figures=(count_of(len(wallet.missing_allowances)),),
        advice="GET /api/trading-wallets/{id}/approvals lists what is needed, and a POST there asks for it",
    )


def _closed_only(wallet: WalletState) -> Finding:
    since = "" if wallet.closed_only_since is None else f" since {at(wallet.closed_only_since)}"
    return Finding(
        name=CheckName.CLOSED_ONLY,
        subject=str(wallet.trading_wallet_id),
        owner_id=wallet.owner_id,
        status=HealthStatus.CRITICAL,
        detail=f"the venue does not let {wallet.name} open positions{since}",
        advice="see geoblock, and ask the venue; each pass asks it again, and a lock ends by itself with its yes",
    )
