# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading from a list of directory servers with failover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .connection import LdapSession, open_session
from .diagnosis import DirectoryError, ServerError
from .servers import find_servers
from .settings import ConnectionSettings
from .tls import create_ssl_context

_T = TypeVar("_T")


@dataclass(frozen=True)
class _FailedServer:
    """A server that was left, and the parts of its error: the error itself would hold all that was read."""

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
    """Read from the first server that gives everything.

    A server that cannot be reached, is lost on the way or runs into a limit of its own is left for the
    next one, where all is read again from the beginning: what comes out is one server's. One that refuses
    the account is not left: trying a wrong password on every server would lock the account.

    :param read: reads everything by a session; what it made of a server that is left is dropped.
    :returns: what `read` made, and warnings: which server was left and why.
    :raises InputError: for settings that cannot work.
    :raises LibraryError: when DNS is to be asked, and dnspython is missing or too old.
    :raises DirectoryError: when no server gave everything, or one said what another would say too.
    """
    context = create_ssl_context(settings)
    addresses, notes = find_servers(settings)
    warnings = [f"{note.cause}. {note.remedy}." for note in notes]
    failed: list[_FailedServer] = []
    for address in addresses:
        try:
            with open_session(settings, address, context) as session:
                result = read(session)
            warnings += [
                f"Left {server.uri} for the next server. {server.error}" for server in failed
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
        f"None of {len(failed)} servers gave everything",
        "; ".join(f"{server.action}: {server.cause}" for server in failed),
        ". ".join(dict.fromkeys(server.remedy.rstrip(".") for server in failed)),
    )
