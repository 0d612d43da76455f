# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A check that an identity belongs to only one entry, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

from .._directory.connection import LdapSession
from .._directory.diagnosis import DirectoryError
from .._directory.entry import Entry
from .._roster.duplicates import BloomFilter, DuplicateFinder
from .._roster.external_sort import SpillArea

_MAX_PAIRS = 50_000
_FILTER_BYTES = 64 * 1024


class IdentityCheck:
    """Stops a run in which two entries have the same identity.

    The people could not be distinguished: one could be excluded, or reported as moved, instead of the other. The same
    entry may be read several times, for several sources.

    :param session: session in which the entries are read.
    :param spill: spill area for identities that do not fit in memory.
    :param max_pairs: approximate maximum number of identities to keep in memory.
    """

    def __init__(self, session: LdapSession, spill: SpillArea, max_pairs: int = _MAX_PAIRS) -> None:
        self._session = session
        self._conflicts = BloomFilter(_FILTER_BYTES)
        self._finder = DuplicateFinder(spill, self._conflicts, max_pairs)

    def add(self, entries: Sequence[Entry], dns: Sequence[bytes]) -> None:
        """Add the entries of a page.

        :param dns: the distinguished name of each entry.
        :raises DirectoryError: if one of them has the identity of another entry that is still in memory.
        :raises FrontdeskError: if identities cannot be spilled.
        """
        # The case of an entry's DN depends on how the entry was found.
        holders = [hash(dn.lower()) for dn in dns]
        self._finder.add([hash(entry.identity) for entry in entries], holders)
        if not self._conflicts.is_empty:
            identity = next(
                entry.identity
                for entry, holder in zip(entries, holders)
                if holder in self._conflicts
            )
            raise self._error(f" {identity}")

    def finish(self) -> None:
        """Compare the entries that were not in memory at the same time.

        :raises DirectoryError: if two entries have the same identity.
        :raises FrontdeskError: if identities cannot be spilled.
        """
        self._finder.finish()
        if not self._conflicts.is_empty:
            raise self._error("")

    def _error(self, identity: str) -> DirectoryError:
        return DirectoryError(
            f"Cannot identify people on {self._session.uri}",
            f"two entries have the same {self._session.identity_attribute}{identity}",
            "Run again in case an entry was moved or renamed during the run; if the error persists, delete one of the"
            " entries and create it again",
        )
