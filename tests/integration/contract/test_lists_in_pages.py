"""Every list comes in pages, newest first: what is added meanwhile moves nothing, and a cursor is of one list only."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from functions.strategy_api import app
from tests.builders import NOON
from tests.integration.api_fixtures import Api, Reply, http_event
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = pytest.mark.integration
OWNER = "owner"
ADMIN = "read trade admin"


@dataclass(slots=True, kw_only=True)
class Shop:
    """One owner's strategy, and a way to add one more of everything that there are lists of."""

    api: Api
    desk: RiskDesk
    seat: Seat
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def wallet_id(self) -> UUID:
        return self.seat.strategy.trading_wallet_id

    def ask(self, path: str) -> Reply:
        return self.api.call("GET", path, owner=OWNER)

    def post(self, path: str, body: dict[str, Any]) -> None:
        reply = self.api.call("POST", path, body, owner=OWNER, scopes=ADMIN)
        assert reply.status in (200, 201), reply.body

    def add_ft_wallet(self) -> None:
        number = next(self.numbers)
        self.post("/api/ft/wallets", {"name": f"paper {number}", "starting_balance_usd": "10", "config": {}})

    def add_trading_wallet(self) -> None:
        self.desk.add_wallet()

    def add_strategy(self) -> None:
        self.desk.add_strategy()

    def add_trader(self) -> None:
        self.post("/api/traders", {"address": f"0x{next(self.numbers):040x}"})

    def add_lock(self) -> None:
        number = next(self.numbers)
        self.post("/api/lt/locks", {"scope": "TRADER", "scope_id": f"0x{number:040x}", "reason": f"lock {number}"})

    def add_order(self) -> None:
        assert self.desk.enter(self.seat, "2").lt_order_id is not None

    def add_position(self) -> None:
        self.desk.bought(self.seat, "2", market=next(self.numbers))

    def add_redemption(self) -> None:
        number = next(self.numbers)
        self.desk.change(
            """
            INSERT INTO lt_redemptions (
                lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, market_resolved_at,
                created_at
            ) VALUES (:id, :wallet, :condition, 'STANDARD', 'NEEDS_OPERATOR', 0, :at, :at)
            """,
            id=uuid4(),
            wallet=self.wallet_id,
            condition=self.desk.market(number).condition_id,
            at=NOON + timedelta(seconds=number),
        )

    def add_break(self) -> None:
        self.desk.change(
            """
            INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at)
            VALUES (:wallet, 'UNKNOWN_TRADE', :subject, 0, 1, :now, :now)
            """,
            wallet=self.wallet_id,
            subject=str(next(self.numbers)),
            now=NOON,
        )

    def add_approval(self) -> None:
        number = next(self.numbers)
        self.desk.change(
            """
            INSERT INTO wallet_approvals (
                wallet_approval_id, trading_wallet_id, token, spender, kind, is_unlimited, state, reason, asked_by,
                asked_at
            ) VALUES (:id, :wallet, :token, :spender, 'OPERATOR', TRUE, 'DUE', 'to trade', 'owner', :at)
            """,
            id=uuid4(),
            wallet=self.wallet_id,
            token="0x" + "7a" * 20,
            spender=f"0x{number:040x}",
            at=NOON + timedelta(seconds=number),
        )

    def path(self, pattern: str) -> str:
        return pattern.format(strategy=self.seat.strategy.lt_strategy_id, wallet=self.wallet_id)


Adding = Callable[[Shop], None]
LISTS: dict[str, tuple[str, str, Adding]] = {
    "/api/ft/wallets": ("ft_wallets", "ft_wallet_id", Shop.add_ft_wallet),
    "/api/trading-wallets": ("trading_wallets", "trading_wallet_id", Shop.add_trading_wallet),
    "/api/lt/strategies": ("strategies", "lt_strategy_id", Shop.add_strategy),
    "/api/traders": ("traders", "address", Shop.add_trader),
    "/api/lt/locks": ("locks", "lock_id", Shop.add_lock),
    "/api/lt/locks?all=true": ("locks", "lock_id", Shop.add_lock),
    "/api/lt/strategies/{strategy}/orders": ("orders", "lt_order_id", Shop.add_order),
    "/api/lt/strategies/{strategy}/orders?state=INTENT": ("orders", "lt_order_id", Shop.add_order),
    "/api/lt/positions": ("positions", "token_id", Shop.add_position),
    "/api/lt/positions?state=OPEN": ("positions", "token_id", Shop.add_position),
    "/api/lt/positions?lt_strategy_id={strategy}": ("positions", "token_id", Shop.add_position),
    "/api/lt/redemptions": ("redemptions", "lt_redemption_id", Shop.add_redemption),
    "/api/lt/redemptions?state=NEEDS_OPERATOR": ("redemptions", "lt_redemption_id", Shop.add_redemption),
    "/api/trading-wallets/{wallet}/breaks": ("breaks", "break_id", Shop.add_break),
    "/api/trading-wallets/{wallet}/breaks?all=true": ("breaks", "break_id", Shop.add_break),
    "/api/trading-wallets/{wallet}/approvals": ("asked", "wallet_approval_id", Shop.add_approval),
}
"""By path: the name of the rows, that of their ids, and how one more is made."""


