# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failover: read from the first directory server that returns a complete result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .connection import LdapSession, open_session
from .diagnosis import DirectoryError, ServerError
from .name_resolution import read_with_resolved_names
from .servers import find_servers
from .settings import ConnectionSettings
from .tls import create_ssl_context

_T = TypeVar("_T")


@dataclass(frozen=True)
class _FailedServer:
    """A server from which reading failed, and the parts of the error.

    The exception itself is not stored, because its traceback would keep all data of the failed attempt in memory.
    """

    uri: str
    action: str
    cause: str
    remedy: str

    @property
    def error(self) -> ServerError:
        return ServerError(self.action, self.cause, self.remedy)


def read_with_failover(
    settings: ConnectionSettings, read: Callable[[LdapSession], _T]
) -> tuple[_T, list[str]]:
    """Read from the first server that returns a complete result.

    If a server is unreachable, drops the connection or hits a server-side limit, everything is read again
    from the next server, so that a result always comes from a single server. There is no failover if a
    server rejects the account: trying a wrong password on every server could lock the account.

    :param settings: settings of the connections.
    :param read: function that reads everything in a session; partial results from failed servers are discarded.
    :returns: the result of `read`, and warnings about DNS records and about failed servers.
    :raises InputError: if the settings are invalid.
    :raises LibraryError: if a library that the settings require is missing or too old.
    :raises DirectoryError: if no server is found in DNS, if no server returns a complete result, or if reading fails
        for a reason that does not depend on the server.
    """
    context = create_ssl_context(settings)
    addresses, notes = find_servers(settings)
    warnings = [f"{note.cause}. {note.remedy}." for note in notes]
    failed: list[_FailedServer] = []
    for address in addresses:
        try:
            with open_session(settings, address, context) as session:
                result = read_with_resolved_names(read, session)
            warnings += [
                f"Failed over from {server.uri} to the next server. {server.error.message}"
                for server in failed
            ]
            return result, warnings
        except ServerError as error:
            failed.append(
                _FailedServer(
                    uri=address.uri, action=error.action, cause=error.cause, remedy=error.remedy
                )
            )
    raise failed[0].error if len(failed) == 1 else _all_failed_error(failed)


def _all_failed_error(failed: Sequence[_FailedServer]) -> DirectoryError:
    return DirectoryError(
        f"Cannot read the directory from any of the {len(failed)} servers",
        "; ".join(f"{server.action}: {server.cause}" for server in failed),
        ". ".join(dict.fromkeys(server.remedy.rstrip(".") for server in failed)),
    )
