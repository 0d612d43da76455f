# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out in the directory why contacts of the known rosters are missing from a new roster.

The entries are looked up by identity, after the export. For each source, the same searches as in the export are made
again, but only for the people who are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from .._contacts.location_rule import LocationRule
from .._contacts.mapper import Mapper
from .._contacts.model import LeftOut
from .._directory.account_state import (
    DISABLING_ATTRIBUTES,
    EXPIRY_ATTRIBUTE,
    is_disabled,
    is_expired,
)
from .._directory.by_dn import batches
from .._directory.by_identity import filter_identities, is_identity, read_entries_by_identity
from .._directory.connection import LdapSession
from .._directory.dn import is_in_scope, parent_dn
from .._directory.entry import Entry, Values, first_text
from .._directory.failover import read_with_failover
from .._directory.filter_syntax import find_attributes
from .._errors import FrontdeskError
from .._roster.removal_cause import (
    DELETED,
    DISABLED,
    EXPIRED,
    NO_VALID_ROW,
    NOT_CONFIGURED,
    UNKNOWN,
    MissingContact,
    RemovalCause,
)
from .._text import format_count
from .export_options import ReadOptions
from .removal_findings import NOT_LOCATED, LocatedPerson, SourceFindings, decide_cause
from .source_options import HIDDEN_FILTER, Source
from .source_reader import START_ATTRIBUTE, SourceReader

MAX_PEOPLE = 5_000
"""Maximum number of people who are looked up. The cause is unknown for all others."""

_STATE_ATTRIBUTES = (*DISABLING_ATTRIBUTES, EXPIRY_ATTRIBUTE)


@dataclass(frozen=True)
class LookupResult:
    """The causes of missing contacts.

    :ivar causes: cause for each missing contact.
    :ivar warnings: the reasons why causes are unknown, with the names of options marked.
    """

    causes: dict[MissingContact, RemovalCause]
    warnings: list[str]


def look_up_causes(
    options: ReadOptions,
    missing: Sequence[MissingContact],
    left_out: Mapping[MissingContact, str],
) -> LookupResult:
    """Find out why contacts are missing from a new roster, and query the directory only if it is necessary.

    If the directory cannot be read, the causes are unknown, and a warning says why. Warnings about servers that failed
    before another one responded are omitted, because the export shows them.

    The causes are determined in this order: a location that no source has; a person without a valid row; an entry that
    cannot be found by its identity; and then, for each source of the location, the first criterion that the person does
    not match. For several sources, and for disabled accounts in another place, see `decide_cause`.

    :param options: options of the export.
    :param missing: the missing contacts.
    :param left_out: cause for each contact that has no valid row in the new roster.
    """
    causes: dict[MissingContact, RemovalCause] = {}
    unexplained: dict[str, list[MissingContact]] = {}
    configured = {location for source in options.sources for location in source.locations}
    for contact in missing:
        causes[contact] = RemovalCause(UNKNOWN)
        if contact.location not in configured:
            causes[contact] = RemovalCause(NOT_CONFIGURED)
        elif contact in left_out:
            causes[contact] = RemovalCause(NO_VALID_ROW, left_out[contact])
        elif is_identity(contact.identity):
            unexplained.setdefault(contact.identity, []).append(contact)
    people = dict(list(unexplained.items())[:MAX_PEOPLE])
    warnings = []
    if people:
        count = format_count(sum(map(len, people.values())), "contact is", "contacts are")
        try:
            found, _failovers = read_with_failover(
                options.connection, partial(_read_causes, options, people)
            )
            causes.update(found)
        except FrontdeskError as error:
            cause = f"{error.action}: {error.cause}" if error.cause else error.action
            warnings.append(
                FrontdeskError(f"Cannot find out why {count} missing", cause, error.remedy).message
            )
    return LookupResult(causes, warnings)


@dataclass(frozen=True)
class _Person:
    """The entry of a person who is missing.

    :ivar dn: DN as the server writes it.
    :ivar states: DISABLED or EXPIRED, by the attribute that shows it.
    """

    dn: str
    states: Mapping[str, str]


def _read_causes(
    options: ReadOptions, people: Mapping[str, Sequence[MissingContact]], session: LdapSession
) -> dict[MissingContact, RemovalCause]:
    """Read the causes in one session.

    :param people: the missing contacts of each person, by identity.
    """
    reader = SourceReader(session, options.page_size, options.object_types)
    bases = reader.find_search_bases(options.sources)
    causes: dict[MissingContact, RemovalCause] = {}
    for batch in batches(list(people)):
        lookup = _BatchLookup(reader, options.sources, bases, batch)
        causes.update(
            (contact, lookup.find_cause(contact))
            for identity in batch
            for contact in people[identity]
        )
    return causes


