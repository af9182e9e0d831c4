"""A venue on one loopback port that answers what a test wrote down: its feed, catalogue and books.

For what the exchange simulator must not do: rows that cannot be read, rows that appear late, one trader's feed that
fails. The product's own clients read it over HTTP.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from live_trading.nouns.trades import SourceTrade
from live_trading.polymarket.endpoints import VenueEndpoints
from local.machine.patience import HANG_SECONDS
from tests.integration.source_builders import CONDITION, NO, NOON, YES

_ZERO = "0x" + "0" * 40


class ScriptedVenue:
    """What is answered; a test changes it between calls.

    `questions` counts requests by path; what stands in `before` for a path is run with the query before the answer,
    and what stands in `instead` makes the answer itself.
    """

    def __init__(self) -> None:
        self.trades: dict[str, list[Any]] = defaultdict(list)
        self.positions: dict[str, list[Any]] = defaultdict(list)
        self.resolutions: list[Any] = []
        self.markets: dict[str, Any] = {}
        self.books: dict[str, Any] = {}
        self.broken_traders: set[str] = set()
        self.broken_paths: set[str] = set()
        self.questions: Counter[str] = Counter()
        self.before: dict[str, Callable[[dict[str, list[str]]], None]] = {}
        self.instead: dict[str, Callable[[dict[str, list[str]]], Any]] = {}
        self.page_rows = 1000

    def answer(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """The status and body for one request."""
        self.questions[path] += 1
        if path in self.before:
            self.before[path](query)
        if path in self.instead:
            return 200, self.instead[path](query)
        if path in self.broken_paths or query.get("user", [""])[0] in self.broken_traders:
            return 503, {"error": "dependency_unavailable", "code": "dependency_unavailable", "retryable": True}
        match path:
            case "/v2/trades":
                return 200, self._trades_page(query)
            case "/v2/positions":
                rows = [row for row in self.positions[query["user"][0]] if row["status"] == query["status"][0]]
                return 200, self._page(sorted(rows, key=_event, reverse=True), query)
            case "/v2/resolutions":
                return 200, {"data": self.resolutions}
            case "/markets/keyset":
                return 200, {"markets": self._markets(query)}
            case "/books":
                return 200, [self.books[each["token_id"]] for each in body if each["token_id"] in self.books]
        return 404, {"error": "not found"}

    def _trades_page(self, query: dict[str, list[str]]) -> Any:
        start = int(query["start"][0])
        end = int(query.get("end", ["99999999999"])[0])
        listed = self.trades[query["user"][0]]
        return self._page([row for row in listed if not _is_before(row, start) and not _is_after(row, end)], query)

    def _page(self, rows: list[Any], query: dict[str, list[str]]) -> Any:
        limit = min(int(query["limit"][0]), self.page_rows)
        place = int(query.get("cursor", ["0"])[0])
        has_more = place + limit < len(rows)
        pagination = {"limit": limit, "has_more": has_more, "next_cursor": str(place + limit) if has_more else None}
        return {"data": rows[place : place + limit], "pagination": pagination}

    def _markets(self, query: dict[str, list[str]]) -> list[Any]:
        tokens = set(query.get("clob_token_ids", ()))
        asked = [self.markets[each] for each in query.get("condition_ids", ()) if each in self.markets]
        asked += [row for row in self.markets.values() if not tokens.isdisjoint(json.loads(row["clobTokenIds"]))]
        return [row for row in asked if str(row["closed"]).lower() == query["closed"][0]]


def _is_before(row: Any, start: int) -> bool:
    """Rows without a time are within every window."""
    second = row.get("timestamp") if isinstance(row, dict) else None
    return isinstance(second, int) and second < start


def _is_after(row: Any, end: int) -> bool:
    second = row.get("timestamp") if isinstance(row, dict) else None
    return isinstance(second, int) and second > end


def _event(row: Any) -> int:
    """The moment of a position's last event; a row without one comes last."""
    moment = row.get("last_event_at")
    return moment if isinstance(moment, int) else 0


def trade_row(trade: SourceTrade) -> dict[str, Any]:
    """A source trade as `/v2/trades` shows it."""
    return {
        "proxy_wallet": trade.trader,
        "side": trade.side.value,
        "token_id": trade.token_id,
        "condition_id": trade.condition_id,
        "size": str(trade.shares),
        "price": str(trade.price),
        "timestamp": int(trade.trade_time.timestamp()),
        "title": trade.title,
        "slug": trade.slug,
        "outcome": trade.outcome,
        "outcome_index": trade.outcome_index,
        "transaction_hash": trade.transaction_hash,
    }


def closed_position_row(trader: str, number: int, pnl: str, closed_at: datetime) -> dict[str, Any]:
    """A finished position as `/v2/positions` shows it."""
    return {
        "proxy_wallet": trader,
        "token_id": str(5000 + number),
        "condition_id": f"0x{number:064x}",
        "realized_pnl": pnl,
        "unrealized_pnl": "0",
        "status": "CLOSED",
        "last_event_at": int(closed_at.timestamp()),
    }


def gamma_row(condition_id: str = CONDITION, **changes: Any) -> dict[str, Any]:
    """An open binary market as `/markets/keyset` shows it."""
    return {
        "id": "1",
        "conditionId": condition_id,
        "question": "Will it rain?",
        "slug": "will-it-rain",
        "version": "v1",
        "outcomes": json.dumps(["Yes", "No"]),
        "clobTokenIds": json.dumps([YES, NO]),
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "endDate": "2026-09-29T12:00:00Z",
        "negRisk": False,
        "orderPriceMinTickSize": "0.01",
        "orderMinSize": "5",
        "category": "Weather",
        "events": [{"id": "7"}],
    } | changes


def book_row(token_id: str = YES, asks: tuple[tuple[str, str], ...] = (("0.5", "1000"),), **changes: Any) -> Any:
    """A book as `/books` shows it, best price last."""
    return {
        "market": CONDITION,
        "asset_id": token_id,
        "timestamp": str(int(NOON.timestamp() * 1000)),
        "hash": "b" * 40,
        "bids": [{"price": "0.01", "size": "100"}],
        "asks": [{"price": price, "size": size} for price, size in reversed(asks)],
        "min_order_size": "5",
        "tick_size": "0.01",
        "neg_risk": False,
    } | changes


@contextmanager
def serving(venue: ScriptedVenue, rpc_url: str = "http://127.0.0.1:9") -> Iterator[VenueEndpoints]:
    """Serves it on a free loopback port for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, *_: object) -> None:
            return

        def _answer(self, body: Any) -> None:
            parts = urlsplit(self.path)
            status, answer = venue.answer(parts.path, parse_qs(parts.query), body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield _endpoints(url, rpc_url)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=HANG_SECONDS)


def _endpoints(url: str, rpc_url: str) -> VenueEndpoints:
    return VenueEndpoints(
        clob_url=url,
        gamma_url=url,
        data_api_url=url,
        geoblock_url=f"{url}/api/geoblock",
        relayer_url=url,
        rpc_url=rpc_url,
        chain_id=137,
        collateral_token=_ZERO,
        conditional_tokens=_ZERO,
        collateral_adapter=_ZERO,
        neg_risk_collateral_adapter=_ZERO,
        neg_risk_adapter=_ZERO,
        standard_exchange=_ZERO,
        neg_risk_exchange=_ZERO,
        exchange_v3=_ZERO,
    )
