"""Every way that a wallet's transactions can take to the chain, with servers in between that a test can make fail.

Relayed wallets are those whose transactions the venue's relayer sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from live_trading.nouns.wallets import SignatureType
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.fault_fixtures import Faults, Lost, Moment
from tests.settlement.parts.faulty_node_fixtures import FaultyNode, Refusal, faulty_node
from tests.settlement.parts.relayer_fixtures import SUBMIT, ServedRelayer, served_relayer
from tests.settlement.parts.settlement_fixtures import SettlementDesk

RELAYED = {
    "relayed-safe": SignatureType.SAFE,
    "relayed-proxy": SignatureType.PROXY,
    "relayed-deposit-wallet": SignatureType.DEPOSIT_WALLET,
}
WAYS = {"eoa": SignatureType.EOA, "safe": SignatureType.SAFE, **RELAYED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A wallet, the node, and the relayer where its transactions go there."""

    holder: Holder
    node: FaultyNode
    relayer: ServedRelayer | None = None

    @property
    def servers(self) -> list[Faults]:
        return [self.node] if self.relayer is None else [self.node, self.relayer]

    def forget(self) -> None:
        for server in self.servers:
            server.methods.clear()

    def heal(self) -> None:
        for server in self.servers:
            server.heals()

    def relays_unlooked(self) -> None:
        """What comes to a relayer goes to the chain, be there something to redeem or not."""
        if self.relayer is not None:
            self.relayer.relayer.prechecks = False

    def lets_nothing_out(self) -> None:
        """Everything works but to send something."""

        def happens(_: int, asked: str, moment: Moment) -> None:
            if moment is Moment.BEFORE and asked == "eth_sendRawTransaction":
                raise Refusal(code=-32000, message="txpool is full, try later")
            if moment is Moment.BEFORE and asked == SUBMIT:
                raise Lost

        for server in self.servers:
            server.happens = happens


@contextmanager
def rig_of(settling: SettlementDesk, way: str) -> Iterator[Rig]:
    """A wallet that goes this way, one of `WAYS`."""
    with faulty_node(settling.chain.rpc_url) as node:
        settling.rpc_url = node.url
        if way not in RELAYED:
            yield Rig(holder=settling.holder(WAYS[way]), node=node)
            return
        with served_relayer(settling.chain.rpc_url) as served:
            settling.relayer_url = served.url
            holder = settling.holder(WAYS[way], relayer_key="key")
            served.serves(holder)
            yield Rig(holder=holder, node=node, relayer=served)
