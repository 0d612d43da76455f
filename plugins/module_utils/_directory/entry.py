# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries: directory objects as they came over the wire."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Union

IDENTITY_ATTRIBUTES = ("objectGUID", "entryUUID")
"""What tells an object apart for its whole life, whatever its name: AD (MS-ADTS 3.1.1.1.4) and RFC 4530."""

Values = Union[bytes, "list[bytes]"]
"""What an attribute holds: its value, empty when it has none, or a list when there are several, unordered.

Nearly all have one; a list for each would cost as much as reading it."""

AttributeValues = list[Values]
"""What an entry holds of each attribute that was asked for, in their order."""


class Entry(NamedTuple):
    """One directory object.

    :ivar identity: its objectGUID or entryUUID as a UUID's text.
    :ivar values: for each attribute that was asked for what it holds.
    """

    identity: str
    values: Sequence[Values]


def first_text(values: Values) -> str:
    """The one text of an attribute that has no more, such as a name; empty when it has none."""
    value = values if isinstance(values, bytes) else values[0]
    return value.decode("utf-8", "replace")


class IncompleteValuesError(Exception):
    """The server gives a part of an attribute's values only; the text is its name with the part."""


def check_complete(name: bytes) -> None:
    """See that the server gives all values of an attribute.

    Active Directory gives a part with more than 1,500 values or so (MS-ADTS 3.1.1.3.1.3.3).

    :param name: as the server spells it; a part has the option ``range``.
    :raises IncompleteValuesError: when it gives a part.
    """
    if b";range=" in name.lower():
        raise IncompleteValuesError(name.decode("ascii", "replace"))


def pack_values(values: Sequence[bytes]) -> Values:
    """What an attribute with these values holds."""
    if not values:
        return b""
    return values[0] if len(values) == 1 else list(values)


def select_values(
    names: Sequence[str], raw: Mapping[str, Sequence[bytes] | None]
) -> AttributeValues:
    """Order an object's values by the attributes that were asked for.

    :param names: of these attributes.
    :param raw: values by attribute name as the server spells it; names are compared without case
        (RFC 4512, 2.5), and a name with options such as ``;lang-de`` is another attribute.
    :raises IncompleteValuesError: when it holds a part of an attribute's values only.
    """
    # Names are ASCII (RFC 4512, 1.4): only there is lower case the same for everybody.
    encoded = {name.encode("utf-8", "replace"): values for name, values in raw.items()}
    for name in encoded:
        check_complete(name)
    by_name = {name.lower(): values for name, values in encoded.items()}
    return [pack_values(by_name.get(name.lower().encode()) or ()) for name in names]


def build_entries(value_lists: Sequence[AttributeValues]) -> list[Entry] | None:
    """Give each object its identity.

    :param value_lists: each with what it holds of IDENTITY_ATTRIBUTES at its end, which is taken away.
    :returns: entries, or None when one has no identity that this session may read.
    """
    texts = [values.pop() for values in value_lists]
    guids = [values.pop() for values in value_lists]
    # All at once, as servers give them: one at a time this would take as long as reading the entries.
    identities = _check_uuids(texts) if not any(guids) else _format_guids(guids)
    identities = identities or [
        identity for each in zip(guids, texts) if (identity := _parse_identity(*each)) is not None
    ]
    return (
        list(map(Entry, identities, value_lists)) if len(identities) == len(value_lists) else None
    )


# Where in a GUID's hexadecimal digits each character of its text comes from: the first three fields are
# little-endian (MS-DTYP 2.3.4.2). None is a hyphen.
_GUID_DIGITS = (
    *(6, 7, 4, 5, 2, 3, 0, 1, None),
    *(10, 11, 8, 9, None, 14, 15, 12, 13, None),
    *(16, 17, 18, 19, None, *range(20, 32)),
)
_UUID_LENGTH = len(_GUID_DIGITS)
_HYPHENS = [index for index, digit in enumerate(_GUID_DIGITS) if digit is None]


def _format_guids(guids: Sequence[Values]) -> list[str] | None:
    """The texts of GUIDs, or None when they are not all one value of 16 bytes."""
    digits = _join_if_uniform(guids, 16).hex().encode()
    if not digits:
        return None
    text = bytearray(b"-" * (_UUID_LENGTH * len(guids)))
    for index, digit in enumerate(_GUID_DIGITS):
        if digit is not None:
            text[index::_UUID_LENGTH] = digits[digit::32]
    return _split_uuids(text)


def _check_uuids(uuids: Sequence[Values]) -> list[str] | None:
    """The texts of UUIDs, or None when they are not all written as here: with hyphens, in lower case."""
    text = _join_if_uniform(uuids, _UUID_LENGTH)
    hyphens = b"-" * len(uuids)
    is_canonical = text.translate(None, b"0123456789abcdef") == hyphens * len(_HYPHENS) and all(
        text[index::_UUID_LENGTH] == hyphens for index in _HYPHENS
    )
    return _split_uuids(text) if text and is_canonical else None


def _join_if_uniform(values: Sequence[Values], size: int) -> bytes:
    """All values, or nothing when they are not all single ones of this size."""
    matching = [value for value in values if isinstance(value, bytes) and len(value) == size]
    return b"".join(matching) if len(matching) == len(values) else b""


def _split_uuids(text: bytes | bytearray) -> list[str]:
    uuids = text.decode("ascii")
    return [uuids[start : start + _UUID_LENGTH] for start in range(0, len(uuids), _UUID_LENGTH)]


def _parse_identity(guid: Values, text: Values) -> str | None:
    octets = _first(guid)
    if len(octets) == 16:
        return str(uuid.UUID(bytes_le=octets))
    try:
        return str(uuid.UUID(_first(text).decode("ascii")))
    except ValueError:
        return None


def _first(values: Values) -> bytes:
    return values[0] if isinstance(values, list) else values
