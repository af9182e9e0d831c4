"""Every statement of every job and of every list of the API, planned on a database with a year behind it.

What grows is read by an index, and so many rows of it as are open or new, never as many as there were.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.aged_desk import aged_desk
from benchmarks.year import YearSize
from functions.strategy_api import app
from live_trading.nouns.alerts import AlertType, ChannelName, Outgoing, Severity
from live_trading.services.alerting.booked_news import BookedNews, News
from live_trading.services.alerting.telling import AlertTeller, TellingRules
from live_trading.services.watching.retention import Lives, Retention
from live_trading.store.watch import alerts
from live_trading.wiring.composition import Parts
from local.lambdas.template.intrinsics import REGION
from local.stack.assembly import StackFacts
from tests.e2e.live_fixtures import LiveDesk
from tests.integration.api_fixtures import http_event, reply_of
from tests.statement_plans import Asked, readings, watched_statements

pytestmark = [pytest.mark.e2e, pytest.mark.growth]

SIZE = YearSize(source_trades=50_000, trades_an_order=5, trades_a_market=15, strategies=20, wallets=1, looks_a_day=2)
GROWING = frozenset(
    {
        "alert_deliveries", "alert_messages",
        "audit_log", "breaks", "chain_send_versions", "chain_sends", "decision_counts", "decision_evidence",
        "decisions", "equity_snapshots", "external_fills", "feed_resolutions", "fills", "ft_exits", "ft_orders",
        "ft_result_days", "idempotency_keys", "job_requests", "ledger_blocks", "ledger_entries", "ledger_holdings",
        "ledger_periods",
        "ledger_transactions", "lt_alerts", "lt_gaps", "lt_health_checks", "lt_orders", "lt_positions",
        "lt_redemptions", "market_book_fees", "markets", "orders", "quarantined_rows", "source_trades",
        "trader_positions", "trader_stats", "trader_trade_hours",
    }
)  # fmt: skip
# Pages of the API have up to 500 rows, whose parts are read beside them.
MOST_ROWS = 4_000
# A table of so few rows is rightly read as a whole.
SMALL_ROWS = 1_500
SIGNALS = 3
LISTS = (
    "/api/ft/wallets", "/api/traders", "/api/trading-wallets", "/api/lt/strategies", "/api/lt/locks",
    "/api/lt/strategies/{strategy}", "/api/lt/strategies/{strategy}/orders", "/api/lt/strategies/{strategy}/execution",
    "/api/lt/strategies/{strategy}/positions", "/api/lt/positions", "/api/lt/positions?state=OPEN",
    "/api/lt/redemptions", "/api/lt/redemptions?state=FAILED", "/api/lt/latency",
    "/api/lt/alerts", "/api/lt/alerts?state=ACTIVE", "/api/lt/alerts/1",
    "/api/lt/health/guards", "/api/lt/health/guards?lt_strategy_id={strategy}",
    "/api/lt/locks?all=true", "/api/lt/strategies/{strategy}/orders?state=REJECTED", "/api/lt/positions?state=CLOSED",
    "/api/lt/positions?lt_strategy_id={strategy}", "/api/lt/positions?limit=500", "/api/lt/exposure",
    "/api/lt/exposure?by=EVENT", "/api/trading-wallets/{wallet}/breaks?all=true",
    "/api/trading-wallets/{wallet}/breaks", "/api/trading-wallets/{wallet}/approvals",
    "/api/decisions?lt_strategy_id={copier}", "/api/decisions?lt_strategy_id={copier}&verdict=REJECTED",
    "/api/decisions?ft_wallet_id={paper}&reason=not_an_entry", "/api/decisions?source_trade_id={trade}",
    "/api/decisions?ft_wallet_id={paper}&trader_address={trader}",
    "/api/decisions?ft_wallet_id={paper}&condition_id=0x00", "/api/decisions/summary?lt_strategy_id={copier}",
    "/api/source-trades", "/api/source-trades?trader_address={trader}&side=SELL",
    "/api/source-trades?trader_address={trader}", "/api/source-trades?condition_id={condition}",
    "/api/source-trades?token_id={token}", "/api/source-trades?trader_address={trader}&condition_id={condition}",
    "/api/source-trades/{trade}", "/api/traders/{trader}", "/api/ft/wallets/{paper}/orders",
    "/api/ft/wallets/{paper}/orders?outcome=WON", "/api/ft/wallets/{paper}/orders?outcome=OPEN",
    "/api/ft/wallets/{paper}/positions", "/api/ft/wallets/{paper}/results", "/api/ft/wallets/{paper}/versions",
    "/api/ft/orders/{paper_order}", "/api/jobs", "/api/lt/audit",
    "/api/lt/audit?subject_type=lt_strategy&subject_id={strategy}", "/api/lt/audit?until=2026-06-01T00:00:00Z",
)  # fmt: skip
# A thousand orders of one strategy are a tenth of all that are here, which is sooner read as a whole.
A_TENTH = {"/api/lt/strategies/{strategy}/execution": "lt_orders"}
# A year has left more than a page of them.
LONG = frozenset(
    {
        "/api/lt/positions", "/api/lt/positions?lt_strategy_id={strategy}", "/api/lt/positions?limit=500",
        "/api/lt/positions?state=CLOSED", "/api/lt/strategies/{strategy}/orders", "/api/lt/redemptions",
    }
)  # fmt: skip
_HALF_A_YEAR_AGO = "until=2026-05-20T00:00:00Z"
READS = (
    "/api/lt/orders", "/api/lt/orders?state=REJECTED", "/api/lt/orders?purpose=EXIT", "/api/lt/orders?side=SELL",
    "/api/lt/orders?lt_strategy_id={strategy}&state=FILLED&side=BUY", f"/api/lt/orders?{_HALF_A_YEAR_AGO}",
    "/api/lt/orders?condition_id={market}", "/api/lt/orders?source_trade_id={trade}", "/api/lt/orders/{order}/stages",
    "/api/lt/fills", "/api/lt/fills?status=FAILED", "/api/lt/fills?status=MATCHED", "/api/lt/fills?origin=EXTERNAL",
    "/api/lt/fills?condition_id={market}", "/api/lt/fills?lt_strategy_id={strategy}",
    "/api/lt/fills?lt_order_id={order}", f"/api/lt/fills?{_HALF_A_YEAR_AGO}",
    "/api/lt/strategies/{strategy}/ledger", f"/api/lt/strategies/{{strategy}}/ledger?{_HALF_A_YEAR_AGO}",
    "/api/trading-wallets/{wallet}/ledger", f"/api/trading-wallets/{{wallet}}/ledger?{_HALF_A_YEAR_AGO}",
    "/api/trading-wallets/{wallet}",
    "/api/lt/exports/trades?limit=200", "/api/lt/exports/fills?limit=500", "/api/lt/exports/ledger?limit=200",
    "/api/lt/exports/tax-lots?limit=200", "/api/lt/exports/ledger?limit=200&lt_strategy_id={strategy}",
    f"/api/lt/exports/tax-lots?limit=200&{_HALF_A_YEAR_AGO}", f"/api/lt/exports/trades?limit=200&{_HALF_A_YEAR_AGO}",
    "/api/lt/strategies/{strategy}/equity", f"/api/lt/strategies/{{strategy}}/equity?{_HALF_A_YEAR_AGO}",
    "/api/lt/strategies/{strategy}/pnl", f"/api/lt/strategies/{{strategy}}/pnl?{_HALF_A_YEAR_AGO}",
    "/api/lt/gaps", "/api/lt/strategies/{strategy}/gaps", "/api/lt/strategies/{strategy}/risk", "/api/lt/kill-switch",
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(stack: StackFacts, migrated_template: str, postgres_server: str) -> Iterator[LiveDesk]:
    """One wallet with a year behind it, and everything open that the year has left."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {
            "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }.items():
            patched.setenv(name, value)
        made = aged_desk(stack, f"grown_{os.getpid()}", SIZE, server=postgres_server, template=migrated_template)
        yield made
        made.database.close()


