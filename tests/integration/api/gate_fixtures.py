"""One owner who has one of everything, and every function of the API asked as API Gateway asks it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.health import app as health
from functions.lt_execute import app as lt_execute
from functions.lt_redemptions import app as lt_redemptions
from functions.lt_resolve import app as lt_resolve
from functions.strategy_api import app as strategy_api
from live_trading.api.once import Caller
from live_trading.api.resources.job_asking import Wanted
from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.store.risk import locks
from live_trading.store.watch import alerts
from live_trading.store.watch.job_requests import AskedJob
from live_trading.wiring.composition import Parts
from local.chain import STANDARD_EXCHANGE
from tests.builders import NOON
from tests.integration.api_fixtures import Api, Reply, http_event, reply_of
from tests.risk.risk_fixtures import RiskDesk

OWNER = "owner"
NO_ID = "00000000-0000-4000-8000-000000000000"
FUNCTIONS: dict[str, ModuleType] = {
    "strategy-api": strategy_api,
    "lt-execute": lt_execute,
    "lt-resolve": lt_resolve,
    "lt-redemptions": lt_redemptions,
    "health": health,
}
NOWHERE = "http://127.0.0.1:9"
"""Where nothing listens: what asks the venue is told at once that it is away."""


@dataclass(slots=True, kw_only=True)
class Everything:
    """The owner's things by the name that they have in a path."""

    api: Api
    own: dict[str, str]

    def path(self, pattern: str) -> str:
        """The path with the owner's own ids, and with one that nothing has where the owner has nothing of the kind."""
        return re.sub("<([^>]+)>", lambda named: self.own.get(named[1], NO_ID), pattern)

    def ask(
        self,
        function: str,
        method: str,
        pattern: str,
        body: object = None,
        *,
        query: dict[str, str] | None = None,
        **who: Any,
    ) -> Reply:
        """One request to the function, for the owner's own things, by the owner unless another one is named."""
        text = None if body is None else json.dumps(body)
        event = http_event(method, self.path(pattern), text, **{"owner": OWNER, **who})
        event["queryStringParameters"] = query or {}
        context = SimpleNamespace(
            aws_request_id="gate", function_name=function, get_remaining_time_in_millis=lambda: 60_000
        )
        return reply_of(event, FUNCTIONS[function].handler(event, context))

    def body(self, method: str, pattern: str) -> dict[str, Any] | None:
        """What this route takes, None where it takes nothing."""
        bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("POST", "/api/ft/wallets"): {"name": "next", "starting_balance_usd": "10", "config": {}},
            ("PUT", "/api/ft/wallets/<ft_wallet_id>"): {"config": {"price_max": "0.9"}},
            ("POST", "/api/traders"): {"address": "0x" + "7e" * 20},
            ("POST", "/api/trading-wallets/<trading_wallet_id>/breaks/<break_id>/accept"): {"reason": "a withdrawal"},
            ("POST", "/api/trading-wallets/<trading_wallet_id>/approvals"): {
                "kind": "ALLOWANCE",
                "spender": STANDARD_EXCHANGE,
                "reason": "to trade",
                "amount_usd": "5",
            },
            ("PATCH", "/api/lt/strategies/<lt_strategy_id>"): {"name": "renamed"},
            ("POST", "/api/lt/strategies/<lt_strategy_id>/pause"): {"reason": "to think"},
            ("POST", "/api/lt/strategies/<lt_strategy_id>/resume"): {"reason": "to go on"},
            ("PUT", "/api/lt/strategies/<lt_strategy_id>/resume"): {"reason": "to go on"},
            ("POST", "/api/lt/strategies/<lt_strategy_id>/allocate"): {"amount_usd": "3"},
            ("POST", "/api/lt/strategies/<lt_strategy_id>/deallocate"): {"amount_usd": "3"},
            ("POST", "/api/lt/strategies/<lt_strategy_id>/end"): {"reason": "it is over"},
            ("POST", "/api/lt/strategies/<lt_strategy_id>/risk/check"): {
                "token_id": self.own.get("token_id"),
                "signal_price": "0.5",
                "stake_usd": "5",
            },
            ("POST", "/api/lt/strategies/<lt_strategy_id>/positions/<token_id>/close"): {"shares": "1"},
            ("POST", "/api/lt/locks"): {
                "scope": "STRATEGY",
                "scope_id": self.own.get("lt_strategy_id"),
                "reason": "to think",
            },
            ("POST", "/api/lt/locks/<lock_id>/release"): {"reason": "it is done"},
            ("POST", "/api/lt/alerts/<lt_alert_id>/acknowledge"): {"remark": "seen"},
            ("POST", "/api/lt/alerts/<lt_alert_id>/resolve"): {"reason": "it is done"},
            ("POST", "/api/lt/kill-switch"): {"reason": "a drill"},
            ("POST", "/api/lt/redemptions/<lt_redemption_id>/retry"): {"reason": "once more"},
            ("POST", "/api/lt/redemptions/<lt_redemption_id>/mark-handled"): {
                "reason": "lost",
                "outcome": "WRITTEN_OFF",
            },
        }
        if (method, pattern) == ("POST", "/api/lt/strategies"):
            return self.api.strategy_body(
                ft_wallet_id=self.own["spare_ft_wallet_id"],
                trading_wallet_id=self.own["trading_wallet_id"],
                initial_capital_usd="5",
            )
        if (method, pattern) == ("POST", "/api/trading-wallets"):
            return {
                "name": "second",
                "address": "0x" + "3a" * 20,
                "signature_type": 0,
                "secret_name": f"live-trading/wallets/{OWNER}/second",
            }
        return bodies.get((method, pattern))

    def written(self) -> list[int]:
        """How much was written of what requests do: lines of the audit, ledger entries, and runs of jobs."""
        (row,) = self.api.rows(
            """
            SELECT
                (SELECT count(*) FROM audit_log) AS audited, (SELECT count(*) FROM ledger_entries) AS booked,
                (SELECT coalesce(sum(fencing_token), 0)::bigint FROM leases) AS runs
            """
        )
        return [int(each) for each in row.values()]


