"""Builds a trading wallet's ways to the chain from its kind and its secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.sending.sender import EoaSender, FeeCaps
from live_trading.chain.sending.senders import MOST_CALLS_OF_A_SAFE, OwnAccountSender, SafeSender
from live_trading.chain.wallets.relay_messages import RelayContracts
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.relayer import RelayerClient
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.services.redeeming.ways.carriers import Carrier, DirectCarrier
from live_trading.services.redeeming.ways.relayer_carrier import RelayerCarrier
from live_trading.wiring.settings import Settings

# Long enough for the relayer's bad quarters of an hour, short enough for money that waits.
RELAYER_PATIENCE = timedelta(minutes=30)


def carriers_of(
    wallet: TradingWallet,
    secret: WalletSecret,
    *,
    settings: Settings,
    addresses: ContractAddresses,
    caps: FeeCaps,
    now: Callable[[], datetime],
) -> list[Carrier]:
    """The preferred way first: the relayer, which pays the gas, where the secret has a key for it.

    `caps.max_gas` is for one call; a batch may use as much for each of its calls.
    """
    signer = LocalKeySigner(secret.private_key)
    direct = _direct(wallet, signer, settings, addresses, caps)
    if secret.relayer_api_key is None or wallet.signature_type is SignatureType.EOA:
        return direct
    relayer = RelayerCarrier(
        wallet=wallet,
        signer=signer,
        client=RelayerClient(settings.relayer_url, api_key=secret.relayer_api_key, owner=signer.address),
        chain=ChainReader(settings.rpc_url, addresses),
        contracts=RelayContracts(
            safe_multisend=settings.safe_multisend,
            proxy_factory=settings.proxy_factory,
            deposit_wallet_factory=settings.deposit_wallet_factory,
            relay_hub=settings.relay_hub,
        ),
        chain_id=settings.chain_id,
        now=now,
        gives_up_after=RELAYER_PATIENCE if direct else None,
    )
    return [relayer, *direct]


def _direct(
    wallet: TradingWallet, signer: LocalKeySigner, settings: Settings, addresses: ContractAddresses, caps: FeeCaps
) -> list[Carrier]:
    """The way of which the owner pays the gas, where the wallet has one."""

    def eoa(max_gas: int) -> EoaSender:
        return EoaSender(
            rpc_url=settings.rpc_url,
            addresses=addresses,
            signer=signer,
            chain_id=settings.chain_id,
            caps=replace(caps, max_gas=max_gas),
            account=wallet.address,
        )

    match wallet.signature_type:
        case SignatureType.EOA:
            return [DirectCarrier(OwnAccountSender(eoa(caps.max_gas)))]
        case SignatureType.SAFE:
            safe = SafeSender(
                eoa=eoa(caps.max_gas * MOST_CALLS_OF_A_SAFE),
                signer=signer,
                safe=wallet.address,
                rpc_url=settings.rpc_url,
                addresses=addresses,
                chain_id=settings.chain_id,
            )
            return [DirectCarrier(safe)]
        case _:
            return []
