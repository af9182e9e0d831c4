"""What is wrong with a request for a token, in the words of RFC 6749."""

from __future__ import annotations

from enum import StrEnum


class OAuthErrorCode(StrEnum):
    """Sections 4.1.2.1 and 5.2."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"


class OAuthError(Exception):
    """A request that gets no token; `description` is for the person who wrote the client."""

    def __init__(self, code: OAuthErrorCode, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    def body(self) -> dict[str, str]:
        """As the token endpoint says it."""
        return {"error": self.code, "error_description": self.description}
