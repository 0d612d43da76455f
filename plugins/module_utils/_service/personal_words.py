# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detection of personal data in texts from the service, by looking up their words in the cells of a roster.

A service may repeat a cell in part, in another case, without accents, without separators, or with other separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from .encodings import fold

# An underscore separates words, because it may separate the parts of a person's name.
_WORD = re.compile(r"[^\W_]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
# The parts of words such as adaLund and Lund42.
_WORD_PART = re.compile(r"[^\W\d_][^\WA-Z\d_]*|\d+")
_PARTS_OF_CELL = re.compile(r"[\s@]+")

# One letter is not personal data.
_MIN_WORD = 2
# Shorter words occur in other words by chance.
_MIN_PIECE = 3
# A word of a roster with at least this length is personal data wherever it occurs in a longer word.
_MIN_INNER = 6
# Longer strings are not words of a language, but tokens or encoded data.
_MAX_WORD = 40
_MAX_JOINED = 4
_MAX_SEPARATOR = 2


class _Key(NamedTuple):
    """A string to look up.

    :ivar text: folded string.
    :ivar start: start of the part of the text that is personal data if the roster contains the string.
    :ivar end: end of this part.
    """

    text: str
    start: int
    end: int


class TextWords:
    """The words of one text from the service.

    :ivar candidates: folded strings to look up in the rosters.
    """

    def __init__(self, text: str) -> None:
        self._words = [_Key(fold(word[0]), *word.span()) for word in _WORD.finditer(text)]
        self._keys = [*self._words, *self._parts(text), *self._joined(text)]
        self.candidates = {key.text for key in self._keys if len(key.text) >= _MIN_WORD}
        for word in self._words:
            self.candidates.update(_pieces(word.text))

    def _parts(self, text: str) -> Iterator[_Key]:
        """Yield the parts of words such as ``adaLund``."""
        for word in self._words:
            for part in _WORD_PART.findall(text[word.start : word.end]):
                if len(part) >= _MIN_PIECE:
                    yield _Key(fold(part), word.start, word.end)

    def _joined(self, text: str) -> Iterator[_Key]:
        """Yield adjacent words without their separators, because ``O'Brien`` may be ``OBrien`` in the roster."""
        for first in range(len(self._words)):
            joined, minimum = self._words[first].text, _MIN_WORD
            for last in range(first + 1, min(first + _MAX_JOINED, len(self._words))):
                separator = text[self._words[last - 1].end : self._words[last].start]
                if len(separator) > _MAX_SEPARATOR:
                    break
                if " " in separator:
                    # Short words of a sentence can form a name by chance.
                    minimum = _MIN_INNER
                joined += self._words[last].text
                if len(joined) >= minimum:
                    yield _Key(joined, self._words[first].start, self._words[last].end)

    def personal_spans(self, personal: AbstractSet[str]) -> Iterator[tuple[int, int]]:
        """Yield the start and the end of each part of the text that may be personal data.

        :param personal: the candidates that occur in a roster.
        """
        for key in self._keys:
            if key.text in personal:
                yield key.start, key.end
        for word in self._words:
            if len(word.text) > _MAX_WORD or _is_composed(word.text, personal):
                yield word.start, word.end


def _pieces(word: str) -> Iterator[str]:
    """Yield all pieces of a word that can be personal data."""
    if len(word) <= _MAX_WORD:
        for start in range(len(word) - _MIN_PIECE + 1):
            for end in range(start + _MIN_PIECE, len(word) + 1):
                yield word[start:end]


def _is_composed(word: str, personal: AbstractSet[str]) -> bool:
    """Return whether a word contains a long word from a roster, or consists only of words from rosters."""
    # Positions that can be reached from the start through words of the roster.
    reached = {0}
    for end in range(_MIN_PIECE, len(word) + 1):
        for start in range(end - _MIN_PIECE + 1):
            if word[start:end] not in personal:
                continue
            if end - start >= _MIN_INNER:
                return True
            if start in reached:
                reached.add(end)
    return len(word) in reached


def row_words(cells: Sequence[str]) -> Iterator[str]:
    """Yield the words of a row, and words that result if separators are omitted."""
    for cell in cells:
        folded = fold(cell)
        pattern = _ASCII_WORD if folded.isascii() else _WORD
        words = pattern.findall(folded)
        yield from words
        if len(words) > 1:
            yield "".join(words)
            for part in _PARTS_OF_CELL.split(folded):
                yield "".join(pattern.findall(part))
