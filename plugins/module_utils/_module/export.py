# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Implementation of ad_contacts_export: read directory entries, map them to contacts, and build a roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from .._contacts.mapper import Mapper
from .._contacts.model import GLOBAL_LOCATION, MAX_LISTED, MappedPage
from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.failover import read_with_failover
from .._directory.search import select_people_references
from .._errors import Diagnosis, InputError
from .._roster.builder import Roster, RosterBuilder
from .._roster.external_sort import SpillArea, discard_on_error
from .._roster.files import RosterFile
from .._roster.writer import WrittenRoster
from .._text import format_count
from .contested import check_contested, contested_result
from .export_configuration import describe_configuration
from .export_options import ExportOptions, ReadOptions
from .identity_check import IdentityCheck
from .incomplete_sources import (
    REFERRAL_REMEDY,
    explain_foreign_members,
    explain_global_catalog,
    explain_unknown_attributes,
)
from .missing_attributes import describe_usage, explain_missing_attribute
from .shortage import SourceCounts, explain_shortage, find_blamed_attributes
from .source_checks import find_repeated_sources
from .source_options import Source
from .source_reader import SourceReader

_UNENCRYPTED = (
    "Personal data from {} was transferred unencrypted and could have been read or altered in transit."
    " Use ldaps://, or O(start_tls=true)."
)

_INVALID_START_DATES = (
    "Cannot read the start date of {}, so it is ignored: the attribute in O(start_attribute) is not a date."
    " Correct the values in the directory, or O(start_attribute)."
)

_MIN_INVALID_PEOPLE = 3
"""Minimum number of invalid rows that stop the export if a source has no valid row; see `_has_few_invalid_people`."""


@dataclass(frozen=True)
class Export:
    """A complete export from one server, before the roster is written.

    :ivar roster: the contacts and the people left out; the roster must be written while the spill area exists.
    :ivar sources: sources that were read.
    :ivar server: URI of the server that returned the complete result.
    :ivar entries: number of entries found.
    :ivar excluded: number of entries excluded by an option.
    :ivar invalid_start_dates: number of people whose start attribute does not contain a date.
    :ivar missing_attributes: explanations of why no entry has certain attributes that columns, location rules or
        of_entry use.
    :ivar incomplete_sources: reasons why people can be missing, or present by mistake.
    :ivar references: URIs in the continuation references (RFC 4511, 4.5.3) to naming contexts that might contain
        people; they were not followed.
    :ivar location_header: title of the column that contains the location; None if there is none.
    :ivar is_unencrypted: whether personal data crossed a network unencrypted.
    :ivar failovers: warnings about the servers that failed before this server, each with the cause of the failure.
    :ivar invalid_sources: warnings about sources that have no contacts only because one or two people have no valid
        row.
    :ivar expression_errors: an error for each expression that could not be evaluated for at least one person.
    """

    roster: Roster
    sources: Sequence[Source]
    server: str
    entries: int
    excluded: int
    invalid_start_dates: int
    missing_attributes: list[Diagnosis]
    incomplete_sources: list[Diagnosis]
    references: list[str]
    location_header: str | None
    is_unencrypted: bool
    failovers: list[str]
    invalid_sources: list[str]
    expression_errors: Sequence[InputError]

    @property
    def warnings(self) -> list[str]:
        """Warnings that the module shows even though the export is complete."""
        warnings = [
            *self.failovers,
            *map(str, find_repeated_sources(self.sources)),
            *self.invalid_sources,
            *map(str, self.expression_errors),
            *(
                f"{each.cause[0].upper()}{each.cause[1:]}. {each.remedy}."
                for each in (*self.missing_attributes, *self.incomplete_sources)
            ),
            *(
                f"The directory returned a referral to {uri} for part of a source. The people there are missing."
                f" {REFERRAL_REMEDY}."
                for uri in self.references
            ),
        ]
        if self.invalid_start_dates:
            people = format_count(self.invalid_start_dates, "person", "people")
            warnings.append(_INVALID_START_DATES.format(people))
        if self.is_unencrypted:
            warnings.append(_UNENCRYPTED.format(self.server))
        return warnings

    def message(self, written: WrittenRoster, ids_path: str) -> str:
        """Return a summary: the number of contacts, the most common causes of left-out people, and their list.

        :param written: summary of the roster after it was written.
        :param ids_path: path of the identities file; empty if it is not kept.
        """
        contacts = format_count(written.row_count, "contact")
        sentences = [f"Read {contacts} from {self.server}."]
        if written.left_out_causes:
            sentences.append(f"Left out: {_most_common(written.left_out_causes)}.")
            sentences += [f"See {ids_path} for details."] if ids_path else []
        return " ".join(sentences)

    def result(self, written: WrittenRoster) -> dict[str, Any]:
        """Return the part of the module's result that describes the people: numbers, identities and causes.

        Apart from identities, it contains no attribute values. Locations without contacts have a count of 0.

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
            "contested": contested_result(written.contested),
            "overlaps": [
                {"locations": list(each.locations), "count": each.count}
                for each in self.roster.overlaps[:MAX_LISTED]
            ],
        }


class _SourceTally:
    """Counts of the contacts of one source, and of the people who are not contacts."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.excluded: Counter[str] = Counter()
        self.contacts = 0
        self.causes: Counter[str] = Counter()

    def add(self, page: MappedPage) -> None:
        self.contacts += sum(map(len, page.records.values()))
        self.causes.update(person.cause for person in page.left_out)

    @property
    def entries(self) -> int:
        return self.contacts + sum(self.causes.values()) + sum(self.excluded.values())

    def count(self, dropped: Counter[str]) -> SourceCounts:
        """Return the final counts.

        :param dropped: number of contacts of the source whose rows were dropped because of duplicate values, by cause.
        """
        contacts = self.contacts - sum(dropped.values())
        return SourceCounts(contacts, self.excluded, self.causes + dropped)