@pytest.fixture
def nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Everything]:
    """Every function over the empty database, with nobody's things in it."""
    for name in ("CLOB_URL", "GAMMA_URL", "DATA_API_URL", "GEOBLOCK_URL", "RELAYER_URL"):
        monkeypatch.setenv(name, NOWHERE)
    parts = Parts()
    for module in FUNCTIONS.values():
        monkeypatch.setattr(module, "parts", parts)
    yield Everything(api=api, own={})
    parts.database.close()


def job_of_owner(nothing: Everything) -> UUID:
    """A job that the owner has asked for and that concerns nobody else."""
    parts = lt_execute.parts
    caller = Caller(owner_id=OWNER, idempotency_key=None, request_hash="0" * 64)
    wanted = Wanted(job=AskedJob.KILL_SWITCH, is_for_everybody=False, given={"reason": "a drill"})
    job_id, _ = parts.job_asking.asked(caller, wanted)
    return job_id


@pytest.fixture
def everything(nothing: Everything, risk_desk: RiskDesk) -> Everything:
    """A strategy with an order, live and on paper, and a lock, a wallet with a break, and a redemption that failed."""
    api = nothing.api
    seat = risk_desk.add_strategy()
    entered = risk_desk.enter(seat, "20")
    strategy, wallet = seat.strategy.lt_strategy_id, seat.strategy.trading_wallet_id
    spare = api.call(
        "POST", "/api/ft/wallets", {"name": "spare", "starting_balance_usd": "10", "config": {}}, owner=OWNER
    ).body["ft_wallet_id"]
    redemption = uuid4()
    with risk_desk.database.transaction() as transaction:
        transaction.execute("UPDATE ft_wallet_versions SET config = '{}'::jsonb")
        lock_id = locks.put(
            transaction,
            scope=LockScope.STRATEGY,
            scope_id=str(strategy),
            reason=LockReason.DRAWDOWN,
            detail="a test",
            created_by="tests",
            now=NOON,
        )
        found = transaction.only(
            """
            INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at)
            VALUES (:wallet, 'COLLATERAL', 'collateral', 1000, 1100, :now, :now) RETURNING break_id
            """,
            wallet=wallet,
            now=NOON,
        )
        decided = transaction.only("SELECT decision_id FROM lt_orders WHERE lt_order_id = :id", id=entered.lt_order_id)
        paper = transaction.only(
            """
            INSERT INTO ft_orders (
                ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
                signal_price, stake_usd, fill_method, fill_result, shares, cost_usd, fee_usd, trade_time, decided_at
            )
            SELECT
                gen_random_uuid(), :ft_wallet, 1, source_trade_id, token_id, condition_id, 0, 0.5, 10, 'book', 'FULL',
                20, 10, 0, trade_time, :now
            FROM source_trades LIMIT 1 RETURNING ft_order_id
            """,
            ft_wallet=seat.strategy.ft_wallet_id,
            now=NOON,
        )
        transaction.execute(
            """
            INSERT INTO lt_redemptions (
                lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, market_resolved_at,
                created_at
            ) VALUES (:id, :wallet, :condition, 'STANDARD', 'NEEDS_OPERATOR', 0, :now, :now)
            """,
            id=redemption,
            wallet=wallet,
            condition=risk_desk.market().condition_id,
            now=NOON,
        )
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.EXIT_NOT_DONE,
            severity=Severity.WARNING,
            subject="a test",
            title="a position is not left",
            message="look at the book",
            at=NOON,
            concern=Concern(lt_strategy_id=strategy),
        )
        alert = transaction.only("SELECT lt_alert_id FROM lt_alerts WHERE subject = 'a test'")
    job, lines = job_of_owner(nothing), api.call("GET", "/api/lt/audit", owner=OWNER).body["audit"]
    return Everything(
        api=api,
        own={
            "job_id": str(job),
            "audit_id": str(lines[0]["audit_id"]),
            "lt_strategy_id": str(strategy),
            "ft_wallet_id": str(seat.strategy.ft_wallet_id),
            "spare_ft_wallet_id": str(spare),
            "trading_wallet_id": str(wallet),
            "lt_order_id": str(entered.lt_order_id),
            "lt_redemption_id": str(redemption),
            "lock_id": str(lock_id),
            "break_id": str(found["break_id"]),
            "lt_alert_id": str(alert["lt_alert_id"]),
            "decision_id": str(decided["decision_id"]),
            "ft_order_id": str(paper["ft_order_id"]),
            "version": "1",
            "token_id": risk_desk.market().token_ids[0],
        },
    )
