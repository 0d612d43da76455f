# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of the output of all clients to rows in a common format, for comparison."""

from __future__ import annotations

import base64
import csv
import json
import uuid
from typing import TYPE_CHECKING

from tests.bench.workload import ATTRIBUTES, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

Rows = list[tuple[str, ...]]
"""Sorted rows of people: the identity, the attributes and, with one search per unit, the location."""


def roster_rows(workload: Workload) -> Rows:
    """Return the rows of the roster, with the identities from the identities file."""
    with (workload.folder / "roster.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.reader(file))[1:]
    lines = (workload.folder / "roster.csv.ids").read_text(encoding="utf-8").splitlines()
    identities = map(json.loads, lines[1 : 1 + len(cells)])
    return sorted((identity, *row) for identity, row in zip(identities, cells, strict=True))


def ldif_rows(workload: Workload, ldif: str) -> Rows:
    """Return the rows of the people in the output of ldapsearch (LDIF, RFC 2849)."""
    people = [person for person in map(_parse_ldif_record, ldif.split("\n\n")) if "dn" in person]
    return sorted(_to_row(person, workload) for person in people)


def csv_rows(workload: Workload) -> Rows:
    """Return the rows of the CSV file.

    Each line of the file contains the attributes, the identity and the distinguished name of a person.
    """
    with (workload.folder / "output.csv").open(encoding="utf-8", newline="") as file:
        names = [*ATTRIBUTES, workload.identity, "dn"]
        people = [dict(zip(names, row, strict=True)) for row in csv.reader(file)]
    return sorted(_to_row(person, workload) for person in people)


def _parse_ldif_record(record: str) -> dict[str, str]:
    """Return the last value of each attribute in an LDIF record, without comments."""
    values = {}
    for line in record.splitlines():
        if line.startswith("#"):
            continue
        name, _colon, value = line.partition(":")
        if value.startswith(":"):
            data = base64.b64decode(value[1:])
            is_guid = name == "objectGUID"
            value = str(uuid.UUID(bytes_le=data)) if is_guid else data.decode()
        values[name] = value.strip()
    return values


def _to_row(values: Mapping[str, str], workload: Workload) -> tuple[str, ...]:
    cells = (values.get(name, "") for name in ATTRIBUTES)
    location = [values["dn"].split(",")[1].partition("=")[2]] if workload.by_unit else []
    return (values[workload.identity], *cells, *location)
