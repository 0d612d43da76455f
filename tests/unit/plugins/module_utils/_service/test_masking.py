# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the masking of secrets and personal data in texts from the service."""

from __future__ import annotations

import base64
import html
import json
import tracemalloc
from collections.abc import Callable, Iterator
from unicodedata import normalize
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.plugins.module_utils._service.masking import Masker
from hypothesis import given
from hypothesis import strategies as st

ROWS = (
    ("Åse", "O'Brien", "ase.obrien@corp.example", "+47 900 11 222"),
    ("Anne-Marie", "Müller", "am.muller@corp.example", "+4790011333"),
    ("Bo", "Lundqvist", "bo.l@corp.example", "4711"),
)
TOKEN = "Tk7.abc/def+ghi=jk"
MASKER = Masker([TOKEN, "hunter2", "pw"], [lambda: ROWS], public=["Location", "Bo Works"])

Encode = Callable[[str], str]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ENCODINGS: dict[str, Encode] = {
    "unchanged": str,
    "upper case": str.upper,
    "URL": lambda text: quote(text, safe=""),
    "URL in a form": quote_plus,
    "every byte of a URL": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with slashes": lambda text: text.replace("/", "\\/"),
    "every letter of JSON": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "HTML": html.escape,
    "every letter of HTML": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "quoted": lambda text: f'"{text}"',
    "decomposed": lambda text: normalize("NFD", text),
    "invisible character": lambda text: f"{text[:2]}\u200b{text[2:]}",
    "escape sequence": lambda text: f"{text[:2]}\x1b[0m{text[2:]}",
    "in a key": lambda text: f"key_{text}_1",
    "Base64": _base64,
}
SECRET_ENCODINGS: dict[str, Encode] = {
    "lower case": str.lower,
    "Base64 in lower case": lambda text: _base64(text).lower(),
    "Base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Base64 of a pair": lambda text: f"Basic {_base64(f'somebody:{text}')}",
    "Base64 in a word": lambda text: f"xy{_base64(f'{text}:')}",
    "hexadecimal": lambda text: text.encode().hex(),
    "in a word": lambda text: f"x{text}y",
    **ENCODINGS,
}


@pytest.mark.parametrize("second", ENCODINGS)
@pytest.mark.parametrize("first", SECRET_ENCODINGS)
def test_secret_is_masked_in_any_combination_of_two_encodings(first: str, second: str) -> None:
    echo = ENCODINGS[second](SECRET_ENCODINGS[first](TOKEN))
    masked = MASKER.mask(f"bad {echo} here")
    assert masked.lower().startswith("bad ")
    assert "..." in masked
    for text, length in ((TOKEN, 5), (_base64(TOKEN), 8), (_base64(f"somebody:{TOKEN}")[13:], 8)):
        for start in range(len(text) - length + 1):
            assert text[start : start + length].lower() not in masked.lower()
    assert MASKER.mask(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"{TOKEN} is bad", "... is bad"),
        (f"Bearer {TOKEN[:10]}", "Bearer ..."),
        (f"ends with {TOKEN[-8:]}", "ends with ..."),
        ("xhunter2y HUNTER2", "x...y ..."),
        # A short secret is masked only as a whole word.
        ("pw is spwn", "... is spwn"),
        # Names with other separators, in other forms, and as parts of words.
        ("O Brien, OBrien, O\u2019BRIEN and o-brien", "..., ..., ... and ..."),
        ("Anne Marie annemarie ANNE_MARIE", "... ... ..."),
        ("ASE A\u030ase \u00c5se", "... ... ..."),
        ("MULLER Mu\u0308ller M%C3%BCller M&uuml;ller", "... ... ... ..."),
        ("lundqvists annelundqvist boL bob", "... ... ... bob"),
        ("ase.obrien%40corp.example or bo.l@x", "... or ...@x"),
        ("an ne is ann-e", "an ne is ..."),
        ("personAnne person_bo", "... person_..."),
        # Initials.
        ("A. O'Brien is not a Lundqvist", ".... ... is not a ..."),
        ("Lundqvist B and L M\u00fcller", "... ... and ... ..."),
        ("J. R. R. Lundqvist K L was refused", ".... .... .... ... ... ... was refused"),
        # Long numbers are always masked, and short ones only if they occur in the roster.
        ("+47 (900) 11-222, 0047.900/11\u2013222", "..., ..."),
        ("4711 and 4712", "... and 4712"),
        ("654321ola", "...ola"),
        # Words that are not in the roster.
        ("the value is not a location of this account", None),
        ("Email: is not unique in row 12", None),
        # Text from the configuration is not masked, even if it contains a word of the roster.
        ("Location", None),
        ("Bo Works", None),
        ("bo works, bo", "... works, ..."),
        # Text that could control a terminal.
        ("a\x1b[2Jb\ud800c\u202e\nd", "ab c d"),
        # Long words can be tokens of other systems.
        ("x" * 41, "..."),
        ("", None),
    ],
)
def test_text_is_masked(text: str, masked: str | None) -> None:
    assert MASKER.mask(text) == (text if masked is None else masked)


