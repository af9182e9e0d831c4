"""A wallet that is registered trades once the key in its owner's secret has signed for its address, and not before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from live_trading.chain.wallets.key_proof import KeyProof, prove_key
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.entering.wallet_proving import MOST_A_RUN, WalletProver
from live_trading.services.running.failures import PartFailure
from live_trading.store.accounts import live_strategies
from live_trading.store.database import leases
from live_trading.wiring.adapters import KeyNotProved
from live_trading.wiring.composition import Parts
from tests.integration.api_fixtures import OWNER, STRANGER, Api, fresh_address

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PREFIX = "live-trading/wallets/"


_seconds = count()


class Steps:
    """A clock that a second passes on each time it is read, whoever reads it."""

    def now(self) -> datetime:
        return NOW + timedelta(seconds=next(_seconds))


@dataclass(slots=True, kw_only=True)
class Secrets:
    """Keys by the names of their secrets, as lt-execute finds them."""

    keys: Mapping[str, str | Exception]
    asked: list[str] = field(default_factory=list)

    def prove(self, wallet: TradingWallet, challenge: str) -> KeyProof:
        self.asked.append(wallet.secret_name)
        found = self.keys.get(wallet.secret_name, GiveUp(f"secret {wallet.secret_name}: ResourceNotFoundException"))
        if isinstance(found, Exception):
            raise found
        return prove_key(found, challenge, address=wallet.address, kind=wallet.signature_type)


def proved(api: Api, keys: Mapping[str, str | Exception]) -> tuple[int, list[PartFailure], list[str]]:
    """One run's proofs: how many, what failed, and which secrets were asked for."""
    secrets, clock = Secrets(keys=keys), Steps()
    prover = WalletProver(
        database=api.database, clock=clock, prove=secrets.prove, secret_prefix=PREFIX, actor="lt-execute"
    )
    with api.database.transaction() as transaction:
        lease = leases.acquire(transaction, "prover", "test", clock.now(), 60)
    assert lease is not None
    found: list[PartFailure] = []
    how_many = prover.run(lease, found)
    with api.database.transaction() as transaction:
        leases.release(transaction, lease, clock.now())
    return how_many, found, secrets.asked


def register(api: Api, address: str, *, owner: str = OWNER, name: str = "main") -> dict[str, Any]:
    body = {"name": name, "address": address, "signature_type": 0, "secret_name": f"{PREFIX}{owner}/{name}"}
    reply = api.call("POST", "/api/trading-wallets", body, owner=owner)
    assert reply.status == 201, reply.body
    created: dict[str, Any] = reply.body
    return created


def seen(api: Api, wallet: dict[str, Any], owner: str = OWNER) -> dict[str, Any]:
    found: dict[str, Any] = api.call("GET", f"/api/trading-wallets/{wallet['trading_wallet_id']}", owner=owner).body
    return found


def key_pair(number: int) -> tuple[str, str]:
    key = "0x" + f"{number:064x}"
    return key, str(Account.from_key(key).address).lower()


def trading(api: Api) -> list[UUID]:
    with api.database.transaction() as transaction:
        jobs = [live_strategies.trading_wallets(transaction), live_strategies.settling_wallets(transaction)]
    assert jobs[0] == jobs[1]
    return [each.trading_wallet_id for each in jobs[0]]


@pytest.mark.parametrize(
    "secret_name",
    [
        f"{PREFIX}{STRANGER}/main",
        f"{PREFIX}main",
        f"{PREFIX}{OWNER}/../{STRANGER}/main",
        f"{PREFIX}{OWNER}/",
        "elsewhere/main",
    ],
)
def test_a_secret_of_somebody_else_cannot_be_named(api: Api, secret_name: str) -> None:
    body = {"name": "main", "address": fresh_address(), "signature_type": 0, "secret_name": secret_name}

    reply = api.call("POST", "/api/trading-wallets", body)

    assert reply.status == 422
    assert f"{PREFIX}{OWNER}/" in reply.fields["secret_name"]["allowed"]
    assert api.rows("SELECT 1 FROM trading_wallets") == []


def test_nothing_trades_before_the_key_has_signed_for_the_address(api: Api) -> None:
    key, address = key_pair(11)
    wallet = register(api, address)
    assert (wallet["verification"], wallet["verified_at"]) == ("PENDING", None)

    assert proved(api, {wallet["secret_name"]: key})[:2] == (1, [])

    shown = seen(api, wallet)
    assert (shown["verification"], shown["verification_error"]) == ("VERIFIED", None)
    (audit,) = api.rows("SELECT after_state FROM audit_log WHERE action = 'trading_wallet_verified'")
    signed = encode_defunct(text=wallet["challenge"])
    assert Account.recover_message(signed, signature=audit["after_state"]["signature"]).lower() == address
    assert address in wallet["challenge"]
    assert OWNER in wallet["challenge"]


