"""Chance as the machine has it; nothing else of the package reads a raw clock, a random number or starts a thread."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

from live_trading.nouns.chance import Chance

SYSTEM = Chance(
    new_id=uuid4,
    below=secrets.randbelow,
    wall_time=lambda: datetime.now(UTC),
    elapsed=time.monotonic,
    side_by_side=ThreadPoolExecutor,
)