@dataclass(frozen=True)
class _ServerResult:
    """The complete result that one server returned."""

    server: str
    is_unencrypted: bool
    reader: SourceReader
    mapper: Mapper
    builder: RosterBuilder
    tallies: list[_SourceTally]


def export(options: ExportOptions, spill: SpillArea, baseline: RosterFile | None = None) -> Export:
    """Read all sources from the first server that returns a complete result, and build the roster.

    The roster is not written.

    :param spill: temporary storage; it must exist until the roster is written.
    :param baseline: roster that the service accepted last; None if there is none. It decides who keeps the values that
        several people have in unique columns.
    :raises InputError: if the connection settings are invalid (nothing is then read), if an expression fails for
        everyone and there are at least three people, if a regular expression takes too long for too many people, or if
        the baseline changed since it was checked.
    :raises LibraryError: if an option needs a library that is missing or too old.
    :raises DirectoryError: if no server returns a complete result, if a source has too few contacts (see
        `_check_minimums`), if people have no valid row and `fail_on_invalid` is set, or if more people than
        `max_contested` newly lose a value.
    :raises FrontdeskError: if the baseline cannot be read, or if a temporary file cannot be written.
    """
    read = options.read
    result, failovers = read_with_failover(read.connection, partial(_read, read, spill))
    roster = result.builder.build(describe_configuration(read), baseline)
    warnings = _check_minimums(read, result, roster.dropped_by_source)
    result.mapper.check_expressions()
    if options.fail_on_invalid:
        _check_left_out(roster)
    if options.max_contested is not None:
        check_contested(roster, options.max_contested)
    return Export(
        roster=roster,
        sources=read.sources,
        server=result.server,
        entries=sum(tally.entries for tally in result.tallies),
        excluded=sum(sum(tally.excluded.values()) for tally in result.tallies),
        invalid_start_dates=len(result.reader.invalid_start_dates),
        missing_attributes=_explain_missing_attributes(
            read,
            result,
            [*result.mapper.unseen_attributes, *result.reader.missing_attributes]
            if any(tally.contacts or tally.causes for tally in result.tallies)
            else [],
        ),
        incomplete_sources=[
            *explain_global_catalog(result.reader.session),
            *explain_foreign_members(result.reader.foreign_members),
            *explain_unknown_attributes(result.reader),
        ],
        references=select_people_references(result.reader.references),
        location_header=next(
            (column.header for column in read.columns if column.expression.is_location), None
        ),
        is_unencrypted=result.is_unencrypted,
        failovers=failovers,
        invalid_sources=warnings,
        expression_errors=result.mapper.expression_errors,
    )


