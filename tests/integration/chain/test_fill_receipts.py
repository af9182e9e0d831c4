"""What a settled trade moved, read from real receipts of the local chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from live_trading.chain.abi import address_topic, hex_text
from live_trading.chain.contracts import ORDER_FILLED, TRANSFER
from live_trading.chain.errors import RpcUnavailable
from live_trading.chain.reading.fill_receipts import FillReceipts, moved_in
from live_trading.chain.reading.receipts import payer_of
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import Moved
from live_trading.nouns.trades import Side
from local.chain import (
    ADDRESSES,
    NEG_RISK_EXCHANGE,
    STANDARD_EXCHANGE,
    FillToSettle,
    LocalChain,
    PreparedMarket,
    SettlementReverted,
    SignedOrder,
)
from tests.integration.chain_fixtures import Account, fresh_id, hop_before, new_account, running_chain
from tests.integration.signed_order_fixtures import fill_of, signed_order

pytestmark = pytest.mark.integration

EXCHANGES = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE)
BOUGHT = Moved(usd=Usd("4.999998"), shares=Shares("7.042251"), fee=Usd("0.07249"))
SOLD = Moved(usd=Usd("1.5"), shares=Shares(3), fee=Usd("0.02"))
# More than three buyers of BOUGHT take: recorded depth takes the rest.
SOLD_TO_MANY = Moved(usd=Usd("16.5"), shares=Shares(24), fee=Usd("0.02"))


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


def receipts_of(url: str, *, exchanges: tuple[str, ...] = EXCHANGES, confirmations: int = 1) -> FillReceipts:
    return FillReceipts(url, ADDRESSES, exchanges=exchanges, confirmations=confirmations)


def signed(
    account: Account, market: PreparedMarket, moved: Moved, *, side: Side = Side.BUY, times: int = 1
) -> SignedOrder:
    """An order that allows `moved` so many times."""
    given, taken = (moved.usd, moved.shares) if side is Side.BUY else (moved.shares, moved.usd)
    return signed_order(
        account.private_key,
        market,
        side,
        maker_amount=times * given.base_units,
        taker_amount=times * taken.base_units,
    )


def part(
    account: Account,
    market: PreparedMarket,
    moved: Moved,
    *,
    side: Side = Side.BUY,
    order: SignedOrder | None = None,
    is_maker: bool = False,
) -> FillToSettle:
    return fill_of(
        order or signed(account, market, moved, side=side),
        market,
        usd=moved.usd.base_units,
        shares=moved.shares.base_units,
        fee=moved.fee.base_units,
        is_maker=is_maker,
    )


@pytest.mark.parametrize("neg_risk", [False, True])
def test_a_purchase_and_a_sale_are_read_to_the_base_unit(chain: LocalChain, *, neg_risk: bool) -> None:
    account, market = new_account(chain), chain.prepare_market(fresh_id(), neg_risk=neg_risk)
    exchange = NEG_RISK_EXCHANGE if neg_risk else STANDARD_EXCHANGE
    buy, sale = part(account, market, BOUGHT), part(account, market, SOLD, side=Side.SELL)
    hashes = [chain.settle_fills(exchange, [each]) for each in (buy, sale)]

    read = receipts_of(chain.rpc_url).read(account.address, hashes)

    assert read.moved == {hashes[0]: {buy.order_hash: BOUGHT}, hashes[1]: {sale.order_hash: SOLD}}
    assert read.of_order(buy.order_hash) == {hashes[0]: BOUGHT}


def test_several_fills_in_one_transaction_are_summed_by_order_and_by_nobody_else(chain: LocalChain) -> None:
    account, other = new_account(chain), new_account(chain)
    market = chain.prepare_market(fresh_id())
    chain.settle_fills(STANDARD_EXCHANGE, [part(account, market, replace(SOLD_TO_MANY, fee=Usd(0)))])
    order = signed(account, market, BOUGHT, times=2)
    sale = part(account, market, SOLD_TO_MANY, side=Side.SELL)
    parts = [
        part(account, market, BOUGHT, order=order, is_maker=True),
        part(other, market, BOUGHT, is_maker=True),
        part(account, market, BOUGHT, order=order, is_maker=True),
        sale,
    ]

    transaction_hash = chain.settle_fills(STANDARD_EXCHANGE, parts)

    twice = Moved(usd=BOUGHT.usd + BOUGHT.usd, shares=BOUGHT.shares + BOUGHT.shares, fee=BOUGHT.fee + BOUGHT.fee)
    read = receipts_of(chain.rpc_url).read(account.address, [transaction_hash])
    assert read.moved == {transaction_hash: {parts[0].order_hash: twice, sale.order_hash: SOLD_TO_MANY}}


def test_only_the_configured_exchanges_are_believed(chain: LocalChain) -> None:
    account, market = new_account(chain), chain.prepare_market(fresh_id())
    transaction_hash = chain.settle_fills(STANDARD_EXCHANGE, [part(account, market, BOUGHT)])

    read = receipts_of(chain.rpc_url, exchanges=(NEG_RISK_EXCHANGE,)).read(account.address, [transaction_hash])

    assert (read.moved, list(read.at_odds)) == ({}, [transaction_hash])


def test_a_receipt_waits_until_it_lies_deep_enough(chain: LocalChain) -> None:
    account, market = new_account(chain), chain.prepare_market(fresh_id())
    transaction_hash = chain.settle_fills(STANDARD_EXCHANGE, [part(account, market, BOUGHT)])
    receipts = receipts_of(chain.rpc_url, confirmations=3)

    early = receipts.read(account.address, [transaction_hash, fresh_id()])
    chain.mine(2)
    late = receipts.read(account.address, [transaction_hash])

    assert (early.moved, len(early.waiting)) == ({}, 2)
    assert list(late.moved) == [transaction_hash]


def test_a_reverted_and_a_nonsensical_transaction_take_no_other_with_them(chain: LocalChain) -> None:
    account, poor = new_account(chain), new_account(chain, collateral="0")
    market = chain.prepare_market(fresh_id())
    good = chain.settle_fills(STANDARD_EXCHANGE, [part(account, market, BOUGHT)])
    with pytest.raises(SettlementReverted) as reverted:
        chain.settle_fills(
            STANDARD_EXCHANGE,
            [part(account, market, SOLD, side=Side.SELL), part(poor, market, SOLD, is_maker=True)],
        )

    read = receipts_of(chain.rpc_url).read(account.address, [good, reverted.value.transaction_hash, "0x12"])

    assert list(read.moved) == [good]
    assert set(read.at_odds) == {reverted.value.transaction_hash, "0x12"}


def test_many_receipts_take_few_requests(chain: LocalChain) -> None:
    account, market = new_account(chain), chain.prepare_market(fresh_id())
    small = Moved(usd=Usd("0.1"), shares=Shares(1), fee=Usd(0))
    hashes = [chain.settle_fills(STANDARD_EXCHANGE, [part(account, market, small)]) for _ in range(60)]

    with hop_before(chain.rpc_url) as hop:
        read = receipts_of(hop.url).read(account.address, hashes)

    assert set(read.moved) == set(hashes)
    assert len(hop.methods) <= 3


def test_a_node_that_takes_no_batches_is_asked_one_by_one(chain: LocalChain) -> None:
    account, market = new_account(chain), chain.prepare_market(fresh_id())
    hashes = [chain.settle_fills(STANDARD_EXCHANGE, [part(account, market, BOUGHT)]) for _ in range(2)]

    with hop_before(chain.rpc_url) as hop:
        hop.takes_batches = False
        read = receipts_of(hop.url).read(account.address, hashes)

    assert set(read.moved) == set(hashes)
    assert hop.methods.count("eth_getTransactionReceipt") == 2


def test_nothing_to_read_asks_nothing_and_a_node_that_is_away_is_told_apart() -> None:
    nowhere = receipts_of("http://127.0.0.1:9")

    assert nowhere.read("0x" + "1" * 40, []).moved == {}
    with pytest.raises(RpcUnavailable):
        nowhere.read("0x" + "1" * 40, [fresh_id()])


ACCOUNT = "0x" + "a1" * 20
PAYER = payer_of(ACCOUNT, ADDRESSES)


def words(*values: int) -> str:
    return hex_text(b"".join(value.to_bytes(32, "big") for value in values))


def event(*values: int, maker: str = ACCOUNT) -> dict[str, object]:
    topics = [ORDER_FILLED, "0x" + "5" * 64, address_topic(maker), address_topic(STANDARD_EXCHANGE)]
    return {"address": STANDARD_EXCHANGE, "topics": topics, "data": words(*values, 0, 0)}


def transfer(source: str, target: str, units: int) -> dict[str, object]:
    topics = [TRANSFER, address_topic(source), address_topic(target)]
    return {"address": ADDRESSES.collateral_token, "topics": topics, "data": words(units)}


def test_events_that_say_more_than_the_transfers_brought_are_not_believed() -> None:
    claims_tokens = [event(0, 7, 5_000_000, 10_000_000, 0), transfer(ACCOUNT, STANDARD_EXCHANGE, 5_000_000)]

    with pytest.raises(MalformedAnswer, match="its transfers 0"):
        moved_in(claims_tokens, PAYER, EXCHANGES)
    with pytest.raises(MalformedAnswer, match="its transfers -5000001"):
        moved_in([claims_tokens[0], transfer(ACCOUNT, STANDARD_EXCHANGE, 5_000_001)], PAYER, EXCHANGES)


@pytest.mark.parametrize(
    "values",
    [(2, 7, 5, 10, 0), (0, 7, 11, 10, 0), (0, 7, 0, 0, 0), (0, 7, 5, 10, 11)],
    ids=["side", "price", "empty", "fee"],
)
def test_an_event_that_no_trade_can_have_made_is_loud(values: tuple[int, ...]) -> None:
    with pytest.raises(MalformedAnswer):
        moved_in([event(*values)], PAYER, EXCHANGES)


@pytest.mark.venue_facts
def test_the_topic_is_that_of_the_recorded_events() -> None:
    assert ORDER_FILLED == "0xd543adfd945773f1a62f74f0ee55a5e3b9b1a28262980ba90b1a89f2ea84d8ee"
