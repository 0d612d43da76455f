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


class Entry(NamedTuple):
    """One directory object.

    :ivar identity: its objectGUID or entryUUID as a UUID's text.
    :ivar values: for each attribute that was asked for what it holds.
    """

    identity: str
    values: Sequence[Values]


def make_entry(attributes: Sequence[str], raw: Mapping[str, Sequence[bytes]]) -> Entry | None:
    """Order an object's values by the attributes that were asked for.

    :param attributes: names in lower case.
    :param raw: values by attribute name as the server spells it; names are compared without case
        (RFC 4512, 2.5), and a name with options such as ``;lang-de`` is another attribute.
    :returns: the entry, or None when it has no identity that this session may read.
    """
    by_name = {name.lower(): values for name, values in raw.items()}
    identity = _identity(by_name)
    if identity is None:
        return None
    return Entry(identity, [_held(by_name.get(name, ())) for name in attributes])


def _held(values: Sequence[bytes]) -> Values:
    if not values:
        return b""
    return values[0] if len(values) == 1 else list(values)


def cut_attribute(raw: Mapping[str, Sequence[bytes]]) -> str | None:
    """The attribute of which the server gives a part of the values only, if there is one.

    Active Directory does so with more than 1,500 values or so (MS-ADTS 3.1.1.3.1.3.3).

    :param raw: values by attribute name; a part has the option ``range``.
    """
    return next((name for name in raw if ";range=" in name.lower()), None)


def _identity(by_name: Mapping[str, Sequence[bytes]]) -> str | None:
    guid = by_name.get("objectguid")
    if guid and len(guid[0]) == 16:
        # The first three fields are little-endian (MS-DTYP 2.3.4.2).
        return str(uuid.UUID(bytes_le=bytes(guid[0])))
    text = by_name.get("entryuuid")
    if not text:
        return None
    try:
        return str(uuid.UUID(bytes(text[0]).decode("ascii")))
    except ValueError:
        return None
