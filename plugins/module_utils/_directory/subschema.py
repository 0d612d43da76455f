# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attribute types in the subschema of a server (RFC 4512, 4.2)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

# Parentheses, quoted strings, and words. Quotation marks within a string are escaped (RFC 4512, 4.1).
_WORD = re.compile(r"[()]|'[^']*'|[^\s()']+")

# Names that administrators might expect, and the attributes that contain such a value in most directories.
_USUAL_ATTRIBUTES = {
    **dict.fromkeys(("firstname", "forename", "gn"), ("givenName",)),
    **dict.fromkeys(("lastname", "surname", "familyname"), ("sn",)),
    **dict.fromkeys(("fullname", "commonname"), ("displayName", "cn")),
    **dict.fromkeys(("email", "emailaddress", "e-mail", "rfc822mailbox"), ("mail",)),
    **dict.fromkeys(
        ("mobilephone", "cellphone", "mobilenumber", "mobiletelephonenumber"), ("mobile",)
    ),
    **dict.fromkeys(("phone", "phonenumber", "officephone", "telephone"), ("telephoneNumber",)),
    **dict.fromkeys(("office", "building", "room"), ("physicalDeliveryOfficeName", "roomNumber")),
    **dict.fromkeys(("city", "town", "localityname"), ("l",)),
    **dict.fromkeys(("username", "login", "logonname", "account"), ("sAMAccountName", "uid")),
    **dict.fromkeys(("userid", "samaccount"), ("uid", "sAMAccountName")),
}
_MAX_SUGGESTIONS = 3


@dataclass(frozen=True)
class AttributeType:
    """An attribute type.

    :ivar oid: object identifier.
    :ivar names: names as the schema spells them, the main name first.
    :ivar superior: lowercase name or OID of the type of which this one is a subtype; empty if there is none.
    """

    oid: str
    names: tuple[str, ...]
    superior: str = ""

    @property
    def lower_names(self) -> list[str]:
        """The lowercase names and the OID."""
        return [*map(str.lower, self.names), self.oid.lower()]


class Subschema:
    """The attribute types of a server.

    :param definitions: values of attributeTypes (RFC 4512, 4.1.2). Values that cannot be parsed are skipped.
    """

    def __init__(self, definitions: Iterable[str]) -> None:
        types = [parsed for parsed in map(parse_attribute_type, definitions) if parsed is not None]
        self._types = {name: each for each in types for name in each.lower_names}

    def __bool__(self) -> bool:
        return bool(self._types)

    def find(self, name: str) -> AttributeType | None:
        """Return the attribute type with a name or an OID, given in lowercase; None if there is none."""
        return self._types.get(name)

    def is_subtype(self, name: str, superior: str) -> bool:
        """Return whether an attribute type is derived from another one, directly or indirectly (RFC 4512, 2.5.1).

        :param name: lowercase name or OID of the attribute type.
        :param superior: lowercase name or OID of the other one.
        """
        wanted, current = self.find(superior), self.find(name)
        # A schema with a cycle is not valid, but must not lead to an endless loop.
        for _level in range(len(self._types)):
            if wanted is None or current is None:
                return False
            current = self.find(current.superior)
            if current is wanted:
                return current is not None
        return False

    def suggest(self, name: str) -> list[str]:
        """Return main names of other attribute types that might be meant by a lowercase name."""
        usual = [self.find(each.lower()) for each in _USUAL_ATTRIBUTES.get(name, ())]
        found = [each for each in usual if each is not None and name not in each.lower_names]
        if not found and self.find(name) is None and name[:1].isalpha():
            similar = difflib.get_close_matches(name, self._types, _MAX_SUGGESTIONS, cutoff=0.75)
            found = [self._types[each] for each in similar]
        return list(dict.fromkeys(each.names[0] for each in found))


def parse_attribute_type(definition: str) -> AttributeType | None:
    """Parse an AttributeTypeDescription (RFC 4512, 4.1.2); return None if it has no OID or no name."""
    words = iter(_WORD.findall(definition))
    next(words, None)
    oid = next(words, "").strip("'")
    names: tuple[str, ...] = ()
    superior = ""
    for word in words:
        if word == "NAME" and not names:
            names = _parse_names(words)
        elif word == "SUP":
            superior = next(words, "").strip("'").lower()
    return AttributeType(oid, names, superior) if oid and names else None


def _parse_names(words: Iterator[str]) -> tuple[str, ...]:
    """Return the names in one quoted string, or in a list of them in parentheses (RFC 4512, 4.1: qdescrs)."""
    first = next(words, "")
    quoted = takewhile(lambda word: word != ")", words) if first == "(" else [first]
    return tuple(name for name in (word.strip("'") for word in quoted) if name)
