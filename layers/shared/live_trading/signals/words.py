"""Words in titles and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

# The only other characters that a case-insensitive search takes for plain letters.
_LIKE_PLAIN_LETTERS = ("\u0130", "\u0131", "\u017f", "\u212a")
_PATTERNS = 4096


def has_word(text: str, word: str) -> bool:
    """Whole words, case-insensitive: "eth" is not in "whether"."""
    return _pattern(word).search(text) is not None


class Words:
    """Words of a configuration, made ready to be looked for in many texts."""

    __slots__ = ("_words", "texts")

    def __init__(self, words: Iterable[str]) -> None:
        self.texts = tuple(words)
        self._words = [(word, word.lower() if word.isascii() else "") for word in self.texts]

    def __len__(self) -> int:
        return len(self.texts)

    def found_in(self, texts: Sequence[str]) -> list[str]:
        """Those that are in any of these texts, as `has_word` finds them, in their own order."""
        if not self._words:
            return []
        whole = "\n".join(texts)
        # A plain word that is not even a part of the text is not in it; most are not.
        if not whole.isascii() and any(letter in whole for letter in _LIKE_PLAIN_LETTERS):
            maybe = self.texts
        else:
            whole = whole.lower()
            maybe = tuple(word for word, plain in self._words if plain in whole)
        return [word for word in maybe if any(has_word(text, word) for text in texts)]


@lru_cache(maxsize=_PATTERNS)
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