def alert_teller(parts: Parts) -> AlertTeller:
    """Telling everything that there is to tell, into a server of the test's own."""
    with parts.database.transaction() as transaction:
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.LOCK,
            severity=Severity.WARNING,
            subject="growth",
            title="an alert",
            message="look",
            at=parts.clock.now() - timedelta(days=2),
        )
    news = BookedNews(database=parts.database, wanted=tuple(News))
    news.note(parts.clock.now())
    return AlertTeller(
        database=parts.database,
        clock=parts.clock,
        chance=parts.chance,
        channels=[Silent()],
        rules=TellingRules(escalate_after=timedelta(days=1), repeat_after=timedelta(hours=6), quiet=None),
        note_events=news.note,
    )


class Silent:
    """A channel that takes everything."""

    name = ChannelName.SNS
    longest = 20_000

    def send(self, message: Outgoing, *, timeout_seconds: float) -> None:
        """Takes it."""


def jobs(desk: LiveDesk) -> dict[str, Callable[[], object]]:
    parts = desk.parts
    return {
        "lt-execute": parts.executor("x").run,
        "ft-sync": parts.paper_trader("x").run,
        "lt-resolve": parts.resolver("x").run,
        "lt-redemptions": parts.redeemer("x").run,
        "ft-resolve": parts.paper_resolver("x").run,
        "health": parts.health().run,
        "alerts": alert_teller(parts).run,
        "retention": Retention(database=desk.database, clock=parts.clock, lives=Lives(), holder="x").run,
    }