class _BatchLookup:
    """Finds out why people are missing.

    :param reader: reader for the sources.
    :param sources: sources of the export.
    :param bases: search bases for the whole directory.
    :param identities: identities of the people; at most `by_dn.BATCH_SIZE`.
    """

    def __init__(
        self,
        reader: SourceReader,
        sources: Sequence[Source],
        bases: Sequence[str],
        identities: Sequence[str],
    ) -> None:
        condition = filter_identities(reader.session.identity_attribute, identities)
        self._reader = reader.restrict(condition)
        self._sources = sources
        self._bases = bases
        self._people = self._read_people(identities)
        self._matching_by_filter: dict[str, set[str]] = {}
        self._findings_by_source: dict[str, dict[str, SourceFindings]] = {}

    def find_cause(self, contact: MissingContact) -> RemovalCause:
        """Return the cause for which a contact is missing."""
        identity, location = contact
        if identity not in self._people:
            return RemovalCause(DELETED)
        sources = [source for source in self._sources if location in source.locations]
        findings = [self._get_findings(source)[identity] for source in sources]
        return decide_cause(findings, location, parent_dn(self._people[identity].dn))

    def _read_people(self, identities: Sequence[str]) -> dict[str, _Person]:
        """Read the entries of the people; those who cannot be found are missing."""
        tested = set().union(*map(self._find_tested_attributes, self._sources))
        attributes = [name for name in _STATE_ATTRIBUTES if name in tested]
        found = read_entries_by_identity(self._reader.session, self._bases, identities, attributes)
        return {
            entry.identity: _Person(dn, self._find_states(dict(zip(attributes, entry.values))))
            for dn, entry in found
        }

    def _find_tested_attributes(self, source: Source) -> set[str]:
        """Return the attributes with the states of accounts that the filter of a source tests."""
        names = find_attributes(self._reader.get_filter(source))
        return set(names).intersection(_STATE_ATTRIBUTES)

    def _find_states(self, values: Mapping[str, Values]) -> dict[str, str]:
        """Return DISABLED or EXPIRED, by the attribute that shows it."""
        texts = {name: first_text(value) for name, value in values.items()}
        states = {
            name: DISABLED
            for name in DISABLING_ATTRIBUTES
            if is_disabled(name, texts.get(name, ""))
        }
        if is_expired(texts.get(EXPIRY_ATTRIBUTE, ""), self._reader.now):
            states[EXPIRY_ATTRIBUTE] = EXPIRED
        return states

    def _get_findings(self, source: Source) -> dict[str, SourceFindings]:
        """Return the findings about each person and a source, by identity."""
        if source.name not in self._findings_by_source:
            self._findings_by_source[source.name] = self._read_findings(source)
        return self._findings_by_source[source.name]

    def _read_findings(self, source: Source) -> dict[str, SourceFindings]:
        matching = self._find_matching(self._reader.get_filter(source))
        tested = self._find_tested_attributes(source)
        findings = {
            identity: SourceFindings(
                is_in_base=_is_in_base(person.dn, source),
                matches_filter=identity in matching,
                account_state=next(
                    (state for name, state in person.states.items() if name in tested), ""
                ),
            )
            for identity, person in self._people.items()
        }
        if any(each.is_in_base and each.matches_filter for each in findings.values()):
            return self._complete_findings(source, findings)
        return findings

    def _complete_findings(
        self, source: Source, findings: Mapping[str, SourceFindings]
    ) -> dict[str, SourceFindings]:
        """Add the findings about groups, exclusions and the location rule."""
        rule = source.location_rule
        # An expression that reads other entries is not evaluated.
        mapper = None if rule is None or rule.expression.lookups else Mapper([], [rule])
        members: dict[str, Entry] = {}
        if source.groups or mapper:
            pages = self._reader.search_people(source, mapper.attributes if mapper else [])
            members = {entry.identity: entry for page in pages for entry in page}
        excluded = self._reader.find_excluded(source.include_hidden())
        not_started = excluded.pop(START_ATTRIBUTE, set())
        hidden = self._find_hidden(source)
        completed = {}
        for identity, each in findings.items():
            located = NOT_LOCATED
            if mapper and rule and identity in members:
                located = _locate(mapper, rule, members[identity])
            completed[identity] = replace(
                each,
                is_member=not source.groups or identity in members,
                excluded_by=tuple(name for name in excluded if identity in excluded[name]),
                is_hidden=identity in hidden,
                is_not_started=identity in not_started,
                located=located,
            )
        return completed

    def _find_matching(self, search_filter: str) -> set[str]:
        """Return the identities of the people whose entries match a filter, wherever they are."""
        if search_filter not in self._matching_by_filter:
            matching = self._reader.find_matching(search_filter, self._bases)
            self._matching_by_filter[search_filter] = matching
        return self._matching_by_filter[search_filter]

    def _find_hidden(self, source: Source) -> set[str]:
        if not source.skips_hidden:
            return set()
        pages = self._reader.search_people(source, [], HIDDEN_FILTER)
        return {entry.identity for page in pages for entry in page}


def _is_in_base(dn: str, source: Source) -> bool:
    base = source.query.search_base
    return not base or is_in_scope(dn, base, source.query.scope)


def _locate(mapper: Mapper, rule: LocationRule, entry: Entry) -> LocatedPerson:
    """Evaluate the location rule of a source for a person."""
    person = mapper.map_without_rules(entry.identity, entry.values, rule)
    if isinstance(person, LeftOut):
        return LocatedPerson(problem=person.cause)
    return LocatedPerson(person.location)
