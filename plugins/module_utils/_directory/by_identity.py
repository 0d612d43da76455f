# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches for entries by identity."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .by_dn import BATCH_SIZE
from .connection import LdapSession
from .entry import OBJECT_GUID, Entry
from .query import Query, filter_equals, filter_or
from .search import search


def is_identity(text: str) -> bool:
    """Return whether a string is an identity: a UUID in lowercase, with hyphens."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def filter_identities(identity_attribute: str, identities: Iterable[str]) -> str:
    """Return a filter that matches the entries with the given identities.

    :param identity_attribute: OBJECT_GUID or ENTRY_UUID.
    :param identities: at least one identity, and at most `by_dn.BATCH_SIZE` identities.
    """
    if identity_attribute != OBJECT_GUID:
        return filter_or(filter_equals(identity_attribute, identity) for identity in identities)
    # An objectGUID is an octet string, so each octet is escaped (RFC 4515, 3). The first three fields of a GUID are
    # little-endian (MS-DTYP 2.3.4.2).
    values = (uuid.UUID(identity).bytes_le for identity in identities)
    escaped = ("".join(f"\\{octet:02x}" for octet in value) for value in values)
    return filter_or(f"({identity_attribute}={value})" for value in escaped)


def read_entries_by_identity(
    session: LdapSession,
    bases: Sequence[str],
    identities: Sequence[str],
    attributes: Sequence[str],
) -> Iterator[tuple[str, Entry]]:
    """Yield the entries with the given identities, each with its DN as the server writes it.

    :param bases: DNs of the search bases. If they overlap, an entry can be repeated.
    :param identities: as for `filter_identities`.
    :param attributes: as for `search`.
    :raises NamesResolvedError: as for `search`.
    :raises DirectoryError: as for `search`.
    """
    dns: list[str] = []

    def record_dns(_entries: Sequence[Entry], raw_dns: Sequence[bytes]) -> None:
        dns[:] = [dn.decode("utf-8", "replace") for dn in raw_dns]

    # The filter matches only entries with an identity, so there is a DN for each entry of a page.
    recording = replace(session, check_identities=record_dns)
    search_filter = filter_identities(session.identity_attribute, identities)
    for base in bases:
        query = Query(base, "subtree", search_filter)
        for page in search(recording, query, attributes, BATCH_SIZE):
            yield from zip(dns, page)
