# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns that are unique: no two people at one location share a value."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import NamedTuple

from .._contacts.columns import Column, find_broken_rule
from .._contacts.model import Contact, LeftOut, MappedPage
from .duplicates import BloomFilter, DuplicateFinder
from .external_sort import RUN_BYTES, ExternalSorter, SpillArea, merge_sorted
from .record_codec import AFTER_CELLS, CONTACT, LEFT_OUT, TAIL, RecordCodec, by_identity, source_of

_SAME_VALUE = "another person here has the same value"


def folded(cells: Sequence[bytes]) -> list[bytes]:
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
        self._taken: dict[int, set[str]] = {index: set() for index in self._unique}

    def settle(self, contact: Contact) -> Contact | LeftOut:
        """Empty what others have, and say whether the row is still valid."""
        cells = list(contact.cells)
        emptied = dict(contact.emptied)
        for index in self._unique:
            if cells[index].casefold() in self._taken[index]:
                cells[index] = ""
                emptied[self._columns[index].header] = _SAME_VALUE
        cause = find_broken_rule(self._columns, cells, emptied)
        if cause is not None:
            return LeftOut(contact.identity, contact.location, cause)
        for index in self._unique:
            if cells[index]:
                self._taken[index].add(cells[index].casefold())
        return contact._replace(cells=tuple(cells), emptied=tuple(emptied.items()))


class Sizes(NamedTuple):
    """How much memory a roster may take while it is made.

    :ivar run: of each of the runs of contacts and of people left out, in bytes.
    :ivar pairs: pairs of a value and its holder, of 80 bytes or so.
    :ivar suspects: table of those who may share a value, in bytes; a power of two.
    """

    run: int = RUN_BYTES
    pairs: int = 170_000  # one more page, and Python's dictionary of them would double
    suspects: int = 1024 * 1024


DEFAULT_SIZES = Sizes()

_IDENTITY = -1
"""Stands for the identity among the indices of columns."""


class Roster:
    """What is to be written; it can be read as often as one likes, by one reader at a time.

    :param has_repeats: whether somebody may be among the contacts more than once.
    :ivar header: titles of the columns.
    :ivar format: reads the lines.
    :ivar dropped_by_source: for each source how many contacts lost their row to others with the same value, by cause.
    """

    def __init__(
        self,
        header: tuple[str, ...],
        format: RecordCodec,
        people: tuple[_People, _People],
        lost: Sequence[Counter[str]],
        *,
        has_repeats: bool,
    ) -> None:
        self.header = header
        self.format = format
        self.dropped_by_source = lost
        self._contacts, self._left_out = people
        self._has_repeats = has_repeats

    def batches(self) -> Iterator[list[bytes]]:
        """The contacts as lists of lines in order: by location, cells, identity. No list is empty."""
        if not self._has_repeats:
            yield from self._contacts.settled()
            return
        last = b""
        for batch in self._contacts.settled():
            before = [last, *batch]
            last = batch[-1]
            once = [line for line, other in zip(batch, before) if line[:-TAIL] != other[:-TAIL]]
            if once:
                yield once

    def left_out(self) -> Iterator[LeftOut]:
        """People without a row, by location, identity and cause."""
        lines = itertools.chain.from_iterable(self._left_out.settled())
        for line, _equal in itertools.groupby(lines):
            yield self.format.left_out(line)


class _People:
    """Lines of people who were found, of whom some will be settled anew.

    :param tail: number of bytes at a line's end that do not tell it from another.
    """

    def __init__(self, scratch: SpillArea, run_bytes: int, tail: int) -> None:
        self._found = ExternalSorter(scratch, run_bytes)
        self._again = ExternalSorter(scratch, run_bytes)
        self._tail = tail
        self._suspects: BloomFilter | None = None
        # Takes those who were found, and somebody who was settled.
        self.add_all, self.put_back = self._found.add_all, self._again.add

    def take_out(self, suspects: BloomFilter) -> Iterator[bytes]:
        """The lines of all suspects, in no order; they are not among the others any more."""
        self._suspects = suspects
        for part in self._found.parts():
            yield from suspects.lines(part, self._tail)

    def settled(self) -> Iterator[list[bytes]]:
        """All lines in order."""
        found = self._found.parts()
        if self._suspects is not None:
            found = [self._suspects.others(part, self._tail) for part in found]
        return merge_sorted([*found, *self._again.parts()])


