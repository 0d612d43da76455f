# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking of secrets and personal data in texts from the service, which may repeat any part of the request.

Every text from the service must be masked before it is shown or stored. It must not be shortened first, except at a
space if it is extremely long, because a part of a secret is not always recognized.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .._errors import FrontdeskError
from .._text import compose, make_printable, remove_invisible
from .credential_forms import SecretForms
from .encodings import decode_escapes, decode_runs
from .personal_words import TextWords, row_words

MASK = "..."
"""Replacement for masked text."""

MAX_TEXT = 200
"""Maximum length of a masked text, unless the caller requests another length."""

ReadCells = Callable[[], Iterable[Sequence[str]]]
"""A function that returns, for each row of a roster, the cells with personal data. It can be called repeatedly."""

# Longer texts are shortened before they are masked, so that masking takes little time.
_MAX_INPUT = 1024
_MAX_ROUNDS = 8
# Phone numbers and other long numbers, with any common separators.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s()./_\u2010-\u2015\u2212-]*\d){4,}")
# A capital letter, or a letter with a dot or an apostrophe, next to a masked word is probably an initial.
_INITIAL = re.compile(
    r"(?<![^\W_])(?:[^\W\d_](?=[.'\u2019] ?\.\.\.)|[A-Z](?=[ -]?\.\.\.))"
    r"|(?<=\.\.\.)(?P<separator>[ '\u2019-])[A-Z](?![^\W_])"
)


class Masker:
    """Masks secrets, and words that occur in rosters, in texts from the service.

    Create one object for each run. The rosters are not kept in memory: only the words of the texts are
    looked up in them. Each call of `prepare` or `mask` with new words reads the rosters once.

    Secrets and words are recognized in any case and Unicode normalization form, in the encodings of HTML, JSON and
    URLs, in Base64 and hexadecimal, and, unless they are short, as parts of longer words.

    :param secrets: values that must not appear in any output.
    :param rosters: functions that read the rosters.
    :param public: texts that are shown unless they contain a secret, such as the titles of columns.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        rosters: Iterable[ReadCells] = (),
        public: Iterable[str] = (),
    ) -> None:
        self._secrets = SecretForms(secrets)
        self._rosters = tuple(rosters)
        self._public = {text.strip().casefold() for text in public}
        self._without_secrets: dict[str, str] = {}
        self._known: set[str] = set()
        self._personal: set[str] = set()

    def prepare(self, texts: Iterable[str]) -> None:
        """Look up the words of several texts at once, so that `mask` need not read the rosters for each text."""
        masked = (self._mask_secrets(text) for text in texts)
        self._look_up(text for text in masked if text.casefold() not in self._public)

    def mask(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return a single printable line without secrets and personal data.

        :param text: the complete text; do not shorten it first.
        :param limit: maximum length of the result.
        """
        masked = self._mask_secrets(text)
        if masked.casefold() not in self._public:
            self._look_up([masked])
            masked = _mask_initials(self._mask_words(masked))
        return " ".join(masked.split())[:limit]

    def _mask_secrets(self, text: str) -> str:
        """Return decoded, printable text without secrets."""
        if text not in self._without_secrets:
            self._without_secrets[text] = self._find_and_mask_secrets(text)
        return self._without_secrets[text]

    def _find_and_mask_secrets(self, text: str) -> str:
        if len(text) > _MAX_INPUT:
            # The last word may be a part of a secret or of a longer word.
            text = f"{text[:_MAX_INPUT].rpartition(' ')[0]} {MASK}"
        was_found, decoded = False, text
        for _round in range(_MAX_ROUNDS):
            text, was_found = decoded, was_found or self._secrets.occur_in(decoded)
            # Nonprintable characters include unpaired surrogates, which a module result cannot contain.
            decoded = decode_escapes(make_printable(remove_invisible(text)))
            if decoded == text:
                break
        else:
            return MASK
        text = " ".join(compose(text).split())
        masked = self._secrets.replace(text, MASK)
        # The secret was recognized only before decoding, so its position in the decoded text is unknown.
        is_hidden_elsewhere = was_found and masked == text
        return MASK if is_hidden_elsewhere or self._secrets.occur_in(masked) else masked

    def _look_up(self, texts: Iterable[str]) -> None:
        """Look up the words of texts without secrets in the rosters."""
        words: set[str] = set()
        for text in texts:
            words |= TextWords(text).candidates
            for _span, decoded in _encoded_parts(text):
                words |= TextWords(decoded).candidates
        words -= self._known
        if not words:
            return
        self._known |= words
        try:
            for read_cells in self._rosters:
                for cells in read_cells():
                    self._personal.update(words.intersection(row_words(cells)))
        except (FrontdeskError, OSError):
            # If a roster cannot be read, any word may be personal data.
            self._personal |= words

    def _mask_words(self, text: str) -> str:
        """Return a string in which personal data and long numbers are masked, also in encoded parts."""
        spans = set(TextWords(text).personal_spans(self._personal))
        spans.update(number.span() for number in _LONG_NUMBER.finditer(text))
        for span, decoded in _encoded_parts(text):
            if next(TextWords(decoded).personal_spans(self._personal), None) is not None:
                spans.add(span)
        pieces, position = [], 0
        for start, end in sorted(spans):
            if start >= position:
                pieces += [text[position:start], MASK]
            position = max(position, end)
        return "".join([*pieces, text[position:]])


def _mask_initials(text: str) -> str:
    """Mask initials next to masked words, and next to initials that have been masked."""
    previous = ""
    while text != previous:
        previous = text
        text = _INITIAL.sub(lambda initial: f"{initial['separator'] or ''}{MASK}", previous)
    return text


def _encoded_parts(text: str) -> Iterable[tuple[tuple[int, int], str]]:
    """Yield the start and end of each part of a string that may be encoded, with the decoded text."""
    for run in decode_runs(text):
        try:
            decoded = decode_escapes(run.content.decode("utf-8"))
        except UnicodeDecodeError:
            continue
        if decoded.isprintable():
            yield (run.start, run.end), decoded