def test_public_text_with_a_secret_is_masked() -> None:
    assert Masker(["Location"], public=["Location"]).mask("Location") == "..."


def test_text_is_shortened_after_masking() -> None:
    for start in range(180, 205):
        masked = MASKER.mask(f"{'x ' * (start // 2)}{TOKEN} and more")
        assert len(masked) <= 200
        assert "Tk7" not in masked
    for start in range(1000, 1030):
        assert "Tk" not in MASKER.mask("x" * 30 + " " * start + TOKEN, 9999)
    assert MASKER.mask("x" * 39 + " Lundqvist", 20) == "x" * 20


def test_secret_is_masked_in_many_nested_encodings() -> None:
    text = TOKEN
    for _round in range(9):
        text = quote(text, safe="")
        assert "Tk7" not in MASKER.mask(text)


LETTERS = st.characters(whitelist_categories=("L", "N", "P", "S"), max_codepoint=0x24F)


@given(
    st.text(LETTERS, min_size=8, max_size=40),
    st.lists(st.sampled_from(sorted(ENCODINGS)), min_size=1, max_size=3),
    st.text(max_size=9),
)
def test_no_secret_can_be_decoded_from_masked_text(
    secret: str, names: list[str], around: str
) -> None:
    echo = secret
    for name in names:
        echo = ENCODINGS[name](echo)
    masked = Masker([secret]).mask(f"{around} {echo} {around}", 2000)
    assert secret not in masked
    # Masking the result again changes nothing, because it contains no encoded secret.
    assert Masker([secret]).mask(masked, 2000) == masked


@given(
    st.sampled_from([cell for row in ROWS for cell in row]),
    st.sampled_from(sorted(ENCODINGS)),
    st.sampled_from(sorted(ENCODINGS)),
)
def test_no_cell_remains_in_masked_text(cell: str, first: str, second: str) -> None:
    masked = MASKER.mask(f"row {ENCODINGS[second](ENCODINGS[first](cell))} failed", 2000)
    folded = normalize("NFC", masked).casefold()
    for word in (normalize("NFC", cell).casefold(), *cell.casefold().replace("@", " ").split()):
        assert word not in folded


def test_rosters_are_read_once_for_several_texts() -> None:
    reads: list[str] = []

    def read(name: str) -> Iterator[tuple[str, ...]]:
        reads.append(name)
        yield from [("Gone",)] if name == "old" else ROWS

    masker = Masker(rosters=[lambda: read("new"), lambda: read("old")])
    masker.prepare(["Gone person", "Anne", f"row {_base64('Gone')}"])
    assert [masker.mask(text) for text in ("Gone person", "anne")] == ["... person", "..."]
    assert masker.mask(f"row {_base64('Gone')}") == "row ..."
    assert reads == ["new", "old"]
    # `mask` looks up the words that `prepare` has not looked up.
    assert masker.mask("Gone Lundqvist") == "... ..."


def test_all_words_are_masked_if_a_roster_cannot_be_read() -> None:
    def fail() -> Iterator[tuple[str, ...]]:
        raise InputError("Cannot read")

    assert Masker(rosters=[fail]).mask("Gone is bad") == "..."


def test_large_roster_is_not_kept_in_memory() -> None:
    def read() -> Iterator[tuple[str, ...]]:
        return ((f"First{number}", f"Last{number}") for number in range(20_000))

    masker = Masker(rosters=[read])
    tracemalloc.start()
    masker.prepare([f"Last{number} is bad" for number in range(50)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert masker.mask("last7 is bad") == "... is bad"
    assert peak < 500_000
