"""What an update may expect a thing to be: a digest of all that an update can change of it, and of nothing else."""

from __future__ import annotations

import hashlib
import json

_DIGITS = 24


def edit_token(*parts: object) -> str:
    """Hexadecimal digits that are others as soon as one of the parts is; balances and times are no parts."""
    text = json.dumps(parts, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
