"""The token issuer of the one-machine stack: an OAuth 2.0 authorization server as the API's authorizer needs one.

In: requests for tokens, by a machine with its secret (client credentials) or by a page for the person in front of it
(authorization code with PKCE).
Out: signed tokens, the documents that say how to get and to check them, and the errors of RFC 6749.
"""

from local.stack.issuer.local_issuer import LocalIssuer

__all__ = ["LocalIssuer"]
