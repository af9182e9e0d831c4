"""What each scope opens, route by route, and that nobody stops or reaches what is not his."""

from __future__ import annotations

import pytest

from live_trading.api.scopes import ANY_OF, Scope, names_of, names_that_open
from live_trading.api.table import table
from local.lambdas.template.reading import load_application
from local.machine.env import TEMPLATE
from tests.integration.api.gate_fixtures import Everything
from tests.integration.api_fixtures import NO_LIMITS, STRANGER, Api

pytestmark = [pytest.mark.integration, pytest.mark.access]

_PARAMETERS = {"DatabaseUrl": "postgresql://u@h/d", "JwtIssuer": "https://issuer", "JwtAudience": "audience"}
_APPLICATION = load_application(TEMPLATE, parameters=_PARAMETERS, stack_name="live-trading")
EVERY = list(table())
ROUTES = [each for each in EVERY if each[3] is not None]
# Traders and their trades are common to all owners.
COMMON = {"/api/traders/<trader_address>", "/api/source-trades/<source_trade_id>"}
OF_SOMEBODY = [(function, method, path) for function, method, path, _ in ROUTES if "<" in path and path not in COMMON]
NUMBERED = ("lock_id", "break_id", "decision_id", "audit_id", "lt_alert_id")
# The audit log of everybody is what an administrator reads it for.
SEEN_BY_ADMINS = ("/api/lt/audit/<audit_id>",)
UNKNOWN = {"dry_run": True}


def test_every_route_of_the_template_is_tried_here() -> None:
    """By number and by scopes; `test_template_routes` holds each of them against the table."""
    routes = [route for route in _APPLICATION.routes if route.key != "$default"]
    assert len(EVERY) == len(routes)
    assert sorted(len(route.scopes) for route in routes) == sorted(
        0 if needed is None else len(names_that_open(needed)) for *_, needed in EVERY
    )


@pytest.mark.parametrize(("function", "method", "path", "needed"), ROUTES, ids=str)
def test_a_route_opens_to_its_scopes_and_to_nobody_else(
    everything: Everything, function: str, method: str, path: str, needed: Scope
) -> None:
    """A scope that opens the route comes as far as to a field that no route has."""
    body = everything.body(method, path)
    before = everything.written()

    assert everything.ask(function, method, path, body, owner=None, key="k").status == 401
    assert everything.ask(function, method, path, body, scopes="", key="k").status == 403
    strange = everything.ask(function, method, path, body, scopes="readers traders administrators", key="k")
    assert (strange.status, strange.error["code"], strange.error["needs_one_of"]) == (
        403,
        "forbidden",
        list(ANY_OF[needed]),
    )
    for scope in Scope:
        for name in names_of(scope):
            asked = everything.ask(function, method, path, {**(body or {}), **UNKNOWN}, scopes=name, key="k")
            assert asked.status == (422 if scope in ANY_OF[needed] else 403), (name, asked.body)
        other_s = everything.ask(function, method, path, body, scopes=f"another-server/{scope}", key="k")
        assert other_s.status == 403
    assert everything.written() == before


@pytest.mark.parametrize(("function", "method", "path"), OF_SOMEBODY, ids=str)
def test_another_owner_s_id_does_not_exist_not_even_for_an_admin(
    everything: Everything, function: str, method: str, path: str
) -> None:
    """It is answered like what nobody has; to its owner it is there."""
    body, own = everything.body(method, path), everything.own
    before = everything.written()

    for scopes in ("read trade",) if path in SEEN_BY_ADMINS else ("read trade", "read trade admin"):
        everything.own = own
        theirs = everything.ask(function, method, path, body, owner=STRANGER, scopes=scopes, key="theirs")
        everything.own = {"token_id": own["token_id"], "version": own["version"]} | dict.fromkeys(NUMBERED, "987654")
        nobody_s = everything.ask(function, method, path, body, owner=STRANGER, scopes=scopes, key="nobody-s")
        assert (theirs.status, theirs.error["code"]) == (404, "not_found"), (scopes, theirs.body)
        assert (nobody_s.status, nobody_s.body) == (theirs.status, theirs.body)
    assert everything.written() == before
    everything.own = own
    mine = everything.ask(function, method, path, body, scopes="read trade", key="mine")
    # Of these there is none yet: nothing was filled, and no wish had to wait.
    is_there = not path.endswith(("/exit-wishes/<exit_wish_id>", "/positions/<token_id>"))
    assert mine.status != 404 or not is_there, mine.body


@pytest.mark.parametrize("scope", ["GLOBAL", "TRADER", "MARKET", "EVENT"])
def test_what_stops_everybody_needs_the_scope_admin(api: Api, scope: str) -> None:
    body = {"scope": scope, "reason": "I say so", "mode": "FLATTEN" if scope == "GLOBAL" else "STOP_ENTRIES"}
    body |= {} if scope == "GLOBAL" else {"scope_id": "0x" + "ab" * 20}

    refused = api.call("POST", "/api/lt/locks", body)
    made = api.call("POST", "/api/lt/locks", body, scopes="admin")
    released = api.call("POST", f"/api/lt/locks/{made.body['lock_id']}/release", {"reason": "I want to trade"})

    assert (refused.status, refused.error["code"]) == (403, "forbidden")
    assert (made.status, released.status) == (201, 403)
    assert api.rows("SELECT released_at FROM locks") == [{"released_at": None}]


def test_one_strategy_s_breaker_does_not_stop_everybody(api: Api) -> None:
    rules = {**NO_LIMITS, "breaker_scope": "GLOBAL", "breaker_window_seconds": 60, "breaker_cooldown_seconds": 60}
    rules |= {"breaker_breaks": 1}
    body = api.strategy_body(risk_rules=rules)

    refused = api.call("POST", "/api/lt/strategies", body)
    allowed = api.call("POST", "/api/lt/strategies", body, scopes="trade admin")

    assert (refused.status, refused.error["code"]) == (403, "forbidden")
    assert allowed.status == 201
    path = f"/api/lt/strategies/{api.strategy(name='other')['lt_strategy_id']}"
    change = {"risk_rules": {name: rules[name] for name in rules if name.startswith("breaker_")}}
    assert api.call("PATCH", path, change).status == 403


@pytest.mark.parametrize("subject", ["", " ", "a\x00b", "x" * 5000, "line\nbreak", "Ünser"])
def test_a_subject_that_cannot_be_an_owner_is_no_one(api: Api, subject: str) -> None:
    reply = api.call("GET", "/api/lt/strategies", owner=subject)

    assert (reply.status, reply.error["code"]) == (401, "unauthenticated")


def test_a_job_run_by_hand_runs_for_everybody_and_needs_the_scope_admin(nothing: Everything) -> None:
    refused = nothing.ask("lt-resolve", "POST", "/api/lt/resolve", scopes="read trade")

    assert (refused.status, nothing.written()) == (403, [0, 0, 0])
