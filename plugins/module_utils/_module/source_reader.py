# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The people of sources, as one server gives them: by OU, by group, without those who are excluded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone

from .._contacts.columns import Column
from .._directory.by_dn import ANYTHING, read_entries_by_dn, read_entry, searchable_contexts
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.entry import Entry, Values
from .._directory.groups import Members, find_members, read_members
from .._directory.probe import shows_anything
from .._directory.query import Query, filter_and, filter_or, people_filter
from .._directory.search import search
from .._directory.timestamps import parse_timestamp
from .._text import compose
from .source_options import Source


class SourceReader:
    """Reads the people of sources by one session.

    What several sources need, such as a group that all exclude, is read once.

    :param object_types: what people are in Active Directory; as for `people_filter`.
    :ivar excluded: for each source's name how many people it found and did not give.
    :ivar references: URIs of other servers that hold a part of what was searched; nobody there was read.
    :ivar never_held: attributes that are read of entries which people name, and that none of these has.
    :ivar undated: people whose start attribute tells no day; they count as started.
    """

    def __init__(self, session: LdapSession, page_size: int, object_types: Sequence[str]) -> None:
        self._session = session
        self._page_size = page_size
        self._now = datetime.now(timezone.utc)
        self._people = people_filter(session.is_active_directory, self._now, object_types)
        self._contexts: list[str] = []
        self._members: dict[tuple[str, ...], Members] = {}
        self._below: dict[str, set[str]] = {}
        self._belonging: dict[tuple[str, ...], set[str]] = {}
        self.excluded: Counter[str] = Counter()
        self.references: set[str] = set()
        self.never_held: set[str] = set()
        self.undated: set[str] = set()

    def pages(self, source: Source, attributes: Sequence[str]) -> Iterator[list[Entry]]:
        """Read whom a source gives, a page at a time.

        :param attributes: names in lower case; an entry's values come in this order.
        :raises DirectoryError: names the source, when the server does not give all of it.
        """
        with _named(source):
            excluded = self._excluded(source)
            for page in self._found(source, attributes):
                given = page
                if excluded:
                    given = [entry for entry in page if entry.identity not in excluded]
                    self.excluded[source.name] += len(page) - len(given)
                yield given

    def entries(
        self, sources: Sequence[Source], columns: Sequence[Column]
    ) -> dict[tuple[str, str], str]:
        """Read what the expressions of columns and placements need of entries that people's attributes name.

        :returns: as `Variables.lookup_values` of expressions wants it; what cannot be read is missing.
        :raises DirectoryError: names the source, when the server does not give all of it.
        """
        expressions = [column.expression for column in columns]
        expressions += [source.placement.expression for source in sources if source.placement]
        references = {pair for expression in expressions for pair in expression.lookups}
        naming = sorted({attribute for attribute, _wanted in references})
        wanted = sorted({attribute for _naming, attribute in references})
        if not naming:
            return {}
        names: set[str] = set()
        for source in sources:
            with _named(source):
                any_name = filter_or(f"({attribute}=*)" for attribute in naming)
                for page in self._found(source, naming, any_name):
                    names.update(_smallest(held) for entry in page for held in entry.values)
        names.discard("")
        found: dict[tuple[str, str], str] = {}
        for context in self._all_contexts():
            query = Query(context, "subtree", ANYTHING)
            for named in read_entries_by_dn(self._session, sorted(names), query, wanted):
                for name, entry in named:
                    for attribute, held in zip(wanted, entry.values):
                        if held:
                            found[name, attribute] = _smallest(held)
        self.never_held.update(set(wanted) - {attribute for _name, attribute in found})
        return found

    def shows_anything(self, source: Source) -> bool:
        """Whether the server shows the account anything at all where a source is searched."""
        query = source.query
        if not query.search_base:
            query = query._replace(search_base=self._all_contexts()[0])
        return shows_anything(self._session, query)

    def _found(
        self, source: Source, attributes: Sequence[str], condition: str = ""
    ) -> Iterator[list[Entry]]:
        """Everybody whom a source finds, and who passes a filter."""
        filters = [source.query.filter or self._people, *([condition] if condition else [])]
        query = source.query._replace(filter=filter_and(filters))
        bases = [query.search_base] if query.search_base else self._all_contexts()
        queries = [query._replace(search_base=base) for base in bases]
        if source.groups:
            yield from read_members(
                self._session,
                queries,
                self._members_of(source.groups),
                attributes,
                page_size=self._page_size,
                references=self.references,
            )
            return
        for asked in queries:
            yield from search(self._session, asked, attributes, self._page_size, self.references)

    def _excluded(self, source: Source) -> set[str]:
        """Identities of those whom a source does not give."""
        found: set[str] = set()
        exclusion = source.exclusion
        for ou in exclusion.ous:
            found |= self._all_below(ou)
        if exclusion.groups:
            found |= self._all_of(exclusion.groups)
        if exclusion.filters:
            found |= _identities(self._found(source, [], filter_or(exclusion.filters)))
        if exclusion.start_attribute:
            found |= self._not_started(source, exclusion.start_attribute)
        return found

    def _all_below(self, ou: str) -> set[str]:
        if ou not in self._below:
            if read_entry(self._session, ou, ["1.1"]) is None:
                raise DirectoryError(
                    f"Cannot exclude {ou} on {self._session.uri}",
                    "there is nothing of this name",
                    "Correct exclude_ous, or let the bind account see it",
                )
            query = Query(ou, "subtree", ANYTHING)
            pages = search(self._session, query, [], self._page_size, self.references)
            self._below[ou] = _identities(pages)
        return self._below[ou]

    def _all_of(self, groups: tuple[str, ...]) -> set[str]:
        if groups not in self._belonging:
            found = self._members_of(groups)
            queries = [Query(base, "subtree", ANYTHING) for base in self._all_contexts()]
            pages = read_members(self._session, queries, found, [], page_size=self._page_size)
            self._belonging[groups] = _identities(pages)
        return self._belonging[groups]

    def _not_started(self, source: Source, attribute: str) -> set[str]:
        found = set()
        for page in self._found(source, [attribute], f"({attribute}=*)"):
            for entry in page:
                moment = parse_timestamp(_smallest(entry.values[0]))
                if moment is None:
                    self.undated.add(entry.identity)
                elif moment > self._now:
                    found.add(entry.identity)
        return found

    def _members_of(self, groups: tuple[str, ...]) -> Members:
        if groups not in self._members:
            contexts = self._all_contexts()
            self._members[groups] = find_members(self._session, groups, contexts)
        return self._members[groups]

    def _all_contexts(self) -> list[str]:
        if not self._contexts:
            self._contexts = searchable_contexts(self._session)
        return self._contexts


def _identities(pages: Iterable[list[Entry]]) -> set[str]:
    return {entry.identity for page in pages for entry in page}


def _smallest(held: Values) -> str:
    """The value that counts of several, as in expressions; empty when there is none, or no text."""
    values = [held] if isinstance(held, bytes) else held
    try:
        return min(compose(value.decode()) for value in values)
    except UnicodeDecodeError:
        return ""


@contextmanager
def _named(source: Source) -> Iterator[None]:
    """Say in errors which source it was."""
    try:
        yield
    except DirectoryError as error:
        raise type(error)(f"{source.name}: {error.action}", error.cause, error.remedy) from None
