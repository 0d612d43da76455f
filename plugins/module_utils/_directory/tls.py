# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS with a directory server: TLS 1.2 or newer, with certificates verified by OpenSSL instead of ldap3.

By default, ldap3 does not verify certificates. Even if verification is enabled, ldap3 matches host names with its own
code, which does not support all kinds of names in certificates.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from .._tls import create_tls_context, load_client_certificate
from .library import LDAP3
from .settings import ConnectionSettings
from .sockets import DeadlineSocket

# This file must be importable without ldap3, so that the modules can report that ldap3 is missing.
if TYPE_CHECKING or LDAP3.failure is None:
    from ldap3 import Tls as _Tls
else:
    _Tls = object


def create_ssl_context(settings: ConnectionSettings) -> ssl.SSLContext:
    """Create the TLS context for verifying servers and for presenting the client certificate.

    :param settings: the connection settings.
    :raises InputError: as for `create_tls_context` and `load_client_certificate`.
    """
    context = create_tls_context(settings.ca_path, settings.validate_certs)
    account = settings.account
    if account.client_cert:
        load_client_certificate(context, account.client_cert, account.client_key or None)
    return context


class VerifiedTls(_Tls):
    """TLS settings for ldap3 that use the given TLS context for the handshake.

    :param context: TLS context for the handshake.
    :param receive_timeout: timeout in seconds for each complete response.
    :ivar failure: the error of the handshake; None if there was none. ldap3 passes on only its message.
    """

    def __init__(self, context: ssl.SSLContext, receive_timeout: int) -> None:
        super().__init__(validate=context.verify_mode)
        self._context = context
        self._receive_timeout = receive_timeout
        self.failure: OSError | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Start TLS on a connection's socket.

        ldap3 calls this method for LDAPS and StartTLS. The timeout of the handshake is the connection timeout.

        :param do_handshake: parameter of ldap3; ignored, because the handshake is always performed immediately.
        :raises OSError: ssl.SSLError or another error if the handshake or the verification fails.
        """
        try:
            connection.socket.settimeout(connection.server.connect_timeout)
            tls_socket = self._context.wrap_socket(
                connection.socket, server_hostname=connection.server.host
            )
        except OSError as error:
            self.failure = error
            raise
        connection.socket = DeadlineSocket(tls_socket, self._receive_timeout)
