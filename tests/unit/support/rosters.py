# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers that create columns, contacts and roster files."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    Column,
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.model import (
    Contact,
    ContestedCell,
    LeftOut,
    MappedPage,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.configuration import (
    RosterConfiguration,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.external_sort import (
    SpillArea,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._roster.files import (
    RosterFile,
    read_roster,
    sha256,
)

HEADER = ("Name", "Email", "Location")

MEMORY = SpillArea("memory", io.BytesIO)
"""Spill area in memory."""


def recording_spill() -> tuple[SpillArea, list[io.BytesIO]]:
    """Return a spill area in memory, and the list of files that are opened in this area."""
    files: list[io.BytesIO] = []

    def open_file() -> io.BytesIO:
        files.append(io.BytesIO())
        return files[-1]

    return SpillArea("memory", open_file), files


def columns(*specifications: dict[str, Any], phone_region: str = "") -> tuple[Column, ...]:
    """Compile columns from specifications like those in the option `columns`."""
    has_location = any(specification["value"] == "location" for specification in specifications)
    return compile_columns(specifications, not has_location, phone_region)


COLUMNS = columns(
    {"header": "Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "unique": True, "required_unless": "Phone"},
    {"header": "Phone", "value": "mobile", "unique": True},
)
SAME_VALUE = "another person at this location has the same value"
"""Cause of an emptied cell in a unique column."""


def contact(identity: str, *cells: str, location: str = "oslo") -> Contact:
    """Create a contact, whose cells do not have to contain its location."""
    return Contact(location, cells, identity)


def mapped_page(people: Iterable[Contact | LeftOut]) -> MappedPage:
    """Create the result of mapping a page with the given people."""
    records: dict[str, list[bytes]] = defaultdict(list)
    left_out = []
    for person in people:
        if isinstance(person, Contact):
            records[person.location].append(person.record)
        else:
            left_out.append(person)
    return MappedPage(records, left_out)


def csv_bytes(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> bytes:
    """Return the content of the CSV file of a roster."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode()


def ids_bytes(
    csv_data: bytes,
    identities: Sequence[str],
    left_out: Iterable[LeftOut] = (),
    contested: Iterable[ContestedCell] = (),
    configuration: RosterConfiguration | None = None,
) -> bytes:
    """Return the content of the identities file that belongs to a CSV file."""
    head: dict[str, Any] = {"format": 1, "sha256": sha256(csv_data), "rows": len(identities)}
    if configuration is not None:
        head["configuration"] = configuration.document()
    lost = [
        {
            "identity": cell.identity,
            "location": cell.location,
            "column": cell.column,
            "holder": cell.holder,
            "cause": SAME_VALUE,
        }
        for cell in contested
    ]
    lines = [head, *identities, *(person._asdict() for person in left_out), *lost]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def parse_roster(csv_data: bytes, ids_data: bytes | None = None) -> RosterFile:
    """Read a roster from the contents of its files."""
    open_ids = None if ids_data is None else partial(io.BytesIO, ids_data)
    return read_roster("x.csv", partial(io.BytesIO, csv_data), open_ids)


def roster_file(
    rows: Sequence[Sequence[str]],
    identities: Sequence[str] | None = None,
    header: Sequence[str] = HEADER,
    left_out: Iterable[LeftOut] = (),
) -> RosterFile:
    """Create a roster file with the given rows and identities.

    :param identities: identity of each row; each character of a string is an identity. None for a roster without
        identities.
    """
    data = csv_bytes(rows, header)
    ids = None if identities is None else ids_bytes(data, list(identities), left_out)
    return parse_roster(data, ids)


def all_cells(roster: RosterFile) -> list[tuple[str, ...]]:
    """Return the cells of each row."""
    return [row.cells for row in roster.rows()]


def all_identities(roster: RosterFile) -> list[str | None]:
    """Return the identity of each row."""
    return [row.identity for row in roster.rows()]
