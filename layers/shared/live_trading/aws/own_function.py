"""This function once more: an invocation of its own for what takes longer than a caller may wait."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from live_trading.nouns.errors import RetryLater

# Asking takes milliseconds; whoever waits for the answer has only so long.
_CONNECT_SECONDS = 2
_READ_SECONDS = 3


class NotInvoked(RetryLater):
    """It may not be invoked from here, or Lambda does not say that it was."""


def invoke_own(event: Mapping[str, Any]) -> None:
    """Gives this function an event to handle beside this invocation; Lambda may deliver it twice, or late, or never.

    Raises NotInvoked, also where there is no such function behind this process: outside of Lambda, and in
    `sam local invoke`, whose function name may be that of one that is deployed.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if not name or os.environ.get("AWS_SAM_LOCAL"):
        raise NotInvoked("this is no function of Lambda")
    once = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1})
    try:
        boto3.client("lambda", config=once).invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(dict(event)).encode()
        )
    except (BotoCoreError, ClientError) as error:
        raise NotInvoked(f"{name} was not invoked: {type(error).__name__}") from error
