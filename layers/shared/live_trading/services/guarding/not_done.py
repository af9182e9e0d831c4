"""What fails after something was done: told in words, because the caller has to learn what was."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from live_trading.services.running.failures import PART_FAILURES

logger = logging.getLogger(__name__)


@contextmanager
def told(what: str, not_done: list[str]) -> Iterator[None]:
    """Whatever fails in the block becomes a line of `not_done` and is never raised; what nobody foresaw is logged."""
    try:
        yield
    except PART_FAILURES as error:
        not_done.append(f"{what}: {type(error).__name__}: {error}")
    except Exception as error:
        logger.exception("a step of getting out failed in a way that nobody foresaw", extra={"step": what})
        not_done.append(f"{what}: {type(error).__name__}")