def _check_minimums(
    options: ReadOptions, result: _ServerResult, dropped_by_source: Sequence[Counter[str]]
) -> list[str]:
    """Check that each source returned enough contacts.

    :returns: a warning for each source that has no contacts because one or two people have no valid row.
    :raises DirectoryError: if a source returned too few contacts. If one or two people without a valid row are the
        reason, this error is raised only if the other sources have no contacts either.
    """
    warnings, contacts = [], 0
    for tally, dropped in zip(result.tallies, dropped_by_source):
        source, counts = tally.source, tally.count(dropped)
        contacts += counts.contacts
        if _has_few_invalid_people(source, counts):
            warnings.append(
                f"{source.name} has no contacts, because none of its people has a valid row"
                f" ({_most_common(counts.causes)}). Correct their entries in the directory."
            )
        else:
            _check_minimum(options, result, source, counts)
    if not contacts:
        for tally, dropped in zip(result.tallies, dropped_by_source):
            _check_minimum(options, result, tally.source, tally.count(dropped))
    return warnings


def _has_few_invalid_people(source: Source, counts: SourceCounts) -> bool:
    """Return whether a source has no contacts only because one or two people have no valid row.

    So few people might simply have unsuitable values, which must not stop the export of all others. If more people have
    no valid row, a column is probably wrong. A minimum of more than one contact is always enforced.
    """
    invalid = sum(counts.causes.values())
    return source.minimum == 1 and not counts.contacts and 0 < invalid < _MIN_INVALID_PEOPLE


def _read(options: ReadOptions, spill: SpillArea, session: LdapSession) -> _ServerResult:
    """Read all sources in one session."""
    sources, columns = options.sources, options.columns
    identities = IdentityCheck(session, spill)
    session = replace(session, check_identities=identities.add)
    reader = SourceReader(session, options.page_size, options.object_types)
    rules = [source.location_rule for source in sources if source.location_rule is not None]
    mapper = Mapper(columns, rules, reader.read_referenced_values(sources, columns))
    locations = [source.roster_locations for source in sources]
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


def _check_minimum(
    options: ReadOptions, result: _ServerResult, source: Source, counts: SourceCounts
) -> None:
    """Check that a source returned enough contacts.

    :raises DirectoryError: if there are too few contacts; the error names the source and the causes.
    """
    if counts.contacts >= source.minimum:
        return
    raise DirectoryError(
        f"Cannot export {source.name} from {result.server}",
        *explain_shortage(source, counts, _explain_absences(options, result, source, counts)),
    )


def _explain_absences(
    options: ReadOptions, result: _ServerResult, source: Source, counts: SourceCounts
) -> list[Diagnosis]:
    """Explain why people or their attributes are missing from a source, the most probable reason first."""
    unseen = result.mapper.unseen_attributes if counts.causes else ()
    blamed = find_blamed_attributes(options.columns, source, unseen)
    explanations = _explain_missing_attributes(options, result, blamed)
    foreign = result.reader.foreign_members.get(source.groups)
    if counts.found < source.minimum:
        explanations += explain_unknown_attributes(result.reader)
        explanations += explain_foreign_members({source.groups: foreign} if foreign else {})
    if explanations or counts.found < source.minimum:
        return [*explain_global_catalog(result.reader.session), *explanations]
    return explanations


def _explain_missing_attributes(
    options: ReadOptions, result: _ServerResult, names: Iterable[str]
) -> list[Diagnosis]:
    return [
        explain_missing_attribute(
            result.reader.attribute_names.explain_missing(name),
            result.server,
            describe_usage(name, options.columns, options.sources),
        )
        for name in dict.fromkeys(names)
    ]


def _check_left_out(roster: Roster) -> None:
    causes = Counter(person.cause for person in roster.left_out())
    if causes:
        count = sum(causes.values())
        people = format_count(count, "person has", "people have")
        raise DirectoryError(
            f"Stopped because {people} no valid row",
            _most_common(causes),
            "Correct their entries in the directory, or set O(on_invalid=skip)",
        )


def _most_common(causes: Mapping[str, int]) -> str:
    return "; ".join(f"{cause}: {count}" for cause, count in Counter(causes).most_common(5))
