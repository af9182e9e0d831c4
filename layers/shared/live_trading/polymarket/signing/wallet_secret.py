"""The secret of a trading wallet: its key and the credentials of its API key."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.polymarket.wire.field_types import WireModel
from live_trading.polymarket.wire.json_text import parse_json


class UnusableSecret(GiveUp):
    """The secret does not have its documented form; its text is never repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSecret:
    """Not shown by repr, so that it gets into no log."""

    private_key: str = field(repr=False)
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    api_passphrase: str = field(repr=False)
    relayer_api_key: str | None = field(repr=False, default=None)


class _Form(WireModel):
    private_key: str
    api_key: str
    api_secret: str
    api_passphrase: str
    relayer_api_key: str | None = None


def parse_secret(text: str) -> WalletSecret:
    """`{"private_key": "0x…", "api_key": "…", "api_secret": "…", "api_passphrase": "…"}`, and `relayer_api_key` if any.

    Raises UnusableSecret.
    """
    try:
        form = _Form.model_validate(parse_json(text))
    except MalformedAnswer:
        raise UnusableSecret("the secret is not JSON") from None
    except ValidationError as error:
        fields = sorted(".".join(str(part) for part in each["loc"]) for each in error.errors())
        raise UnusableSecret(f"the secret lacks or spoils: {', '.join(fields)}") from None
    return WalletSecret(
        private_key=form.private_key,
        api_key=form.api_key,
        api_secret=form.api_secret,
        api_passphrase=form.api_passphrase,
        relayer_api_key=form.relayer_api_key,
    )
