"""How fast one signer may order and cancel: a token bucket for each, on the venue's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.exchange import errors

TIER = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`per_second` come back each second, up to `burst`."""

    per_second: int
    burst: int


STANDARD_ORDERS = Rate(per_second=40, burst=60)
STANDARD_CANCELS = Rate(per_second=80, burst=120)


@dataclass(slots=True, kw_only=True)
class _Bucket:
    left: float
    counted_ms: int


@dataclass(slots=True, kw_only=True)
class SignerLimits:
    """The buckets of every signer of the standard tier."""

    now_ms: Callable[[], int]
    orders: Rate = STANDARD_ORDERS
    cancels: Rate = STANDARD_CANCELS
    _buckets: dict[tuple[str, Rate], _Bucket] = field(default_factory=dict)

    def order(self, signer: str, count: int) -> dict[str, str]:
        """Count orders of a signer's address; the headers to answer with, or Refused (429) with Retry-After."""
        return self._take(signer, self.orders, count)

    def cancel(self, signer: str) -> dict[str, str]:
        """Count one request to cancel, however many orders it names."""
        return self._take(signer, self.cancels, 1)

    def _take(self, signer: str, rate: Rate, count: int) -> dict[str, str]:
        now_ms = self.now_ms()
        bucket = self._buckets.setdefault((signer, rate), _Bucket(left=rate.burst, counted_ms=now_ms))
        come_back = (now_ms - bucket.counted_ms) / 1000 * rate.per_second
        bucket.left, bucket.counted_ms = min(rate.burst, bucket.left + come_back), now_ms
        if bucket.left < count:
            wait_seconds = -(-(count - bucket.left) // rate.per_second)
            raise errors.rate_limited(max(1.0, wait_seconds), _headers(bucket, rate))
        bucket.left -= count
        return _headers(bucket, rate)


def _headers(bucket: _Bucket, rate: Rate) -> dict[str, str]:
    """As the venue's client reads them: tokens left, and the second at which the bucket is full again."""
    refill_seconds = -(-(rate.burst - bucket.left) // rate.per_second)
    return {
        "Poly-RateLimit-Remaining": str(int(bucket.left)),
        "Poly-RateLimit-Reset": str(int(bucket.counted_ms // 1000 + refill_seconds)),
        "Poly-RateLimit-Tier": TIER,
    }
