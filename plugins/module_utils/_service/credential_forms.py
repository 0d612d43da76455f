# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search for secrets in texts from the service, which may repeat them in another form."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from .encodings import decode_escapes, decode_runs, fold, fold_with_positions

# Parts of a secret that have at least this length are also masked, because the service may have shortened the secret.
_PART_LENGTH = 8
# Shorter secrets are masked only as complete words, because they occur in other words by chance.
_MIN_LENGTH = 4
_MAX_ROUNDS = 5
_MAX_DEPTH = 2


class SecretForms:
    """The forms in which several secrets are found: in uppercase or lowercase, and in Base64 or hexadecimal.

    The caller must decode escapes in a string before it is searched.

    :param secrets: the secrets; empty strings are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._parts: dict[int, set[str]] = {}
        self._words: set[str] = set()
        for secret in secrets:
            for form in _forms(secret):
                self._add(fold(form))

    def _add(self, form: str) -> None:
        if len(form) < _MIN_LENGTH:
            self._words.add(form)
            return
        length = min(len(form), _PART_LENGTH)
        parts = self._parts.setdefault(length, set())
        parts.update(form[start : start + length] for start in range(len(form) - length + 1))

    def replace(self, text: str, mask: str) -> str:
        """Return a string with each occurrence of a secret, or of a long part of one, replaced by a mask."""
        hidden = [False] * len(text)
        for start, end in self._find(text):
            hidden[start:end] = [True] * (end - start)
        if not any(hidden):
            return text
        pieces: list[str] = []
        for position, letter in enumerate(text):
            if not hidden[position]:
                pieces.append(letter)
            elif not position or not hidden[position - 1]:
                pieces.append(mask)
        return "".join(pieces)

    def occur_in(self, text: str) -> bool:
        """Return whether a string contains a secret, or a long part of one."""
        return next(self._find(text), None) is not None

    def _find(self, text: str, depth: int = 0) -> Iterator[tuple[int, int]]:
        """Yield the start and the end of each part of a string that must be hidden."""
        folded, positions = fold_with_positions(text)
        for length, parts in self._parts.items():
            for start in range(len(folded) - length + 1):
                if folded[start : start + length] in parts:
                    yield positions[start], positions[start + length - 1] + 1
        for form in self._words:
            for word in re.finditer(rf"(?<!\w){re.escape(form)}(?!\w)", folded) if form else ():
                yield positions[word.start()], positions[word.end() - 1] + 1
        if depth < _MAX_DEPTH and (self._parts or self._words):
            for run in decode_runs(text):
                content = run.content.decode("utf-8", "ignore")
                if next(self._find(decode_escapes(content), depth + 1), None) is not None:
                    yield run.start, run.end


def _forms(secret: str) -> set[str]:
    """Return the strings to search for: a secret, the strings that result from decoding it, and its Base64 forms."""
    # In a query, a plus sign can stand for a space.
    forms = {secret, secret.replace(" ", "+")}
    decoded = secret
    for _round in range(_MAX_ROUNDS):
        decoded = decode_escapes(decoded)
        forms.add(decoded)
    return {*forms, *_base64_forms(secret.encode("utf-8", "replace"))} if secret else set()


def _base64_forms(secret: bytes) -> Iterator[str]:
    """Yield the forms that a secret can have in the Base64 encoding of a longer text.

    If the service changes the case of Base64 text, the text can no longer be decoded, but it can still be compared.
    """
    for offset in range(3):
        letters = base64.b64encode(bytes(offset) + secret).decode("ascii").rstrip("=")
        # The first and the last letter can also depend on the text around the secret.
        complete = letters[(0, 2, 3)[offset] : (offset + len(secret)) // 3 * 4]
        if len(complete) >= _PART_LENGTH:
            yield complete
            yield complete.replace("+", "-").replace("/", "_")
