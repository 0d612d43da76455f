# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Personal names in several writing systems, each with an ASCII spelling for account names and mail addresses.

In each language, the number of first names and the number of last names are coprime. Cycling through both lists in
parallel therefore yields every pair once before a pair is repeated.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Name:
    """A first name and a last name, each in the original spelling and in ASCII."""

    given: str
    last: str
    ascii_given: str
    ascii_last: str

    @property
    def display(self) -> str:
        """The display name."""
        return f"{self.given} {self.last}"


# A name is written as `original/ascii`, or only as `original` if its letters are Latin.
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

# Letters that Unicode does not decompose into ASCII letters and diacritics, and the apostrophe, which is removed.
_ASCII = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "ł": "l", "Ł": "L", "ß": "ss", "'": None})

# The order of the languages. As in a real company in Norway, most names are Norwegian.
_LANGUAGE_CYCLE = (
    *("Norwegian", "Norwegian", "German", "Norwegian", "Norwegian", "Polish", "Norwegian"),
    *("Norwegian", "Irish and French", "Norwegian", "Greek", "Norwegian", "Norwegian", "Russian"),
    *("Norwegian", "Norwegian", "Norwegian", "Chinese", "Norwegian", "Norwegian", "Arabic"),
)


def to_ascii(word: str) -> str:
    """Convert a word in Latin letters to ASCII, without diacritics or apostrophes."""
    parts = unicodedata.normalize("NFKD", word.translate(_ASCII))
    return "".join(part for part in parts if part.isascii())


def generate_names() -> Iterator[Name]:
    """Yield unique names in a fixed order, until the names of one language are used up."""
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
        yield Name(given=first, last=family, ascii_given=ascii_first, ascii_last=ascii_family)


def _spellings(word: str) -> tuple[str, str]:
    original, separator, ascii_spelling = word.partition("/")
    return original, ascii_spelling if separator else to_ascii(original)
