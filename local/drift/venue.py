"""The venue's public questions, a few dozen at most, without any key; each answer is checked as it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, MalformedAnswer, RetryLater
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.wire.http_questions import HttpQuestions, QueryItems
from local.drift.checking import check
from local.drift.findings import Report
from local.drift.shapes import Kind

MOST_QUESTIONS = 60
_ROWS = "20"
_MOST_MARKETS = 3
_MOST_TRADERS = 2
_STRANGE_ID = "1"
_NO_ANSWER = object()


class Hosts:
    """Asks the venue's hosts and counts the questions. The one thing of this room that a test may stand in for."""

    def __init__(self, endpoints: VenueEndpoints, chance: Chance) -> None:
        self._hosts = {
            "clob": HttpQuestions(endpoints.clob_url, chance),
            "gamma": HttpQuestions(endpoints.gamma_url, chance),
            "data": HttpQuestions(endpoints.data_api_url, chance),
            "geoblock": HttpQuestions("", chance),
        }
        self.asked = 0

    def get(self, host: str, path: str, query: QueryItems = ()) -> object:
        """Raises as `HttpQuestions.get`."""
        self._count()
        return self._hosts[host].get(path, query)

    def post(self, host: str, path: str, body: object) -> object:
        """A POST that only asks. Raises as `HttpQuestions.post`."""
        self._count()
        return self._hosts[host].post(path, body)

    def close(self) -> None:
        for host in self._hosts.values():
            host.close()

    def _count(self) -> None:
        self.asked += 1
        if self.asked > MOST_QUESTIONS:
            raise GiveUp(f"more than {MOST_QUESTIONS} questions")


