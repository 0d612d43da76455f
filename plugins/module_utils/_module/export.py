# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Implementation of ad_contacts_export: read directory entries, map them to contacts, and build a roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from .._contacts.mapper import Mapper
from .._contacts.model import GLOBAL_LOCATION, MappedPage
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.failover import read_with_failover
from .._directory.search import select_people_references
from .._roster.builder import Roster, RosterBuilder
from .._roster.external_sort import SpillArea, discard_on_error
from .._roster.writer import WrittenRoster
from .export_options import ExportOptions, ReadOptions
from .identity_check import IdentityCheck
from .source_options import Source
from .source_reader import SourceReader

_UNENCRYPTED = (
    "Personal data from {} was transferred unencrypted and could have been read or altered in transit."
    " Use ldaps://, or O(start_tls=true)."
)

_INVALID_START_DATES = (
    "Number of people whose O(start_attribute) is not a date: {}."
    " They are treated as already started."
)


@dataclass(frozen=True)
class Export:
    """A complete export from one server, before the roster is written.

    :ivar roster: the contacts and the people left out; the roster must be written while the spill area exists.
    :ivar sources: sources that were read.
    :ivar server: URI of the server that returned the complete result.
    :ivar entries: number of entries found.
    :ivar excluded: number of entries excluded by an option.
    :ivar invalid_start_dates: number of people whose start attribute does not contain a date.
    :ivar missing_attributes: attributes that columns or location rules use but that no entry has.
    :ivar missing_referenced_attributes: attributes that are read with of_entry but that no referenced entry has.
    :ivar references: URIs in the continuation references (RFC 4511, 4.5.3) to naming contexts that might contain
        people; they were not followed.
    :ivar location_header: title of the column that contains the location; None if there is none.
    :ivar is_unencrypted: whether personal data crossed a network unencrypted.
    :ivar failovers: warnings about the servers that failed before this server, each with the cause of the failure.
    """

    roster: Roster
    sources: Sequence[Source]
    server: str
    entries: int
    excluded: int
    invalid_start_dates: int
    missing_attributes: list[str]
    missing_referenced_attributes: list[str]
    references: list[str]
    location_header: str | None
    is_unencrypted: bool
    failovers: list[str]

    @property
    def warnings(self) -> list[str]:
        """Warnings that the module shows even though the export is complete."""
        warnings = [
            *self.failovers,
            *(
                f"No entry has the attribute {name}, which a column or a location rule uses."
                for name in self.missing_attributes
            ),
            *(
                f"No referenced entry has the attribute {name}, which is read with of_entry."
                for name in self.missing_referenced_attributes
            ),
            *(
                f"The directory returned a referral to {uri} for part of a source. The people there are missing."
                for uri in self.references
            ),
        ]
        if self.invalid_start_dates:
            warnings.append(_INVALID_START_DATES.format(self.invalid_start_dates))
        if self.is_unencrypted:
            warnings.append(_UNENCRYPTED.format(self.server))
        return warnings

    def result(self, written: WrittenRoster) -> dict[str, Any]:
        """Return the part of the module's result that describes the people: numbers, identities and causes.

        The result does not contain attribute values. Locations without contacts are included with a count of 0.

        :param written: summary of the roster after it was written.
        """
        names = {name or GLOBAL_LOCATION for source in self.sources for name in source.locations}
        return {
            "server": self.server,
            "counts": {
                "entries": self.entries,
                "contacts": written.row_count,
                "left_out": written.left_out_count,
                "excluded": self.excluded,
                "by_location": {**dict.fromkeys(sorted(names), 0), **written.by_location},
            },
            "left_out": [person._asdict() for person in written.left_out],
            "left_out_causes": [
                {"cause": cause, "count": count}
                for cause, count in sorted(
                    written.left_out_causes.items(), key=lambda item: (-item[1], item[0])
                )
            ],
            "emptied": [asdict(cell) for cell in written.emptied],
        }


