"""The configuration file of the exchange process."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from local.exchange.lags import Lags
from local.exchange.tape.recorded import MarketKind

Port = Annotated[int, Field(ge=1, le=65_535)]
_ORDER_PATHS = ("/order", "/orders")
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ports(_Part):
    """Loopback ports, one an application."""

    clob: Port
    gamma: Port
    data: Port
    geoblock: Port
    control: Port


class PaymentTimes(_Part):
    """When the venue pays rebates, and a stranger sends somebody a base unit; null is never.

    The venue pays daily; the replay of some hours pays more often.
    """

    rebates_every_seconds: Annotated[int, Field(gt=0)] | None = 3_600
    dust_after_seconds: Annotated[int, Field(ge=0)] | None = 1_800


class ExtraMarket(_Part):
    """A synthetic market without a book, listed by Gamma from the replay's start.

    `version` is what Gamma states, missing with null. If `bought_after_seconds` is given, the first scripted
    trader buys `shares` of the first outcome at `price` that long after the replay's start.
    """

    slug: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    question: str
    version: str | None
    outcomes: tuple[str, str] = ("Yes", "No")
    category: str = "Crypto"
    neg_risk: bool = False
    ends_after_seconds: Annotated[int, Field(gt=0)] = 86_400
    bought_after_seconds: Annotated[int, Field(ge=0)] | None = None
    price: Annotated[Decimal, Field(gt=0, lt=1, decimal_places=3)] = Decimal("0.5")
    shares: Annotated[Decimal, Field(gt=0, decimal_places=2)] = Decimal(20)


class RequestTimes(_Part):
    """Replay milliseconds that a request takes, by kind: the venue's time, whatever the machine needs for it.

    `orders` are requests that place or cancel, `clob` all others of the order book's port, the relayer's included.
    """

    orders: Milliseconds = 0
    clob: Milliseconds = 0
    gamma: Milliseconds = 0
    data: Milliseconds = 0
    geoblock: Milliseconds = 0

    def milliseconds(self, port: str, method: str, path: str) -> int:
        """What a request to one of the ports takes."""
        if port == "clob" and (method == "DELETE" or (method == "POST" and path in _ORDER_PATHS)):
            return self.orders
        return {"clob": self.clob, "gamma": self.gamma, "data": self.data, "geoblock": self.geoblock}[port]


class ExchangeConfig(_Part):
    """`markets` limits the replay to the earliest so many recorded markets, null is all of them.

    `seed` decides everything that the scripted traders and their past are made of. With `start_paused` false
    the replay runs at the speed of real time from the start. `request_times` are charged while it is paused.
    `lags` are how late the venue tells what has happened. The recorded markets take the `kinds` in turn. With
    `chain_trades` the chain's time is the replay's, with a block every two seconds that holds the scripted traders'
    fills as events before the feed lists them.
    """

    ports: Ports
    rpc_url: str
    markets: Annotated[int, Field(ge=1)] | None = None
    seed: int = 1
    traders: Annotated[int, Field(ge=0, le=120)] = 8
    start_paused: bool = True
    kinds: Annotated[tuple[MarketKind, ...], Field(min_length=1)] = (MarketKind.STANDARD,)
    lags: Lags = Lags()
    payments: PaymentTimes = PaymentTimes()
    extra_markets: tuple[ExtraMarket, ...] = ()
    request_times: RequestTimes = RequestTimes()
    chain_trades: bool = False


def read_config(path: Path) -> ExchangeConfig:
    """The checked configuration; pydantic.ValidationError names what is wrong in it."""
    return ExchangeConfig.model_validate_json(path.read_bytes())