@pytest.mark.parametrize(
    "job",
    [
        "lt-execute",
        "lt-execute with signals",
        "ft-sync",
        "lt-resolve",
        "lt-redemptions",
        "ft-resolve",
        "health",
        "alerts",
    ],
)
def test_a_run_reads_what_is_open_or_new(desk: LiveDesk, job: str) -> None:
    name, _, with_signals = job.partition(" with ")
    for _ in range(SIGNALS if with_signals else 0):
        desk.signal()
    with watched_statements() as watched:
        report: Any = jobs(desk)[name]()
    assert getattr(report, "failures", []) == []
    if with_signals:
        assert sum(report.orders.values()) == SIGNALS

    assert_bounded(desk, watched.distinct())


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_the_api_reads_a_page_and_the_next(
    desk: LiveDesk, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "parts", desk.parts)
    assert_pages_are_bounded(desk, path, named_in_paths(desk))


@pytest.mark.parametrize("path", READS)
def test_a_read_that_explains_reads_what_it_shows(desk: LiveDesk, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "parts", desk.parts)
    (busy,) = desk.rows(
        """
        SELECT lt_strategy_id, trading_wallet_id, min(condition_id) AS market, min(source_trade_id) AS trade,
            min(lt_order_id::text) AS order FROM lt_orders
        GROUP BY lt_strategy_id, trading_wallet_id ORDER BY count(*) DESC, lt_strategy_id LIMIT 1
        """
    )

    named = {
        "strategy": busy["lt_strategy_id"],
        "wallet": busy["trading_wallet_id"],
        "order": busy["order"],
        "market": busy["market"],
        "trade": busy["trade"],
    }
    assert_pages_are_bounded(desk, path, named)


def assert_pages_are_bounded(desk: LiveDesk, path: str, named: Mapping[str, object]) -> None:
    """The first page and the next."""
    asked = path.format(**named)
    with watched_statements() as watched:
        cursor = told(asked)
        assert path not in LONG or cursor is not None
        if cursor is not None:
            told(f"{asked}{'&' if '?' in asked else '?'}cursor={cursor}")

    assert_bounded(desk, watched.distinct(), but_for=A_TENTH.get(path))


def told(path: str) -> str | None:
    """What asks for the next page, of a list or of a table."""
    event = http_event("GET", path)
    answer = reply_of(event, app.handler(event, None))
    assert answer.status == 200, answer.body
    cursor: str | None = answer.headers.get("x-next-cursor")
    return answer.body.get("next_cursor") if isinstance(answer.body, dict) else cursor


def named_in_paths(desk: LiveDesk) -> dict[str, str]:
    """Somebody and something that a year was busy with, by the names that the paths have for them."""
    (first,) = desk.rows(
        """
        SELECT lt_strategy_id AS strategy, trading_wallet_id AS wallet FROM fills
        GROUP BY lt_strategy_id, trading_wallet_id ORDER BY count(*) DESC, lt_strategy_id LIMIT 1
        """
    )
    (busy,) = desk.rows(
        """
        SELECT
            strategy.lt_strategy_id AS copier, strategy.ft_wallet_id AS paper, decision.source_trade_id AS trade,
            trade.trader_address AS trader, trade.condition_id AS condition, trade.token_id AS token,
            paper.ft_order_id AS paper_order
        FROM lt_strategies AS strategy
        INNER JOIN decisions AS decision USING (lt_strategy_id)
        INNER JOIN source_trades AS trade USING (source_trade_id)
        INNER JOIN ft_orders AS paper
            ON paper.ft_wallet_id = strategy.ft_wallet_id AND paper.source_trade_id = trade.source_trade_id
        WHERE strategy.name LIKE 'year %' ORDER BY decision.decision_id DESC LIMIT 1
        """
    )
    return {name: str(value) for name, value in (first | busy).items()}


def assert_bounded(desk: LiveDesk, asked: list[Asked], *, but_for: str | None = None) -> None:
    found = [each for each in offenders(desk, asked) if f" of {but_for}, " not in each]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def offenders(desk: LiveDesk, asked: list[Asked]) -> list[str]:
    """Each reading of a table that grows, that is of all of it or of too many rows, with who asks and how."""
    large = {
        row["relname"]
        for row in desk.rows(f"SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > {SMALL_ROWS}")
    }
    found = {}
    for each in asked:
        for reading in readings(desk.database, each):
            if reading.table in GROWING & large and (reading.way == "Seq Scan" or reading.rows > MOST_ROWS):
                text = " ".join(each.statement.sql.split())
                found[(each.place, reading.table)] = (
                    f"{each.place}: {reading.way} of {reading.table}, {reading.rows:.0f} rows: {text[:400]}"
                )
    return sorted(found.values())
