# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches that return all matching entries, or raise an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from .._text import format_count
from .connection import LdapSession
from .diagnosis import DirectoryError, ServerError, explain_failure, result_error
from .dn import parent_dn
from .entry import AttributeValues, Entry, build_entries
from .library import FAILURES
from .messages import OversizeError
from .missing_entry import SEARCH_BASE, explain_unusable_dn
from .name_resolution import NamesResolvedError, resolve_names
from .page_readers import Page, choose_reader
from .query import Query

_CONTEXT_WITHOUT_PEOPLE = re.compile(
    r"/(?:DC=(?:Forest|Domain)DnsZones|CN=Configuration),", re.IGNORECASE
)


def search(
    session: LdapSession,
    query: Query,
    attributes: Sequence[str],
    page_size: int,
    references: set[str] | None = None,
) -> Iterator[list[Entry]]:
    """Yield the entries of a search, one page (or one part of a large page) at a time.

    If the values of an attribute are too large to be kept in memory, or the server returns only some of them, they are
    replaced with `UNUSABLE_VALUE`. Other values that are too large to be used can be cut off, but remain too large.

    The session must not be used for anything else until the generator ends or is closed, because the next
    page might already have been requested.

    :param query: checked query with a non-empty filter.
    :param attributes: lowercase names of the attributes to request. The values of an entry are in this order.
    :param page_size: number of entries to request per page.
    :param references: set to which the URIs of continuation references (RFC 4511, 4.5.3) are added. They are
        not followed.
    :raises NamesResolvedError: if the server might use other names for the requested attributes. The names are then
        resolved, so the caller must read everything again.
    :raises ServerError: if this server does not return the complete result, for instance because of a limit
        or a lost connection.
    :raises DirectoryError: if the error does not depend on the server, for instance because the search base
        does not exist, the server returns a referral, or an entry has no identity although the session requires one, or
        shares one with another entry.
    """
    action = f"Cannot search {query.search_base} on {session.uri}"
    names = [*attributes, session.identity_attribute]
    attribute_names = session.attribute_names
    aliases = attribute_names.find_aliases(names)
    read_pages = choose_reader(session.connection)
    missing = list(range(len(attributes)))
    has_entries = have_other_names = False
    with closing(read_pages(session.connection, query, names, page_size, aliases)) as pages:
        for page in _check_pages(pages, action, session, query.search_base):
            if references is not None:
                references.update(page.references)
            have_other_names = attribute_names.have_other_names(names, page.unrequested)
            if have_other_names:
                break
            entries = _build_entries(page, session, action)
            has_entries = has_entries or bool(entries)
            missing = [
                index for index in missing if not any(each.values[index] for each in entries)
            ]
            yield entries
    if have_other_names or (has_entries and missing and not attribute_names.is_resolved):
        resolve_names(session)
        aliases = attribute_names.find_aliases(attributes)
        if have_other_names or any(attributes[index].lower() in aliases for index in missing):
            raise NamesResolvedError


def select_people_references(references: set[str]) -> list[str]:
    """Return the sorted URIs of continuation references to naming contexts that might contain people.

    :param references: URIs of continuation references.
    """
    return sorted(uri for uri in references if not _CONTEXT_WITHOUT_PEOPLE.search(uri))


def _check_pages(
    pages: Iterator[Page], action: str, session: LdapSession, base: str
) -> Iterator[Page]:
    """Yield pages after checking that each page is complete and differs from all previous pages."""
    fingerprints: set[object] = set()
    while page := _next_page(pages, action):
        # If a limit ends the search, ldap3 does not raise an exception: only the result code indicates it.
        if page.result is not None and page.result["result"] != 0:
            raise _build_search_error(action, page.result, session, base)
        # Cookies are opaque (RFC 2696, 3), and some servers use the same cookie for all pages. Therefore pages are
        # compared by the start of their content, and only empty pages by their cookies.
        if page.fingerprint in fingerprints:
            raise ServerError(
                action,
                "the server keeps returning the same page",
                "Increase O(page_size) until a single page contains all people, and report this to the"
                " administrator of the server",
            )
        fingerprints.add(page.fingerprint)
        yield page


def _build_search_error(
    action: str, result: Mapping[str, Any], session: LdapSession, base: str
) -> DirectoryError:
    diagnosis = explain_unusable_dn(session, base, SEARCH_BASE, result)
    return DirectoryError(action, *diagnosis) if diagnosis else result_error(action, result)


def _next_page(pages: Iterator[Page], action: str) -> Page | None:
    try:
        return next(pages, None)
    except OversizeError as error:
        # The size might be wrong because of a broken response, so another server might succeed.
        entries = format_count(error.entry_count, "entry", "entries")
        raise ServerError(
            action,
            f"after {entries}, the server sent a message of {error.size} bytes, which exceeds the maximum of"
            f" {error.max_size} bytes",
            "Shorten or remove values of the next entry in the directory, or remove attributes with very many or"
            " very long values from the columns",
        ) from None
    except FAILURES as error:
        raise ServerError(action, *explain_failure(error, None)) from None


def _build_entries(page: Page, session: LdapSession, action: str) -> list[Entry]:
    """Return the entries of a page; the identity of an entry is empty if it has none, and the session requires none."""
    identity_attribute = session.identity_attribute
    entries = build_entries(page.values, identity_attribute)
    identified, dns = entries, page.dns
    if entries is None or identified is None:
        if session.requires_identities:
            raise _build_identity_error(page, identity_attribute, action)
        entries = [_build_any_entry(values, identity_attribute) for values in page.values]
        identified = [entry for entry in entries if entry.identity]
        dns = [dn for dn, entry in zip(dns, entries) if entry.identity]
    if session.check_identities is not None:
        session.check_identities(identified, dns)
    return entries


def _build_any_entry(values: AttributeValues, identity_attribute: str) -> Entry:
    identified = build_entries([values], identity_attribute)
    return identified[0] if identified else Entry("", values[:-1])


def _build_identity_error(page: Page, identity_attribute: str, action: str) -> DirectoryError:
    parents = [
        parent_dn(dn.decode("utf-8", "replace"))
        for values, dn in zip(page.values, page.dns)
        if not _has_identity(values, identity_attribute)
    ]
    # The DN of the entry itself often contains the name of a person.
    others = f", and {len(parents) - 1} more in the same response" if len(parents) > 1 else ""
    return DirectoryError(
        action,
        f"the server returned an entry without {identity_attribute} directly below {parents[0]}{others}",
        f"Allow the bind account to read {identity_attribute}, which identifies a person even if the name changes,"
        " or narrow the search base or the filter of the source to entries that have it",
    )


def _has_identity(values: AttributeValues, identity_attribute: str) -> bool:
    return build_entries([list(values)], identity_attribute) is not None