class VenueCheck:
    """One look at every public endpoint that the product lives by."""

    def __init__(self, hosts: Hosts, geoblock_url: str, report: Report) -> None:
        self._hosts = hosts
        self._geoblock_url = geoblock_url
        self._report = report

    def run(self) -> None:
        """Asks everything; what one host does not answer does not keep the others from being asked."""
        self._one(Kind.VERSION, "clob", "/version")
        self._one(Kind.TIME, "clob", "/time")
        self._one(Kind.GEOBLOCK, "geoblock", self._geoblock_url)
        self._refused("clob", "/book", [("token_id", _STRANGE_ID)], "orderbook exists for the requested token")
        self._refused("data", "/v2/trades", [("offset", "1")], "invalid_request")
        self._one(Kind.STATUS, "data", "/v2/status", inside="data")
        open_markets = self._markets(closed="false")
        closed_markets = self._markets(closed="true")
        self._filter_holds(open_markets or closed_markets)
        for market in _varied(open_markets):
            self._order_book(market)
        self._feed()
        self._resolutions([str(each.get("conditionId")) for each in closed_markets][:_MOST_MARKETS])

    def _markets(self, *, closed: str) -> list[dict[str, Any]]:
        query = [("closed", closed), ("limit", _ROWS), ("include_tag", "true")]
        return self._rows(Kind.MARKET, "gamma", "/markets/keyset", query, inside="markets")

    def _filter_holds(self, markets: list[dict[str, Any]]) -> None:
        """A filter that the catalogue does not understand makes it list whatever comes first."""
        if not markets:
            return
        asked, closed = str(markets[-1].get("conditionId")), str(bool(markets[-1].get("closed"))).lower()
        query = [("condition_ids", asked), ("closed", closed), ("limit", _ROWS)]
        answer = self._asked("gamma", "/markets/keyset", query)
        rows = answer.get("markets") if isinstance(answer, dict) else None
        found = [row.get("conditionId") for row in rows or [] if isinstance(row, dict)]
        if answer is not _NO_ANSWER and found != [asked]:
            self._report.find(Kind.MARKET, "condition_ids", f"asked for one market, got {len(found)}")

    def _order_book(self, market: Mapping[str, Any]) -> None:
        """Everything that the order book says of one market, and where it and the catalogue differ."""
        condition_id = str(market.get("conditionId"))
        told = self._one(Kind.CLOB_MARKET, "clob", f"/clob-markets/{condition_id}")
        if not isinstance(told, dict):
            return
        tokens = [str(each["t"]) for each in told.get("t") or [] if isinstance(each, dict) and "t" in each]
        self._agree(market, told)
        if not tokens:
            return
        books = self._asked("clob", "/books", [{"token_id": token} for token in tokens], is_post=True)
        if isinstance(books, list):
            check(Kind.BOOK, books, self._report)
        self._one(Kind.TICK, "clob", "/tick-size", [("token_id", tokens[0])])
        rows = [row for row in books if isinstance(row, dict)] if isinstance(books, list) else []
        if any(row.get("bids") and row.get("asks") for row in rows):
            self._one(Kind.MIDPOINT, "clob", "/midpoint", [("token_id", tokens[0])])
        until = datetime.now(UTC)
        span = [("startTs", int((until - timedelta(days=1)).timestamp())), ("endTs", int(until.timestamp()))]
        query = [("market", tokens[0]), *((name, str(value)) for name, value in span), ("fidelity", "10")]
        self._one(Kind.HISTORY, "clob", "/prices-history", query)

    def _agree(self, market: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        """Fees and the neg-risk flag are read in one place and relied on in the other."""
        fees, schedule = told.get("fd"), market.get("feeSchedule")
        if isinstance(fees, dict) and isinstance(schedule, dict) and fees.get("r") != schedule.get("rate"):
            self._report.find(Kind.CLOB_MARKET, "fd.r", "not the rate of the catalogue's feeSchedule")
        if bool(fees) and market.get("feesEnabled") is False:
            self._report.find(Kind.MARKET, "feesEnabled", "false, although the order book charges fees")
        if "nr" in told and "negRisk" in market and bool(told["nr"]) != bool(market["negRisk"]):
            self._report.find(Kind.CLOB_MARKET, "nr", "not what the catalogue's negRisk says")

    def _feed(self) -> None:
        trades = self._rows(Kind.TRADE, "data", "/v2/trades", [("limit", _ROWS), ("taker_only", "false")])
        for trader in list(dict.fromkeys(str(row.get("proxy_wallet")) for row in trades))[:_MOST_TRADERS]:
            of_trader = [("user", trader), ("limit", _ROWS)]
            self._rows(Kind.ACTIVITY, "data", "/v2/activity", of_trader)
            for status in ("OPEN", "CLOSED", "REDEEMABLE"):
                self._rows(Kind.POSITION, "data", "/v2/positions", [*of_trader, ("status", status)])

    def _resolutions(self, condition_ids: list[str]) -> None:
        if condition_ids:
            self._rows(Kind.RESOLUTION, "data", "/v2/resolutions", [("condition", ",".join(condition_ids))])

    def _one(self, kind: Kind, host: str, path: str, query: QueryItems = (), *, inside: str | None = None) -> object:
        answer = self._asked(host, path, query)
        if inside is not None and isinstance(answer, dict):
            answer = answer.get(inside)
        if answer is not _NO_ANSWER:
            check(kind, [answer], self._report)
        return answer

    def _rows(
        self, kind: Kind, host: str, path: str, query: QueryItems, *, inside: str = "data"
    ) -> list[dict[str, Any]]:
        """The rows of a list in its envelope, checked."""
        answer = self._asked(host, path, query)
        if answer is _NO_ANSWER:
            return []
        rows = answer.get(inside) if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            self._report.find(kind, inside, "missing, or no list")
            return []
        check(kind, rows, self._report)
        return [row for row in rows if isinstance(row, dict)]

    def _refused(self, host: str, path: str, query: QueryItems, words: str) -> None:
        """A question that the venue refuses, in the words by which we know the refusal."""
        try:
            self._hosts.get(host, path, query)
        except RetryLater as error:
            self._report.unreachable.append(str(error))
        except GiveUp as error:
            if words not in str(error).lower():
                self._report.find(f"{host}{path}", "error", f"a text that no table has: {error}")
        else:
            self._report.find(f"{host}{path}", "", "answers what it used to refuse")
        self._report.looked_at[Kind.REFUSAL] += 1

    def _asked(self, host: str, path: str, query: Any = (), *, is_post: bool = False) -> object:
        ask: Callable[..., object] = self._hosts.post if is_post else self._hosts.get
        try:
            return ask(host, path, query)
        except RetryLater as error:
            self._report.unreachable.append(str(error))
        except MalformedAnswer:
            self._report.find(f"{host}{path}", "", "not JSON")
        except GiveUp as error:
            self._report.find(f"{host}{path}", "", f"refused: {error}")
        return _NO_ANSWER


def _varied(markets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A few markets that take orders, of different protocols and kinds."""
    found: dict[tuple[object, bool], dict[str, Any]] = {}
    for market in markets:
        if market.get("acceptingOrders") and market.get("enableOrderBook"):
            found.setdefault((market.get("version"), bool(market.get("negRisk"))), market)
    return list(found.values())[:_MOST_MARKETS]
