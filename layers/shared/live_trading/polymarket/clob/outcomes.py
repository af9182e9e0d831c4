"""What an answer to a posted order proves, and no more than that.

The rule is the venue's documentation and what is known of its failures: a clear refusal is a refusal; a restart, a
maintenance mode, a rate limit and "order timed out" mean not placed; silence, a broken connection, any other 5xx and
anything that cannot be read leave open whether the order was placed, and so does a match that is put off.
"Duplicated" says that the venue has seen the order before, which is neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import AcceptedStatus, PostAnswer, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.polymarket.clob.units import unit_of
from live_trading.polymarket.signing.order_payload import OwnOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The venue has the order. The matched amounts are zero where nothing matched at once; they are not yet money."""

    status: AcceptedStatus
    matched_usd: Usd
    matched_shares: Shares
    trade_ids: tuple[str, ...]
    transaction_hashes: tuple[str, ...]

    @property
    def answer(self) -> PostAnswer:
        """What is kept of it with the order."""
        return PostAnswer(
            status=self.status,
            usd=self.matched_usd,
            shares=self.matched_shares,
            trade_ids=self.trade_ids,
            transaction_hashes=self.transaction_hashes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The order was not placed. `may_try_again`: nothing is wrong with it, and later it could be taken as it is."""

    code: RejectionCode
    text: str
    may_try_again: bool
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyKnown:
    """The venue has seen this order before: placed, filled or killed, only a look-up tells."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Placed or not: look the hash up, and never sign another one for the same intent."""

    detail: str


PostOutcome = Accepted | Rejected | AlreadyKnown | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text of the venue, told by words that it always has (lower case)."""

    words: str
    code: RejectionCode
    may_try_again: bool = False


# The first that fits counts, so the narrower texts stand before the wider ones.
_TEXTS = (
    _Text(words="no orders found to match", code=RejectionCode.NO_MATCH),
    _Text(words="couldn't be fully filled", code=RejectionCode.FOK_NOT_FILLED),
    _Text(words="crosses the book", code=RejectionCode.POST_ONLY_WOULD_CROSS),
    _Text(words="order crosses book", code=RejectionCode.POST_ONLY_WOULD_CROSS),
    _Text(words="not enough balance / allowance", code=RejectionCode.NOT_ENOUGH_BALANCE),
    _Text(words="breaks minimum tick size rule", code=RejectionCode.TICK_SIZE),
    _Text(words="lower than the minimum", code=RejectionCode.BELOW_MINIMUM_SIZE),
    _Text(words="invalid amount for a marketable ", code=RejectionCode.BELOW_MINIMUM_AMOUNT),
    _Text(words="invalid amounts", code=RejectionCode.INVALID_AMOUNTS),
    _Text(words="invalid expiration", code=RejectionCode.INVALID_EXPIRATION),
    _Text(words="invalid order payload", code=RejectionCode.INVALID_PAYLOAD),
    _Text(words="market is not yet ready", code=RejectionCode.MARKET_NOT_READY, may_try_again=True),
    _Text(words="orderbook exists for the requested token", code=RejectionCode.ORDERBOOK_MISSING),
    _Text(words="the orderbook ", code=RejectionCode.ORDERBOOK_MISSING),
    _Text(words="in closed only mode", code=RejectionCode.CLOSED_ONLY),
    _Text(words="address banned", code=RejectionCode.ADDRESS_BANNED),
    _Text(words="maker address not allowed", code=RejectionCode.MAKER_NOT_ALLOWED),
    _Text(words="has to be the address of the api key", code=RejectionCode.SIGNER_MISMATCH),
    _Text(words="has to be the owner of the api key", code=RejectionCode.SIGNER_MISMATCH),
    _Text(words="invalid signature", code=RejectionCode.SIGNER_MISMATCH),
    _Text(words="order_version_mismatch", code=RejectionCode.VERSION_MISMATCH),
    _Text(words="trading restricted in your region", code=RejectionCode.GEOBLOCKED),
    _Text(words="post-only mode", code=RejectionCode.POST_ONLY_MODE, may_try_again=True),
    _Text(words="cancel-only", code=RejectionCode.CANCEL_ONLY, may_try_again=True),
    _Text(words="trading is currently disabled", code=RejectionCode.TRADING_DISABLED, may_try_again=True),
)
_LOWEST_PRICE = Decimal("0.0001")
_DUPLICATED = "duplicated"
# A 400 that says the match is put off, not that it will not come.
_MATCH_DELAYED = "order match delayed"
_TIMED_OUT = "order timed out"
_CLOUDFLARE = "blocked by cloudflare"
# How the client words a refusal whose body it could not read.
_UNREADABLE = "request to "


def refused(status: int, text: str, *, code: str | None = None, retry_after: float | None = None) -> PostOutcome:
    """What a status outside 2xx proves. `text` and `code` are the venue's, `retry_after` in seconds."""
    said = text.lower()
    detail = f"{status} {text}"
    match status:
        case 425:
            return _not_placed(RejectionCode.ENGINE_RESTARTING, text, retry_after)
        case 429:
            return _not_placed(RejectionCode.RATE_LIMITED, text, retry_after)
        case 403 if _CLOUDFLARE in said:
            return _not_placed(RejectionCode.UNRECOGNISED, text, retry_after)
        case 408:
            return Unknown(detail=detail)
    if said.startswith(_UNREADABLE):
        return Unknown(detail=detail)
    if status == 503:
        return _in_maintenance(text, code, retry_after)
    if status >= 500:
        if _TIMED_OUT in said:
            return _not_placed(RejectionCode.NOT_PLACED, text, retry_after)
        return Unknown(detail=detail)
    if _DUPLICATED in said:
        return AlreadyKnown(text=text)
    if _MATCH_DELAYED in said:
        return Unknown(detail=detail)
    if status == 401:
        return _not_placed(RejectionCode.UNAUTHORIZED, text, retry_after)
    return refused_by_text(text) or Rejected(code=RejectionCode.UNRECOGNISED, text=text, may_try_again=False)


def refused_by_text(text: str) -> Rejected | None:
    """The refusal that a documented text of the venue means; None for any other text."""
    said = text.lower()
    for known in _TEXTS:
        if known.words in said:
            return Rejected(code=known.code, text=text, may_try_again=known.may_try_again)
    return None


def not_accepted(text: str) -> PostOutcome:
    """What a 200 proves that does not accept the order: only a documented text is a refusal."""
    if _DUPLICATED in text.lower():
        return AlreadyKnown(text=text)
    return refused_by_text(text) or Unknown(detail=f"200 {text}")


def accepted(
    own: OwnOrder,
    *,
    status: str,
    making: Decimal,
    taking: Decimal,
    trade_ids: tuple[str, ...],
    transaction_hashes: tuple[str, ...],
) -> PostOutcome:
    """An acceptance with its matched amounts recognised by our own order.

    `making` is what we gave and `taking` what we got, in the venue's unit. Amounts that fit our order in no unit make
    the answer one that cannot be read, and so the outcome Unknown.
    """
    gives = own.usd.value if own.side is Side.BUY else own.shares.value
    usd, shares = (making, taking) if own.side is Side.BUY else (taking, making)
    unit = unit_of(making, gives)
    if unit is None or not _is_possible(usd, shares):
        return Unknown(detail=f"accepted with amounts that do not fit the order: gave {making}, got {taking}")
    return Accepted(
        status=AcceptedStatus(status),
        matched_usd=Usd.nearest(usd * unit),
        matched_shares=Shares.nearest(shares * unit),
        trade_ids=tuple(dict.fromkeys(trade_ids)),
        transaction_hashes=tuple(dict.fromkeys(each.lower() for each in transaction_hashes)),
    )


def _is_possible(usd: Decimal, shares: Decimal) -> bool:
    """Whether two amounts of one unit are a fill at a price that exists, or none at all."""
    if usd == shares == 0:
        return True
    return usd > 0 and shares > 0 and _LOWEST_PRICE <= usd / shares <= 1


def _not_placed(code: RejectionCode, text: str, retry_after: float | None) -> Rejected:
    return Rejected(code=code, text=text, may_try_again=True, retry_after_seconds=retry_after)


def _in_maintenance(text: str, code: str | None, retry_after: float | None) -> PostOutcome:
    """A 503 of the venue's own refuses the order; one without its words may come from anything in between."""
    if code == "post_only_mode":
        return _not_placed(RejectionCode.POST_ONLY_MODE, text, retry_after)
    known = refused_by_text(text)
    return Unknown(detail=f"503 {text}") if known is None else _not_placed(known.code, text, retry_after)
