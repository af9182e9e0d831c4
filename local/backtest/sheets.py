"""Trades as spreadsheets and the venue's own export write them, as rows of the Data API.

A sheet names its columns as it likes, writes prices in dollars, cents or per cent, and often knows neither token nor
transaction. What is missing is made from what is there, always the same from the same row: a market's id from its
title, a token's from market and outcome, a transaction's from the whole row. What cannot be read stays as it is, and
the reader of the feed sets it aside with its reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_NAMES: Mapping[str, tuple[str, ...]] = {
    "proxyWallet": ("proxywallet", "trader", "traderaddress", "wallet", "user", "address", "account", "maker"),
    "side": ("side", "action", "type", "direction", "buysell"),
    "asset": ("asset", "tokenid", "clobtokenid", "assetid"),
    "conditionId": ("conditionid", "marketid", "condition"),
    "size": ("size", "shares", "quantity", "tokenamount", "contracts", "qty"),
    "price": ("price", "avgprice", "averageprice", "fillprice", "priceusd"),
    "amount": ("usdcamount", "usdcsize", "amount", "amountusd", "usd", "cost", "value", "total"),
    "timestamp": ("timestamp", "time", "date", "datetime", "tradetime", "executedat", "createdat"),
    "title": ("title", "market", "marketname", "question", "event"),
    "slug": ("slug", "marketslug"),
    "outcome": ("outcome", "tokenname", "position", "outcomename"),
    "outcomeIndex": ("outcomeindex",),
    "transactionHash": ("transactionhash", "hash", "txhash", "tx", "transaction"),
}
_SIDES = {"buy": "BUY", "b": "BUY", "bought": "BUY", "sell": "SELL", "s": "SELL", "sold": "SELL"}
_OF_THE_FEED = {"proxyWallet", "proxy_wallet"}
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d")
_MILLISECONDS_FROM = Decimal(10) ** 11
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
NOBODY = "0x" + "0" * 40


def as_feed_rows(rows: Iterable[object], trader: str | None) -> list[object]:
    """The same rows, those of a sheet in the feed's words; `trader` is whose they are where they do not say."""
    return [_row(row, trader) for row in rows]


def _row(row: object, trader: str | None) -> object:
    if not isinstance(row, dict) or _OF_THE_FEED & row.keys():
        return row
    known = _renamed(row)
    if not {"side", "timestamp"} <= known.keys() or not known.keys() & {"price", "amount"}:
        return row
    side = _SIDES.get(str(known["side"]).strip().lower())
    if side is None:
        # a deposit, a redemption, a reward: the feed calls such rows by their type and the reader counts them
        return {"type": str(known["side"]).upper() or "OTHER"}
    price, size, amount = _price(known.get("price")), _number(known.get("size")), _number(known.get("amount"))
    if price is None and size and amount:
        price = abs(amount) / abs(size)
    if size is None and price and amount:
        size = abs(amount) / price
    condition, outcome = _condition(known), str(known.get("outcome") or "").strip()
    return {
        "proxyWallet": _matching(_ADDRESS, known.get("proxyWallet")) or trader or NOBODY,
        "side": side,
        "asset": known.get("asset") or _token(condition, outcome or str(known.get("outcomeIndex", ""))),
        "conditionId": condition,
        "size": known.get("size") if size is None else str(abs(size)),
        "price": known.get("price") if price is None else str(price),
        "timestamp": _moment(known["timestamp"]),
        "title": str(known.get("title") or ""),
        "slug": str(known.get("slug") or ""),
        "outcome": outcome,
        "outcomeIndex": known.get("outcomeIndex"),
        "transactionHash": _matching(_HASH, known.get("transactionHash")) or _made("transaction", row),
    }


def _renamed(row: Mapping[str, object]) -> dict[str, object]:
    """The row by our names; of two columns that mean the same the one that is named more exactly."""
    plain = {re.sub(r"[^a-z]", "", str(name).lower()): value for name, value in row.items()}
    found: dict[str, object] = {}
    for name, others in _NAMES.items():
        for other in others:
            if plain.get(other) not in (None, ""):
                found[name] = plain[other]
                break
    return found


def _condition(known: Mapping[str, object]) -> str:
    given = str(known.get("conditionId") or "").strip()
    if re.fullmatch(r"0x[0-9a-fA-F]{62,64}", given):
        return given.lower()
    return _made("market", [str(known.get("slug") or known.get("title") or given).strip().lower()])


def _token(condition: str, outcome: str) -> str:
    return str(int(_made("token", [condition, outcome.lower()]), 16))


def other_token(condition: str) -> str:
    """A token that stands for an outcome of which nothing is recorded."""
    return _token(condition, "another outcome")


def _made(what: str, of: object) -> str:
    return "0x" + hashlib.sha256(json.dumps([what, of], sort_keys=True, default=str).encode()).hexdigest()


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    text = str(value or "").strip()
    return text.lower() if pattern.fullmatch(text) else None


def _number(value: object) -> Decimal | None:
    text = str("" if value is None else value).strip().replace(",", "").removeprefix("$").removesuffix("USDC").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _price(value: object) -> Decimal | None:
    """Dollars a share: `0.34`, `$0.34`, `34¢` or `34%`."""
    text = str("" if value is None else value).strip()
    for sign in ("¢", "c", "%"):
        if text.endswith(sign):
            hundredths = _number(text.removesuffix(sign))
            return None if hundredths is None else hundredths / 100
    return _number(text)


def _moment(value: object) -> object:
    """Seconds since 1970; what is no time stays as it is. A time without a zone is taken for UTC."""
    number = _number(value)
    if number is not None:
        return int(number / 1000 if number > _MILLISECONDS_FROM else number)
    text = str(value).strip()
    found = _iso(text) or next((at for form in _MOMENTS if (at := _formed(text, form)) is not None), None)
    return value if found is None else int(found.timestamp())


def _iso(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _formed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
