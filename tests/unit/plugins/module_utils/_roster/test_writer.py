# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of a roster's two files."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    MAX_ROW_LENGTH,
    find_broken_rule,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import LeftOut
from ansible_collections.frontdesk.contacts.tests.unit.support.making import make
from ansible_collections.frontdesk.contacts.tests.unit.support.rosters import (
    cells_of,
    columns,
    contact,
    csv_bytes,
    ids_bytes,
    roster_of,
)
from hypothesis import given
from hypothesis import strategies as st

COLUMNS = columns({"header": "Name", "value": "sn"}, {"header": "Note, or so", "value": "info"})


def test_the_csv_is_as_in_rfc_4180_and_the_identities_are_json_lines() -> None:
    made = make(
        COLUMNS,
        [
            contact("id-1", "Åse", 'a, "b"'),
            contact('id-"2"', "Lie", ""),
            LeftOut("id-3", "tromsø", "Name is empty"),
        ],
    )
    assert made.csv == 'Name,"Note, or so"\r\nLie,\r\nÅse,"a, ""b"""\r\n'.encode()
    checksum = hashlib.sha256(made.csv).hexdigest()
    assert made.ids.decode() == (
        f'{{"format": 1, "sha256": "{checksum}", "rows": 2}}\n"id-\\"2\\""\n"id-1"\n'
        '{"identity": "id-3", "location": "tromsø", "cause": "Name is empty"}\n'
    )
    assert made.written.sha256 == checksum


@pytest.mark.parametrize("character", ["x", '"', "🙂"])
def test_the_longest_row_that_is_valid_can_be_read_again(character: str) -> None:
    cells = (character * (MAX_ROW_LENGTH - 1), character)
    assert find_broken_rule(COLUMNS, cells, {}) is None
    assert cells_of(roster_of(make(COLUMNS, [contact("id-1", *cells)]).csv)) == [cells]


_COMMON = 'aÅ,"\r\n\0 '


@pytest.mark.parametrize("width", [1, 2])
@given(
    identity=st.sampled_from(["{cell} {number}", "{number:08d}-4f89-11d3-9a0c-0305e82c3301"]),
    cells=st.lists(
        st.tuples(
            *[st.text(st.sampled_from(_COMMON) | st.characters(codec="utf-8"), max_size=3)] * 2
        ),
        unique=True,
        max_size=8,
    ),
)
def test_it_is_what_the_csv_and_json_modules_write(
    width: int, identity: str, cells: list[tuple[str, str]]
) -> None:
    """Whatever stands in a cell, though the mapper lets no control character through."""
    people = [
        contact(identity.format(cell=cell[1], number=number), *cell[:width])
        for number, cell in enumerate(cells)
    ]
    made = make(COLUMNS[:width], people)
    rows = sorted((person.cells, person.identity) for person in people)
    data = csv_bytes([row for row, _id in rows], [column.header for column in COLUMNS[:width]])
    assert made.csv == data
    assert made.ids == ids_bytes(data, [identity for _row, identity in rows])


def test_a_roster_of_many_rows_is_written_batch_by_batch() -> None:
    people = [contact(f"{number:05d}", f"{number % 7},", str(number)) for number in range(3000)]
    made = make(COLUMNS, people)
    rows = sorted(person[1:3] for person in people)
    assert made.csv == csv_bytes([cells for cells, _id in rows], ["Name", "Note, or so"])
    assert [row.identity for row in roster_of(made.csv, made.ids).rows()] == [
        i for _cells, i in rows
    ]
