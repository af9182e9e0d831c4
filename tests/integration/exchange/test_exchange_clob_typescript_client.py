"""The official TypeScript client trades on the simulator, unmodified."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from live_trading.nouns.money import Shares, Usd
from local.exchange.lags import AT_ONCE
from local.machine.patience import HANG_SECONDS
from tests.integration.exchange_fixtures import RunningExchange, running_exchange

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parent / "venue_typescript" / "trade.mjs"
PRIVATE_KEY = f"0x{4711:064x}"
ACCOUNT = Account.from_key(PRIVATE_KEY).address.lower()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """A market in free running that tells all at once: the client waits for settlements, but for no list."""
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=1, traders=0, lags=AT_ONCE.model_dump()) as exchange:
        exchange.chain.fund_gas(ACCOUNT)
        exchange.chain.mint_collateral(ACCOUNT, Usd(100))
        exchange.chain.approve_trading(PRIVATE_KEY)
        exchange.control("PUT", "/clock", json={"speed": 10})
        yield exchange


@pytest.fixture(scope="module")
def answers(exchange: RunningExchange) -> Any:
    """What the client was answered in one run of the script."""
    node = shutil.which("node")
    assert node is not None, "node is needed to run the official TypeScript client"
    token = exchange.replay()["markets"][0]["token_ids"][0]
    run = subprocess.run(
        [node, str(SCRIPT), exchange.clob_url, PRIVATE_KEY, token],
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_a_key_is_created_and_derived_again(answers: Any) -> None:
    assert answers["sameKey"] is True
    assert answers["version"] == 2


def test_a_limit_order_rests_is_read_and_canceled(answers: Any) -> None:
    order_id = answers["posted"]["orderID"]

    assert (answers["posted"]["success"], answers["posted"]["status"]) == (True, "live")
    assert answers["found"]["id"] == order_id
    assert (answers["found"]["price"], answers["found"]["original_size"]) == ("0.02", "50")
    assert [order["id"] for order in answers["open"]] == [order_id]
    assert answers["canceled"]["canceled"] == [order_id]
    assert answers["openAfterwards"] == []


def test_a_market_order_is_matched_and_its_settlement_found(exchange: RunningExchange, answers: Any) -> None:
    matched = answers["matched"]

    assert matched["status"] == "matched"
    assert matched["transactionsHashes"] == [trade["transaction_hash"] for trade in answers["trades"]]
    assert {trade["trader_side"] for trade in answers["trades"]} == {"TAKER"}
    token = answers["trades"][0]["asset_id"]
    assert exchange.chain.token_balance(ACCOUNT, token) == Shares(matched["takingAmount"])
    balance = Decimal(answers["balance"]["balance"]).scaleb(-6)
    assert balance == exchange.chain.collateral_balance(ACCOUNT).value < 100 - Decimal(matched["makingAmount"])


def test_the_same_order_again_is_duplicated(answers: Any) -> None:
    assert answers["duplicated"] == f"order {answers['matched']['orderID']} is invalid. Duplicated."
