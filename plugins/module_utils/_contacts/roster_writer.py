# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two files of a roster as they are written: the CSV that is uploaded, and the identities beside it.

The CSV is UTF-8 without a byte order mark, CRLF, minimal quoting (RFC 4180), header first. The
identities file is JSON Lines: a head with format, SHA-256 of the CSV and number of rows; the identity
of each row; the people left out, with the cause.
"""

from __future__ import annotations

import csv
import io
import json

from .roster import Roster
from .roster_file import IDS_FORMAT


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
