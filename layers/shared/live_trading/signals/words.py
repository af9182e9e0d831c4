"""Words in titles and labels."""

from __future__ import annotations

import re


def has_word(text: str, word: str) -> bool:
    """Whole words, case-insensitive: "eth" is not in "whether"."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
