# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of people in the scripts that a real staff list holds, with a spelling in plain letters.

The plain spelling is what an account or a mail address is made of. In each language, the numbers of
first and last names have no common divisor: walking both lists in step repeats no pair early.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Name(NamedTuple):
    """A first and a last name, as written and in plain letters."""

    given: str
    last: str
    ascii_given: str
    ascii_last: str

    @property
    def display(self) -> str:
        """The name as the directory shows it."""
        return f"{self.given} {self.last}"


# A word is `written` or, where the letters are not Latin, `written/plain`.
_LANGUAGES: dict[str, tuple[str, str]] = {
    "Norwegian": (
        """Ingrid Olav Sigrid Bjørn Solveig Håkon Åse Torstein Ragnhild Øyvind Kari Leif Astrid
        Trygve Gudrun Magnus Liv Sondre Marit Eirik Synnøve Kåre Jorunn""",
        """Ødegård Hansen Bakke Lund Solberg Myhre Brækhus Strand Haugen Sørensen Kvåle Nygård Dahl
        Aas Tveit Vik Fjeld Ruud Sæther Moen Løkken Eide""",
    ),
    "German": (
        "Jürgen Käthe Björn Änne Götz Heike Matthias Sabine",
        "Müller Groß Schäfer Köhler Weiß Vögele Jäger",
    ),
    "Polish": (
        "Łukasz Małgorzata Wojciech Żaneta Grażyna Michał",
        "Wójcik Dąbrowski Święcicka Źrebiec Kołodziej",
    ),
    "Irish and French": (
        "Siobhán Renée Seán François Máire",
        "O'Neill D'Arcy O'Brien L'Hôpital",
    ),
    "Greek": (
        "Γιώργος/Giorgos Ελένη/Eleni Νίκος/Nikos Σοφία/Sofia",
        "Παπαδόπουλος/Papadopoulos Οικονόμου/Oikonomou Καραγιάννης/Karagiannis",
    ),
    "Russian": (
        "Иван/Ivan Ольга/Olga Сергей/Sergei Наталья/Natalya",
        "Петров/Petrov Щербакова/Shcherbakova Ёлкин/Yolkin",
    ),
    "Chinese": ("伟/Wei 秀英/Xiuying 娜/Na 敏/Min", "李/Li 王/Wang 張/Zhang"),
    "Arabic": (
        "محمد/Mohammed فاطمة/Fatima أحمد/Ahmed ليلى/Layla",
        "الحسن/Alhassan منصور/Mansour خليل/Khalil",
    ),
}

# Latin letters that are letters of their own, and so do not fall apart into a letter and an accent.
_ASCII = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "ł": "l", "Ł": "L", "ß": "ss", "'": None})

# In this order tongues take turns; a believable Norwegian staff list is mostly Norwegian.
_LANGUAGE_CYCLE = (
    *("Norwegian", "Norwegian", "German", "Norwegian", "Norwegian", "Polish", "Norwegian"),
    *("Norwegian", "Irish and French", "Norwegian", "Greek", "Norwegian", "Norwegian", "Russian"),
    *("Norwegian", "Norwegian", "Norwegian", "Chinese", "Norwegian", "Norwegian", "Arabic"),
)


def to_ascii(word: str) -> str:
    """Write a word of Latin letters without accents and apostrophes."""
    parts = unicodedata.normalize("NFKD", word.translate(_ASCII))
    return "".join(part for part in parts if part.isascii())


def generate_names() -> Iterator[Name]:
    """Yield names in a fixed order, each pair of names once, until a language has no more."""
    iterators = {language: _pair_names(*lists) for language, lists in _LANGUAGES.items()}
    while True:
        for language in _LANGUAGE_CYCLE:
            name = next(iterators[language], None)
            if name is None:
                return
            yield name


def _pair_names(given: str, last: str) -> Iterator[Name]:
    firsts, lasts = given.split(), last.split()
    for step in range(len(firsts) * len(lasts)):
        first, ascii_first = _spellings(firsts[step % len(firsts)])
        family, ascii_family = _spellings(lasts[step % len(lasts)])
        yield Name(first, family, ascii_first, ascii_family)


def _spellings(word: str) -> tuple[str, str]:
    written, separator, latin = word.partition("/")
    return written, latin if separator else to_ascii(written)
