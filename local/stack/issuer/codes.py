"""Authorization codes: what a page gets for the person who signed in, and gives once for a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from local.stack.issuer.errors import OAuthError, OAuthErrorCode

CODE_SECONDS = 60
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, for which client, and what the code is bound to."""

    subject: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    nonce: str | None = None


class Codes:
    """The codes that are out. One is good for a minute and for one use, which is spent by a wrong one too."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._out: dict[str, tuple[SignedIn, float]] = {}

    def give(self, signed_in: SignedIn) -> str:
        """A code for what was agreed. Raises OAuthError for a challenge that is none."""
        if not _CHALLENGE.fullmatch(signed_in.challenge):
            raise OAuthError(OAuthErrorCode.INVALID_REQUEST, "code_challenge is no SHA-256 in base64url")
        code = secrets.token_urlsafe(32)
        now = self._now()
        with self._lock:
            self._out = {name: each for name, each in self._out.items() if each[1] > now}
            self._out[code] = (signed_in, now + CODE_SECONDS)
        return code

    def take(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> SignedIn:
        """What the code stands for. Raises OAuthError where any of it is not as agreed."""
        with self._lock:
            signed_in, ends_at = self._out.pop(code, (None, 0.0))
        is_as_agreed = (
            signed_in is not None
            and ends_at > self._now()
            and signed_in.client_id == client_id
            and signed_in.redirect_uri == redirect_uri
            and bool(_VERIFIER.fullmatch(verifier))
            and hmac.compare_digest(challenge_of(verifier), signed_in.challenge)
        )
        if signed_in is None or not is_as_agreed:
            raise OAuthError(OAuthErrorCode.INVALID_GRANT, "the code is used, over, or was given to somebody else")
        return signed_in


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
