"""Names of trading wallets' secrets: `<prefix><owner>/<name>`, so that nobody can name another owner's secret. Pure."""

from __future__ import annotations

import hashlib
import re

_NAME = re.compile(r"[A-Za-z0-9_+=.@-]{1,100}")
_AS_THEY_ARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-")
_LONGEST_OWNER = 150


def owner_part(owner_id: str) -> str:
    """The owner as a part of a secret's name: no two owners have the same, and it holds no slash.

    Letters, digits and `_.@-` stay as they are, any other byte becomes `=` and two upper-case hexadecimal digits, as
    `auth0=7C5f` of `auth0|5f`. An owner that gets too long so is told by his hash.
    """
    told = "".join(
        chr(byte) if chr(byte) in _AS_THEY_ARE else f"={byte:02X}" for byte in owner_id.encode("utf-8", "surrogatepass")
    )
    if len(told) <= _LONGEST_OWNER:
        return told
    return "=sha256-" + hashlib.sha256(told.encode()).hexdigest()


def prefix_of_owner(prefix: str, owner_id: str) -> str:
    """What the names of an owner's secrets begin with; `prefix` is what the role may read, its slash included."""
    return f"{prefix}{owner_part(owner_id)}/"


def is_secret_of(prefix: str, owner_id: str, secret_name: str) -> bool:
    """Whether a secret is that owner's to name."""
    start = prefix_of_owner(prefix, owner_id)
    return secret_name.startswith(start) and bool(_NAME.fullmatch(secret_name[len(start) :]))
