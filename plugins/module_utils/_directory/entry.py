# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directory entries: types of objects, identities and raw attribute values."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Union

from .._attribute_description import normalize_description
from .._text import MAX_TEXT_LENGTH

USER, CONTACT = "user", "contact"
"""Types of objects in Active Directory: people with an account, and people without one."""

OBJECT_GUID, ENTRY_UUID = "objectGUID", "entryUUID"
"""Attributes that identify an entry: objectGUID in Active Directory and Active Directory Lightweight Directory Services
(MS-ADTS 3.1.1.1.4), and entryUUID on other servers (RFC 4530).

Only one of them is used on a server. On other servers, objectGUID is an ordinary attribute, which people might be
allowed to change.
"""

Values = Union[bytes, "list[bytes]"]
"""The values of an attribute: a single value (empty if there is none), or an unordered list of several values.

Almost all attributes have one value. Creating a list for each of them would take as long as reading the values."""

MAX_VALUE_SIZE = MAX_TEXT_LENGTH + 1
"""Number of bytes after which a value is cut off: one more than the maximum size of a usable value."""

UNUSABLE_VALUE = bytes(MAX_VALUE_SIZE)
"""Placeholder for the values of an attribute if they are too large to be kept in memory, or are incomplete."""

AttributeValues = list[Values]
"""The values of an entry, in the order of the requested attributes."""


Aliases = Mapping[str, str]
"""Map from other descriptions of attributes to the descriptions with their main names, as from ``surname`` to ``sn``.

All descriptions are in lowercase."""

NO_ALIASES: Aliases = MappingProxyType({})


class Entry(NamedTuple):
    """A directory entry.

    :ivar identity: objectGUID or entryUUID in the text form of a UUID; empty if the entry has none, and the session
        does not require one.
    :ivar values: values of the attributes, in the order of the requested attributes.
    """

    identity: str
    values: Sequence[Values]


def first_text(values: Values) -> str:
    """Return the first value of an attribute as text; empty if there is none."""
    return _first(values).decode("utf-8", "replace")


def parse_description(description: bytes) -> tuple[bytes, bool]:
    """Return the lowercase attribute description without the option ``range``, and whether values are missing.

    By default, Active Directory returns at most 1,500 values at once (MS-ADTS 3.1.1.3.1.3.3). If there are more, the
    description has the option ``range``.
    """
    description = description.lower()
    if b";range=" not in description:
        return description, False
    options = description.split(b";")
    return b";".join(each for each in options if not each.startswith(b"range=")), True


def pack_values(values: Sequence[bytes]) -> Values:
    """Return the values of an attribute in the form of `Values`."""
    if not values:
        return b""
    return values[0] if len(values) == 1 else list(values)


def select_values(
    names: Sequence[str],
    attributes: Mapping[str, Sequence[bytes] | None],
    aliases: Aliases = NO_ALIASES,
) -> tuple[AttributeValues, set[str]]:
    """Return an entry's values in the order of the requested attributes, and the attributes that were not requested.

    If the server returned only some values of an attribute, the result contains `UNUSABLE_VALUE` instead.

    :param names: requested attributes.
    :param attributes: values by attribute description, as in the response. Case is ignored (RFC 4512, 2.5); a
        description with an option, such as ``;lang-de``, is another attribute.
    :param aliases: other descriptions of the requested attributes.
    """
    by_name: dict[str, Sequence[bytes]] = {}
    for description, values in attributes.items():
        # Attribute descriptions are ASCII (RFC 4512, 1.4). Unlike str.lower(), bytes.lower() only affects ASCII.
        lowercase, is_incomplete = parse_description(description.encode("utf-8", "replace"))
        normalized = normalize_description(lowercase.decode("utf-8", "replace"))
        name = aliases.get(normalized, normalized)
        if is_incomplete:
            by_name[name] = [UNUSABLE_VALUE]
        elif values or name not in by_name:
            by_name[name] = values or ()
    requested = [aliases.get(name.lower(), name.lower()) for name in names]
    return [pack_values(by_name.get(name) or ()) for name in requested], set(by_name) - set(
        requested
    )


def build_entries(
    value_lists: Sequence[AttributeValues], identity_attribute: str
) -> list[Entry] | None:
    """Build entries from their values.

    :param value_lists: the values of each entry. The last value, that of the identity attribute, is removed if all
        entries have an identity.
    :param identity_attribute: OBJECT_GUID or ENTRY_UUID.
    :returns: the entries; None if an entry has no identity, or one that is not valid.
    """
    if not value_lists:
        return []
    raw = [values.pop() for values in value_lists]
    # Identities are converted together. Converting them one by one would take as long as reading the entries.
    if identity_attribute == OBJECT_GUID:
        identities = _format_guids(raw)
    else:
        identities = _format_uuids(raw) or _format_uuids_one_by_one(raw)
    if identities is None:
        for values, identity in zip(value_lists, raw):
            values.append(identity)
        return None
    return list(map(Entry, identities, value_lists))


# For each character in the text form of a GUID, the index of its hexadecimal digit in the octets; None for a hyphen.
# The first three fields are little-endian (MS-DTYP 2.3.4.2).
_GUID_DIGITS = (
    *(6, 7, 4, 5, 2, 3, 0, 1, None),
    *(10, 11, 8, 9, None, 14, 15, 12, 13, None),
    *(16, 17, 18, 19, None, *range(20, 32)),
)
_UUID_LENGTH = len(_GUID_DIGITS)
_HYPHENS = [index for index, digit in enumerate(_GUID_DIGITS) if digit is None]


def _format_guids(guids: Sequence[Values]) -> list[str] | None:
    """Return the text form of each GUID; None if any of them is not a single value of 16 bytes."""
    digits = _join(guids, 16).hex().encode()
    if not digits:
        return None
    text = bytearray(b"-" * (_UUID_LENGTH * len(guids)))
    for index, digit in enumerate(_GUID_DIGITS):
        if digit is not None:
            text[index::_UUID_LENGTH] = digits[digit::32]
    return _split_uuids(text)


def _format_uuids(uuids: Sequence[Values]) -> list[str] | None:
    """Return each UUID as a string; None if any of them is not a single value in lowercase, with hyphens."""
    text = _join(uuids, _UUID_LENGTH)
    hyphens = b"-" * len(uuids)
    is_canonical = text.translate(None, b"0123456789abcdef") == hyphens * len(_HYPHENS) and all(
        text[index::_UUID_LENGTH] == hyphens for index in _HYPHENS
    )
    return _split_uuids(text) if text and is_canonical else None


def _join(values: Sequence[Values], size: int) -> bytes:
    """Concatenate values; return no bytes if any of them is not a single value of the given size in bytes."""
    matching = [value for value in values if isinstance(value, bytes) and len(value) == size]
    return b"".join(matching) if len(matching) == len(values) else b""


def _split_uuids(text: bytes | bytearray) -> list[str]:
    uuids = text.decode("ascii")
    return [uuids[start : start + _UUID_LENGTH] for start in range(0, len(uuids), _UUID_LENGTH)]


def _format_uuids_one_by_one(uuids: Sequence[Values]) -> list[str] | None:
    """Return each UUID in canonical form, whatever its original form; None if any value is not a UUID."""
    try:
        return [str(uuid.UUID(_first(values).decode("ascii"))) for values in uuids]
    except ValueError:
        return None


def _first(values: Values) -> bytes:
    return values[0] if isinstance(values, list) else values
