"""API keys of the venue: who created which, and the secret that signs with it.

Credentials follow from the address and the nonce alone, so deriving them again gives the same ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from local.exchange import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One API key and the address (lower case) that owns it. `secret` is URL-safe base64."""

    key: str
    secret: str
    passphrase: str
    address: str
    nonce: int

    def sign(self, message: bytes) -> str:
        """The L2 signature of a message: URL-safe base64 of its HMAC-SHA256 under the decoded secret."""
        digest = hmac.new(base64.urlsafe_b64decode(self.secret), message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode()


class Accounts:
    """All API keys that exist; each works `works_after_ms` after it was created."""

    def __init__(self, seed: int = 0, *, now_ms: Callable[[], int] = lambda: 0, works_after_ms: int = 0) -> None:
        self._root = hashlib.sha256(f"venue {seed}".encode()).digest()
        self._now_ms = now_ms
        self._works_after_ms = works_after_ms
        self._keys: dict[str, ApiKey] = {}
        self._created_ms: dict[str, int] = {}

    def create(self, address: str, nonce: int) -> ApiKey:
        """A new API key for an address; Refused where this nonce has one already."""
        api_key = self._credentials(address, nonce)
        if api_key.key in self._keys:
            raise errors.Refused(400, "Could not create api key")
        self._keys[api_key.key] = api_key
        self._created_ms[api_key.key] = self._now_ms()
        return api_key

    def derive(self, address: str, nonce: int) -> ApiKey:
        """The existing API key of an address and nonce; Refused where there is none."""
        api_key = self._keys.get(self._credentials(address, nonce).key)
        if api_key is None:
            raise errors.Refused(400, "Could not derive api key!")
        return api_key

    def find(self, key: str) -> ApiKey | None:
        """The API key of this name; None for one that does not exist, or is too new to work everywhere."""
        is_young = self._now_ms() < self._created_ms.get(key, 0) + self._works_after_ms
        return None if is_young else self._keys.get(key)

    def keys_of(self, address: str) -> tuple[str, ...]:
        """Every API key of an address, oldest first."""
        return tuple(key for key, api_key in self._keys.items() if api_key.address == address.lower())

    def delete(self, key: str) -> None:
        """Forget an API key; its secret signs nothing any more."""
        self._keys.pop(key, None)

    def _credentials(self, address: str, nonce: int) -> ApiKey:
        address = address.lower()

        def part(name: str) -> bytes:
            return hmac.new(self._root, f"{name}:{address}:{nonce}".encode(), hashlib.sha256).digest()

        return ApiKey(
            key=str(uuid.UUID(bytes=part("key")[:16], version=4)),
            secret=base64.urlsafe_b64encode(part("secret")).decode(),
            passphrase=part("passphrase").hex(),
            address=address,
            nonce=nonce,
        )
