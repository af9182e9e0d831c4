"""How log lines leave this process: with the keys of the trail that are set where they are logged."""

from __future__ import annotations

import logging

from aws_lambda_powertools import Logger

from live_trading.services.running.trail import TrailFilter

# One line a request to the venue would bury the one line a job.
_QUIET = ("httpx",)


_CARRIED = TrailFilter()


def carry_keys() -> None:
    """Once an execution environment; to do it again changes nothing.

    What services log goes out by the runtime's handler, answers and jobs by their own.
    """
    for handler in logging.getLogger().handlers:
        handler.addFilter(_CARRIED)
    Logger().addFilter(_CARRIED)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