@pytest.fixture
def shop(api: Api, risk_desk: RiskDesk) -> Shop:
    return Shop(api=api, desk=risk_desk, seat=risk_desk.add_strategy())


def with_query(path: str, **query: object) -> str:
    said = "&".join(f"{name}={quote(str(value))}" for name, value in query.items() if value is not None)
    return f"{path}{'&' if '?' in path else '?'}{said}" if said else path


def ids_of(reply: Reply, rows: str, name: str) -> list[Any]:
    assert reply.status == 200, reply.body
    return [each[name] for each in reply.body[rows]]


@pytest.mark.parametrize("pattern", LISTS)
def test_a_list_is_turned_page_by_page_and_what_is_added_meanwhile_moves_nothing(shop: Shop, pattern: str) -> None:
    rows, name, add = LISTS[pattern]
    path = shop.path(pattern)
    for _ in range(4):
        add(shop)
    before = ids_of(shop.ask(path), rows, name)
    assert len(set(before)) == len(before) >= 4

    turned: list[Any] = []
    cursor: str | None = None
    for page in range(len(before)):
        reply = shop.ask(with_query(path, limit=2, cursor=cursor))
        turned += ids_of(reply, rows, name)
        cursor = reply.body["next_cursor"]
        if cursor is None:
            break
        if page == 0:
            add(shop)

    assert cursor is None
    assert turned == before
    after = ids_of(shop.ask(path), rows, name)
    assert after[1:] == before
    assert after[0] not in before


@pytest.mark.parametrize("pattern", LISTS)
def test_what_is_no_cursor_of_a_list_is_refused_by_its_name(shop: Shop, pattern: str) -> None:
    rows, _, add = LISTS[pattern]
    path = shop.path(pattern)
    for _ in range(2):
        add(shop)
    cursor = shop.ask(with_query(path, limit=1)).body["next_cursor"]
    seal, at, named = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    rows_of_nothing = ["", "no row", "' OR 1=1", *(["9" * 40] if named.isdigit() else [])]
    forged = [[seal, at, row] for row in rows_of_nothing]
    made = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in forged]

    for garbage in ("none", "====", "e30", *made):
        refused = shop.ask(with_query(path, cursor=garbage))
        assert (refused.status, list(refused.fields)) == (422, ["cursor"]), garbage
    assert shop.ask(with_query(path, limit=1, cursor=cursor)).body[rows]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", "1.5", ""])
def test_a_page_has_1_to_500_rows(shop: Shop, limit: str) -> None:
    refused = shop.ask(f"/api/ft/wallets?limit={limit}")

    assert (refused.status, list(refused.fields)) == (422, ["limit"])


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("/api/lt/locks", "/api/lt/locks?all=true"),
        ("/api/lt/strategies/{strategy}/orders", "/api/lt/strategies/{strategy}/orders?state=INTENT"),
        ("/api/lt/positions", "/api/lt/positions?state=CLOSED"),
        ("/api/lt/redemptions", "/api/lt/redemptions?state=FAILED"),
        ("/api/trading-wallets/{wallet}/breaks", "/api/trading-wallets/{wallet}/breaks?all=true"),
        ("/api/ft/wallets", "/api/lt/strategies"),
    ],
)
def test_a_cursor_goes_with_its_own_filters_only(shop: Shop, first: str, other: str) -> None:
    for _ in range(2):
        LISTS[first][2](shop)
    cursor = shop.ask(with_query(shop.path(first), limit=1)).body["next_cursor"]

    refused = shop.ask(with_query(shop.path(other), cursor=cursor))

    assert (refused.status, list(refused.fields)) == (422, ["cursor"])


@pytest.mark.parametrize("pattern", LISTS)
def test_a_list_that_has_not_changed_is_not_sent_again(shop: Shop, pattern: str) -> None:
    _, _, add = LISTS[pattern]
    path = shop.path(pattern)
    add(shop)
    tag = shop.ask(path).headers["etag"]

    assert not_modified(path, tag) == (304, "")
    add(shop)
    assert shop.ask(path).headers["etag"] != tag


