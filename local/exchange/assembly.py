"""Putting one venue together from its configuration and a chain."""

from __future__ import annotations

from local.chain import LocalChain
from local.chain.emitted_fills import VenueBlocks
from local.exchange.engine.engine import Engine
from local.exchange.engine.funds import ChainHoldings
from local.exchange.faults.faults import Faults
from local.exchange.identity.accounts import Accounts
from local.exchange.identity.signer_limits import SignerLimits
from local.exchange.run_config import ExchangeConfig, ExtraMarket
from local.exchange.settlement.payments import schedule_payments
from local.exchange.settlement.resolution import schedule_resolutions
from local.exchange.settlement.tape_blocks import TapeBlocks
from local.exchange.tape.fee_rates import fee_terms
from local.exchange.tape.history import write_history
from local.exchange.tape.listings import FIRST_EXTRA_ID, Listing, Listings, recorded_listing
from local.exchange.tape.recorded import load_recorded_markets
from local.exchange.tape.script import Script
from local.exchange.tape.tape import Tape
from local.exchange.tape.timeline import Timeline
from local.exchange.tape.traders import make_traders, synthetic_hash
from local.exchange.units import Price, Shares
from local.exchange.world import World


def build_world(config: ExchangeConfig, chain: LocalChain) -> World:
    """The venue at the start of its replay: markets on the chain, the past written, everything scheduled."""
    world = _empty_world(config, chain)
    script = Script(
        seed=config.seed,
        timeline=world.timeline,
        markets=world.markets,
        listings=world.listings,
        tape=world.tape,
        traders=world.traders,
    )
    start_ms = world.timeline.now_ms()
    write_history(
        tape=world.tape,
        listings=world.listings,
        traders=world.traders,
        seed=config.seed,
        replay_start_ms=start_ms,
    )
    if config.chain_trades:
        blocks = TapeBlocks(timeline=world.timeline, tape=world.tape, blocks=VenueBlocks(config.rpc_url))
        script.on_chain = blocks.take
        blocks.begin()
    script.schedule()
    schedule_resolutions(world, script)
    schedule_payments(world, config.payments)
    for ordinal, extra in enumerate(config.extra_markets):
        _add_extra(world, script, extra, extra_listing(extra, ordinal, start_ms))
    return world


def _empty_world(config: ExchangeConfig, chain: LocalChain) -> World:
    markets = load_recorded_markets(chain, limit=config.markets, kinds=config.kinds)
    # the replay starts on a whole second
    timeline = Timeline(-(-markets.start_ms // 1000) * 1000)
    tape, faults = Tape(), Faults(timeline.now_ms)
    return World(
        timeline=timeline,
        markets=markets,
        tape=tape,
        engine=Engine(
            timeline=timeline,
            markets=markets,
            tape=tape,
            faults=faults,
            chain=chain,
            holdings=ChainHoldings(chain.rpc_url),
        ),
        faults=faults,
        chain=chain,
        accounts=Accounts(config.seed, now_ms=timeline.now_ms, works_after_ms=config.lags.api_key_ms),
        limits=SignerLimits(now_ms=timeline.now_ms),
        lags=config.lags,
        listings=Listings(recorded_listing(market, ordinal) for ordinal, market in enumerate(markets)),
        traders=make_traders(config.traders, config.seed),
    )


def _add_extra(world: World, script: Script, extra: ExtraMarket, listing: Listing) -> None:
    world.listings.add(listing)
    if extra.bought_after_seconds is not None and world.traders:
        at_ms = listing.opens_ms + extra.bought_after_seconds * 1000
        script.buy_once(world.traders[0], listing, at_ms, Price(extra.price), Shares(extra.shares))


def extra_listing(extra: ExtraMarket, ordinal: int, start_ms: int) -> Listing:
    """The listing of an extra market; with version "v2" its ids have the position manager's form."""
    seed = synthetic_hash("extra market", extra.slug)
    is_v2 = extra.version == "v2"
    end_ms = start_ms + extra.ends_after_seconds * 1000
    assets = tuple(_asset_id(seed, index, is_position=is_v2) for index in (0, 1))
    return Listing(
        market_id=FIRST_EXTRA_ID + ordinal,
        version=extra.version,
        slug=extra.slug,
        question=extra.question,
        question_id=synthetic_hash("extra question", extra.slug),
        condition_id=f"0x01{seed[4:64]}" if is_v2 else seed,
        token_ids=() if is_v2 else assets,
        position_ids=assets if is_v2 else (),
        outcomes=extra.outcomes,
        category=extra.category,
        tags=(extra.category,),
        opens_ms=start_ms,
        start_ms=start_ms,
        end_ms=end_ms,
        closes_ms=end_ms,
        proposed_ms=None,
        resolves_ms=None,
        payouts=None,
        is_synthetic=True,
        neg_risk=extra.neg_risk,
        fees=fee_terms(extra.category),
    )


def _asset_id(seed: str, index: int, *, is_position: bool) -> str:
    digits = int(synthetic_hash("asset", seed, index), 16)
    # a position id keeps 64 bits above its lowest 40 empty
    return str(digits >> 104 << 104 | index) if is_position else str(digits)
