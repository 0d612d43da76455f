# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolution of the names of attributes with the subschema of a server, when a response requires it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .connection import LdapSession
from .diagnosis import DirectoryError
from .single_entry import read_all_values
from .subschema import Subschema

_SUBSCHEMA = "(objectClass=subschema)"  # RFC 4512, 4.4
_ATTRIBUTE_TYPES = "attributetypes"

_T = TypeVar("_T")


class NamesResolvedError(Exception):
    """The names of attributes have been resolved during a search, so everything must be read again."""


def resolve_names(session: LdapSession) -> None:
    """Read the subschema of the server, and add it to the names of the session.

    If the server does not return the subschema, it is treated as empty.

    :raises ServerError: if the connection fails.
    """
    values: dict[str, list[bytes]] | None = None
    if session.subschema_dn:
        try:
            values = read_all_values(session, session.subschema_dn, [_ATTRIBUTE_TYPES], _SUBSCHEMA)
        except DirectoryError:
            if session.connection.closed:
                raise
    definitions = (values or {}).get(_ATTRIBUTE_TYPES, ())
    session.attribute_names.resolve(
        Subschema(definition.decode("utf-8", "replace") for definition in definitions)
    )


def read_with_resolved_names(read: Callable[[LdapSession], _T], session: LdapSession) -> _T:
    """Read from a session, and read everything again if names of attributes had to be resolved.

    Names are resolved at most once per session.

    :param read: function that reads everything; partial results are discarded.
    """
    try:
        return read(session)
    except NamesResolvedError:
        return read(session)
