# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who shares a value with whom, told in bounded memory.

Values and their holders are hashes here: Python's own, which differ from process to process. That never
shows, for a hash only makes somebody a suspect, and suspects are then compared by their values.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from .external_sort import SpillArea, spill_errors

_PARTITIONS = 256
_INTEGER_BYTES = array("q").itemsize


class BloomFilter:
    """A set of hashes that takes the same memory whatever is in it, and so finds some in it that are not.

    :param size: number of bytes, a power of two.
    :ivar is_empty: whether nothing is in it.
    """

    def __init__(self, size: int) -> None:
        self._table = bytearray(size)
        self._mask = size - 1
        self.is_empty = True

    def add(self, member: int) -> None:
        """Put a hash into the set."""
        self._table[member & self._mask] = 1
        self.is_empty = False

    def __contains__(self, member: int) -> bool:
        return bool(self._table[member & self._mask])

    def select(self, lines: Iterable[bytes], tail_bytes: int) -> Iterator[bytes]:
        """The lines whose hash is in it.

        :param tail_bytes: number of bytes at a line's end that do not count.
        """
        table, mask = self._table, self._mask
        return (line for line in lines if table[hash(line[:-tail_bytes]) & mask])

    def reject(self, lines: Iterable[bytes], tail_bytes: int) -> Iterator[bytes]:
        """The lines whose hash is not in it; as `select`."""
        table, mask = self._table, self._mask
        return (line for line in lines if not table[hash(line[:-tail_bytes]) & mask])


class DuplicateFinder:
    """Finds those who hold a value that another one holds too.

    Pairs of a value and its holder are held in memory, up to a number, until they are forgotten or set
    aside. Those set aside are parted by the value, so that each part can be looked through alone.

    :param candidates: is given the holders that are found.
    :param max_pairs: about how many pairs are held before they are set aside.
    :ivar has_repeats: whether a holder was found to hold a value twice.
    """

    def __init__(self, spill: SpillArea, candidates: BloomFilter, max_pairs: int) -> None:
        self._spill = spill
        self._candidates = candidates
        self._max_pairs = max_pairs
        self.has_repeats = False
        self._holder_by_value: dict[int, int] = {}
        # Whether pairs are set aside that may share values with those in memory.
        self._has_spilled = False
        self._file: BinaryIO | None = None
        # The number of integers of each part, each time that pairs were set aside.
        self._partition_lengths: list[array[int]] = []

    def add(self, values: Sequence[int], holders: Sequence[int]) -> None:
        """Note a value of each of several holders.

        :raises FrontdeskError: when pairs cannot be set aside.
        """
        self._match_pairs(self._holder_by_value, values, holders)
        if len(self._holder_by_value) >= self._max_pairs:
            self.spill()

    def _match_pairs(
        self, holder_by_value: dict[int, int], values: Sequence[int], holders: Sequence[int]
    ) -> None:
        known_before = len(holder_by_value)
        first_holders = list(map(holder_by_value.setdefault, values, holders))
        repeated = len(first_holders) - (len(holder_by_value) - known_before)
        if not repeated:
            return
        for first_holder, holder in zip(first_holders, holders):
            if first_holder != holder:
                self._candidates.add(first_holder)
                self._candidates.add(holder)
                repeated -= 1
        if repeated:
            self.has_repeats = True

    def forget(self) -> None:
        """Forget what was noted since the last call, for none of these values comes again.

        :raises FrontdeskError: when pairs cannot be set aside, beside others that were.
        """
        if self._has_spilled:
            self.spill()
        self._holder_by_value = {}
        self._has_spilled = False

    def spill(self) -> None:
        """Set the pairs in memory aside, if there are any.

        :raises FrontdeskError: when they cannot be.
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
        """Find what has been left to be found: those who share a value and were not in memory together.

        :raises FrontdeskError: when pairs cannot be set aside.
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
