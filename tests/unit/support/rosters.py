# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Short ways to columns and roster files for tables of tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.columns import (
    Column,
    compile_columns,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.contact import Contact
from ansible_collections.frontdesk.contacts.plugins.module_utils._contacts.roster_file import (
    RosterFile,
    sha256,
)

HEADER = ("Name", "Email", "Location")


def columns(*specifications: dict[str, Any], phone_region: str = "") -> tuple[Column, ...]:
    """Compile columns as an administrator gives them."""
    located = any(specification["value"] == "location" for specification in specifications)
    return compile_columns(specifications, not located, phone_region)


def contact(identity: str, *cells: str, location: str = "oslo") -> Contact:
    """A contact whose location is a fact of its own, whatever its cells say."""
    return Contact(location, cells, identity)


def roster_file(
    rows: Sequence[Sequence[str]],
    identities: Sequence[str] | None = None,
    header: Sequence[str] = HEADER,
) -> RosterFile:
    """A roster as if it had been read from a file."""
    return RosterFile(
        header=tuple(header),
        rows=tuple(tuple(row) for row in rows),
        sha256=sha256(repr((header, rows)).encode()),
        identities=None if identities is None else tuple(identities),
    )
