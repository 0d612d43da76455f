# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build a sorted roster from the contacts of all sources.

At each location, the roster contains no duplicate people, and no duplicate values in unique columns.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from .._contacts.columns import Column, find_broken_rule
from .._contacts.model import SAME_VALUE, Contact, ContestedCell, LeftOut, MappedPage
from .configuration import RosterConfiguration
from .contested import ContestedValues
from .duplicates import BloomFilter, DuplicateFinder
from .external_sort import RUN_BYTES, ExternalSorter, SpillArea, merge_sorted
from .files import RosterFile
from .overlaps import Overlap, OverlapCounter
from .record_codec import (
    CONTACT,
    FIELDS_AFTER_CELLS,
    LEFT_OUT,
    RANK_BYTES,
    TAIL_BYTES,
    Candidate,
    RecordCodec,
    decode_candidate,
    decode_source,
    encode_candidate,
)

_IDENTITY_COLUMN = -1
"""Column index that represents the identity."""


@dataclass(frozen=True)
class MemoryLimits:
    """Limits on the memory for building a roster.

    :ivar run_bytes: approximate maximum memory for one run of each `ExternalSorter`, in bytes.
    :ivar max_pairs: approximate maximum number of (value hash, person hash) pairs that `DuplicateFinder` keeps in
        memory; each uses about 80 bytes.
    :ivar filter_bytes: size of the Bloom filter in bytes; must be a power of two.
    """

    run_bytes: int = RUN_BYTES
    max_pairs: int = 170_000  # leaves room for one more page before the dictionary doubles
    filter_bytes: int = 1024 * 1024


DEFAULT_LIMITS = MemoryLimits()


class Roster:
    """A complete roster.

    It can be read any number of times, by one reader at a time.

    :param contacts: lines of the contacts.
    :param left_out: lines of the left-out people.
    :param contested: values that several people have.
    :param has_repeats: whether the same contact might occur more than once.
    :ivar header: titles of the columns.
    :ivar codec: codec that decodes the lines of `batches`.
    :ivar dropped_by_source: for each source, the number of contacts that have no row because other people have
        the same values, by cause.
    :ivar overlaps: pairs of locations at which the same people were found.
    :ivar configuration: configuration with which the roster was exported; None if it is not recorded.
    """

    def __init__(
        self,
        header: tuple[str, ...],
        codec: RecordCodec,
        *,
        contacts: _PersonLines,
        left_out: _PersonLines,
        contested: ContestedValues,
        overlaps: Sequence[Overlap],
        dropped_by_source: Sequence[Counter[str]],
        has_repeats: bool,
        configuration: RosterConfiguration | None,
    ) -> None:
        self.header = header
        self.codec = codec
        self.dropped_by_source = dropped_by_source
        self.overlaps = overlaps
        self.configuration = configuration
        self._contacts = contacts
        self._left_out = left_out
        self._contested = contested
        self._has_repeats = has_repeats

    def batches(self) -> Iterator[list[bytes]]:
        """Yield the lines of the contacts in non-empty lists, sorted by location, cells and identity."""
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
        """Yield the people without a row, sorted by location, identity and cause."""
        lines = itertools.chain.from_iterable(self._left_out.sorted_batches())
        for line, _equal in itertools.groupby(lines):
            yield self.codec.decode_left_out(line)

    def contested(self) -> Iterator[ContestedCell]:
        """Yield the values that another person keeps, sorted by location, column, holder and identity."""
        return self._contested.cells()

    def count_new_losers(self) -> int:
        """Return the number of people who newly lose a value at any location."""
        return self._contested.count_new_losers()


