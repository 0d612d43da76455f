# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fast path for simple rows, which are validated with a single regular expression.

If the expressions of all columns are bare names, most rows are simple: the raw values need no changes, and they satisfy
all rules. All other rows take the slow path, where each cell is decoded, composed, cleaned and checked. The pattern
does not recognize all simple rows, and these also take the slow path, but it never matches a row that needs the slow
path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from .._expressions.attribute_values import has_text_form
from .._expressions.syntax import LOCATION
from .columns import MAX_ROW_LENGTH, Column
from .model import Entry

# Printable ASCII, and characters with two bytes in UTF-8: U+00C0 to U+02FF (Latin) and U+0400 to U+047F (Cyrillic).
# NFC changes no sequence of these characters, and the space is the only whitespace among them. The semicolon is not
# included, because a formula could follow it.
_ASCII = rb"[ -:<-~]*"
_TEXT = _ASCII + rb"(?:[\xc3-\xcb\xd0\xd1][\x80-\xbf]" + _ASCII + rb")*(?<! )"
# A value that a spreadsheet cannot interpret as a formula, or a phone number in a common notation.
_CELL = rb"(?:(?![ =@+\0\"'`-])" + _TEXT + rb"|\+[0-9][0-9 ()./-]*(?<! ))"
_IDENTITY = rb"[0-9A-Za-z-]+"


@dataclass(frozen=True)
class FastPath:
    """The fast path for a set of columns.

    :ivar pick_fields: function that returns the fields of a record from the values of an entry, the location, the
        identity and an empty field.
    :ivar is_simple: function that returns a truthy value if it recognizes a record as that of a simple row.
    """

    pick_fields: Callable[[Sequence[object]], tuple[bytes, ...]]
    is_simple: Callable[[bytes], object]

    @classmethod
    def compile(cls, columns: Sequence[Column], attributes: Sequence[str]) -> FastPath | None:
        """Compile the fast path; return None if a column requires the slow path.

        A column requires the slow path if it has a phone style, or if its expression is not a bare name with text
        values.

        :param columns: columns of the roster.
        :param attributes: normalized attribute descriptions, in the order of an entry's values.
        """
        fields = [*attributes, LOCATION]
        indices = []
        for column in columns:
            name = column.expression.bare_name
            if name is None or has_text_form(name) or column.phone_style is not None:
                return None
            indices.append(fields.index(name))
        record_pattern = rb"\0".join([*map(_cell_pattern, columns), _IDENTITY, b""])
        return cls(
            # The last field lists the emptied cells. A simple row has none.
            pick_fields=itemgetter(*indices, len(fields), len(fields) + 1),
            # The lookahead counts bytes, including the identity, so it is stricter than the limit for characters.
            is_simple=re.compile(
                rb"(?!(?s:.){%d})" % (MAX_ROW_LENGTH + 1) + record_pattern
            ).fullmatch,
        )

    def split_page(self, page: Sequence[Entry], location: str) -> tuple[list[bytes], list[Entry]]:
        """Return the records of the simple rows of a page, and the entries that need the slow path.

        :param location: identifier of the location; empty for contacts for all locations.
        """
        pick_fields, is_simple, join = self.pick_fields, self.is_simple, b"\0".join
        location_bytes = location.encode()
        records, remaining = [], []
        for entry in page:
            identity, values = entry
            try:
                record = join(pick_fields((*values, location_bytes, identity.encode(), b"")))
            except TypeError:  # an attribute has several values
                remaining.append(entry)
                continue
            if is_simple(record):
                records.append(record)
            else:
                remaining.append(entry)
        return records, remaining


def _cell_pattern(column: Column) -> bytes:
    """Return the pattern of a cell in a simple row.

    In a simple row, a cell must not be empty if its column has required_unless, because the other cell is not checked.
    """
    length_limit = b"" if column.max_length is None else rb"(?![^\0]{%d})" % (column.max_length + 1)
    is_needed = column.required or column.required_unless is not None
    return length_limit + _CELL + (b"" if is_needed else b"?")
