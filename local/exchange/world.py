"""The parts of the simulated venue that its five ports share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.exchange.recorded import RecordedMarkets
from local.exchange.tape import Tape
from local.exchange.timeline import Timeline

if TYPE_CHECKING:
    from local.chain import LocalChain
    from local.exchange.accounts import Accounts
    from local.exchange.engine import Engine
    from local.exchange.faults import Faults


@dataclass(slots=True, kw_only=True)
class World:
    """One venue. Only ever touched from one event loop, with no await inside a change of state."""

    timeline: Timeline
    markets: RecordedMarkets
    tape: Tape
    engine: Engine
    faults: Faults
    chain: LocalChain
    accounts: Accounts
