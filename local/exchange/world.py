"""The parts of the simulated venue that its five ports share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.exchange.lags import Lags
from local.exchange.tape.listings import Listings
from local.exchange.tape.recorded import RecordedMarkets
from local.exchange.tape.tape import Tape
from local.exchange.tape.timeline import Timeline
from local.exchange.tape.traders import Trader

if TYPE_CHECKING:
    from local.chain import LocalChain
    from local.exchange.engine.engine import Engine
    from local.exchange.faults.faults import Faults
    from local.exchange.identity.accounts import Accounts
    from local.exchange.identity.signer_limits import SignerLimits


@dataclass(slots=True, kw_only=True)
class World:
    """One venue. Only ever touched from one event loop, with no await inside a change of state.

    `listings` and `traders` are what the read-only ports show beside the recorded markets and our accounts.
    """

    timeline: Timeline
    markets: RecordedMarkets
    tape: Tape
    engine: Engine
    faults: Faults
    chain: LocalChain
    accounts: Accounts
    limits: SignerLimits
    lags: Lags
    listings: Listings = field(default_factory=Listings)
    traders: tuple[Trader, ...] = ()
