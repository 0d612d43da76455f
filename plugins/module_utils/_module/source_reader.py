# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the people of each source from one server.

The people are found by search base, group and filter. Excluded people are omitted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import datetime, timezone
from itertools import chain

from .._contacts.columns import Column
from .._directory.attribute_names import AttributeNames
from .._directory.by_dn import find_searchable_contexts, read_entries_by_dn
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.dn import is_in_scope
from .._directory.entry import Entry, Values
from .._directory.filter_syntax import find_attributes
from .._directory.groups import MemberCriteria, read_members, resolve_groups
from .._directory.missing_entry import EXCLUDED_OU
from .._directory.name_resolution import resolve_names
from .._directory.probe import has_visible_entries
from .._directory.query import Query, filter_and, filter_or, people_filter
from .._directory.search import search
from .._directory.single_entry import (
    ANYTHING,
    check_not_alias,
    require_entry,
    require_search_base,
)
from .._directory.timestamps import parse_timestamp
from .._expressions.attribute_values import AttributeValueError, decode_values
from .._text import MAX_TEXT_LENGTH, normalize
from .source_options import Source

START_ATTRIBUTE = "O(start_attribute)"
"""Marked name of the option that excludes people who have not started yet."""


class SourceReader:
    """Reads the people of each source in one LDAP session.

    Data that several sources need, such as the members of a group that all of them exclude, is read only once.

    :param page_size: number of entries per page of a search result.
    :param object_types: types of Active Directory objects that are treated as people, as for `people_filter`.
    :ivar excluded: number of people who were found but excluded, by name of the source and by option.
    :ivar foreign_members: number of group members who are missing because they are in other domains or naming contexts,
        by the DNs of the groups of a source. Groups without such members are omitted.
    :ivar references: URIs in the continuation references (RFC 4511, 4.5.3) that the server returned; they are not
        followed.
    :ivar unknown_attributes: attributes in filters that the schema of the server does not contain, each with the option
        that contains the filter.
    :ivar invalid_start_dates: identities of people whose start attribute does not contain a date; they are treated as
        already started.
    """

    def __init__(self, session: LdapSession, page_size: int, object_types: Sequence[str]) -> None:
        self._session = session
        # Entries to exclude, or to which people refer, do not require an identity. Everyone who can become a contact
        # has one, so an entry without an identity never has to be compared with these people.
        self._any_session = replace(session, requires_identities=False)
        self._page_size = page_size
        self._now = datetime.now(timezone.utc)
        self._people_filter = people_filter(session.is_active_directory, self._now, object_types)
        self._condition = ""
        self._contexts: list[str] = []
        self._members_by_groups: dict[tuple[str, ...], MemberCriteria] = {}
        self._identities_by_ou: dict[str, set[str]] = {}
        self._identities_by_groups: dict[tuple[str, ...], set[str]] = {}
        self.excluded: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.foreign_members: dict[tuple[str, ...], int] = {}
        self.references: set[str] = set()
        self.unknown_attributes: dict[str, str] = {}
        self._known_start_attributes: set[str] = set()
        self._unused_start_attributes: set[str] = set()
        self._wanted_attributes: set[str] = set()
        self._referenced_attributes: set[str] = set()
        self.invalid_start_dates: set[str] = set()

    @property
    def session(self) -> LdapSession:
        """The session in which the entries are read."""
        return self._session

    @property
    def attribute_names(self) -> AttributeNames:
        """The names of attributes on the server, as far as they are known."""
        return self._session.attribute_names

    @property
    def missing_attributes(self) -> list[str]:
        """Attributes that are read with of_entry but that no referenced entry has."""
        return sorted(self._wanted_attributes - self._referenced_attributes)

    @property
    def unused_start_attributes(self) -> list[str]:
        """Attributes for start dates that no entry has, possibly because everyone has already started."""
        return sorted(self._unused_start_attributes - self._known_start_attributes)

    def read_pages(self, source: Source, attributes: Sequence[str]) -> Iterator[list[Entry]]:
        """Read the people of a source, one page at a time.

        :param attributes: normalized descriptions of the attributes to read; the values of each entry are in this
            order.
        :raises DirectoryError: if the server does not return a complete result, or if the search base, a group, an
            excluded OU or the start attribute does not exist or cannot be read; the error names the source.
        """
        with _name_source_in_errors(source):
            excluded_by_option = self.find_excluded(source)
            is_empty = True
            for page in self.search_people(source, attributes):
                included = page
                is_empty = is_empty and not page
                for option, excluded in excluded_by_option.items():
                    remaining = [entry for entry in included if entry.identity not in excluded]
                    if len(remaining) < len(included):
                        self.excluded[source.name][option] += len(included) - len(remaining)
                    included = remaining
                yield included
            if is_empty and source.query.search_base:
                require_search_base(self._session, source.query.search_base)
            self._check_filters(source)

    def read_referenced_values(
        self, sources: Sequence[Source], columns: Sequence[Column]
    ) -> dict[tuple[str, str], str | None]:
        """Read the entries to which people's attributes refer by DN, such as the entry of a manager.

        :param columns: columns whose expressions may use of_entry; location rules may also use it.
        :returns: values by DN and attribute, as `Variables.lookup_values` requires. Entries and attributes that cannot
            be read are missing.
        :raises DirectoryError: if the server does not return a complete result; the error names the source if a search
            for its people failed.
        """
        expressions = [column.expression for column in columns]
        expressions += [
            source.location_rule.expression for source in sources if source.location_rule
        ]
        lookups = {pair for expression in expressions for pair in expression.lookups}
        if not lookups:
            return {}
        naming = sorted({attribute for attribute, _wanted in lookups})
        wanted = sorted({attribute for _naming, attribute in lookups})
        names = self._read_names(sources, naming)
        referenced: dict[tuple[str, str], str | None] = {}
        for context in self._search_contexts():
            query = Query(context, "subtree", ANYTHING)
            for page in read_entries_by_dn(self._any_session, names, query, wanted):
                for name, entry in page:
                    for attribute, values in zip(wanted, entry.values):
                        if values:
                            referenced[normalize(name), attribute] = _smallest(attribute, values)
        self._wanted_attributes.update(wanted)
        self._referenced_attributes.update(attribute for _name, attribute in referenced)
        return referenced

    def _read_names(self, sources: Sequence[Source], attributes: Sequence[str]) -> list[str]:
        """Read the distinguished name in each of the given attributes, for all people of the sources.

        :returns: the names exactly as the server returned them, because some servers compare them by code point.
        """
        names: set[str] = set()
        has_name = filter_or(f"({attribute}=*)" for attribute in attributes)
        for source in sources:
            with _name_source_in_errors(source):
                for page in self.search_people(source, attributes, has_name):
                    names.update(
                        _smallest_name(values) for entry in page for values in entry.values
                    )
        return sorted(names - {""})

    def search_people(
        self, source: Source, attributes: Sequence[str], condition: str = ""
    ) -> Iterator[list[Entry]]:
        """Search for the people of a source, including people to exclude.

        :param attributes: as for `read_pages`.
        :param condition: LDAP filter that people must match in addition to the filter of the source; empty if there is
            none.
        :raises DirectoryError: as for `read_pages`, but the error does not name the source.
        """
        query = replace(source.query, filter=self._narrow(self.get_filter(source), condition))
        bases = [query.search_base] if query.search_base else self._search_contexts()
        queries = [replace(query, search_base=base) for base in bases]
        if source.groups:
            members = self._members_of(source.groups)
            if members.foreign:
                self.foreign_members[source.groups] = members.foreign
            yield from read_members(
                self._session,
                queries,
                members,
                attributes,
                page_size=self._page_size,
                references=self.references,
            )
            return
        for one_query in queries:
            yield from search(
                self._session, one_query, attributes, self._page_size, self.references
            )

    def find_excluded(self, source: Source) -> dict[str, set[str]]:
        """Return the identities of the people to exclude, by the marked names of the options that exclude them.

        :raises DirectoryError: as for `read_pages`, but the error does not name the source.
        """
        exclusion, options = source.exclusion, source.name_excluding_options()
        excluded: dict[str, set[str]] = {}
        if exclusion.ous:
            identities = (self._identities_below(ou, options.ous) for ou in exclusion.ous)
            excluded[options.ous] = set().union(*identities)
        if exclusion.groups:
            excluded[options.groups] = self._identities_in(exclusion.groups)
        if exclusion.filters:
            pages = self.search_people(source, [], filter_or(exclusion.filters))
            excluded[options.filters] = _identities(pages)
        if exclusion.start_attribute:
            excluded[START_ATTRIBUTE] = self._not_started(source, exclusion.start_attribute)
        return {option: found for option, found in excluded.items() if found}

    @property
    def now(self) -> datetime:
        """The time for which the reader finds people."""
        return self._now

    def restrict(self, condition: str) -> SourceReader:
        """Return a reader that finds only those entries that also match a condition.

        Groups that one of the two readers has resolved are not resolved again.

        :param condition: LDAP filter.
        """
        restricted = copy(self)
        restricted._condition = condition  # a copy of this object
        restricted._identities_by_ou = {}
        restricted._identities_by_groups = {}
        return restricted

    def get_filter(self, source: Source) -> str:
        """Return the filter of a source, or the default filter if it has none."""
        return source.query.filter or self._people_filter

    def find_search_bases(self, sources: Sequence[Source]) -> list[str]:
        """Return the search bases for the whole directory, including bases of sources outside of the naming contexts.

        :raises DirectoryError: if a source requires a search of the whole directory, which is not possible, or as for
            `find_searchable_contexts`.
        """
        bases = [context for context in self._search_contexts() if context]
        if not bases and not all(source.query.search_base for source in sources):
            raise DirectoryError(
                f"Cannot search the whole directory on {self._session.uri}",
                "the bind account cannot read any naming context",
                "Allow the bind account to read the naming contexts",
            )
        for source in sources:
            base = source.query.search_base
            if base and not any(is_in_scope(base, other, "subtree") for other in bases):
                bases.append(base)
        return bases

    def find_matching(self, search_filter: str, bases: Sequence[str]) -> set[str]:
        """Return the identities of the entries that match a filter.

        :param bases: search bases, as from `find_search_bases`.
        :raises DirectoryError: as for `search`.
        """
        queries = [Query(base, "subtree", self._narrow(search_filter)) for base in bases]
        pages = (search(self._any_session, query, [], self._page_size) for query in queries)
        return _identities(chain.from_iterable(pages))

    def can_see_entries(self, source: Source) -> bool:
        """Return whether the account can see any entry directly below the search base of a source.

        If the scope is base, only the base itself is read. For a source without a search base, the first naming context
        is used.

        :raises DirectoryError: if the naming contexts cannot be read.
        """
        query = source.query
        if not query.search_base:
            query = replace(query, search_base=self._search_contexts()[0])
        return has_visible_entries(self._session, query)

    def _narrow(self, search_filter: str, condition: str = "") -> str:
        """Return a filter that also requires the given condition, and the condition of a restricted reader."""
        return filter_and([search_filter, *filter(None, (condition, self._condition))])

    def _identities_below(self, ou: str, option: str) -> set[str]:
        if ou not in self._identities_by_ou:
            self._check_excluded_ou(ou, option)
            query = Query(ou, "subtree", self._narrow(ANYTHING))
            pages = search(self._any_session, query, [], self._page_size, self.references)
            self._identities_by_ou[ou] = _identities(pages)
        return self._identities_by_ou[ou]

    def _check_excluded_ou(self, ou: str, option: str) -> None:
        action = f"Cannot read the excluded OU {ou} on {self._session.uri}"
        role = replace(EXCLUDED_OU, option=option)
        entry = require_entry(self._session, ou, ["objectClass"], role, action)
        check_not_alias(entry, role, action)

    def _identities_in(self, groups: tuple[str, ...]) -> set[str]:
        if groups not in self._identities_by_groups:
            members = self._members_of(groups)
            matching = self._narrow(ANYTHING)
            queries = [Query(base, "subtree", matching) for base in self._search_contexts()]
            pages = read_members(self._any_session, queries, members, [], page_size=self._page_size)
            self._identities_by_groups[groups] = _identities(pages)
        return self._identities_by_groups[groups]

    def _not_started(self, source: Source, attribute: str) -> set[str]:
        identities = set()
        name = self._name_for_filters(attribute)
        for page in self.search_people(source, [name], f"({name}=*)"):
            for entry in page:
                self._known_start_attributes.add(attribute)
                if not entry.values[0]:
                    raise self._start_date_error(
                        f"the server finds people by the attribute {attribute}, but does not return its values",
                        "Allow the bind account to read the attribute, or set O(start_attribute) to the name under"
                        " which the server returns it",
                    )
                text = _smallest(attribute, entry.values[0])
                start = parse_timestamp(text or "")
                if text == "":
                    continue
                if start is None:
                    self.invalid_start_dates.add(entry.identity)
                elif start > self._now:
                    identities.add(entry.identity)
        if attribute not in self._known_start_attributes:
            self._check_start_attribute(attribute)
        return identities

    def _name_for_filters(self, attribute: str) -> str:
        """Return the name to use for an attribute in filters: instead of an OID, the main name of the attribute.

        In a filter, Samba recognizes an OID only if the attribute is also requested by this OID.
        """
        if not attribute[0].isdigit():
            return attribute
        self._resolve_names()
        return self.attribute_names.find_aliases([attribute]).get(attribute, attribute)

    def _check_start_attribute(self, attribute: str) -> None:
        """Check that the schema contains an attribute that no entry has.

        :raises DirectoryError: if the schema is known and does not contain the attribute.
        """
        self._unused_start_attributes.add(attribute)
        self._resolve_names()
        missing = self.attribute_names.explain_missing(attribute)
        if missing.is_unknown:
            example = f", for example to {' or '.join(missing.suggestions)}"
            raise self._start_date_error(
                f"the schema of the server has no attribute {attribute}",
                f"Correct O(start_attribute){example if missing.suggestions else ''}",
            )

    def _check_filters(self, source: Source) -> None:
        """Record the attributes in the filters of a source that the schema does not contain.

        Servers do not report such attributes. A condition on such an attribute matches no entry, but on some servers,
        its negation matches every entry. Every schema contains objectClass (RFC 4512, 3.3).
        """
        for option, filters in source.filters.items():
            names = set().union(*map(find_attributes, filters))
            for name in sorted(names - {"objectclass"}):
                self._resolve_names()
                if self.attribute_names.explain_missing(name).is_unknown:
                    self.unknown_attributes.setdefault(name, option)

    def _resolve_names(self) -> None:
        if not self.attribute_names.is_resolved:
            resolve_names(self._session)

    def _start_date_error(self, cause: str, remedy: str) -> DirectoryError:
        return DirectoryError(f"Cannot read the start dates on {self._session.uri}", cause, remedy)

    def _members_of(self, groups: tuple[str, ...]) -> MemberCriteria:
        if groups not in self._members_by_groups:
            contexts = self._search_contexts()
            self._members_by_groups[groups] = resolve_groups(self._session, groups, contexts)
        return self._members_by_groups[groups]

    def _search_contexts(self) -> list[str]:
        if not self._contexts:
            self._contexts = find_searchable_contexts(self._session)
        return self._contexts


def _identities(pages: Iterable[list[Entry]]) -> set[str]:
    return {entry.identity for page in pages for entry in page if entry.identity}


def _smallest(attribute: str, values: Values) -> str | None:
    """Return the smallest value, which expressions use; empty if there is none, and None if any value is invalid."""
    try:
        return next(iter(decode_values(attribute, values)), "")
    except AttributeValueError:
        return None


def _smallest_name(values: Values) -> str:
    """Return the distinguished name that `_smallest` would return, without normalizing it.

    The result is empty if there is no value, or if any value is invalid.
    """
    listed = [values] if isinstance(values, bytes) else values
    if any(len(value) > MAX_TEXT_LENGTH for value in listed):
        return ""
    try:
        names = [value.decode() for value in listed]
    except UnicodeDecodeError:
        return ""
    return min(filter(normalize, names), key=normalize, default="")


@contextmanager
def _name_source_in_errors(source: Source) -> Iterator[None]:
    """Prefix directory errors with the name of the source."""
    try:
        yield
    except DirectoryError as error:
        raise type(error)(f"{source.name}: {error.action}", error.cause, error.remedy) from None
