"""What the kill switch came to, as the API shows it: at once, as a job goes on, and at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import HashAnswer, IdAnswer
from live_trading.services.guarding.kill_switch import StopReport

_Refused = Annotated[dict[str, str], WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}})]


class StopFacts(TypedDict):
    """What is done; orders by their hash, sales by their id, what could not be done in words."""

    lock_ids: list[int]
    wallets: int
    withdrawn: list[HashAnswer]
    cancelled: list[HashAnswer]
    refused: _Refused
    sales: list[IdAnswer]
    not_done: list[str]
    exit_wish_ids: list[IdAnswer]


class StopView(StopFacts):
    """The same with the job that does the rest, null where there is none; see `GET /api/jobs/{job_id}`."""

    entries_stopped: bool
    stopped_for: Literal["everybody", "the caller"]
    job_id: IdAnswer | None
    job_state: str | None


def stop_facts(report: StopReport) -> StopFacts:
    return {
        "lock_ids": report.lock_ids,
        "wallets": report.wallets,
        "withdrawn": report.withdrawn,
        "cancelled": sorted(report.cancelled),
        "refused": {order: why for order, why in report.refused.items() if order not in report.cancelled},
        "sales": report.sales,
        "not_done": report.not_done,
        "exit_wish_ids": [str(each) for each in report.exit_wish_ids],
    }


def stop_facts_of_job(told: Mapping[str, Any]) -> StopFacts:
    """The same as a job has kept it."""
    return {
        "lock_ids": told["lock_ids"],
        "wallets": told["wallets"],
        "withdrawn": told["withdrawn"],
        "cancelled": told["cancelled"],
        "refused": told["refused"],
        "sales": told["sales"],
        "not_done": told["not_done"],
        "exit_wish_ids": told["exit_wish_ids"],
    }
