# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns that are unique: no two people at one location share a value."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter

from .._contacts.columns import Column, broken_rule
from .._contacts.model import Contact, LeftOut, MappedPage
from .duplicates import BloomFilter, DuplicateFinder
from .external_sort import RUN_BYTES, ExternalSorter, SpillArea, merge_sorted
from .record_codec import (
    CONTACT,
    FIELDS_AFTER_CELLS,
    LEFT_OUT,
    TAIL_BYTES,
    Candidate,
    RecordCodec,
    decode_candidate,
    decode_source,
    encode_candidate,
)

_SAME_VALUE = "another person here has the same value"


def fold_case(cells: Sequence[bytes]) -> list[bytes]:
    """Cells in UTF-8 as they are compared: those that differ in case alone become equal."""
    if not cells:
        return []
    text = b"\0".join(cells)
    if text.isascii():
        return text.lower().split(b"\0")
    return (
        text.decode(errors="surrogatepass").casefold().encode(errors="surrogatepass").split(b"\0")
    )


class Uniqueness:
    """Keeps the unique columns of one location unique; people come in the order of identities."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._unique = [index for index, column in enumerate(columns) if column.unique]
        self._taken_values: dict[int, set[str]] = {index: set() for index in self._unique}

    def resolve(self, contact: Contact) -> Contact | LeftOut:
        """Empty what others have, and say whether the row is still valid."""
        cells = list(contact.cells)
        emptied = dict(contact.emptied)
        for index in self._unique:
            if cells[index].casefold() in self._taken_values[index]:
                cells[index] = ""
                emptied[self._columns[index].header] = _SAME_VALUE
        cause = broken_rule(self._columns, cells, emptied)
        if cause is not None:
            return LeftOut(contact.identity, contact.location, cause)
        for index in self._unique:
            if cells[index]:
                self._taken_values[index].add(cells[index].casefold())
        return contact._replace(cells=tuple(cells), emptied=tuple(emptied.items()))


@dataclass(frozen=True)
class MemoryLimits:
    """How much memory a roster may take while it is made.

    :ivar run_bytes: of each of the runs of contacts and of people left out, in bytes.
    :ivar max_pairs: pairs of a value and its holder, of 80 bytes or so.
    :ivar filter_bytes: table of those who may share a value, in bytes; a power of two.
    """

    run_bytes: int = RUN_BYTES
    max_pairs: int = 170_000  # one more page, and Python's dictionary of them would double
    filter_bytes: int = 1024 * 1024


DEFAULT_LIMITS = MemoryLimits()

_IDENTITY_COLUMN = -1
"""Stands for the identity among the indices of columns."""


class Roster:
    """What is to be written; it can be read as often as one likes, by one reader at a time.

    :param has_repeats: whether somebody may be among the contacts more than once.
    :ivar header: titles of the columns.
    :ivar codec: reads the lines.
    :ivar dropped_by_source: for each source how many contacts lost their row to others with the same value, by cause.
    """

    def __init__(
        self,
        header: tuple[str, ...],
        codec: RecordCodec,
        *,
        contacts: _People,
        left_out: _People,
        dropped_by_source: Sequence[Counter[str]],
        has_repeats: bool,
    ) -> None:
        self.header = header
        self.codec = codec
        self.dropped_by_source = dropped_by_source
        self._contacts = contacts
        self._left_out = left_out
        self._has_repeats = has_repeats

    def batches(self) -> Iterator[list[bytes]]:
        """The contacts as lists of lines in order: by location, cells, identity. No list is empty."""
        if not self._has_repeats:
            yield from self._contacts.sorted_batches()
            return
        last_line = b""
        for batch in self._contacts.sorted_batches():
            previous_lines = [last_line, *batch]
            last_line = batch[-1]
            unique_lines = [
                line
                for line, previous in zip(batch, previous_lines)
                if line[:-TAIL_BYTES] != previous[:-TAIL_BYTES]
            ]
            if unique_lines:
                yield unique_lines

    def left_out(self) -> Iterator[LeftOut]:
        """People without a row, by location, identity and cause."""
        lines = itertools.chain.from_iterable(self._left_out.sorted_batches())
        for line, _equal in itertools.groupby(lines):
            yield self.codec.decode_left_out(line)


class _People:
    """Lines of people who were found, of whom some will be settled anew.

    :param tail_bytes: number of bytes at a line's end that do not tell it from another.
    """

    def __init__(self, spill: SpillArea, run_bytes: int, tail_bytes: int) -> None:
        self._lines = ExternalSorter(spill, run_bytes)
        self._resolved = ExternalSorter(spill, run_bytes)
        self._tail_bytes = tail_bytes
        self._candidates: BloomFilter | None = None
        # Takes those who were found, and somebody who was settled.
        self.add_all, self.add_resolved = self._lines.add_all, self._resolved.add

    def extract(self, candidates: BloomFilter) -> Iterator[bytes]:
        """The lines of all suspects, in no order; they are not among the others any more."""
        self._candidates = candidates
        for run in self._lines.runs():
            yield from candidates.select(run, self._tail_bytes)

    def sorted_batches(self) -> Iterator[list[bytes]]:
        """All lines in order."""
        runs = self._lines.runs()
        if self._candidates is not None:
            runs = [self._candidates.reject(run, self._tail_bytes) for run in runs]
        return merge_sorted([*runs, *self._resolved.runs()])


class RosterBuilder:
    """Everybody who was found, on the way into a roster.

    :param locations: for each source the location of its people, or the set of those that they may be at; the
        empty one stands for all locations, and for those left out without one.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        locations: Sequence[str | AbstractSet[str]],
        spill: SpillArea,
        limits: MemoryLimits = DEFAULT_LIMITS,
    ) -> None:
        self._columns = tuple(columns)
        location_sets = [{names} if isinstance(names, str) else names for names in locations]
        source_counts = Counter(itertools.chain.from_iterable(location_sets))
        # Where no location of a source is that of another, its values are not met again.
        self._has_own_locations = [
            all(source_counts[name] == 1 for name in names) for names in location_sets
        ]
        self._codec = RecordCodec(source_counts)
        self._spill = spill
        self._limits = limits
        self._contacts = _People(spill, limits.run_bytes, TAIL_BYTES)
        self._left_out = _People(spill, limits.run_bytes, len("\n"))
        self._candidates = BloomFilter(limits.filter_bytes)
        self._duplicates = DuplicateFinder(spill, self._candidates, limits.max_pairs)
        self._dropped_by_source: list[Counter[str]] = [Counter() for _source in locations]
        self._current_source = 0
        self._unique = [index for index, column in enumerate(columns) if column.unique]

    def add_page(self, page: MappedPage, source: int) -> None:
        """Take what a page of a source gave. Sources come one after another.

        :param source: its number.
        :raises ValueError: for a source that another one has followed.
        :raises FrontdeskError: when there is no room to set people aside.
        """
        self._begin_source(source)
        for location, records in page.records.items():
            self._add_contacts(location, records, source)
        lines = [self._codec.encode_left_out(person) for person in page.left_out]
        self._left_out.add_all(lines)
        for person, line in zip(page.left_out, lines):
            _rank, identity, _cause = line.split(b"\0")
            self._add_values(person.location, _IDENTITY_COLUMN, [identity], [hash(line[:-1])])

    def _add_contacts(self, location: str, records: Sequence[bytes], source: int) -> None:
        head, tail = self._codec.head_and_tail(location, source)
        heads = [head + record for record in records]
        self._contacts.add_all([line + tail for line in heads])
        holders = list(map(hash, heads))
        fields = b"\0".join(records).split(b"\0")
        count, width = len(self._columns), len(self._columns) + FIELDS_AFTER_CELLS
        # A person has one row at a location, or one reason for none: two that differ share the person.
        self._add_values(location, _IDENTITY_COLUMN, fields[count::width], holders)
        for index in self._unique:
            cells = fields[index::width]
            filled = fold_case(list(filter(None, cells)))
            self._add_values(location, index, filled, list(itertools.compress(holders, cells)))

    def _add_values(
        self, location: str, index: int, values: Iterable[bytes], holders: Sequence[int]
    ) -> None:
        # Two people share a value when it stands in the same column at the same location.
        seed = hash((index, location))
        self._duplicates.add([hash(value) ^ seed for value in values], holders)

    def _begin_source(self, source: int) -> None:
        if source < self._current_source:
            raise ValueError(f"source {source} comes after source {self._current_source}")
        if source > self._current_source:
            if self._has_own_locations[self._current_source]:
                self._duplicates.forget()
            else:
                self._duplicates.spill()
            self._current_source = source

    def build(self) -> Roster:
        """Put everybody found into one roster, whatever order they were found in.

        A person found twice at one location is one row. Of several people with the same value in a unique
        column at one location the smallest identity keeps it.

        :raises FrontdeskError: when there is no room to set people aside.
        """
        self._duplicates.finish()
        if not self._candidates.is_empty:
            self._resolve_candidates()
        header = tuple(column.header for column in self._columns)
        return Roster(
            header,
            self._codec,
            contacts=self._contacts,
            left_out=self._left_out,
            dropped_by_source=self._dropped_by_source,
            has_repeats=self._duplicates.has_repeats,
        )

    def _resolve_candidates(self) -> None:
        sorter = ExternalSorter(self._spill, self._limits.run_bytes)
        for line in self._contacts.extract(self._candidates):
            sorter.add(encode_candidate(line, CONTACT))
        for line in self._left_out.extract(self._candidates):
            sorter.add(encode_candidate(line, LEFT_OUT))
        candidates = map(decode_candidate, sorter)
        for _rank, at_location in itertools.groupby(candidates, key=attrgetter("rank")):
            uniqueness = Uniqueness(self._columns)
            for _identity, group in itertools.groupby(at_location, key=attrgetter("identity")):
                self._resolve_person(list(group), uniqueness)

    def _resolve_person(self, candidates: Sequence[Candidate], uniqueness: Uniqueness) -> None:
        """Of what was found about one person at one location the smallest counts, contacts first."""
        preferred = candidates[0]
        if not preferred.is_contact:
            self._left_out.add_resolved(preferred.line)
            return
        resolved = uniqueness.resolve(self._codec.decode_contact(preferred.line))
        if isinstance(resolved, Contact):
            self._contacts.add_resolved(self._codec.encode_resolved(resolved))
            return
        self._left_out.add_resolved(self._codec.encode_left_out(resolved))
        for candidate in candidates:
            if candidate.is_contact:
                self._dropped_by_source[decode_source(candidate.line)][resolved.cause] += 1