def not_modified(path: str, tag: str) -> tuple[int, str]:
    event = http_event("GET", path, owner=OWNER)
    event["headers"]["if-none-match"] = tag
    answer = app.handler(event, None)
    return answer["statusCode"], answer["body"]


def test_positions_are_told_apart_by_whether_anything_is_held(shop: Shop) -> None:
    shop.desk.bought(shop.seat, "2", market=1)
    shop.desk.bought(shop.seat, "2", market=2)
    (first,) = shop.desk.rows("SELECT shares FROM ledger_holdings WHERE account = 'POSITION_COST' LIMIT 1")
    assert shop.desk.sell(shop.seat, str(first["shares"]), "3", market=1)

    tokens = [shop.desk.market(number).token_ids[0] for number in (1, 2)]
    assert ids_of(shop.ask("/api/lt/positions?state=CLOSED"), "positions", "token_id") == [tokens[0]]
    assert ids_of(shop.ask("/api/lt/positions?state=OPEN"), "positions", "token_id") == [tokens[1]]
    assert ids_of(shop.ask("/api/lt/positions"), "positions", "token_id") == tokens[::-1]


def test_what_is_held_is_turned_in_the_order_of_tokens(shop: Shop) -> None:
    for number in (1, 2, 3):
        shop.desk.bought(shop.seat, "2", market=number)
    path = shop.path("/api/lt/strategies/{strategy}/positions")

    first = shop.ask(with_query(path, limit=2))
    rest = shop.ask(with_query(path, limit=2, cursor=first.body["next_cursor"]))

    turned = ids_of(first, "positions", "token_id") + ids_of(rest, "positions", "token_id")
    assert turned == sorted(shop.desk.market(number).token_ids[0] for number in (1, 2, 3))
    assert rest.body["next_cursor"] is None
    assert shop.ask(path).body["positions"] == first.body["positions"] + rest.body["positions"]


def test_a_trade_moves_no_position_to_another_place(shop: Shop) -> None:
    for number in (1, 2, 3):
        shop.desk.bought(shop.seat, "2", market=number)
    before = ids_of(shop.ask("/api/lt/positions"), "positions", "token_id")
    first = shop.ask("/api/lt/positions?limit=1")

    shop.desk.bought(shop.seat, "2", market=1)

    rest = shop.ask(with_query("/api/lt/positions", cursor=first.body["next_cursor"]))
    assert ids_of(first, "positions", "token_id") + ids_of(rest, "positions", "token_id") == before


def test_exposure_is_summed_over_all_that_is_open_in_pages_of_markets_and_of_events(shop: Shop) -> None:
    for number in (1, 2, 3):
        shop.desk.bought(shop.seat, "2", market=number)
    shop.desk.bought(shop.seat, "3", market=3, outcome=1)

    pages = [shop.ask("/api/lt/exposure?limit=2")]
    pages.append(shop.ask(with_query("/api/lt/exposure?limit=2", cursor=pages[0].body["next_cursor"])))

    assert pages[1].body["next_cursor"] is None
    shown = [each for page in pages for each in page.body["exposures"]]
    open_positions = shop.ask("/api/lt/positions?state=OPEN").body["positions"]
    for each in shown:
        own = [position for position in open_positions if position["condition_id"] == each["condition_id"]]
        assert each["open_positions"] == len(own)
        assert float(each["cost_usd"]) == sum(float(position["cost_usd"]) for position in own)
        assert each["event_id"] is None
    assert sorted(each["open_positions"] for each in shown) == [1, 1, 2]
    by_event = shop.ask("/api/lt/exposure?by=EVENT").body["exposures"]
    assert all(each["condition_id"] is None and each["event_id"] is not None for each in by_event)


def test_positions_of_before_there_was_such_a_list_are_in_it(shop: Shop) -> None:
    for number in (1, 2):
        shop.desk.bought(shop.seat, "2", market=number)
    before = shop.ask("/api/lt/positions").body
    shop.desk.change("DELETE FROM lt_positions")
    shop.desk.change("SELECT ledger_rebuild_kept()")

    after = shop.ask("/api/lt/positions").body
    assert [each["token_id"] for each in after["positions"]] == [each["token_id"] for each in before["positions"]]


def test_a_position_whose_every_trade_came_to_nothing_is_none(shop: Shop) -> None:
    shop.desk.bought(shop.seat, "2", market=1)
    shop.desk.change("UPDATE fills SET status = 'FAILED', confirmed_at = NULL")

    assert shop.ask("/api/lt/positions").body["positions"] == []
