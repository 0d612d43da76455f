# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Duplicate detection in bounded memory.

Values and their holders are represented by Python's hashes, which differ from process to process. People whose values
have equal hashes are only candidates: their values are compared later. Only a collision of two holder hashes (64 bits)
could hide a duplicate.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from .external_sort import SpillArea, spill_errors

_PARTITIONS = 256
_INTEGER_BYTES = array("q").itemsize


class BloomFilter:
    """A Bloom filter with one hash function.

    It uses constant memory, and false positives are possible.

    :param size: size of the table in bytes; must be a power of two.
    :ivar is_empty: whether no hash has been added.
    """

    def __init__(self, size: int) -> None:
        self._table = bytearray(size)
        self._mask = size - 1
        self.is_empty = True

    def add(self, member: int) -> None:
        """Add a hash."""
        self._table[member & self._mask] = 1
        self.is_empty = False

    def __contains__(self, member: int) -> bool:
        return bool(self._table[member & self._mask])

    def select(self, lines: Iterable[bytes], tail_bytes: int) -> Iterator[bytes]:
        """Return the lines whose hash might have been added.

        :param tail_bytes: number of bytes at the end of a line that are not part of its hash.
        """
        table, mask = self._table, self._mask
        return (line for line in lines if table[hash(line[:-tail_bytes]) & mask])

    def reject(self, lines: Iterable[bytes], tail_bytes: int) -> Iterator[bytes]:
        """Return the lines that `select` does not return.

        :param tail_bytes: as for `select`.
        """
        table, mask = self._table, self._mask
        return (line for line in lines if not table[hash(line[:-tail_bytes]) & mask])


class DuplicateFinder:
    """Finds different holders, which are rows or left-out people, with equal values.

    Pairs of a value and its holder are kept in memory until they are forgotten or spilled. Spilled pairs are
    partitioned by value, so that the partitions can be searched one by one.

    :param spill: spill area for pairs that do not fit in memory.
    :param candidates: Bloom filter to which the holders of equal values are added.
    :param max_pairs: approximate maximum number of pairs in memory; when it is reached, the pairs are spilled.
    :ivar has_repeats: whether the same pair was added more than once. Repeated pairs of a candidate might be missed.
    """

    def __init__(self, spill: SpillArea, candidates: BloomFilter, max_pairs: int) -> None:
        self._spill = spill
        self._candidates = candidates
        self._max_pairs = max_pairs
        self.has_repeats = False
        self._holder_by_value: dict[int, int] = {}
        # Whether pairs were spilled that might have values in common with the pairs in memory.
        self._has_spilled = False
        self._file: BinaryIO | None = None
        # For each spill, the number of integers in each partition.
        self._partition_lengths: list[array[int]] = []

    def add(self, values: Sequence[int], holders: Sequence[int]) -> None:
        """Add pairs: each value with the holder at the same index.

        :raises FrontdeskError: if pairs cannot be spilled.
        """
        self._match_pairs(self._holder_by_value, values, holders)
        if len(self._holder_by_value) >= self._max_pairs:
            self.spill()

    def _match_pairs(
        self, holder_by_value: dict[int, int], values: Sequence[int], holders: Sequence[int]
    ) -> None:
        """Add pairs to a dictionary that keeps the first holder of each value.

        If a value already has a different holder, both holders become candidates.
        """
        length_before = len(holder_by_value)
        first_holders = list(map(holder_by_value.setdefault, values, holders))
        known_count = len(first_holders) - (len(holder_by_value) - length_before)
        if not known_count:
            return
        for first_holder, holder in zip(first_holders, holders):
            if first_holder != holder:
                self._candidates.add(first_holder)
                self._candidates.add(holder)
                known_count -= 1
        if known_count:
            self.has_repeats = True

    def forget(self) -> None:
        """Drop the pairs in memory, or spill them if other pairs were spilled since the last call.

        Call this method only if no value in memory will be added again.

        :raises FrontdeskError: if pairs cannot be spilled.
        """
        if self._has_spilled:
            self.spill()
        self._holder_by_value = {}
        self._has_spilled = False

    def spill(self) -> None:
        """Spill the pairs in memory, if there are any.

        :raises FrontdeskError: if pairs cannot be spilled.
        """
        if not self._holder_by_value:
            return
        partitions: list[array[int]] = [array("q") for _index in range(_PARTITIONS)]
        for pair in self._holder_by_value.items():
            partitions[pair[0] % _PARTITIONS].extend(pair)
        with spill_errors(self._spill.directory):
            if self._file is None:
                self._file = self._spill.open()
            self._file.writelines(partitions)
            self._file.flush()
        self._partition_lengths.append(array("q", map(len, partitions)))
        self._holder_by_value = {}
        self._has_spilled = True

    def finish(self) -> None:
        """Find the remaining duplicates, whose pairs were not in memory at the same time.

        :raises FrontdeskError: if pairs cannot be spilled.
        """
        if self._file is None:
            return
        self.spill()
        for index in range(_PARTITIONS):
            pairs = self._read_partition(self._file, index)
            self._match_pairs({}, pairs[::2], pairs[1::2])

    def _read_partition(self, file: BinaryIO, index: int) -> array[int]:
        pairs: array[int] = array("q")
        start = 0
        for lengths in self._partition_lengths:
            file.seek((start + sum(lengths[:index])) * _INTEGER_BYTES)
            pairs.frombytes(file.read(lengths[index] * _INTEGER_BYTES))
            start += sum(lengths)
        return pairs