class _SourceTally:
    """Counts of the entries and contacts of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.excluded = 0
        self.contacts = 0
        self.causes: Counter[str] = Counter()

    def add(self, page: MappedPage) -> None:
        self.contacts += sum(map(len, page.records.values()))
        self.causes.update(person.cause for person in page.left_out)

    @property
    def entries(self) -> int:
        return self.contacts + sum(self.causes.values()) + self.excluded

    def check_minimum(self, dropped: Counter[str], server: str) -> None:
        """Check that the source returned enough contacts.

        :param dropped: number of contacts of the source whose rows were dropped because of duplicate values, by cause.
        :param server: URI of the server.
        :raises DirectoryError: if there are too few contacts; the error names the source and the causes.
        """
        source, causes = self.source, self.causes + dropped
        contacts = self.contacts - sum(dropped.values())
        if contacts >= source.minimum:
            return
        found = "only 1 contact was" if contacts == 1 else f"only {contacts} contacts were"
        details = (
            f"; the directory returned {self.entries} {'entry' if self.entries == 1 else 'entries'}"
        )
        if self.excluded:
            details += f", {self.excluded} of them excluded"
        if causes:
            details += f"; people without a valid row: {_most_common(causes)}"
        raise DirectoryError(
            f"Cannot export {source.name} from {server}",
            f"{found if contacts else 'no contacts were'} found in {source.description}, but"
            f" O(sources[].minimum) is {source.minimum}{details}",
            f"Check the {'group' if source.groups else 'search base'}, the filter and the permissions of the bind"
            " account, or set O(sources[].minimum=0) if an empty source is correct",
        )


@dataclass(frozen=True)
class _ServerResult:
    """The complete result that one server returned."""

    server: str
    is_unencrypted: bool
    reader: SourceReader
    mapper: Mapper
    builder: RosterBuilder
    tallies: list[_SourceTally]


def export(options: ExportOptions, spill: SpillArea) -> Export:
    """Read all sources from the first server that returns a complete result, and build the roster.

    The roster is not written.

    :param spill: temporary storage; it must exist until the roster is written.
    :raises InputError: if the connection settings are invalid; nothing is then read.
    :raises LibraryError: if an option needs a library that is missing or too old.
    :raises DirectoryError: if a source fails, is incomplete or returns fewer contacts than its minimum, or if people
        have no valid row and `fail_on_invalid` is set.
    """
    read = options.read
    result, failovers = read_with_failover(read.connection, partial(_read, read, spill))
    roster = result.builder.build()
    for tally, dropped in zip(result.tallies, roster.dropped_by_source):
        tally.check_minimum(dropped, result.server)
    if options.fail_on_invalid:
        _check_left_out(roster)
    return Export(
        roster=roster,
        sources=read.sources,
        server=result.server,
        entries=sum(tally.entries for tally in result.tallies),
        excluded=sum(tally.excluded for tally in result.tallies),
        invalid_start_dates=len(result.reader.invalid_start_dates),
        missing_attributes=result.mapper.unseen_attributes,
        missing_referenced_attributes=sorted(result.reader.missing_attributes),
        references=select_people_references(result.reader.references),
        location_header=next(
            (column.header for column in read.columns if column.expression.is_location), None
        ),
        is_unencrypted=result.is_unencrypted,
        failovers=failovers,
    )


def _read(options: ReadOptions, spill: SpillArea, session: LdapSession) -> _ServerResult:
    """Read all sources in one session."""
    sources, columns = options.sources, options.columns
    identities = IdentityCheck(session, spill)
    session = replace(session, check_identities=identities.add)
    reader = SourceReader(session, options.page_size, options.object_types)
    rules = [source.location_rule for source in sources if source.location_rule is not None]
    mapper = Mapper(columns, rules, reader.read_referenced_values(sources, columns))
    # People without a valid location from their location rule are recorded as left out, with an empty location.
    locations = [
        {*source.locations, ""} if source.location_rule else {source.location} for source in sources
    ]
    tallies = []
    with discard_on_error(spill) as nested:
        builder = RosterBuilder(columns, locations, nested)
        for number, source in enumerate(sources):
            tally = _SourceTally(source)
            tallies.append(tally)
            for entries in reader.read_pages(source, mapper.attributes):
                page = mapper.map_page(entries, source.location_or_rule)
                tally.add(page)
                builder.add_page(page, number)
            tally.excluded = reader.excluded[source.name]
        identities.finish()
    return _ServerResult(
        server=session.uri,
        is_unencrypted=session.is_unencrypted,
        reader=reader,
        mapper=mapper,
        builder=builder,
        tallies=tallies,
    )


def _check_left_out(roster: Roster) -> None:
    causes = Counter(person.cause for person in roster.left_out())
    if causes:
        count = sum(causes.values())
        people = "1 person has" if count == 1 else f"{count} people have"
        raise DirectoryError(
            f"Stopped because {people} no valid row",
            _most_common(causes),
            "Correct their entries in the directory, or set O(on_invalid=skip)",
        )


def _most_common(causes: Counter[str]) -> str:
    return "; ".join(f"{cause}: {count}" for cause, count in causes.most_common(5))
