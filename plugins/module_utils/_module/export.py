# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ad_contacts_export does: directory, entries, contacts, roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from .._contacts.columns import Column
from .._contacts.mapper import Mapper
from .._contacts.model import GLOBAL_LOCATION, MappedPage
from .._directory.connection import LdapSession
from .._directory.search import relevant_referrals
from .._directory.servers import read_from_first
from .._errors import FrontdeskError
from .._roster.builder import Roster, RosterBuilder
from .._roster.external_sort import SpillArea, discard_on_error
from .._roster.writer import Written
from .directory_options import parse_connection_settings
from .export_options import check_page_size
from .source_options import Source, parse_columns
from .source_reader import SourceReader

_IN_CLEAR = (
    "People's data came from {} in clear: on the way they can be read, and who the contacts are can be"
    " altered. Use ldaps://, or start_tls: true."
)

_UNDATED = "Values of start_attribute that are no dates: {}. Whoever has one counts as started."


class Export(NamedTuple):
    """What was read.

    :ivar roster: ready to be written while what was set aside for it is there.
    :ivar server: URI of the server that gave it.
    :ivar entries: number of entries that the directory gave.
    :ivar excluded: number of those of them that are no contacts because somebody said so.
    :ivar undated: number of people whose start attribute tells no day.
    :ivar empty_attributes: attributes that no entry had.
    :ivar never_held: attributes that no entry had of those that an attribute names.
    :ivar references: URIs of other servers that hold a part of what was searched; nobody there was read.
    :ivar location_header: title of the column that holds the location; None without one.
    :ivar is_in_clear: whether people's data crossed a network without encryption.
    :ivar left: for each server that was left for the next one a sentence that says why.
    """

    roster: Roster
    server: str
    entries: int
    excluded: int
    undated: int
    empty_attributes: list[str]
    never_held: list[str]
    references: list[str]
    location_header: str | None
    is_in_clear: bool
    left: list[str]

    @property
    def warnings(self) -> list[str]:
        """What an administrator should look at, though the export is whole."""
        return [
            *self.left,
            *(
                f"No entry has the attribute {name}, which the columns use."
                for name in self.empty_attributes
            ),
            *(
                f"No entry that an attribute names has the attribute {name}, which of_entry reads."
                for name in self.never_held
            ),
            *(
                f"The directory refers to {uri} for a part of a source. Whoever is there is missing."
                for uri in self.references
            ),
            *([_UNDATED.format(self.undated)] if self.undated else []),
            *([_IN_CLEAR.format(self.server)] if self.is_in_clear else []),
        ]

    def result(self, sources: Sequence[Source], written: Written) -> dict[str, Any]:
        """What the module returns of it: numbers, identities and causes, nobody's values.

        :param sources: their locations are counted even when nobody is there.
        """
        by_location = dict.fromkeys(
            sorted({name or GLOBAL_LOCATION for source in sources for name in source.locations}), 0
        )
        return {
            "server": self.server,
            "counts": {
                "entries": self.entries,
                "contacts": written.row_count,
                "left_out": written.left_out_count,
                "excluded": self.excluded,
                "by_location": {**by_location, **written.by_location},
            },
            "left_out": [person._asdict() for person in written.left_out],
            "emptied": [cell._asdict() for cell in written.emptied],
        }


