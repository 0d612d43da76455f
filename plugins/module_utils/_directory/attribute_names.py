# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of attributes, which can differ between a request and the response.

A request can contain any name of an attribute, or its OID. Some servers return the attribute under this name, and
others under its main name (RFC 4511, 4.5.2): for example, OpenLDAP returns ``sn`` if ``surname`` is requested. If a
request contains two names of an attribute, servers return it only once. The subschema of the server contains all names
(RFC 4512, 4.2). Once it is known, attributes are requested by their main names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from .._attribute_description import normalize_description, split_description
from .subschema import Subschema

_MAX_RELATED = 5


@dataclass(frozen=True)
class MissingAttribute:
    """An attribute that no entry has.

    :ivar name: normalized description of the attribute.
    :ivar is_unknown: whether the subschema of the server does not contain the attribute type.
    :ivar suggestions: names of other attribute types that might be meant.
    :ivar related: descriptions that entries have instead: the same attribute with other options, or subtypes.
    :ivar unexplained: attributes that the server returned although they were not requested, if its subschema cannot be
        read. One of them might be this attribute under another name.
    """

    name: str
    is_unknown: bool = False
    suggestions: Sequence[str] = ()
    related: Sequence[str] = ()
    unexplained: Sequence[str] = ()


class AttributeNames:
    """The known names of the attributes on a server.

    Initially, nothing is known, and the names in a response are expected to be those in the request. The subschema is
    needed only if this is wrong, or if an attribute is missing.

    :ivar is_resolved: whether the subschema was read, or cannot be read.
    """

    def __init__(self) -> None:
        self.is_resolved = False
        self._subschema = Subschema([])
        self._requested: set[str] = set()
        self._unrequested: set[str] = set()

    def resolve(self, subschema: Subschema) -> None:
        """Add the subschema; it is empty if it cannot be read."""
        self.is_resolved = True
        self._subschema = subschema

    def find_aliases(self, names: Iterable[str]) -> dict[str, str]:
        """Record requested attributes, and return their aliases.

        An alias is a description that contains another name of the attribute type instead of the main name, or its OID.

        :param names: descriptions of the requested attributes.
        :returns: the lowercase description with the main name, by each of its aliases.
        """
        aliases: dict[str, str] = {}
        for name in map(normalize_description, names):
            type_name, options = split_description(name)
            self._requested.add(type_name)
            attribute_type = self._subschema.find(type_name)
            if attribute_type is not None:
                main, *others = attribute_type.lower_names
                aliases.update({other + options: main + options for other in others})
        return aliases

    def have_other_names(self, names: Iterable[str], unrequested: Set[str]) -> bool:
        """Record unrequested attributes, and return whether some might be requested attributes under other names.

        :param names: descriptions of the requested attributes.
        :param unrequested: normalized descriptions that the server returned although they were not requested.
        :returns: always False after `resolve`, because `find_aliases` then returns all other names that are known.
        """
        if not unrequested:
            return False
        self._unrequested |= unrequested
        requested = {_type_of(name) for name in names}
        return not self.is_resolved and any(_type_of(each) not in requested for each in unrequested)

    def explain_missing(self, name: str) -> MissingAttribute:
        """Explain why no entry has an attribute.

        :param name: description of the attribute.
        """
        name = normalize_description(name)
        type_name = _type_of(name)
        attribute_type = self._subschema.find(type_name)
        is_unknown = bool(self._subschema) and attribute_type is None
        related = {each for each in self._unrequested if self._is_related(each, type_name)}
        others = {each for each in self._unrequested if _type_of(each) not in self._requested}
        return MissingAttribute(
            name,
            is_unknown=is_unknown,
            suggestions=self._subschema.suggest(type_name),
            related=self._spell(related),
            unexplained=() if self._subschema else self._spell(others - related),
        )

    def _is_related(self, description: str, type_name: str) -> bool:
        other = _type_of(description)
        return type_name in self._names_of(other) or self._subschema.is_subtype(other, type_name)

    def _names_of(self, type_name: str) -> list[str]:
        attribute_type = self._subschema.find(type_name)
        return attribute_type.lower_names if attribute_type else [type_name]

    def _spell(self, descriptions: Iterable[str]) -> list[str]:
        """Return at most `_MAX_RELATED` descriptions, sorted, in the spelling of the subschema."""
        return [self._spell_one(each) for each in sorted(descriptions)[:_MAX_RELATED]]

    def _spell_one(self, description: str) -> str:
        lower_name, options = split_description(description)
        attribute_type = self._subschema.find(lower_name)
        names = attribute_type.names if attribute_type else ()
        return next((name for name in names if name.lower() == lower_name), lower_name) + options


def _type_of(description: str) -> str:
    return split_description(description.lower())[0]
