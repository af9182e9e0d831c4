"""Gamma, the venue's catalogue: markets by condition id, or by token."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.gamma.gamma_rows import GammaAnswer, MarketSnapshot, forms_of, read_markets
from live_trading.polymarket.wire.field_types import WireModel, read
from live_trading.polymarket.wire.http_questions import HttpQuestions
from live_trading.polymarket.wire.json_text import raw_text
from live_trading.polymarket.wire.pages import PageWatch

__all__ = ["Gamma", "GammaAnswer", "MarketSnapshot"]

# Forty ids, each perhaps in both forms, make an address under seven kilobytes, which every proxy lets through.
_IDS_A_QUESTION = 40
_ROWS_A_PAGE = 100
_MOST_PAGES = 20


class _Page(WireModel):
    markets: list[object]
    next_cursor: str | None = None


class Gamma:
    """Reads the catalogue. Raises RetryLater, GiveUp or MalformedAnswer as `HttpQuestions` does."""

    def __init__(self, endpoints: VenueEndpoints, chance: Chance) -> None:
        self._http = HttpQuestions(endpoints.gamma_url, chance)

    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        """The markets of these conditions, open and closed ones.

        Gamma leaves closed markets out unless asked for them, so those that it does not show as open are asked for
        again as closed. An id in neither answer is not in the result. Returned ids are compared with the asked ones,
        because a filter that Gamma does not understand makes it list whatever comes first.
        """
        markets: dict[str, MarketSnapshot] = {}
        malformed: list[QuarantinedRow] = []
        for closed in ("false", "true"):
            missing = [condition_id for condition_id in dict.fromkeys(condition_ids) if condition_id not in markets]
            for start in range(0, len(missing), _IDS_A_QUESTION):
                asked = missing[start : start + _IDS_A_QUESTION]
                forms = [("condition_ids", form) for condition_id in asked for form in forms_of(condition_id)]
                answer = read_markets(self._rows(forms, closed), asked)
                markets |= answer.markets
                malformed += answer.malformed
        return GammaAnswer(markets=markets, malformed=malformed)

    def markets_of_tokens(self, token_ids: Sequence[str]) -> GammaAnswer:
        """The markets of these tokens, open ones first, by condition; a token of no market is in none of them.

        Whether Gamma finds a position of protocol v2 by its id is not documented. Rows of other tokens are left out:
        a filter that it does not understand makes it list whatever comes first.
        """
        markets: dict[str, MarketSnapshot] = {}
        malformed: list[QuarantinedRow] = []
        missing = list(dict.fromkeys(token_ids))
        for closed in ("false", "true"):
            for start in range(0, len(missing), _IDS_A_QUESTION):
                asked = missing[start : start + _IDS_A_QUESTION]
                answer = read_markets(self._rows([("clob_token_ids", token_id) for token_id in asked], closed))
                ours = {
                    each.market.condition_id: each
                    for each in answer.markets.values()
                    if not set(asked).isdisjoint(each.market.token_ids)
                }
                markets |= ours
                malformed += answer.malformed
            known = {token_id for each in markets.values() for token_id in each.market.token_ids}
            missing = [token_id for token_id in missing if token_id not in known]
        return GammaAnswer(markets=markets, malformed=malformed)

    def shown(self) -> int:
        """How many markets a question for one open market shows: 1 where there is any."""
        answer = self._http.get("/markets/keyset", [("closed", "false"), ("limit", "1")])
        return len(read(_Page, answer, "gamma.markets").markets)

    def close(self) -> None:
        self._http.close()

    def _rows(self, ids: Sequence[tuple[str, str]], closed: str) -> list[object]:
        question = [
            *ids,
            ("closed", closed),
            ("include_tag", "true"),
            ("limit", str(_ROWS_A_PAGE)),
        ]
        rows: list[object] = []
        cursor: str | None = None
        watch = PageWatch("gamma.markets")
        for _ in range(_MOST_PAGES):
            here = [("after_cursor", cursor)] if cursor is not None else []
            answer = self._http.get("/markets/keyset", [*question, *here])
            page = read(_Page, answer, "gamma.markets")
            watch.seen(page.markets)
            rows += page.markets
            if not page.next_cursor:
                return rows
            if page.next_cursor == cursor:
                raise MalformedAnswer("gamma.markets: more pages, but no new cursor", raw=raw_text(answer))
            cursor = page.next_cursor
        raise GiveUp(f"gamma.markets: no end after {_MOST_PAGES} pages for {len(ids)} ids")