class RosterBuilder:
    """Everybody who was found, on the way into a roster.

    :param locations: for each source the location of its people, or the set of those that they may be at; the
        empty one stands for all locations, and for those left out without one.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        locations: Sequence[str | AbstractSet[str]],
        scratch: SpillArea,
        sizes: Sizes = DEFAULT_SIZES,
    ) -> None:
        self._columns = tuple(columns)
        places = [{place} if isinstance(place, str) else place for place in locations]
        sources_at = Counter(itertools.chain.from_iterable(places))
        # Where no location of a source is that of another, its values are not met again.
        self._is_alone = [all(sources_at[name] == 1 for name in place) for place in places]
        self._format = RecordCodec(sources_at)
        self._scratch = scratch
        self._sizes = sizes
        self._contacts = _People(scratch, sizes.run, TAIL)
        self._left_out = _People(scratch, sizes.run, len("\n"))
        self._suspects = BloomFilter(sizes.suspects)
        self._shared = DuplicateFinder(scratch, self._suspects, sizes.pairs)
        self._lost: list[Counter[str]] = [Counter() for _source in self._is_alone]
        self._source = 0
        self._unique = [index for index, column in enumerate(columns) if column.unique]

    def add_all(self, found: MappedPage, source: int) -> None:
        """Take what a page of a source gave. Sources come one after another.

        :param source: its number.
        :raises ValueError: for a source that another one has followed.
        :raises FrontdeskError: when there is no room to set people aside.
        """
        self._begin(source)
        for location, records in found.records.items():
            self._add_contacts(location, records, source)
        lines = [self._format.of_left_out(person) for person in found.left_out]
        self._left_out.add_all(lines)
        for person, line in zip(found.left_out, lines):
            _rank, identity, _cause = line.split(b"\0")
            self._share(person.location, _IDENTITY, [identity], [hash(line[:-1])])

    def _add_contacts(self, location: str, records: Sequence[bytes], source: int) -> None:
        head, tail = self._format.ends(location, source)
        heads = [head + record for record in records]
        self._contacts.add_all([line + tail for line in heads])
        holders = list(map(hash, heads))
        fields = b"\0".join(records).split(b"\0")
        count, width = len(self._columns), len(self._columns) + AFTER_CELLS
        # A person has one row at a location, or one reason for none: two that differ share the person.
        self._share(location, _IDENTITY, fields[count::width], holders)
        for index in self._unique:
            cells = fields[index::width]
            filled = folded(list(filter(None, cells)))
            self._share(location, index, filled, list(itertools.compress(holders, cells)))

    def _share(
        self, location: str, index: int, values: Iterable[bytes], holders: Sequence[int]
    ) -> None:
        # Two people share a value when it stands in the same column at the same location.
        seed = hash((index, location))
        self._shared.add([hash(value) ^ seed for value in values], holders)

    def _begin(self, source: int) -> None:
        if source < self._source:
            raise ValueError(f"source {source} comes after source {self._source}")
        if source > self._source:
            if self._is_alone[self._source]:
                self._shared.forget()
            else:
                self._shared.spill()
            self._source = source

    def build(self) -> Roster:
        """Put everybody found into one roster, whatever order they were found in.

        A person found twice at one location is one row. Of several people with the same value in a unique
        column at one location the smallest identity keeps it.

        :raises FrontdeskError: when there is no room to set people aside.
        """
        self._shared.finish()
        if not self._suspects.is_empty:
            self._settle(self._suspects)
        header = tuple(column.header for column in self._columns)
        people = (self._contacts, self._left_out)
        return Roster(
            header, self._format, people, self._lost, has_repeats=self._shared.has_repeats
        )

    def _settle(self, suspects: BloomFilter) -> None:
        again = ExternalSorter(self._scratch, self._sizes.run)
        for line in self._contacts.take_out(suspects):
            again.add(by_identity(line, CONTACT))
        for line in self._left_out.take_out(suspects):
            again.add(by_identity(line, LEFT_OUT))
        for _rank, records in itertools.groupby(map(_Record.of, again), key=_rank_of):
            unique = Uniqueness(self._columns)
            for _identity, group in itertools.groupby(records, key=_identity_of):
                self._settle_person(list(group), unique)

    def _settle_person(self, records: Sequence[_Record], unique: Uniqueness) -> None:
        """Of what was found about one person at one location the smallest counts, contacts first."""
        best = records[0]
        if not best.is_contact:
            self._left_out.put_back(best.line)
            return
        settled = unique.settle(self._format.contact(best.line))
        if isinstance(settled, Contact):
            self._contacts.put_back(self._format.of_settled(settled))
            return
        self._left_out.put_back(self._format.of_left_out(settled))
        for record in records:
            if record.is_contact:
                self._lost[source_of(record.line)][settled.cause] += 1


class _Record(NamedTuple):
    """What was found about somebody who is to be settled, as `by_identity` wrote it."""

    rank: bytes
    identity: bytes
    is_contact: bool
    line: bytes

    @classmethod
    def of(cls, record: bytes) -> _Record:
        rank, identity, kind, line = record.split(b"\0", 3)
        return cls(rank, identity, kind == CONTACT, line)


_rank_of, _identity_of = attrgetter("rank"), attrgetter("identity")
