"""A secret that its owner has changed is read again, at once where the venue refuses the old one."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.wallets import TradingWallet
from live_trading.store.accounts import live_strategies
from live_trading.wiring.composition import Parts
from tests.e2e.live_fixtures import LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]


def wallet_of(desk: LiveDesk) -> TradingWallet:
    with desk.database.transaction() as transaction:
        return live_strategies.trading_wallet(transaction, desk.trading_wallet_id)


def put(wallet: TradingWallet, secret: dict[str, Any]) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=wallet.secret_name, SecretString=json.dumps(secret))


def test_a_refused_secret_is_read_again_at_once_and_once(desk: LiveDesk) -> None:
    wallet = wallet_of(desk)
    client = boto3.client("secretsmanager")
    good = json.loads(client.get_secret_value(SecretId=wallet.secret_name)["SecretString"])
    put(wallet, {**good, "api_key": str(uuid4())})
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    parts = Parts(desk.settings)
    refused = parts.account(wallet)
    with pytest.raises(GiveUp):
        refused.closed_only()

    assert parts.account(wallet) is refused, "the secret is still the same"
    put(wallet, good)
    assert parts.account(wallet) is refused, "a secret that is refused is not asked for at every turn"

    parameters.clear_caches()  # type: ignore[no-untyped-call]
    renewed = parts.account(wallet)
    assert not renewed.closed_only()
    assert parts.account(wallet) is renewed
    parts.database.close()


def test_a_secret_that_was_mended_before_it_was_read_again_works_at_once(desk: LiveDesk) -> None:
    wallet = wallet_of(desk)
    client = boto3.client("secretsmanager")
    good = json.loads(client.get_secret_value(SecretId=wallet.secret_name)["SecretString"])
    put(wallet, {**good, "api_key": str(uuid4())})
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    parts = Parts(desk.settings)
    with pytest.raises(GiveUp):
        parts.account(wallet).closed_only()

    put(wallet, good)

    assert not parts.account(wallet).closed_only()
    parts.database.close()
