# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binding: the account says who it is (RFC 4513)."""

from __future__ import annotations

from typing import Any

from .account import Account
from .diagnosis import DirectoryError, UnreachableError, finding_of_failure, finding_of_result
from .library import FAILURES, ldap3


def bind(connection: Any, uri: str, account: Account) -> None:
    """Authenticate on a connection.

    :param connection: ldap3's, which knows nothing of the account yet.
    :param uri: the server, for errors.
    :raises UnreachableError: when there is no answer.
    :raises DirectoryError: when the server refuses the account.
    """
    tried = f"Cannot bind to {uri} {account}"
    if account.auth_protocol == "simple":
        connection.authentication = ldap3.SIMPLE
        connection.user, connection.password = account.bind_dn, account.bind_pw
    try:
        # auto_bind would lose the server's message, and with it Active Directory's reason.
        bound = connection.bind(read_server_info=False)
    except FAILURES as error:
        raise UnreachableError(tried, *finding_of_failure(error, None)) from None
    if not bound:
        raise DirectoryError(tried, *finding_of_result(connection.result))
