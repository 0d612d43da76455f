# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rosters written by hand, for tests that need no directory."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = ("First Name", "Last Name", "Email", "SMS Phone", "Location")


class Contact(NamedTuple):
    """A row of a roster, and whose it is."""

    first_name: str
    last_name: str
    email: str
    mobile: str
    location: str
    identity: str


def contacts(number: int, *, location: str = "oslo-hq") -> list[Contact]:
    """So many contacts, the same at every call."""
    return [
        Contact(
            "Ada",
            f"Aas{each:03}",
            f"ada{each:03}@fjord.test",
            f"+47900{each:05}",
            location,
            str(uuid.uuid5(uuid.NAMESPACE_DNS, f"ada{each}.fjord.test")),
        )
        for each in range(number)
    ]


def write_roster(
    path: Path,
    people: Sequence[Contact],
    *,
    identities: bool = True,
    left_out: Sequence[Contact] = (),
) -> None:
    """Write a roster as ad_contacts_export does, with its identities unless told otherwise.

    :param left_out: people without a valid row.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([HEADER, *(person[:-1] for person in people)])
    data = text.getvalue().encode()
    path.write_bytes(data)
    path.chmod(0o600)
    beside = path.with_name(f"{path.name}.ids")
    beside.unlink(missing_ok=True)
    if identities:
        head = {"format": 1, "sha256": hashlib.sha256(data).hexdigest(), "rows": len(people)}
        lines = [head, *(person.identity for person in people)]
        lines += [
            {"identity": one.identity, "location": one.location, "cause": "Email is empty"}
            for one in left_out
        ]
        beside.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
