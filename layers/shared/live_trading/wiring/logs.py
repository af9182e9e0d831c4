"""How log lines leave this process: with the keys of the trail that are set where they are logged."""

from __future__ import annotations

import logging

from aws_lambda_powertools import Logger

from live_trading.services.running.trail import TrailFilter

# One line a request to the venue would bury the one line a job.
_QUIET = ("httpx",)


def keyed_logger() -> Logger:
    """The logger of answers and jobs. What services log by themselves goes out by the runtime's own handler."""
    carried = TrailFilter()
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, TrailFilter) for each in handler.filters):
            handler.addFilter(carried)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logger = Logger()
    logger.addFilter(carried)
    return logger
