# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count the people who were found at more than one location, in bounded memory."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .external_sort import ExternalSorter, SpillArea
from .record_codec import RANK_BYTES, RecordCodec

_RUN_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Overlap:
    """Two locations with people who were found at both of them.

    :ivar locations: identifiers of the two locations, in alphabetical order.
    :ivar count: number of people.
    """

    locations: tuple[str, str]
    count: int


class OverlapCounter:
    """Counts the people who were found at each pair of locations.

    :param codec: codec with the ranks of the locations.
    :param spill: spill area for identities that do not fit in memory.
    """

    def __init__(self, codec: RecordCodec, spill: SpillArea) -> None:
        self._codec = codec
        self._lines = ExternalSorter(spill, _RUN_BYTES)

    def add(self, rank: bytes, identities: Sequence[bytes]) -> None:
        """Add the people at one location on one page of a source.

        :param rank: rank of the location.
        :param identities: packed identities.
        :raises FrontdeskError: if identities cannot be spilled.
        """
        tail = b"\0" + rank + b"\n"
        self._lines.add_all([identity + tail for identity in identities])

    def overlaps(self) -> list[Overlap]:
        """Return the pairs of locations with people in common, starting with the largest number of people."""
        counts: Counter[tuple[bytes, bytes]] = Counter()
        tail_bytes = RANK_BYTES + len("\n")
        for _identity, lines in itertools.groupby(self._lines, key=lambda line: line[:-tail_bytes]):
            ranks = {line[-tail_bytes:-1] for line in lines}
            if len(ranks) > 1:
                counts.update(itertools.combinations(sorted(ranks), 2))
        decode = self._codec.decode_location
        return [
            Overlap((decode(first), decode(second)), count)
            for (first, second), count in sorted(
                counts.items(), key=lambda item: (-item[1], item[0])
            )
        ]
