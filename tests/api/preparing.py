"""What has to be there before an example of the document is answered with success, by the route.

A route that is not named needs no more than what everybody of `people` has.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from live_trading.nouns.money import Shares
from tests.api.people import World
from tests.api.settling import new_alert, new_strategy
from tests.e2e.test_gifts_leave_a_wallet_trading import stranger_sends_tokens

Prepared = Callable[[World], Mapping[str, str]]
"""Makes something of the first person's; its ids by the names that they have in a path."""


def prepared(world: World, route: str) -> dict[str, str]:
    """The first person's things once what the route needs is there."""
    return {**world.first.own, **PREPARATIONS.get(route, _nothing)(world)}


def _nothing(_: World) -> Mapping[str, str]:
    return {}


def _free_paper_wallet(world: World) -> Mapping[str, str]:
    body = {"name": f"paper {uuid.uuid4().hex[:8]}", "starting_balance_usd": "100", "config": {}}
    return {"ft_wallet_id": world.made(world.first, "/api/ft/wallets", body)["ft_wallet_id"]}


def _another_strategy(world: World) -> Mapping[str, str]:
    """One that has never traded."""
    made = new_strategy(world, world.first, uuid.uuid4().hex[:8])
    return {"lt_strategy_id": made["lt_strategy_id"]}


def _paused_strategy(world: World) -> Mapping[str, str]:
    own = _another_strategy(world)
    world.made(world.first, f"/api/lt/strategies/{own['lt_strategy_id']}/pause", {"reason": "to think"})
    return own


def _lock(world: World) -> Mapping[str, str]:
    own = _another_strategy(world)
    body = {"scope": "STRATEGY", "scope_id": own["lt_strategy_id"], "reason": "to think"}
    return {"lock_id": str(world.made(world.first, "/api/lt/locks", body)["lock_id"])}


def _resting_order(world: World) -> Mapping[str, str]:
    """An order far below the market, which waits there."""
    desk = world.desk(world.first)
    # What was traded before a strategy began is not its own, and two things of one moment are not told apart.
    desk.advance(2)
    strategy = _another_strategy(world)["lt_strategy_id"]
    world.change(
        "UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0 WHERE lt_strategy_id = :id",
        id=strategy,
    )
    desk.advance(2)
    desk.signal(price=Decimal("0.02"), shares="1000", trader=world.first.trader)
    world.run("lt-execute")
    (order,) = world.rows("SELECT * FROM lt_orders WHERE lt_strategy_id = :id", id=strategy)
    assert order["state"] == "LIVE", order
    return {"lt_order_id": str(order["lt_order_id"]), "lt_strategy_id": strategy}


def _redemption(state: str) -> Prepared:
    def put(world: World) -> Mapping[str, str]:
        world.change(
            "UPDATE lt_redemptions SET state = :state WHERE lt_redemption_id = :id",
            state=state,
            id=world.first.own["lt_redemption_id"],
        )
        return {}

    return put


def _no_approval_asked(world: World) -> Mapping[str, str]:
    world.change("UPDATE wallet_approvals SET state = 'FAILED' WHERE state = 'DUE'")
    return {}


def _tokens_from_a_stranger(world: World) -> Mapping[str, str]:
    """Tokens that came beside this system, which a run has seen and explained."""
    desk = world.desk(world.first)
    token = stranger_sends_tokens(desk, 1 - world.market["token_ids"].index(world.first.own["token_id"]), Shares(3))
    for _ in range(3):
        desk.advance(20)
        world.run("lt-execute")
    (found,) = world.rows(
        "SELECT break_id FROM breaks WHERE trading_wallet_id = :wallet AND subject = :token",
        wallet=world.first.own["trading_wallet_id"],
        token=token,
    )
    return {"break_id": str(found["break_id"]), "token_id": token, **_another_strategy(world)}


def _alert(world: World) -> Mapping[str, str]:
    return {"lt_alert_id": new_alert(world, world.first)}


PREPARATIONS: Mapping[str, Prepared] = MappingProxyType(
    {
        "POST /api/lt/strategies": _free_paper_wallet,
        "PATCH /api/lt/strategies/{lt_strategy_id}": _another_strategy,
        "POST /api/lt/strategies/{lt_strategy_id}/end": _another_strategy,
        "POST /api/lt/strategies/{lt_strategy_id}/pause": _another_strategy,
        "POST /api/lt/strategies/{lt_strategy_id}/resume": _paused_strategy,
        "PUT /api/lt/strategies/{lt_strategy_id}/resume": _paused_strategy,
        "POST /api/lt/strategies/{lt_strategy_id}/cancel-orders": _resting_order,
        "POST /api/lt/orders/{lt_order_id}/cancel": _resting_order,
        "POST /api/lt/locks": _another_strategy,
        "POST /api/lt/locks/{lock_id}/release": _lock,
        "POST /api/lt/redemptions/{lt_redemption_id}/retry": _redemption("FAILED"),
        "POST /api/lt/redemptions/{lt_redemption_id}/mark-handled": _redemption("NEEDS_OPERATOR"),
        "POST /api/trading-wallets/{trading_wallet_id}/approvals": _no_approval_asked,
        "POST /api/trading-wallets/{trading_wallet_id}/breaks/{break_id}/accept": _tokens_from_a_stranger,
        "POST /api/lt/alerts/{lt_alert_id}/acknowledge": _alert,
        "POST /api/lt/alerts/{lt_alert_id}/resolve": _alert,
    }
)
