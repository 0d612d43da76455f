# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrappers for private ldap3 APIs.

The code supports ldap3 2.9.1 and 2.10.2rc4. The APIs used here differ only where a comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .library import ldap3
from .query import SCOPES, Query


class PagedSearch:
    """A paged search (RFC 2696) for which ldap3 only sends the requests.

    The caller must read the responses from the socket.

    :param connection: bound ldap3 connection.
    :param query: the query, with a non-empty filter.
    :param names: attributes to request.
    :param page_size: number of entries to request per page.
    """

    def __init__(self, connection: Any, query: Query, names: Sequence[str], page_size: int) -> None:
        self._connection = connection
        self._page_size = page_size
        self._request = ldap3.operation.search.search_operation(
            query.search_base,
            query.filter,
            SCOPES[query.scope],
            # Otherwise, an alias in an excluded OU would exclude a person elsewhere.
            ldap3.DEREF_NEVER,
            list(names),
            size_limit=0,
            time_limit=0,
            types_only=False,
            auto_escape=connection.auto_escape,
            auto_encode=connection.auto_encode,
        )

    def request_page(self, cookie: bytes) -> int:
        """Send the request for a page, without waiting for the response.

        :param cookie: cookie of the previous page; empty for the first page.
        :returns: the messageID of the request.
        :raises LDAPExceptionError: from ldap3, if the request cannot be sent.
        """
        control = ldap3.protocol.rfc2696.paged_search_control(
            criticality=False, size=self._page_size, cookie=cookie
        )
        message_id: int = self._connection.send("searchRequest", self._request, [control])
        # ldap3 would keep the request until it reads the response, but the caller reads the response instead.
        self._connection.strategy._outstanding.pop(message_id)
        return message_id


def decode_message(connection: Any, message: bytes) -> dict[str, Any]:
    """Decode a message into the form of ldap3's `Connection.result`.

    :param connection: ldap3 connection that received the message.
    :param message: the complete LDAPMessage.
    :raises Exception: one of FAILURES if the message is not valid.
    """
    decode: Callable[[bytes], dict[str, Any]] = ldap3.utils.asn1.decode_message_fast
    result: dict[str, Any] = connection.strategy.decode_response_fast(decode(message))
    return result


def has_security_layer(connection: Any) -> bool:
    """Return whether ldap3 must unwrap the received data, because the bind negotiated a security layer.

    Binds with SASL or NTLM can negotiate such a layer (RFC 4513, 5.2.1). With TLS, ldap3 does not need to unwrap data,
    because the socket itself returns decrypted LDAP messages.
    """
    session_security = getattr(connection, "session_security", None)  # 2.10 and newer
    return bool(session_security or connection._digest_md5_kis)
