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

from .external_sort import SpillArea, spill

_PARTS = 256
_INTEGER = array("q").itemsize


class BloomFilter:
    """A set of hashes that takes the same memory whatever is in it, and so finds some in it that are not.

    :param size: number of bytes, a power of two.
    :ivar is_empty: whether nothing is in it.
    """

    def __init__(self, size: int) -> None:
        self._marks = bytearray(size)
        self._mask = size - 1
        self.is_empty = True

    def add(self, member: int) -> None:
        """Put a hash into the set."""
        self._marks[member & self._mask] = 1
        self.is_empty = False

    def __contains__(self, member: int) -> bool:
        return bool(self._marks[member & self._mask])

    def lines(self, lines: Iterable[bytes], tail: int) -> Iterator[bytes]:
        """The lines whose hash is in it.

        :param tail: number of bytes at a line's end that do not count.
        """
        marks, mask = self._marks, self._mask
        return (line for line in lines if marks[hash(line[:-tail]) & mask])

    def others(self, lines: Iterable[bytes], tail: int) -> Iterator[bytes]:
        """The lines whose hash is not in it; as `lines`."""
        marks, mask = self._marks, self._mask
        return (line for line in lines if not marks[hash(line[:-tail]) & mask])


class DuplicateFinder:
    """Finds those who hold a value that another one holds too.

    Pairs of a value and its holder are held in memory, up to a number, until they are forgotten or set
    aside. Those set aside are parted by the value, so that each part can be looked through alone.

    :param suspects: is given the holders that are found.
    :param pairs: about how many pairs are held before they are set aside.
    :ivar has_repeats: whether a holder was found to hold a value twice.
    """

    def __init__(self, scratch: SpillArea, suspects: BloomFilter, pairs: int) -> None:
        self._scratch = scratch
        self._suspects = suspects
        self._most = pairs
        self.has_repeats = False
        self._holders: dict[int, int] = {}
        # Whether pairs are set aside that may share values with those in memory.
        self._is_parted = False
        self._file: BinaryIO | None = None
        # The number of integers of each part, each time that pairs were set aside.
        self._lengths: list[array[int]] = []

    def add(self, values: Sequence[int], holders: Sequence[int]) -> None:
        """Note a value of each of several holders.

        :raises FrontdeskError: when pairs cannot be set aside.
        """
        self._match(self._holders, values, holders)
        if len(self._holders) >= self._most:
            self.spill()

    def _match(self, known: dict[int, int], values: Sequence[int], holders: Sequence[int]) -> None:
        before = len(known)
        firsts = list(map(known.setdefault, values, holders))
        again = len(firsts) - (len(known) - before)
        if not again:
            return
        for first, holder in zip(firsts, holders):
            if first != holder:
                self._suspects.add(first)
                self._suspects.add(holder)
                again -= 1
        if again:
            self.has_repeats = True

    def forget(self) -> None:
        """Forget what was noted since the last call, for none of these values comes again.

        :raises FrontdeskError: when pairs cannot be set aside, beside others that were.
        """
        if self._is_parted:
            self.spill()
        self._holders = {}
        self._is_parted = False

    def spill(self) -> None:
        """Set the pairs in memory aside, if there are any.

        :raises FrontdeskError: when they cannot be.
        """
        if not self._holders:
            return
        parts: list[array[int]] = [array("q") for _number in range(_PARTS)]
        for pair in self._holders.items():
            parts[pair[0] % _PARTS].extend(pair)
        with spill(self._scratch.directory):
            if self._file is None:
                self._file = self._scratch.open()
            self._file.writelines(parts)
            self._file.flush()
        self._lengths.append(array("q", map(len, parts)))
        self._holders = {}
        self._is_parted = True

    def finish(self) -> None:
        """Find what has been left to be found: those who share a value and were not in memory together.

        :raises FrontdeskError: when pairs cannot be set aside.
        """
        if self._file is None:
            return
        self.spill()
        for number in range(_PARTS):
            pairs = self._part(self._file, number)
            self._match({}, pairs[::2], pairs[1::2])

    def _part(self, file: BinaryIO, number: int) -> array[int]:
        pairs: array[int] = array("q")
        start = 0
        for lengths in self._lengths:
            file.seek((start + sum(lengths[:number])) * _INTEGER)
            pairs.frombytes(file.read(lengths[number] * _INTEGER))
            start += sum(lengths)
        return pairs
