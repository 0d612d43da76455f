# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reading past ldap3 takes of it beyond its documentation, the same in 2.9.1 and in 2.10.2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .library import ldap3
from .query import SCOPES, Query


class PagedSearch:
    """A search that is asked a page at a time.

    :param connection: ldap3's, bound.
    :param names: of the attributes that are asked for.
    """

    def __init__(self, connection: Any, query: Query, names: Sequence[str], page_size: int) -> None:
        self._connection = connection
        self._page_size = page_size
        self._request = ldap3.operation.search.search_operation(
            query.search_base,
            query.filter,
            SCOPES[query.scope],
            ldap3.DEREF_ALWAYS,
            list(names),
            size_limit=0,
            time_limit=0,
            types_only=False,
            auto_escape=connection.auto_escape,
            auto_encode=connection.auto_encode,
        )

    def request_page(self, cookie: bytes) -> int:
        """Ask for a page, and do not wait for it.

        :param cookie: what the server gave with the page before it (RFC 2696); empty for the first.
        :returns: the message ID of the answer.
        :raises LDAPExceptionError: ldap3's, when it cannot be sent.
        """
        control = ldap3.protocol.rfc2696.paged_search_control(
            criticality=False, size=self._page_size, cookie=cookie
        )
        message_id: int = self._connection.send("searchRequest", self._request, [control])
        # ldap3 notes what it is to listen for. It never will.
        self._connection.strategy._outstanding.pop(message_id)
        return message_id


def decode_message(connection: Any, message: bytes) -> dict[str, Any]:
    """A message as ldap3 gives it in `Connection.result`.

    :raises Exception: one of FAILURES, for what is no LDAP.
    """
    decode: Callable[[bytes], dict[str, Any]] = ldap3.utils.asn1.decode_message_fast
    result: dict[str, Any] = connection.strategy.decode_response_fast(decode(message))
    return result


def has_security_layer(connection: Any) -> bool:
    """Whether what comes from a connection's socket is signed or sealed by SASL or NTLM (RFC 4513, 5.2.1).

    ldap3 unpacks it as it reads. TLS is no such layer: its socket gives what the server said.
    """
    sealed = getattr(connection, "session_security", None)  # 2.10 and newer
    return bool(sealed or connection._digest_md5_kis)