def test_strategies_of_a_wallet_without_a_proof_wait_and_their_owner_reads_why(api: Api) -> None:
    wallet = api.trading_wallet()
    strategy = api.strategy(trading_wallet_id=wallet["trading_wallet_id"])
    key, signer = key_pair(12)

    assert proved(api, {wallet["secret_name"]: key})[:2] == (0, [])

    assert trading(api) == []
    assert strategy["is_active"]
    assert "is not proved yet" in strategy["not_trading_because"]
    shown = api.call("GET", f"/api/lt/strategies/{strategy['lt_strategy_id']}").body
    assert signer in shown["not_trading_because"]
    for part in (signer, wallet["address"], "not the owner"):
        assert part in seen(api, wallet)["verification_error"]
    (alert,) = api.rows("SELECT alert_type, severity, subject, message FROM lt_alerts WHERE status = 'ACTIVE'")
    assert (alert["alert_type"], alert["subject"]) == ("wallet_unverified", wallet["trading_wallet_id"])
    assert signer in alert["message"]


def test_the_proof_is_tried_again_and_ends_the_alert(api: Api) -> None:
    key, address = key_pair(13)
    api.chain.mint_collateral(address, Usd("1000"))
    wallet = register(api, address)
    strategy = api.strategy(trading_wallet_id=wallet["trading_wallet_id"])
    proved(api, {})
    assert "ResourceNotFoundException" in seen(api, wallet)["verification_error"]

    assert proved(api, {wallet["secret_name"]: key})[0] == 1

    assert trading(api) == [UUID(wallet["trading_wallet_id"])]
    shown = api.call("GET", f"/api/lt/strategies/{strategy['lt_strategy_id']}").body
    assert shown["not_trading_because"] is None
    assert api.rows("SELECT 1 FROM lt_alerts WHERE status <> 'RESOLVED'") == []


def test_an_address_cannot_be_kept_from_the_one_who_has_its_key(api: Api) -> None:
    key, address = key_pair(14)
    squatter = register(api, address, owner=STRANGER)
    own = register(api, address)

    proved(api, {own["secret_name"]: key})

    assert seen(api, own)["verification"] == "VERIFIED"
    assert seen(api, squatter, STRANGER)["verification"] == "PENDING"


def test_an_address_is_one_wallet_s_only_once_it_is_proved(api: Api) -> None:
    key, address = key_pair(15)
    first, second = register(api, address), register(api, address, owner=STRANGER)

    how_many, failures, _ = proved(api, {first["secret_name"]: key, second["secret_name"]: key})

    assert (how_many, failures) == (1, [])
    assert seen(api, first)["verification"] == "VERIFIED"
    assert "another wallet has proved" in seen(api, second, STRANGER)["verification_error"]


def test_a_secret_store_that_is_away_says_nothing_of_a_wallet(api: Api) -> None:
    key, address = key_pair(17)
    wallet, other = register(api, fresh_address()), register(api, address, name="other")

    how_many, failures, _ = proved(
        api, {wallet["secret_name"]: RetryLater("the store is away"), other["secret_name"]: key}
    )

    assert how_many == 1
    assert [(each.part, each.error) for each in failures] == [
        (f"key of wallet {wallet['trading_wallet_id']}", "RetryLater")
    ]
    assert (seen(api, wallet)["verification"], seen(api, wallet)["verification_error"]) == ("PENDING", None)


def test_whoever_registers_many_wallets_keeps_nobody_s_from_being_proved(api: Api) -> None:
    for number in range(MOST_A_RUN + 1):
        register(api, fresh_address(), owner=STRANGER, name=f"n{number}")
    key, address = key_pair(18)
    own = register(api, address)

    runs = [proved(api, {own["secret_name"]: key}) for _ in range(2)]

    assert all(len(asked) <= MOST_A_RUN for _, _, asked in runs)
    assert seen(api, own)["verification"] == "VERIFIED"


def test_a_secret_that_an_older_version_let_somebody_name_is_not_read(api: Api) -> None:
    wallet = register(api, fresh_address())
    with api.database.transaction() as transaction:
        transaction.execute("UPDATE trading_wallets SET secret_name = :name", name=f"{PREFIX}{STRANGER}/main")

    _, _, asked = proved(api, {})

    assert asked == []
    assert f"{PREFIX}{OWNER}/" in seen(api, wallet)["verification_error"]


def test_no_account_is_opened_with_a_key_that_is_not_proved(api: Api) -> None:
    wallet = register(api, fresh_address())
    with api.database.transaction() as transaction:
        found = live_strategies.trading_wallet(transaction, UUID(wallet["trading_wallet_id"]))
    parts = Parts()

    for opens in (parts.account, parts.carriers, parts.secret):
        with pytest.raises(KeyNotProved, match="not proved"):
            opens(found)
