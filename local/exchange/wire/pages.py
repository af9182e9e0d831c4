"""The venue's cursors: base64 of an offset, `MA==` for the start and `LTE=` for the end."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from local.exchange import errors

PAGE_SIZE = 100
END_CURSOR = "LTE="


def page(rows: Sequence[Any], cursor: str | None) -> dict[str, Any]:
    """One page of rows in the venue's envelope; Refused for a cursor that it never gave."""
    offset = _offset(cursor)
    chunk = list(rows[offset : offset + PAGE_SIZE])
    following = offset + PAGE_SIZE
    next_cursor = _cursor(following) if following < len(rows) else END_CURSOR
    return {"limit": PAGE_SIZE, "next_cursor": next_cursor, "count": len(chunk), "data": chunk}


def _cursor(offset: int) -> str:
    return base64.b64encode(str(offset).encode()).decode()


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        offset = int(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        raise errors.Refused(400, "invalid next_cursor") from None
    if offset < 0:
        raise errors.Refused(400, "invalid next_cursor")
    return offset
