# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binding: the account says who it is (RFC 4513)."""

from __future__ import annotations

from typing import Any

from .account import Account
from .diagnosis import ServerError, error_of_result, finding_of_failure
from .library import FAILURES, ldap3


def bind(connection: Any, uri: str, account: Account) -> None:
    """Authenticate on a connection.

    :param connection: ldap3's, which knows nothing of the account yet.
    :param uri: the server, for errors.
    :raises ServerError: when there is no answer, or none that is about the account.
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
        raise ServerError(tried, *finding_of_failure(error, None)) from None
    if not bound:
        raise error_of_result(tried, connection.result)
