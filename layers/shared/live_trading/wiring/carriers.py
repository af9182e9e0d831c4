"""Builds a trading wallet's ways to the chain from its kind and its secret."""

from __future__ import annotations

from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.sender import EoaSender, FeeCaps
from live_trading.chain.senders import MOST_CALLS_OF_A_SAFE, OwnAccountSender, SafeSender
from live_trading.chain.signer import LocalKeySigner
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.wallet_secret import WalletSecret
from live_trading.services.carriers import Carrier, DirectCarrier
from live_trading.wiring.settings import Settings


def carriers_of(
    wallet: TradingWallet, secret: WalletSecret, *, settings: Settings, addresses: ContractAddresses, caps: FeeCaps
) -> list[Carrier]:
    """The preferred way first. `caps.max_gas` is for one call; a batch may use as much for each of its calls."""
    signer = LocalKeySigner(secret.private_key)

    def eoa(max_gas: int) -> EoaSender:
        return EoaSender(
            rpc_url=settings.rpc_url,
            addresses=addresses,
            signer=signer,
            chain_id=settings.chain_id,
            caps=FeeCaps(max_fee=caps.max_fee, max_priority_fee=caps.max_priority_fee, max_gas=max_gas),
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