class _Tally:
    """What one source gave, in numbers."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.excluded = 0
        self.contacts = 0
        self.causes: Counter[str] = Counter()

    def add(self, found: MappedPage) -> None:
        self.contacts += sum(map(len, found.records.values()))
        self.causes.update(person.cause for person in found.left_out)

    @property
    def entries(self) -> int:
        return self.contacts + sum(self.causes.values()) + self.excluded

    def check_minimum(self, lost: Counter[str], server: str) -> None:
        """See that the source gave enough contacts.

        :param lost: how many of its contacts lost their row to others with the same value, by cause.
        :raises FrontdeskError: names the source, and why there are too few.
        """
        source, causes = self.source, self.causes + lost
        contacts = self.contacts - sum(lost.values())
        if contacts >= source.minimum:
            return
        raise FrontdeskError(
            f"{source.name}: only {contacts} contacts in {source.where} on {server}",
            f"minimum is {source.minimum}; the directory gave {self.entries} entries"
            + (f", excluded: {self.excluded}" if self.excluded else "")
            + (f", without a valid row: {_most_common(causes)}" if causes else ""),
            f"Check the {'group' if source.groups else 'base'}, the filter and the rights of the bind account;"
            " minimum: 0 permits an empty source",
        )


def export(
    params: Mapping[str, Any],
    default_columns: Sequence[Mapping[str, Any]],
    sources: Sequence[Source],
    scratch: SpillArea,
) -> Export:
    """Read all sources and make the roster; nothing is written.

    :param sources: what `parse_sources` made of the same parameters.
    :param scratch: where people are set aside when there are many, until the roster is written.
    :raises InputError: for wrong options, before anything is read.
    :raises LibraryError: when phone numbers are to be checked, and phonenumbers is missing or too old.
    :raises FrontdeskError: when a source fails, is cut short or falls under its minimum.
    """
    check_page_size(params["page_size"])
    columns = parse_columns(params, default_columns, sources)
    access = parse_connection_settings(params)
    read = partial(_read, columns, sources, params, scratch)
    reading, left = read_from_first(access, read)
    roster = reading.gathering.build()
    for tally, lost in zip(reading.tallies, roster.dropped_by_source):
        tally.check_minimum(lost, reading.server)
    if params["on_invalid"] == "fail":
        _check_left_out(roster)
    return Export(
        roster=roster,
        server=reading.server,
        entries=sum(tally.entries for tally in reading.tallies),
        excluded=sum(tally.excluded for tally in reading.tallies),
        undated=len(reading.people.undated),
        empty_attributes=reading.mapper.unseen_attributes,
        never_held=sorted(reading.people.never_held),
        references=relevant_referrals(reading.people.references),
        location_header=next(
            (column.header for column in columns if column.expression.is_location), None
        ),
        is_in_clear=reading.is_in_clear,
        left=left,
    )


class _Reading(NamedTuple):
    """What one server gave."""

    server: str
    is_in_clear: bool
    people: SourceReader
    mapper: Mapper
    gathering: RosterBuilder
    tallies: list[_Tally]


def _read(
    columns: Sequence[Column],
    sources: Sequence[Source],
    params: Mapping[str, Any],
    scratch: SpillArea,
    session: LdapSession,
) -> _Reading:
    """Read all sources by one session, from the beginning."""
    people = SourceReader(session, params["page_size"], params["object_types"])
    placements = [source.placement for source in sources if source.placement is not None]
    mapper = Mapper(columns, placements, people.entries(sources, columns))
    # Who has no location is left out of all of them.
    places = [
        {*source.locations, ""} if source.placement else {source.location} for source in sources
    ]
    tallies = []
    with discard_on_error(scratch) as room:
        gathering = RosterBuilder(columns, places, room)
        for number, source in enumerate(sources):
            tally = _Tally(source)
            tallies.append(tally)
            for page in people.pages(source, mapper.attributes):
                found = mapper.map_page(page, source.place)
                tally.add(found)
                gathering.add_all(found, number)
            tally.excluded = people.excluded[source.name]
    return _Reading(session.uri, session.is_in_clear, people, mapper, gathering, tallies)


def _check_left_out(roster: Roster) -> None:
    causes = Counter(person.cause for person in roster.left_out())
    if causes:
        raise FrontdeskError(
            f"Stopped because {sum(causes.values())} people have no valid row",
            _most_common(causes),
            "Correct them in the directory, or set on_invalid: skip",
        )


def _most_common(causes: Counter[str]) -> str:
    return "; ".join(f"{cause}: {count}" for cause, count in causes.most_common(5))


# Partitions that every Active Directory domain refers to, with nobody in them (MS-ADTS 3.1.1.1.5).
