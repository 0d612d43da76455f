# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files of a roster, as bytes: the CSV that is uploaded, and the identities beside it.

The CSV is UTF-8 without a byte order mark, CRLF, minimal quoting (RFC 4180), header first. The
identities file is JSON Lines: a head with format, SHA-256 of the CSV and number of rows; the identity
of each row; the people left out, with the cause.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from typing import NamedTuple

from .._errors import InputError
from .roster import Roster

IDS_FORMAT = 1
"""Version of the identities file that is written; one of another version counts as none."""


class RosterFile(NamedTuple):
    """A roster as it was read from a file.

    :ivar header: titles of the columns.
    :ivar rows: the cells of each row, in the file's order.
    :ivar sha256: of the file's bytes, in hexadecimal.
    :ivar identities: the identity of each row; None when the identities file is missing or does not match.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sha256: str
    identities: tuple[str, ...] | None = None


def render_csv(roster: Roster) -> bytes:
    """The CSV file of a roster."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(roster.header)
    writer.writerows(contact.cells for contact in roster.contacts)
    return text.getvalue().encode("utf-8")


def render_ids(roster: Roster, csv_sha256: str) -> bytes:
    """The identities file of a roster.

    :param csv_sha256: SHA-256 of the CSV's bytes, in hexadecimal; it ties the two files together.
    """
    head = {"format": IDS_FORMAT, "sha256": csv_sha256, "rows": len(roster.contacts)}
    lines: list[object] = [head]
    lines.extend(contact.identity for contact in roster.contacts)
    lines.extend(person._asdict() for person in roster.left_out)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8")


def sha256(data: bytes) -> str:
    """SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def parse_csv(data: bytes, name: str) -> RosterFile:
    """Read the bytes of a roster. A byte order mark and LF line ends are accepted.

    :param name: what to call the file in an error.
    :raises InputError: when it is empty, no UTF-8, no CSV, or a row has more or fewer cells than the header.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"Cannot read {name}", f"line {line} is not valid UTF-8", "Save it as UTF-8"
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            if rows and len(row) != len(rows[0]):
                raise InputError(
                    f"Cannot read {name}",
                    f"the row that ends on line {reader.line_num} has {len(row)} cells, the header {len(rows[0])}",
                )
            rows.append(tuple(row))
    except csv.Error as error:
        raise InputError(f"Cannot read {name}", f"line {reader.line_num}: {error}") from error
    if not rows or not any(rows[0]):
        raise InputError(f"Cannot read {name}", "it is empty", "Export a roster to it first")
    return RosterFile(rows[0], tuple(rows[1:]), sha256(data))


def parse_ids(data: bytes, roster: RosterFile) -> tuple[str, ...] | None:
    """Read the identities of a roster's rows.

    :returns: one identity for each row, or None when the file does not belong to this roster.
    """
    lines = data.split(b"\n")
    try:
        head = json.loads(lines[0])
        if (
            head["format"] != IDS_FORMAT
            or head["sha256"] != roster.sha256
            or head["rows"] != len(roster.rows)
        ):
            return None
        identities = tuple(json.loads(line) for line in lines[1 : 1 + len(roster.rows)])
    except (ValueError, TypeError, KeyError):
        return None
    return identities if _are_texts(identities) and len(identities) == len(roster.rows) else None


def _are_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)
