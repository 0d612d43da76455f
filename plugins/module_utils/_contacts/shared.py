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

from .runs import Scratch, set_aside

_PARTS = 256
_PAIRS = 64 * 1024
_INTEGER = array("q").itemsize


class SharedValues:
    """Finds the values that have several holders.

    Pairs of a value and a holder are parted by the value, so that each part can be looked through alone;
    16 bytes are set aside for a pair.

    :param pairs: how many pairs are held before they are set aside.
    :ivar has_repeats: whether a holder was found to hold a value twice, once `sharers` has come to its end.
    """

    def __init__(self, scratch: Scratch, pairs: int = _PAIRS) -> None:
        self._scratch = scratch
        self._most = pairs
        self.has_repeats = False
        self._held = 0
        self._parts: list[array[int]] = [array("q") for _number in range(_PARTS)]
        self._file: BinaryIO | None = None
        # The number of integers of each part, each time that all parts were set aside.
        self._lengths: list[array[int]] = []

    def add(self, holder: int, values: Sequence[int]) -> None:
        """Note the values that somebody holds.

        :raises FrontdeskError: when pairs cannot be set aside.
        """
        parts = self._parts
        for value in values:
            part = parts[value % _PARTS]
            part.append(value)
            part.append(holder)
        self._held += len(values)
        if self._held >= self._most:
            self._set_aside()

    def _set_aside(self) -> None:
        with set_aside(self._scratch.place):
            if self._file is None:
                self._file = self._scratch.open()
            self._file.writelines(self._parts)
            self._file.flush()
        self._lengths.append(array("q", map(len, self._parts)))
        self._parts = [array("q") for _number in range(_PARTS)]
        self._held = 0

    def sharers(self) -> Iterator[int]:
        """All holders of a value that another one holds too; one may come several times."""
        for number in range(_PARTS):
            pairs = self._part(number)
            values = pairs[::2]
            if len(set(values)) == len(values):
                continue
            first: dict[int, int] = {}
            for value, holder in zip(values, pairs[1::2]):
                other = first.get(value)
                if other is None:
                    first[value] = holder
                elif other == holder:
                    self.has_repeats = True
                else:
                    yield other
                    yield holder

    def _part(self, number: int) -> array[int]:
        pairs: array[int] = array("q")
        if self._file is not None:
            start = 0
            for lengths in self._lengths:
                self._file.seek((start + sum(lengths[:number])) * _INTEGER)
                pairs.frombytes(self._file.read(lengths[number] * _INTEGER))
                start += sum(lengths)
        pairs.extend(self._parts[number])
        return pairs


class Suspects:
    """A set of hashes that takes the same memory whatever is in it, and so finds some in it that are not.

    :param size: number of bytes, a power of two.
    """

    def __init__(self, size: int, members: Iterable[int]) -> None:
        self._bits = bytearray(size)
        self._mask = size - 1
        self.is_empty = True
        for member in members:
            self._bits[member >> 3 & self._mask] |= 1 << (member & 7)
            self.is_empty = False

    def others(self, lines: Iterable[bytes], tail: int) -> Iterator[bytes]:
        """The lines whose hash is not in it.

        :param tail: number of bytes at a line's end that do not count.
        """
        bits, mask = self._bits, self._mask
        for line in lines:
            member = hash(line[:-tail])
            if not bits[member >> 3 & mask] & 1 << (member & 7):
                yield line

    def __contains__(self, member: int) -> bool:
        return bool(self._bits[member >> 3 & self._mask] & 1 << (member & 7))
