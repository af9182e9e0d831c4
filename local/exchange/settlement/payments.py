"""Money that comes to an account unasked: rebates of the venue, and a base unit from a stranger.

It arrives on the chain first. The activity names the venue's payments some time later; what a stranger sends it
never explains.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from eth_abi.abi import encode
from eth_hash.auto import keccak

from local.chain.deployment import ADDRESSES, OPERATOR
from local.exchange.engine.trades import Trade, TradeStatus
from local.exchange.run_config import PaymentTimes
from local.exchange.settlement.node import Node
from local.exchange.tape.tape import TapePayment
from local.exchange.units import Usd
from local.exchange.world import World

TAKER_REBATE_PERCENT = 3
MAKER_REBATE_PERCENT = 20
ACTIVITY_LAG_MS = 60_000
DUST_TRIES_EVERY_MS = 300_000
DUST = Usd.of_base_units(1)
DISTRIBUTOR = "0x" + keccak(b"pays rebates")[12:].hex()
STRANGER = "0x" + keccak(b"a stranger")[12:].hex()

_MINT = keccak(b"mint(address,uint256)")[:4]
_TRANSFER = keccak(b"transfer(address,uint256)")[:4]
_GAS = hex(500_000)
_GAS_MONEY = hex(10**20)


class PaymentKind(StrEnum):
    """What the venue pays of its own accord, as the activity calls it."""

    TAKER_REBATE = "TAKER_REBATE"
    MAKER_REBATE = "MAKER_REBATE"
    REWARD = "REWARD"
    YIELD = "YIELD"
    REFERRAL_REWARD = "REFERRAL_REWARD"


def schedule_payments(world: World, times: PaymentTimes) -> None:
    """Put the venue's rebates and the stranger's dust on the timeline."""
    payments = Payments(world)
    if times.rebates_every_seconds is not None:
        payments.rebate_every(times.rebates_every_seconds * 1000)
    if times.dust_after_seconds is not None:
        world.timeline.call_at(world.timeline.now_ms() + times.dust_after_seconds * 1000, payments.send_dust)


@dataclass(slots=True)
class Payments:
    """Pays on the local chain and writes it on the tape."""

    world: World
    _rebated: int = 0

    def rebate_every(self, period_ms: int) -> None:
        """Pay rebates once a period from now on."""
        self.world.timeline.call_at(self.world.timeline.now_ms() + period_ms, partial(self._rebate, period_ms))

    def pay(self, account: str, kind: PaymentKind, usd: Usd) -> str:
        """A payment of the venue, which the activity shows a minute later under its type; the transaction hash."""
        transaction_hash = self.send(DISTRIBUTOR, account, usd)
        now_ms = self.world.timeline.now_ms()
        self.world.tape.append_payment(
            TapePayment(
                transaction_hash=transaction_hash,
                account=account,
                kind=kind,
                usd=usd,
                paid_ms=now_ms,
                visible_ms=now_ms + ACTIVITY_LAG_MS,
            )
        )
        return transaction_hash

    def send_dust(self) -> None:
        """One base unit to the first account that has ever ordered; tried again while there is none."""
        orders = self.world.engine.records.orders()
        if not orders:
            self.world.timeline.call_at(self.world.timeline.now_ms() + DUST_TRIES_EVERY_MS, self.send_dust)
            return
        self.send(STRANGER, orders[0].account, DUST)

    def _rebate(self, period_ms: int) -> None:
        for (account, kind), units in sorted(rebates(self._new_trades()).items()):
            if units:
                self.pay(account, kind, Usd.of_base_units(units))
        self.rebate_every(period_ms)

    def _new_trades(self) -> list[Trade]:
        """The trades up to the first that is not final, since the last rebates."""
        trades: list[Trade] = []
        for trade in self.world.engine.records.trades()[self._rebated :]:
            if trade.status not in (TradeStatus.CONFIRMED, TradeStatus.FAILED):
                break
            trades.append(trade)
        self._rebated += len(trades)
        return trades

    def send(self, sender: str, account: str, usd: Usd) -> str:
        """Collateral from an address that is given it for this; the transaction hash."""
        node, token = Node(self.world.chain.rpc_url), ADDRESSES.collateral_token
        node.call("anvil_setBalance", sender, _GAS_MONEY)
        transaction_hash = ""
        for giver, selector, receiver in ((OPERATOR, _MINT, sender), (sender, _TRANSFER, account)):
            data = "0x" + (selector + encode(["address", "uint256"], [receiver, usd.base_units])).hex()
            receipt = node.call("eth_sendTransactionSync", {"from": giver, "to": token, "data": data, "gas": _GAS})
            transaction_hash = str(receipt["transactionHash"])
        return transaction_hash


def rebates(trades: list[Trade]) -> dict[tuple[str, PaymentKind], int]:
    """Base units by account and activity type: of the fees of confirmed trades, to takers and to makers by shares."""
    owed: defaultdict[tuple[str, PaymentKind], int] = defaultdict(int)
    for trade in trades:
        fee = trade.taker.fee_units
        if trade.status is not TradeStatus.CONFIRMED or not fee:
            continue
        owed[trade.taker.account, PaymentKind.TAKER_REBATE] += fee * TAKER_REBATE_PERCENT // 100
        for maker in trade.makers:
            if maker.order is not None:
                part = fee * MAKER_REBATE_PERCENT * maker.shares_units // (100 * trade.taker.shares_units)
                owed[maker.account, PaymentKind.MAKER_REBATE] += part
    return dict(owed)
