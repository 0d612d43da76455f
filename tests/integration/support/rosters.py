# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated rosters, for tests that do not need a directory."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = ("First Name", "Last Name", "Email", "SMS Phone", "Location")


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A contact and its identity."""

    first_name: str
    last_name: str
    email: str
    mobile: str
    location: str
    identity: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of the CSV row, in the order of HEADER."""
        return (self.first_name, self.last_name, self.email, self.mobile, self.location)


def make_contacts(count: int, *, location: str = "oslo-hq") -> list[Contact]:
    """Generate distinct contacts deterministically from the arguments."""
    return [
        Contact(
            first_name="Ada",
            last_name=f"Aas{index:03}",
            email=f"ada{index:03}@fjord.test",
            mobile=f"+47900{index:05}",
            location=location,
            identity=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"ada{index}.fjord.test")),
        )
        for index in range(count)
    ]


def write_roster(
    path: Path,
    contacts: Sequence[Contact],
    *,
    identities: bool = True,
    left_out: Sequence[Contact] = (),
) -> None:
    """Write a roster in the format of ad_contacts_export.

    :param identities: whether to write the identities file.
    :param left_out: people without a valid row, to list in the identities file.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([HEADER, *(contact.cells for contact in contacts)])
    data = text.getvalue().encode()
    path.write_bytes(data)
    path.chmod(0o600)
    identities_path = path.with_name(f"{path.name}.ids")
    identities_path.unlink(missing_ok=True)
    if identities:
        head = {"format": 1, "sha256": hashlib.sha256(data).hexdigest(), "rows": len(contacts)}
        lines = [head, *(contact.identity for contact in contacts)]
        lines += [
            {"identity": contact.identity, "location": contact.location, "cause": "Email is empty"}
            for contact in left_out
        ]
        identities_path.write_text(
            "".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8"
        )
