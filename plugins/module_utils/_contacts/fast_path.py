# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain rows: what an entry's bytes are as they came, found to break no rule by one look at the whole row.

Nearly all rows of nearly all directories are plain where the columns are names alone. A row that is not is no
error: it goes the long way, on which each cell is decoded, composed, cleaned and held against the rules.
So a plain row may be taken for another, but no other for a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

from .._expressions.syntax import LOCATION
from .columns import MAX_ROW_LENGTH, Column
from .model import Entry

# Printable ASCII, and letters of two bytes in UTF-8: Latin from U+00C0 to U+02FF and Cyrillic up to U+047F.
# None of these is changed by composing, whatever is beside it, and none but the space is white space.
_ASCII = rb"[ -~]*"
_TEXT = _ASCII + rb"(?:[\xc3-\xcb\xd0\xd1][\x80-\xbf]" + _ASCII + rb")*(?<! )"
# Nothing, and nothing that a spreadsheet may run, unless it is a common way to write a phone number.
_CELL = rb"(?:(?![ =@+\0-])" + _TEXT + rb"|\+[0-9][0-9 ()./-]*(?<! ))"
_IDENTITY = rb"[0-9A-Za-z-]+"


class FastRows(NamedTuple):
    """Finds plain rows.

    :ivar pick_fields: takes a record's fields from an entry's values, the location, the identity and nothing.
    :ivar is_simple: whether a record is that of a plain row.
    """

    pick_fields: Callable[[Sequence[object]], tuple[bytes, ...]]
    is_simple: Callable[[bytes], object]

    @classmethod
    def compile(cls, columns: Sequence[Column], attributes: Sequence[str]) -> FastRows | None:
        """Those of some columns; None when a column is more than a name, or a phone number.

        :param attributes: lower-case names of an entry's values.
        """
        fields = [*attributes, LOCATION]
        indices = []
        for column in columns:
            name = column.expression.bare_name
            if name is None or column.phone_style is not None:
                return None
            indices.append(fields.index(name))
        record_pattern = rb"\0".join([*map(_cell_pattern, columns), _IDENTITY, b""])
        return cls(
            # The identity follows the location, and the end of the record is that nothing was emptied.
            pick_fields=itemgetter(*indices, len(fields), len(fields) + 1),
            is_simple=re.compile(
                rb"(?!(?s:.){%d})" % (MAX_ROW_LENGTH + 1) + record_pattern
            ).fullmatch,
        )

    def split_page(self, page: Sequence[Entry], location: str) -> tuple[list[bytes], list[Entry]]:
        """The records of the plain rows of a page, and the entries that have none."""
        pick_fields, is_simple, join = self.pick_fields, self.is_simple, b"\0".join
        location_bytes = location.encode()
        records, remaining = [], []
        for entry in page:
            identity, values = entry
            try:
                record = join(pick_fields((*values, location_bytes, identity.encode(), b"")))
            except TypeError:  # an attribute with several values
                remaining.append(entry)
                continue
            if is_simple(record):
                records.append(record)
            else:
                remaining.append(entry)
        return records, remaining


def _cell_pattern(column: Column) -> bytes:
    """What a column's cell is in a plain row. Whether another cell makes up for an empty one is not looked at."""
    length_limit = b"" if column.max_length is None else rb"(?![^\0]{%d})" % (column.max_length + 1)
    is_needed = column.required or column.required_unless is not None
    return length_limit + _CELL + (b"" if is_needed else b"?")
