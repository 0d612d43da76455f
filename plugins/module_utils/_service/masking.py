# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking of secrets and personal data in texts from the service, which may repeat any part of the request.

Every text from the service must be masked before it is shown, stored or shortened.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

MASK = "..."
"""Replacement for masked text."""

MAX_TEXT = 200
"""Maximum length of a masked text, unless the caller requests another length."""

ReadCells = Callable[[], Iterable[Sequence[str]]]
"""A function that returns the cells with personal data of each row of a roster, each time it is called."""

# An underscore separates words, because it may separate the parts of a person's name.
_WORD = re.compile(r"[^\W_]+")
# Phone numbers and other long numbers, with any common separators.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./-]*\d){4,}")


class Masker:
    """Masks secrets, and words that occur in rosters, in texts from the service.

    Create one object for each run. The rosters are not kept in memory: only the words of the texts are
    looked up in them. Each call of `prepare` with new words reads the rosters once.

    :param secrets: values that must not appear in any output.
    :param rosters: functions that read the rosters.
    """

    def __init__(self, secrets: Iterable[str] = (), rosters: Iterable[ReadCells] = ()) -> None:
        self._secrets = tuple(secrets)
        self._rosters = tuple(rosters)
        self._known: set[str] = set()
        self._personal: set[str] = set()

    def prepare(self, texts: Iterable[str]) -> None:
        """Look up the words of several texts at once, so that `mask` need not read the rosters for each text."""
        words = {word for text in texts for word in _split_words(text)} - self._known
        if not words:
            return
        self._known |= words
        for read_cells in self._rosters:
            for cells in read_cells():
                self._personal.update(words.intersection(_split_words(" ".join(cells))))

    def mask(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return a single printable line without secrets and personal data.

        :param limit: maximum length of the result. Pass the complete text instead of shortening it first,
            because a part of a secret is not always recognized.
        """
        self.prepare([text])
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        # Unprintable characters include unpaired surrogates, which a module result cannot contain.
        text = "".join(letter if letter.isprintable() else " " for letter in text)
        text = unicodedata.normalize("NFC", text)
        text = _WORD.sub(
            lambda word: MASK if word[0].casefold() in self._personal else word[0], text
        )
        # Numbers are masked after words, because masking a part of a word would leave a different word.
        text = _LONG_NUMBER.sub(MASK, text)
        return " ".join(text.split())[:limit]


def _split_words(text: str) -> list[str]:
    """Split a string into case-folded words in Unicode normalization form C (UAX #15)."""
    return [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", text))]
