# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the exact content of roster files."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    MAX_ROW_LENGTH,
    find_broken_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.tests.unit.support.roster_factory import make_roster
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    all_cells,
    all_identities,
    columns,
    contact,
    csv_bytes,
    ids_bytes,
    parse_roster,
)
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = columns({"header": "Name", "value": "sn"}, {"header": "Note, optional", "value": "info"})


def test_the_csv_file_conforms_to_rfc_4180_and_the_identities_file_to_json_lines() -> None:
    made = make_roster(
        COLUMNS,
        [
            contact("id-1", "Åse", 'a, "b"'),
            contact('id-"2"', "Lie", ""),
            LeftOut("id-3", "tromsø", "Name is empty"),
        ],
    )
    assert made.csv == 'Name,"Note, optional"\r\nLie,\r\nÅse,"a, ""b"""\r\n'.encode()
    checksum = hashlib.sha256(made.csv).hexdigest()
    assert made.ids.decode() == (
        f'{{"format": 1, "sha256": "{checksum}", "rows": 2}}\n"id-\\"2\\""\n"id-1"\n'
        '{"identity": "id-3", "location": "tromsø", "cause": "Name is empty"}\n'
    )
    assert made.written.sha256 == checksum


@pytest.mark.parametrize("character", ["x", '"', "🙂"])
def test_the_longest_valid_row_can_be_read_again(character: str) -> None:
    cells = (character * (MAX_ROW_LENGTH - 1), character)
    assert find_broken_rule(COLUMNS, cells, {}) is None
    assert all_cells(parse_roster(make_roster(COLUMNS, [contact("id-1", *cells)]).csv)) == [cells]


_SPECIAL_CHARACTERS = 'aÅ,"\r\n\0 '
_TEXT = st.text(st.sampled_from(_SPECIAL_CHARACTERS) | st.characters(codec="utf-8"), max_size=3)


@pytest.mark.parametrize("width", [1, 2])
@given(
    identity_format=st.sampled_from(
        ["{cell} {number}", "{number:08d}-4f89-11d3-9a0c-0305e82c3301"]
    ),
    cells=st.lists(st.tuples(_TEXT, _TEXT), unique=True, max_size=8),
)
def test_the_files_are_those_that_the_csv_and_json_modules_write(
    width: int, identity_format: str, cells: list[tuple[str, str]]
) -> None:
    # Cells may also contain control characters, although the mapper removes them.
    people = [
        contact(identity_format.format(cell=row[1], number=number), *row[:width])
        for number, row in enumerate(cells)
    ]
    made = make_roster(COLUMNS[:width], people)
    rows = sorted((person.cells, person.identity) for person in people)
    csv = csv_bytes([row for row, _identity in rows], [column.header for column in COLUMNS[:width]])
    assert made.csv == csv
    assert made.ids == ids_bytes(csv, [identity for _row, identity in rows])


def test_a_roster_with_many_batches_is_written() -> None:
    people = [contact(f"{number:05d}", f"{number % 7},", str(number)) for number in range(3000)]
    made = make_roster(COLUMNS, people)
    rows = sorted((person.cells, person.identity) for person in people)
    assert made.csv == csv_bytes([cells for cells, _identity in rows], ["Name", "Note, optional"])
    assert all_identities(parse_roster(made.csv, made.ids)) == [
        identity for _cells, identity in rows
    ]
