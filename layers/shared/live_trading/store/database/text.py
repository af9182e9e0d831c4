"""Text of strangers, made storable."""

from __future__ import annotations


def storable(text: str) -> str:
    """The text with what Postgres cannot hold (NUL, lone surrogates) written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
