"""Alerts through the API: who sees which, what may be said to one, and what was told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from live_trading.nouns.alerts import EVERYBODY, OPERATOR, AlertType, ChannelName, Concern, Severity
from live_trading.store.watch import alert_due, alert_outbox, alerts
from tests.integration.api_fixtures import STRANGER, Api, Reply

pytestmark = [pytest.mark.integration, pytest.mark.health]

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADMIN = "read trade admin"
REMARK = {"remark": "somebody looks after it"}
REASON = {"reason": "it was made by hand"}


def raised(api: Api, subject: str, concern: Concern = OPERATOR, severity: Severity = Severity.WARNING) -> int:
    with api.database.transaction() as transaction:
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.BREAK,
            severity=severity,
            subject=subject,
            title=f"break {subject}",
            message="look at it",
            at=NOON + timedelta(minutes=len(subject)),
            concern=concern,
        )
    (row,) = api.rows("SELECT lt_alert_id FROM lt_alerts WHERE subject = :subject", subject=subject)
    return int(row["lt_alert_id"])


def own(api: Api) -> Concern:
    return Concern(trading_wallet_id=UUID(api.trading_wallet()["trading_wallet_id"]))


def subjects(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [each["subject"] for each in reply.body["alerts"]]


def test_who_sees_which_alerts(api: Api) -> None:
    mine = raised(api, "mine", own(api))
    everybody = raised(api, "everybody", EVERYBODY)
    operator = raised(api, "operator")

    seen = {
        (owner, scopes): subjects(api.call("GET", "/api/lt/alerts", owner=owner, scopes=scopes))
        for owner in ("operator", STRANGER)
        for scopes in ("read", ADMIN)
    }

    assert seen == {
        ("operator", "read"): ["everybody", "mine"],
        ("operator", ADMIN): ["operator", "everybody", "mine"],
        (STRANGER, "read"): ["everybody"],
        (STRANGER, ADMIN): ["operator", "everybody"],
    }
    for number, status in ((mine, 404), (everybody, 200), (operator, 404)):
        assert api.call("GET", f"/api/lt/alerts/{number}", owner=STRANGER).status == status
    assert api.call("GET", f"/api/lt/alerts/{mine}", owner=STRANGER, scopes=ADMIN).status == 404
    assert api.call("GET", f"/api/lt/alerts/{operator}", scopes=ADMIN).status == 200


def test_an_alert_of_a_strategy_is_its_owner_s(api: Api) -> None:
    strategy = api.strategy()
    raised(api, "mine", Concern(lt_strategy_id=UUID(strategy["lt_strategy_id"])))

    (alert,) = api.call("GET", "/api/lt/alerts").body["alerts"]

    assert (alert["scope"], alert["lt_strategy_id"]) == ("OWNER", strategy["lt_strategy_id"])
    assert subjects(api.call("GET", "/api/lt/alerts", owner=STRANGER, scopes=ADMIN)) == []


def test_an_owner_acknowledges_his_own_and_it_is_written_down(api: Api) -> None:
    number = raised(api, "mine", own(api))

    done = api.call("POST", f"/api/lt/alerts/{number}/acknowledge", REMARK)

    assert done.status == 200
    assert (done.body["state"], done.body["acknowledged_by"], done.body["acknowledge_remark"]) == (
        "ACKNOWLEDGED",
        "operator",
        REMARK["remark"],
    )
    again = api.call("POST", f"/api/lt/alerts/{number}/acknowledge", REMARK)
    assert (again.status, again.error["current_state"]) == (409, "ACKNOWLEDGED")
    audit = api.rows("SELECT action, cause, actor FROM audit_log WHERE subject_type = 'alert'")
    assert [tuple(row.values()) for row in audit] == [("alert_acknowledged", REMARK["remark"], "operator")]


def test_an_alert_that_is_resolved_by_hand_says_by_whom_and_is_raised_anew_while_its_cause_goes_on(api: Api) -> None:
    concern = own(api)
    number = raised(api, "mine", concern)
    api.call("POST", f"/api/lt/alerts/{number}/acknowledge", REMARK)

    done = api.call("POST", f"/api/lt/alerts/{number}/resolve", REASON, key="once")

    assert (done.status, done.body["state"], done.body["resolved_by"]) == (200, "RESOLVED", "operator")
    assert api.call("POST", f"/api/lt/alerts/{number}/resolve", REASON, key="once").body == done.body
    assert api.call("POST", f"/api/lt/alerts/{number}/resolve", REASON).error["current_state"] == "RESOLVED"
    with api.database.transaction() as transaction:
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.BREAK,
            severity=Severity.WARNING,
            subject="mine",
            title="t",
            message="m",
            at=NOON,
            concern=concern,
        )
    assert [each["state"] for each in api.call("GET", "/api/lt/alerts").body["alerts"]] == ["ACTIVE", "RESOLVED"]


@pytest.mark.parametrize("verb", ["acknowledge", "resolve"])
def test_what_concerns_everybody_or_nobody_in_particular_is_acted_on_by_admin_alone(api: Api, verb: str) -> None:
    body = REMARK if verb == "acknowledge" else REASON
    mine, everybody = raised(api, "mine", own(api)), raised(api, "everybody", EVERYBODY)
    operator = raised(api, "operator")

    def asked(number: int, owner: str, scopes: str) -> int:
        return api.call("POST", f"/api/lt/alerts/{number}/{verb}", body, owner=owner, scopes=scopes).status

    assert asked(mine, STRANGER, ADMIN) == 404
    assert asked(everybody, STRANGER, "trade") == 403
    assert asked(operator, STRANGER, "trade") == 404
    assert asked(mine, "operator", "read") == 403
    assert (asked(everybody, STRANGER, ADMIN), asked(operator, STRANGER, ADMIN)) == (200, 200)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=ACTIVE", ["bb", "a"]),
        ("state=RESOLVED", ["ccc"]),
        ("severity=CRITICAL", ["bb"]),
        ("alert_type=lock", []),
        ("since=2026-11-26T12:02:00Z", ["ccc", "bb"]),
        ("until=2026-11-26T12:02:00Z", ["a"]),
    ],
)
def test_a_list_is_held_to_what_is_asked_for(api: Api, query: str, expected: list[str]) -> None:
    raised(api, "a", EVERYBODY)
    raised(api, "bb", EVERYBODY, Severity.CRITICAL)
    raised(api, "ccc", EVERYBODY)
    with api.database.transaction() as transaction:
        alerts.resolve_alert(transaction, alert_type=AlertType.BREAK, subject="ccc", at=NOON)

    assert subjects(api.call("GET", f"/api/lt/alerts?{query}")) == expected


@pytest.mark.parametrize("state", ["", "&state=ACTIVE"])
def test_pages_miss_nothing_and_repeat_nothing_while_alerts_are_raised(api: Api, state: str) -> None:
    concern = own(api)
    for number in range(7):
        raised(api, f"{number}", concern if number % 2 else EVERYBODY)
    first = api.call("GET", f"/api/lt/alerts?limit=3{state}")
    raised(api, "later", EVERYBODY)
    second = api.call("GET", f"/api/lt/alerts?limit=3{state}&cursor={first.body['next_cursor']}")
    third = api.call("GET", f"/api/lt/alerts?limit=3{state}&cursor={second.body['next_cursor']}")

    assert [*subjects(first), *subjects(second), *subjects(third)] == ["6", "5", "4", "3", "2", "1", "0"]
    assert third.body["next_cursor"] is None


def test_one_alert_shows_what_was_told_and_what_a_channel_refused_to_admin(api: Api) -> None:
    number = raised(api, "everybody", EVERYBODY)
    with api.database.transaction() as transaction:
        alert_due.spread(transaction, [ChannelName.SNS, ChannelName.TELEGRAM], NOON)
        taken = alert_outbox.take(transaction, ChannelName.SNS, now=NOON, until=NOON, is_quiet=False)
        alert_outbox.note_sent(transaction, ChannelName.SNS, [each.alert_message_id for each in taken], NOON)
        taken = alert_outbox.take(transaction, ChannelName.TELEGRAM, now=NOON, until=NOON, is_quiet=False)
        alert_outbox.note_failed(
            transaction,
            ChannelName.TELEGRAM,
            [each.alert_message_id for each in taken],
            error="GiveUp: Telegram: 401 Unauthorized",
            now=NOON,
            not_before=NOON,
            give_up_before=NOON - timedelta(days=3),
        )

    shown = api.call("GET", f"/api/lt/alerts/{number}", scopes=ADMIN).body
    (told,) = shown["messages"]

    assert (shown["times_seen"], told["kind"], told["title"]) == (1, "BEGAN", "break everybody")
    assert [
        (each["channel"], each["state"], each["attempts"], each["sent_together"], each["last_error"])
        for each in told["deliveries"]
    ] == [
        ("sns", "SENT", 1, 1, None),
        ("telegram", "WAITING", 1, None, "GiveUp: Telegram: 401 Unauthorized"),
    ]
    (told,) = api.call("GET", f"/api/lt/alerts/{number}").body["messages"]
    assert [each["last_error"] for each in told["deliveries"]] == [None, None]
