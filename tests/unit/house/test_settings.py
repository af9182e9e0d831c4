"""The environment is checked at start: what is wrong is named, and what it holds is not told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from live_trading.wiring.chance import stepped
from live_trading.wiring.database import database_of
from live_trading.wiring.parts.alert_parts import AlertParts
from live_trading.wiring.settings import Settings, SettingsInvalid, read_settings
from local.lambdas.template.reading import load_application
from local.machine.env import TEMPLATE

ADDRESS = "0x" + "Ab" * 20
_URLS = ("CLOB_URL", "GAMMA_URL", "DATA_API_URL", "GEOBLOCK_URL", "RELAYER_URL", "RPC_URL")
_ADDRESSES = (
    "COLLATERAL_TOKEN",
    "USDCE_TOKEN",
    "CONDITIONAL_TOKENS",
    "CTF_COLLATERAL_ADAPTER",
    "NEG_RISK_CTF_COLLATERAL_ADAPTER",
    "NEG_RISK_ADAPTER",
    "STANDARD_EXCHANGE",
    "NEG_RISK_EXCHANGE",
    "EXCHANGE_V3",
)
COMPLETE = {
    "DATABASE_URL": "postgresql://user:secret-word@db.example:5432/live",
    "CHAIN_ID": "137",
    **dict.fromkeys(_URLS, "https://example.org/"),
    **dict.fromkeys(_ADDRESSES, ADDRESS),
}


def test_addresses_are_lower_case_and_urls_without_a_slash_at_the_end() -> None:
    settings = read_settings(COMPLETE)

    assert settings.collateral_token == ADDRESS.lower()
    assert settings.clob_url == "https://example.org"
    assert settings.clock_url is None


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        read_settings({key: value for key, value in COMPLETE.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLOB_URL", "ftp://example.org"),
        ("CHAIN_ID", "-1"),
        ("COLLATERAL_TOKEN", "0x12"),
        ("DATABASE_URL", "mysql://x"),
        ("CONFIRMATIONS", "0"),
        ("ALERT_TELEGRAM_CHAT_ID", "my chat"),
        ("ALERT_QUIET_HOURS", "22:00"),
        ("ALERT_QUIET_HOURS", "22:00-24:00"),
        ("ALERT_QUIET_ZONE", "Middle/Earth"),
        ("ALERT_ESCALATE_HOURS", "-1"),
        ("ALERT_NEWS", "fills,weather"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        read_settings({**COMPLETE, name: value})


@pytest.mark.money_faults
@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("MAX_PRIORITY_FEE_GWEI", {"MAX_FEE_PER_GAS_GWEI": "40", "MAX_PRIORITY_FEE_GWEI": "41"}),
        ("MAX_PRIORITY_FEE_GWEI", {"MAX_FEE_PER_GAS_GWEI": "40"}),
        ("MIN_PRIORITY_FEE_GWEI", {"MIN_PRIORITY_FEE_GWEI": "51"}),
        ("MIN_PRIORITY_FEE_GWEI", {"MAX_PRIORITY_FEE_GWEI": "24"}),
    ],
)
def test_fees_that_contradict_each_other_are_refused_by_name(name: str, changed: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        read_settings({**COMPLETE, **changed})


@pytest.mark.money_faults
def test_the_floor_of_the_priority_fee_is_polygon_s_unless_another_is_set() -> None:
    assert read_settings(COMPLETE).min_priority_fee_gwei == 25
    assert read_settings({**COMPLETE, "MIN_PRIORITY_FEE_GWEI": "0"}).min_priority_fee_gwei == 0


@pytest.mark.money_faults
def test_every_setting_is_a_parameter_of_the_template() -> None:
    application = load_application(
        TEMPLATE,
        parameters={"DatabaseUrl": "postgresql://u@h/d", "JwtIssuer": "https://issuer", "JwtAudience": "audience"},
        stack_name="live-trading",
    )

    # A clock is stepped on one machine only.
    wanted = {name.upper() for name in Settings.model_fields} - {"STEPPED_CLOCK"}

    retention = {name for name in wanted if name.startswith("KEEP_")}

    assert wanted - retention - set(application.function("lt-redemptions").environment) == set()
    assert retention - set(application.function("retention").environment) == set()


def test_an_empty_optional_variable_is_the_same_as_none() -> None:
    settings = read_settings({**COMPLETE, "CLOCK_URL": "", "ALERT_TOPIC_ARN": ""})

    assert (settings.clock_url, settings.alert_topic_arn) == (None, None)


@pytest.mark.health
@pytest.mark.parametrize("name", ["ALERT_WEBHOOK_URL", "ALERT_TELEGRAM_API_URL"])
def test_an_address_that_secrets_may_not_go_to_is_refused_without_telling_it(name: str) -> None:
    with pytest.raises(SettingsInvalid, match=name) as complaint:
        read_settings({**COMPLETE, name: "http://example.org/T0/secret-word"})

    assert "secret-word" not in str(complaint.value)


@pytest.mark.health
def test_what_is_told_and_when_is_read_as_it_is_written() -> None:
    told = {"ALERT_QUIET_HOURS": "22:30-07:00", "ALERT_QUIET_ZONE": "Europe/Berlin", "ALERT_NEWS": "fills, redemptions"}
    parts = AlertParts({**COMPLETE, **told})

    assert parts.settings.alert_news == ("fills", "redemptions")
    quiet = parts.alert_teller._rules.quiet
    assert quiet is not None
    assert quiet.hold(datetime(2026, 7, 1, 20, 30, tzinfo=UTC))
    assert not quiet.hold(datetime(2026, 7, 1, 20, 29, tzinfo=UTC))
    assert parts.channels == []


def test_only_a_clock_that_is_told_can_be_stepped() -> None:
    asked = {**COMPLETE, "STEPPED_CLOCK": "true"}

    assert read_settings({**asked, "CLOCK_URL": "http://127.0.0.1:1/clock"}).stepped_clock
    assert not read_settings(COMPLETE).stepped_clock
    with pytest.raises(SettingsInvalid, match="STEPPED_CLOCK"):
        read_settings(asked)


def test_on_a_stepped_clock_one_thing_is_done_after_the_other_and_takes_as_long_as_the_clock_says() -> None:
    class Steps:
        at = datetime(2026, 9, 28, tzinfo=UTC)

        def now(self) -> datetime:
            self.at += timedelta(milliseconds=50)
            return self.at

    done: list[str] = []
    chance = stepped(Steps())

    with chance.side_by_side(4) as beside:
        first = beside.submit(done.append, "first")
        failing = beside.submit(lambda: int("no number"))
        beside.submit(done.append, "second")

    assert (done, first.done()) == (["first", "second"], True)
    assert isinstance(failing.exception(), ValueError)
    assert chance.elapsed() - chance.elapsed() == pytest.approx(-0.05)
    assert chance.new_id() != chance.new_id()


def test_a_complaint_does_not_tell_the_password() -> None:
    with pytest.raises(SettingsInvalid) as complaint:
        read_settings({**COMPLETE, "DATABASE_URL": "postgres://user:secret-word@db/live"})

    assert "secret-word" not in str(complaint.value)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://user@db.example/live?sslmode=disable", "loopback"),
        ("postgresql://user@db.example/live?sslmode=require", "verify-full"),
        ("postgresql://user@127.0.0.1/live?sslmode=disable&auth=iam", "verify-full"),
        ("postgresql:///live", "host"),
    ],
)
def test_a_database_that_cannot_be_verified_is_not_used(url: str, complaint: str) -> None:
    with pytest.raises(SettingsInvalid, match=complaint):
        database_of(url, application_name="test")
