"""The tape: every fill, redemption and payment of the venue's accounts in the order of the Data API's feed."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeTrade:
    """One account's part of one settled fill.

    Addresses and hashes are lower case. `matched_ms` is the match, `settled_ms` the block that settled it
    (None: `visible_ms`) and `visible_ms` the moment from which the feed shows it, which can be later. `usd`
    is price × shares without the fee.
    """

    transaction_hash: str
    account: str
    side: Side
    token_id: str
    condition_id: str
    outcome: str
    outcome_index: int
    price: Price
    shares: Shares
    usd: Usd
    fee: Usd
    matched_ms: int
    visible_ms: int
    is_synthetic: bool
    settled_ms: int | None = None
    is_maker: bool = False

    @property
    def block_ms(self) -> int:
        """The time that the feed states for this fill."""
        return self.visible_ms if self.settled_ms is None else self.settled_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRedemption:
    """One account's resolved tokens turned into collateral; a losing token is redeemed for nothing."""

    transaction_hash: str
    account: str
    token_id: str
    condition_id: str
    outcome: str
    outcome_index: int
    shares: Shares
    usd: Usd
    visible_ms: int
    is_synthetic: bool

    @property
    def block_ms(self) -> int:
        return self.visible_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class TapePayment:
    """Collateral that the venue paid an account of its own accord. `kind` is the activity's type."""

    transaction_hash: str
    account: str
    kind: str
    usd: Usd
    paid_ms: int
    visible_ms: int

    @property
    def block_ms(self) -> int:
        return self.paid_ms

    @property
    def condition_id(self) -> str:
        """A payment is of no market."""
        return ""


TapeEvent = TapeTrade | TapeRedemption | TapePayment


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeEntry:
    """An event with its place on the tape; the feed orders by (block second, sequence)."""

    event: TapeEvent
    sequence: int

    @property
    def place(self) -> tuple[int, int]:
        return self.event.block_ms // 1000, self.sequence


class Tape:
    """Append-only. Entries are kept in feed order, oldest first, as a whole and by account."""

    def __init__(self) -> None:
        self._all: list[TapeEntry] = []
        self._by_account: dict[str, list[TapeEntry]] = defaultdict(list)
        self._last_price: dict[str, Price] = {}
        self._volume: dict[str, Decimal] = defaultdict(Decimal)

    def append(self, trade: TapeTrade) -> None:
        """Put a settled fill on the tape; the feed shows it from its `visible_ms` on."""
        self._add(trade)
        self._last_price[trade.token_id] = trade.price
        if not trade.is_maker:
            self._volume[trade.condition_id] += trade.usd.value

    def append_redemption(self, redemption: TapeRedemption) -> None:
        """Put a redemption on the tape."""
        self._add(redemption)

    def append_payment(self, payment: TapePayment) -> None:
        """Put a payment on the tape; the activity shows it from its `visible_ms` on."""
        self._add(payment)

    def _add(self, event: TapeEvent) -> None:
        entry = TapeEntry(event=event, sequence=len(self._all))
        insort(self._all, entry, key=_place)
        insort(self._by_account[event.account], entry, key=_place)

    def __len__(self) -> int:
        return len(self._all)

    def entries(self, account: str | None = None) -> Sequence[TapeEntry]:
        """Everything of one account (of all with None), visible or not, oldest first."""
        return self._all if account is None else self._by_account.get(account, ())

    def visible(self, account: str | None, seen_until_ms: int) -> Iterator[TapeEntry]:
        """What the feed shows at `seen_until_ms`, newest first."""
        for entry in reversed(self.entries(account)):
            if entry.event.visible_ms <= seen_until_ms:
                yield entry

    def accounts(self) -> tuple[str, ...]:
        """Every account with an event, in order of first appearance."""
        return tuple(self._by_account)

    def last_price(self, token_id: str) -> Price | None:
        """The price of the newest fill of a token, None before the first."""
        return self._last_price.get(token_id)

    def volume(self, condition_id: str) -> Usd:
        """Dollars that takers have traded in a market."""
        return Usd.near(self._volume.get(condition_id, Decimal(0)))


def _place(entry: TapeEntry) -> tuple[int, int]:
    return entry.place