class RosterBuilder:
    """Collects the people of all sources and builds a roster.

    :param columns: columns of the roster.
    :param locations: for each source, the location of its people or the set of their possible locations. The
        empty string is the location of contacts for all locations and of left-out people without a location.
    :param spill: spill area for data that does not fit in memory.
    :param limits: limits on the memory.
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
        # Values are compared only within a location. If a source shares no location with another source,
        # its values cannot occur in later sources.
        self._has_exclusive_locations = [
            all(source_counts[name] == 1 for name in names) for names in location_sets
        ]
        self._codec = RecordCodec(source_counts)
        self._spill = spill
        self._limits = limits
        self._contacts = _PersonLines(spill, limits.run_bytes, TAIL_BYTES)
        self._left_out = _PersonLines(spill, limits.run_bytes, len("\n"))
        self._overlaps: OverlapCounter | None = None
        if len(locations) > 1 and len(source_counts) > 1:
            self._overlaps = OverlapCounter(self._codec, spill)
        self._contested = ContestedValues(
            self._columns, self._codec, spill, limits.run_bytes, limits.filter_bytes
        )
        self._candidates = BloomFilter(limits.filter_bytes)
        self._duplicates = DuplicateFinder(spill, self._candidates, limits.max_pairs)
        self._dropped_by_source: list[Counter[str]] = [Counter() for _source in locations]
        self._current_source = 0
        self._unique = [index for index, column in enumerate(columns) if column.unique]

    def add_page(self, page: MappedPage, source: int) -> None:
        """Add a mapped page of a source.

        All pages of a source must be added before those of the next source.

        :param page: result of mapping the page.
        :param source: number of the source; the first one is 0.
        :raises ValueError: if a page of a later source has already been added.
        :raises FrontdeskError: if a temporary file cannot be written.
        """
        self._begin_source(source)
        for location, records in page.records.items():
            self._add_contacts(location, records, source)
        lines = [self._codec.encode_left_out(person) for person in page.left_out]
        self._left_out.add_all(lines)
        for person, line in zip(page.left_out, lines):
            _rank, identity, _cause = line.split(b"\0")
            self._add_values(person.location, _IDENTITY_COLUMN, [identity], [hash(line[:-1])])

    def _begin_source(self, source: int) -> None:
        if source < self._current_source:
            raise ValueError(f"source {source} was added after source {self._current_source}")
        if source > self._current_source:
            if self._has_exclusive_locations[self._current_source]:
                self._duplicates.forget()
            else:
                self._duplicates.spill()
            self._current_source = source

    def _add_contacts(self, location: str, records: Sequence[bytes], source: int) -> None:
        head, tail = self._codec.head_and_tail(location, source)
        heads = [head + record for record in records]
        self._contacts.add_all([line + tail for line in heads])
        holders = list(map(hash, heads))
        fields = b"\0".join(records).split(b"\0")
        count, width = len(self._columns), len(self._columns) + FIELDS_AFTER_CELLS
        # At each location, a person has one row, or one cause for being left out. If the sources yield several
        # different rows or causes for an identity, all of them are candidates.
        identities = fields[count::width]
        self._add_values(location, _IDENTITY_COLUMN, identities, holders)
        if self._overlaps is not None:
            self._overlaps.add(head[:RANK_BYTES], identities)
        for index in self._unique:
            cells = fields[index::width]
            filled = fold_case(list(filter(None, cells)))
            self._add_values(location, index, filled, list(itertools.compress(holders, cells)))

    def _add_values(
        self, location: str, index: int, values: Iterable[bytes], holders: Sequence[int]
    ) -> None:
        # Values are compared only within a column and a location.
        seed = hash((index, location))
        self._duplicates.add([hash(value) ^ seed for value in values], holders)

    def build(
        self,
        configuration: RosterConfiguration | None = None,
        baseline: RosterFile | None = None,
    ) -> Roster:
        """Build the roster from all added pages.

        A person who was found more than once at a location has at most one row. If several people at a location have
        the same value in a unique column, the person who held it there in the baseline keeps it. If nobody did, people
        whose rows would be invalid without the value take precedence; among equals, the person with the smallest
        identity keeps it (see `allocation`).

        :param configuration: configuration with which the roster is exported; None if it is not recorded.
        :param baseline: roster that the service accepted last; None if there is none. It is read only if several people
            have the same value. A roster without identities is ignored.
        :raises InputError: if the baseline changed since it was checked.
        :raises FrontdeskError: if the baseline cannot be read, or if a temporary file cannot be written.
        """
        self._duplicates.finish()
        if not self._candidates.is_empty:
            self._resolve_candidates(baseline)
        return Roster(
            tuple(column.header for column in self._columns),
            self._codec,
            contacts=self._contacts,
            left_out=self._left_out,
            contested=self._contested,
            overlaps=self._overlaps.overlaps() if self._overlaps else (),
            dropped_by_source=self._dropped_by_source,
            has_repeats=self._duplicates.has_repeats,
            configuration=configuration,
        )

    def _resolve_candidates(self, baseline: RosterFile | None) -> None:
        """Resolve each candidate, after deciding who keeps the values that several candidates have."""
        sorter = ExternalSorter(self._spill, self._limits.run_bytes)
        for line in self._contacts.extract(self._candidates):
            sorter.add(encode_candidate(line, CONTACT))
        for line in self._left_out.extract(self._candidates):
            sorter.add(encode_candidate(line, LEFT_OUT))
        for people in _group_candidates(sorter):
            if people[0].is_contact:
                contact = self._codec.decode_contact(people[0].line)
                self._contested.add(people[0].rank, contact)
        losses = self._contested.settle(baseline)
        loss = next(losses, None)
        for people in _group_candidates(sorter):
            lost: AbstractSet[int] = frozenset()
            if loss is not None and loss[:2] == people[0][:2]:
                lost = loss.columns
                loss = next(losses, None)
            self._resolve_person(people, lost)

    def _resolve_person(self, candidates: Sequence[Candidate], lost: AbstractSet[int]) -> None:
        """Keep only the first of one person's candidates at one location.

        Contacts sort before left-out people. If the first candidate is a contact whose row is no longer valid, because
        other people keep its values in unique columns, the person is left out.

        :param lost: numbers of the columns in which another person keeps the value of the first candidate.
        """
        preferred = candidates[0]
        if not preferred.is_contact:
            self._left_out.add_resolved(preferred.line)
            return
        resolved = self._empty_cells(self._codec.decode_contact(preferred.line), lost)
        if isinstance(resolved, Contact):
            self._contacts.add_resolved(self._codec.encode_resolved(resolved))
            return
        self._left_out.add_resolved(self._codec.encode_left_out(resolved))
        for candidate in candidates:
            if candidate.is_contact:
                self._dropped_by_source[decode_source(candidate.line)][resolved.cause] += 1

    def _empty_cells(self, contact: Contact, lost: AbstractSet[int]) -> Contact | LeftOut:
        """Empty the cells whose values other people keep.

        :returns: the contact, or a left-out person if the row is no longer valid.
        """
        cells = ["" if index in lost else cell for index, cell in enumerate(contact.cells)]
        emptied = dict(contact.emptied)
        emptied.update((self._columns[index].header, SAME_VALUE) for index in sorted(lost))
        cause = find_broken_rule(self._columns, cells, emptied)
        if cause is not None:
            return LeftOut(contact.identity, contact.location, cause)
        return contact._replace(cells=tuple(cells), emptied=tuple(emptied.items()))


def _group_candidates(candidates: Iterable[bytes]) -> Iterator[list[Candidate]]:
    """Yield the candidates of each person at each location, sorted by location and identity."""
    decoded = map(decode_candidate, candidates)
    for _person, group in itertools.groupby(decoded, key=lambda each: each[:2]):
        yield list(group)


class _PersonLines:
    """Lines of contacts or of left-out people.

    `extract` removes the candidates; `add_resolved` adds their replacements.

    :param tail_bytes: number of bytes at the end of a line that are not part of its hash.
    """

    def __init__(self, spill: SpillArea, run_bytes: int, tail_bytes: int) -> None:
        self._lines = ExternalSorter(spill, run_bytes)
        self._resolved = ExternalSorter(spill, run_bytes)
        self._tail_bytes = tail_bytes
        self._candidates: BloomFilter | None = None
        # Assigned directly, because methods would only pass on their arguments.
        self.add_all, self.add_resolved = self._lines.add_all, self._resolved.add

    def extract(self, candidates: BloomFilter) -> Iterator[bytes]:
        """Remove the lines of all candidates and yield them in any order."""
        self._candidates = candidates
        for run in self._lines.runs():
            yield from candidates.select(run, self._tail_bytes)

    def sorted_batches(self) -> Iterator[list[bytes]]:
        """Return the remaining and the resolved lines in sorted, non-empty lists."""
        runs = self._lines.runs()
        if self._candidates is not None:
            runs = [self._candidates.reject(run, self._tail_bytes) for run in runs]
        return merge_sorted([*runs, *self._resolved.runs()])


def fold_case(cells: Sequence[bytes]) -> list[bytes]:
    """Case-fold UTF-8 cells for comparison."""
    if not cells:
        return []
    text = b"\0".join(cells)
    if text.isascii():
        return text.lower().split(b"\0")
    # Surrogates are allowed, as in pack(), because expressions can produce unpaired surrogates.
    return (
        text.decode(errors="surrogatepass").casefold().encode(errors="surrogatepass").split(b"\0")
    )
