# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reasons why people can be missing from a source, or present by mistake, although the server reports no error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._directory.connection import LdapSession
from .._errors import Diagnosis
from .._text import format_count
from .missing_attributes import explain_missing_attribute
from .source_reader import SourceReader

REFERRAL_REMEDY = "Read that part from a server that contains it, or narrow the source"


def explain_foreign_members(foreign_members: Mapping[tuple[str, ...], int]) -> list[Diagnosis]:
    """Return an explanation for each list of groups that has members in other domains.

    :param foreign_members: as in `SourceReader`.
    """
    return [
        Diagnosis(
            f"{format_count(count, 'member')} of {_describe(groups)}, or of nested groups,"
            f" {'is' if count == 1 else 'are'} in another domain and therefore missing",
            "Read the people of each domain from a server of that domain, in a separate sync",
        )
        for groups, count in foreign_members.items()
    ]


def explain_global_catalog(session: LdapSession) -> list[Diagnosis]:
    """Return an explanation if the port of a server is that of a global catalog, otherwise nothing."""
    if not session.is_global_catalog:
        return []
    return [
        Diagnosis(
            f"the port of {session.uri} is that of a global catalog, which lacks attributes such as accountExpires,"
            " mobile, proxyAddresses, and memberOf for most groups: cells can be empty, and people can be exported"
            " although their accounts have expired or O(exclude_groups) excludes them",
            "Remove the port from O(server_uri), or use 636 for ldaps:// and 389 for ldap://",
        )
    ]


def explain_unknown_attributes(reader: SourceReader) -> list[Diagnosis]:
    """Return an explanation for each attribute that filters use but that the schema of the server does not contain."""
    return [
        explain_missing_attribute(
            reader.attribute_names.explain_missing(name),
            reader.session.uri,
            f"which {filter_option} uses",
        )
        for name, filter_option in reader.unknown_attributes.items()
    ]


def _describe(groups: Sequence[str]) -> str:
    return " or ".join(f"the group {group}" for group in groups)
