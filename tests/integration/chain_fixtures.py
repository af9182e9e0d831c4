"""A running local chain, funded accounts, and a real HTTP hop before the node that counts and loses answers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx

from live_trading.chain.abi import Call
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.redemption import RedemptionKind, redeem_call
from live_trading.chain.sending.sender import EoaSender, FeeCaps, PreparedTransaction, Receipt
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from local.chain import ADDRESSES, LocalChain, PreparedMarket
from local.machine.patience import HANG_SECONDS
from tests.integration.signed_order_fixtures import fill_of, signed_order

GWEI = 10**9
CAPS = FeeCaps(max_fee=500 * GWEI, max_priority_fee=50 * GWEI, max_gas=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A key of the test and the address that trades with it: its own, or a wallet's for which it signs."""

    private_key: str
    address: str
    signature_type: SignatureType = SignatureType.EOA


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledTrade:
    """A trade on the chain, and the order of the account whose trade it is."""

    order_hash: str
    transaction_hash: str


@contextmanager
def running_chain() -> Iterator[LocalChain]:
    """A local chain that ends with the block."""
    with TemporaryDirectory() as directory, LocalChain.start(Path(directory)) as chain:
        yield chain


def fresh_id() -> str:
    """A question id or order hash that no other test has."""
    return "0x" + secrets.token_hex(32)


def new_account(chain: LocalChain, *, collateral: str = "1000", is_approved: bool = True) -> Account:
    """An account with gas money, pUSD and, unless it shall have none, every approval that trading needs."""
    key = "0x" + secrets.token_hex(32)
    account = Account(private_key=key, address=LocalKeySigner(key).address)
    chain.fund_gas(account.address)
    chain.mint_collateral(account.address, Usd(collateral))
    if is_approved:
        chain.approve_trading(key)
    return account


def trade(
    chain: LocalChain,
    account: Account,
    market: PreparedMarket,
    side: Side,
    *,
    outcome: int = 0,
    shares: str = "10",
    usd: str = "4",
    fee: str = "0",
) -> SettledTrade:
    """Settles an order that the account signs, in full, against recorded depth."""
    given, taken = (Usd(usd), Shares(shares)) if side is Side.BUY else (Shares(shares), Usd(usd))
    order = signed_order(
        account.private_key,
        market,
        side,
        outcome=outcome,
        maker_amount=given.base_units,
        taker_amount=taken.base_units,
        signature_type=account.signature_type,
        maker=account.address,
    )
    fill = fill_of(order, market, fee=Usd(fee).base_units)
    return SettledTrade(order_hash=fill.order_hash, transaction_hash=chain.settle_fills(market.exchange, [fill]))


def buy(chain: LocalChain, account: Account, market: PreparedMarket, **traded: Any) -> str:
    """Settles a BUY of the account and returns the transaction hash; see `trade`."""
    return trade(chain, account, market, Side.BUY, **traded).transaction_hash


def kind_of(market: PreparedMarket) -> RedemptionKind:
    """The adapter that the market's tokens go through."""
    return RedemptionKind.NEG_RISK if market.neg_risk else RedemptionKind.STANDARD


def sender_of(account: Account, rpc_url: str, caps: FeeCaps = CAPS) -> EoaSender:
    """The product's sender over the account's key."""
    return EoaSender(
        rpc_url=rpc_url, addresses=ADDRESSES, signer=LocalKeySigner(account.private_key), chain_id=137, caps=caps
    )


def prepared_redemption(sender: EoaSender, market: PreparedMarket) -> PreparedTransaction:
    """A signed redemption that is not broadcast yet."""
    return sender.prepare(redeem_call(kind_of(market), market.condition_id, ADDRESSES), None)


def mined(sender: EoaSender, transaction_hash: str) -> Receipt:
    """The receipt of a transaction that the node has: it makes the block a moment after it takes the bytes."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        receipt = sender.receipt(transaction_hash)
        if receipt is not None:
            return receipt
    raise AssertionError(f"{transaction_hash} was not mined")


def sent(sender: EoaSender, call: Call) -> Receipt:
    """Prepares and broadcasts a call, and returns its receipt."""
    prepared = sender.prepare(call, None)
    sender.broadcast(prepared.signed)
    return mined(sender, prepared.transaction_hash)


def redeem(sender: EoaSender, market: PreparedMarket, kind: RedemptionKind | None = None) -> Receipt:
    """Redeems through the adapter of `kind`, by default the right one, and returns the receipt."""
    return sent(sender, redeem_call(kind or kind_of(market), market.condition_id, ADDRESSES))


def reader_of(chain: LocalChain) -> ChainReader:
    """The product's reader of this chain."""
    return ChainReader(chain.rpc_url, ADDRESSES)


@dataclass(slots=True)
class Hop:
    """A forwarding HTTP server; while `loses_answers` it passes requests on and closes without an answer.

    Some providers take no batches of requests: `takes_batches`.
    """

    node_url: str
    url: str = ""
    methods: list[str] = field(default_factory=list)
    loses_answers: bool = False
    takes_batches: bool = True


@contextmanager
def hop_before(node_url: str) -> Iterator[Hop]:
    """A hop in front of a node, on a free loopback port."""
    hop = Hop(node_url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if body.startswith(b"[") and not hop.takes_batches:
                hop.methods.append("a batch")
                self.send_response(400)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            answer = httpx.post(
                node_url, content=body, headers={"Content-Type": "application/json"}, timeout=HANG_SECONDS
            )
            hop.methods.append(answer.request.content.decode().split('"method":"')[1].split('"')[0])
            if hop.loses_answers:
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hop.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
