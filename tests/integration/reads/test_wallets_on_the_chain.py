"""One trading wallet as the ledger keeps it and as a real chain has it; a chain that does not answer fails nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from functions.strategy_api import app
from live_trading.api.routes.money.wallet_detail_routes import WalletDetail
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.reading.wallet_look import WalletLooker
from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, transaction_of
from live_trading.nouns.money import Usd
from live_trading.store.books import ledger
from live_trading.wiring.clock import SystemClock
from tests.integration.api_fixtures import OWNER, STRANGER, Api
from tests.settlement.parts.fault_fixtures import Lost, Moment
from tests.settlement.parts.faulty_node_fixtures import Refusal, faulty_node

pytestmark = pytest.mark.integration


def detail(api: Api, wallet: dict[str, Any]) -> dict[str, Any]:
    reply = api.call("GET", f"/api/trading-wallets/{wallet['trading_wallet_id']}")
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def through(api: Api, rpc_url: str, monkeypatch: pytest.MonkeyPatch, *, seconds: int = 5) -> None:
    """The API looks at the chain through another node."""
    parts = app.parts
    needs = parts.wallet_detail._needs
    looker = WalletLooker(rpc_url, parts.contracts, timeout_seconds=seconds)
    monkeypatch.setattr(parts, "wallet_detail", WalletDetail(database=api.database, looker=looker, needs=needs))


@contextmanager
def silent_node() -> Iterator[str]:
    """Takes connections and never says anything."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_ledger_and_chain_are_told_side_by_side(api: Api) -> None:
    wallet = api.trading_wallet(holding="1000")
    api.strategy(trading_wallet_id=wallet["trading_wallet_id"], initial_capital_usd="400")

    shown = detail(api, wallet)

    assert shown["balances"] == {
        "unallocated_usd": "600.000000",
        "available_usd": "400.000000",
        "reserved_usd": "0.000000",
        "unsettled_usd": "0.000000",
        "position_cost_usd": "0.000000",
        "pending_redemption_usd": "0.000000",
        "collateral_usd": "1000.000000",
    }
    seen = shown["on_chain"]
    assert (seen["state"], seen["why"], seen["collateral_usd"]) == ("KNOWN", None, "1000.000000")
    assert Decimal(seen["difference_usd"]) == 0
    assert seen["gas_wei"] == "0"
    assert seen["approvals_missing"] == sum(1 for each in seen["approvals"] if each["granted"] is False) > 0


def test_what_came_beside_the_ledger_is_the_difference(api: Api) -> None:
    wallet = api.trading_wallet(holding="100")
    api.chain.mint_collateral(wallet["address"], Usd("2.5"))

    assert Decimal(detail(api, wallet)["on_chain"]["difference_usd"]) == Decimal("2.5")


def test_balances_of_all_strategies_and_of_nobody_are_the_wallets(api: Api) -> None:
    wallet = api.trading_wallet(holding="1000")
    ids = [
        api.strategy(trading_wallet_id=wallet["trading_wallet_id"], initial_capital_usd="300")["lt_strategy_id"]
        for _ in range(2)
    ]
    now = SystemClock().now()
    with api.database.transaction() as transaction:
        for each in ids:
            book = Book(UUID(wallet["trading_wallet_id"]), UUID(each))
            lines = [book.entry(Account.CASH, Usd(-10)), book.entry(Account.RESERVED, Usd(10))]
            ledger.post(transaction, transaction_of(f"reserve:{each}", TransactionKind.RESERVATION, now, lines), now)

    balances = detail(api, wallet)["balances"]

    assert (balances["available_usd"], balances["reserved_usd"]) == ("580.000000", "20.000000")
    assert balances["collateral_usd"] == "1000.000000"


@pytest.mark.parametrize("answer", ["lost", "refused", "nobody there", "silence"])
def test_a_chain_that_does_not_answer_leaves_its_part_unknown(
    api: Api, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = api.trading_wallet(holding="1000")

    def happens(_number: int, _method: str, _moment: Moment) -> None:
        raise Lost if answer == "lost" else Refusal(code=-32000, message="the node is not well")

    with faulty_node(api.chain.rpc_url) as node, silent_node() as silent:
        node.happens = happens
        url = {"silence": silent, "nobody there": "http://127.0.0.1:9"}.get(answer, node.url)
        through(api, url, monkeypatch, seconds=1)
        shown = detail(api, wallet)

    assert shown["on_chain"]["state"] == "UNKNOWN"
    assert shown["on_chain"]["why"].startswith("the chain could not be read: ")
    assert {value for name, value in shown["on_chain"].items() if name not in ("state", "why")} == {None}
    assert shown["balances"]["unallocated_usd"] == "1000.000000"
    assert "127.0.0.1" not in shown["on_chain"]["why"]


def test_nobody_elses_wallet_exists_and_the_chain_is_not_asked_for_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = api.trading_wallet(holding="1")
    through(api, "http://127.0.0.1:9", monkeypatch)

    assert api.call("GET", f"/api/trading-wallets/{wallet['trading_wallet_id']}", owner=STRANGER).status == 404
    assert api.call("GET", f"/api/trading-wallets/{wallet['trading_wallet_id']}", owner=OWNER).status == 200


def test_approvals_are_listed_whether_or_not_the_chain_says_what_it_grants(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/trading-wallets/{api.trading_wallet()['trading_wallet_id']}/approvals"
    known = api.call("GET", path).body
    monkeypatch.setattr(app.parts, "chain_reader", ChainReader("http://127.0.0.1:9", app.parts.contracts))

    unknown = api.call("GET", path).body

    assert (known["on_chain"], unknown["on_chain"]) == ("KNOWN", "UNKNOWN")
    assert {each["granted"] for each in known["needed"]} == {False}
    assert {each["granted"] for each in unknown["needed"]} == {None}
    assert [each["spender"] for each in known["needed"]] == [each["spender"] for each in unknown["needed"]]
