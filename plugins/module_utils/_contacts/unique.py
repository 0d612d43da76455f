# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns that are unique: no two people at one location share a value."""

from __future__ import annotations

from collections.abc import Sequence

from .columns import Column, broken_rule
from .contact import Contact, LeftOut

_SAME_VALUE = "another person here has the same value"


def folded(cells: Sequence[bytes]) -> list[bytes]:
    """Cells in UTF-8 as they are compared: those that differ in case alone become equal."""
    if not cells:
        return []
    text = b"\0".join(cells)
    if text.isascii():
        return text.lower().split(b"\0")
    return (
        text.decode(errors="surrogatepass").casefold().encode(errors="surrogatepass").split(b"\0")
    )


class Uniqueness:
    """Keeps the unique columns of one location unique; people come in the order of identities."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._unique = [index for index, column in enumerate(columns) if column.unique]
        self._taken: dict[int, set[str]] = {index: set() for index in self._unique}

    def settle(self, contact: Contact) -> Contact | LeftOut:
        """Empty what others have, and say whether the row is still valid."""
        cells = list(contact.cells)
        emptied = dict(contact.emptied)
        for index in self._unique:
            if cells[index].casefold() in self._taken[index]:
                cells[index] = ""
                emptied[self._columns[index].header] = _SAME_VALUE
        cause = broken_rule(self._columns, cells, emptied)
        if cause is not None:
            return LeftOut(contact.identity, contact.location, cause)
        for index in self._unique:
            if cells[index]:
                self._taken[index].add(cells[index].casefold())
        return contact._replace(cells=tuple(cells), emptied=tuple(emptied.items()))
