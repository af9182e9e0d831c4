"""Secrets of wallets and channels, by name, kept for a few minutes in this execution environment and never shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from live_trading.nouns.errors import GiveUp, RetryLater

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

MAX_AGE_SECONDS = 300
HASTY_SECONDS = 2


class SecretMissing(GiveUp):
    """No such secret, or this function may not read it."""


_FINAL = frozenset({"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException"})


def secret_text(name: str, *, is_fresh: bool = False) -> str:
    """The secret's text, no older than `MAX_AGE_SECONDS`, or read anew where it has to be fresh.

    Raises SecretMissing, or RetryLater where Secrets Manager is away.
    """
    from aws_lambda_powertools.utilities import parameters

    return _read(name, lambda: parameters.get_secret(name, max_age=MAX_AGE_SECONDS, force_fetch=is_fresh))


def secret_text_soon(name: str) -> str:
    """The same for what must not wait: where Secrets Manager is silent for two seconds it is away."""
    return _read(name, lambda: _hasty().get(name, max_age=MAX_AGE_SECONDS))


@cache
def _hasty() -> SecretsProvider:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider
    from botocore.config import Config

    patience = Config(connect_timeout=HASTY_SECONDS, read_timeout=HASTY_SECONDS, retries={"total_max_attempts": 1})
    return SecretsProvider(boto_config=patience)


def _read(name: str, read: Callable[[], object]) -> str:
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    try:
        found = read()
    except GetParameterError as error:
        code = getattr(error.__cause__ or error.__context__, "response", {}).get("Error", {}).get("Code", "")
        if code in _FINAL:
            raise SecretMissing(f"secret {name}: {code}") from None
        raise RetryLater(f"secret {name} cannot be read now") from None
    return found.decode() if isinstance(found, bytes) else str(found)
