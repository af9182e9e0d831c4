"""Who is calling: the L1 wallet signature and the L2 HMAC, checked as the venue checks them."""

from __future__ import annotations

import hmac
import re
import time

from local.exchange import errors
from local.exchange.faults.faults import FaultKind, Faults
from local.exchange.identity.accounts import Accounts, ApiKey
from local.exchange.identity.signing import login_signer
from local.exchange.tape.timeline import Timeline
from local.exchange.wire.calls import Call

MAXIMUM_SKEW_SECONDS = 300
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SIGNATURE = re.compile(r"0x(?:[0-9a-fA-F]{2})+")
_DIGITS = re.compile(r"[0-9]{1,20}")


class Authentication:
    """Checks the headers of a call.

    Clients stamp them with the real time, or with the venue's if they asked for it; a stamp is fresh if it is
    near either.
    """

    def __init__(self, accounts: Accounts, timeline: Timeline, faults: Faults) -> None:
        self._accounts = accounts
        self._timeline = timeline
        self._faults = faults

    def login(self, call: Call) -> tuple[str, int]:
        """The address (lower case) and nonce of an L1 call; Refused unless the address signed it."""
        address = call.headers.get("POLY_ADDRESS", "")
        signature = call.headers.get("POLY_SIGNATURE", "")
        timestamp = call.headers.get("POLY_TIMESTAMP", "")
        nonce = call.headers.get("POLY_NONCE", "0")
        is_well_formed = _ADDRESS.fullmatch(address) and _SIGNATURE.fullmatch(signature) and _DIGITS.fullmatch(nonce)
        if not is_well_formed or not self._is_fresh(timestamp):
            raise errors.invalid_login()
        signer = login_signer(address.lower(), timestamp, int(nonce), bytes.fromhex(signature[2:]))
        if signer != address.lower():
            raise errors.invalid_login()
        return address.lower(), int(nonce)

    def api_key(self, call: Call) -> ApiKey:
        """The API key of an L2 call; Refused unless key, passphrase, address and signature belong together."""
        if self._faults.take(FaultKind.API_KEY_UNKNOWN, call.method, call.path) is not None:
            raise errors.unauthorized()
        api_key = self._accounts.find(call.headers.get("POLY_API_KEY", ""))
        timestamp = call.headers.get("POLY_TIMESTAMP", "")
        if api_key is None or not self._is_fresh(timestamp):
            raise errors.unauthorized()
        expected = api_key.sign(f"{timestamp}{call.method}{call.path}".encode() + call.body)
        given = call.headers.get("POLY_SIGNATURE", "")
        belongs = (
            call.headers.get("POLY_ADDRESS", "").lower() == api_key.address
            and hmac.compare_digest(call.headers.get("POLY_PASSPHRASE", "").encode(), api_key.passphrase.encode())
            and hmac.compare_digest(given.encode(), expected.encode())
        )
        if not belongs:
            raise errors.unauthorized()
        return api_key

    def _is_fresh(self, timestamp: str) -> bool:
        if not _DIGITS.fullmatch(timestamp):
            return False
        clocks = (time.time(), self._timeline.now_ms() / 1000)
        return any(abs(int(timestamp) - now) <= MAXIMUM_SKEW_SECONDS for now in clocks)
