"""Resolution: the recorded payouts go on the local chain, and only then does the catalogue turn."""

from __future__ import annotations

from functools import partial

from local.exchange.tape.listings import Listing
from local.exchange.tape.script import Script
from local.exchange.world import World


def schedule_resolutions(world: World, script: Script) -> None:
    """Put the resolution of every recorded market on the timeline."""
    for listing in world.listings:
        if world.markets.by_condition(listing.condition_id) and listing.resolves_ms is not None:
            world.timeline.call_at(listing.resolves_ms, partial(_resolve, world, script, listing))


def _resolve(world: World, script: Script, listing: Listing) -> None:
    assert listing.payouts is not None
    kind: dict[str, bool] = {"neg_risk": listing.neg_risk}
    if listing.version == "v2":
        kind["is_v2"] = True
    transaction_hash = world.chain.report_payouts(listing.question_id, listing.payouts, **kind)
    world.listings.mark_resolved(listing.condition_id, world.timeline.now_ms(), transaction_hash)
    script.market_resolved(listing)
