"""The scripted traders' fills on the chain, in a block every two seconds of the venue's time, before the feed has them.

Their transactions are the chain's then, the same in its logs and on the tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eth_hash.auto import keccak

from local.chain.emitted_fills import EmittedFill, VenueBlocks
from local.chain.settlement import OrderSide
from local.exchange.tape.tape import Tape, TapeTrade
from local.exchange.tape.timeline import Timeline
from local.exchange.terms import Side

BLOCK_MS = 2_000


@dataclass(slots=True, kw_only=True)
class TapeBlocks:
    """Takes the trades of each order, and puts them into the first block after they have settled."""

    timeline: Timeline
    tape: Tape
    blocks: VenueBlocks
    _waiting: list[Sequence[TapeTrade]] = field(default_factory=list)

    def begin(self) -> None:
        """The chain's time is the venue's from here on."""
        self.blocks.start(self.timeline.now_ms() // 1000)
        self._next()

    def take(self, trades: Sequence[TapeTrade]) -> None:
        """The trades of one order, which stand in one transaction."""
        self._waiting.append(trades)

    def _next(self) -> None:
        self.timeline.call_at(self.timeline.now_ms() // BLOCK_MS * BLOCK_MS + BLOCK_MS, self._block)

    def _block(self) -> None:
        now_ms = self.timeline.now_ms()
        due = [trades for trades in self._waiting if trades[0].block_ms <= now_ms]
        self._waiting = [trades for trades in self._waiting if trades[0].block_ms > now_ms]
        hashes = self.blocks.block(now_ms // 1000, [_emitted(trades) for trades in due])
        for trades, transaction_hash in zip(due, hashes, strict=True):
            for trade in trades:
                visible_ms = max(trade.visible_ms, now_ms)
                self.tape.append(
                    replace(trade, transaction_hash=transaction_hash, settled_ms=now_ms, visible_ms=visible_ms)
                )
        self._next()


def _emitted(trades: Sequence[TapeTrade]) -> list[EmittedFill]:
    return [_fill(trade, number) for number, trade in enumerate(trades)]


def _fill(trade: TapeTrade, number: int) -> EmittedFill:
    usd, shares = int(trade.usd.value.scaleb(6)), int(trade.shares.value.scaleb(6))
    is_buy = trade.side is Side.BUY
    return EmittedFill(
        order_hash="0x" + keccak(f"{trade.transaction_hash}:{number}".encode()).hex(),
        account=trade.account,
        side=OrderSide.BUY if is_buy else OrderSide.SELL,
        token_id=int(trade.token_id),
        making=usd if is_buy else shares,
        taking=shares if is_buy else usd,
        fee=int(trade.fee.value.scaleb(6)),
    )
