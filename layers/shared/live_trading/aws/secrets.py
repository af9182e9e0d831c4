"""Secrets of trading wallets, by name, kept for a few minutes in this execution environment and never shown."""

from __future__ import annotations

from live_trading.nouns.errors import GiveUp, RetryLater

MAX_AGE_SECONDS = 300


class SecretMissing(GiveUp):
    """No such secret, or this function may not read it."""


_FINAL = frozenset({"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException"})


def secret_text(name: str, *, is_fresh: bool = False) -> str:
    """The secret's text, no older than `MAX_AGE_SECONDS`, or read anew where it has to be fresh.

    Raises SecretMissing, or RetryLater where Secrets Manager is away.
    """
    from aws_lambda_powertools.utilities import parameters
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    try:
        found = parameters.get_secret(name, max_age=MAX_AGE_SECONDS, force_fetch=is_fresh)
    except GetParameterError as error:
        code = getattr(error.__cause__ or error.__context__, "response", {}).get("Error", {}).get("Code", "")
        if code in _FINAL:
            raise SecretMissing(f"secret {name}: {code}") from None
        raise RetryLater(f"secret {name} cannot be read now") from None
    return found.decode() if isinstance(found, bytes) else str(found)
