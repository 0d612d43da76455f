# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS to a directory server: verified by Python's own ssl module, TLS 1.2 as the floor.

ldap3 compares host names with code of its own that does not know every form of certificate names, and
verifies nothing unless told to. Here the certificate and the name in it are checked by OpenSSL.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from .._tls import create_tls_context, load_client_certificate
from .library import LDAP3
from .settings import ConnectionSettings
from .sockets import DeadlineSocket

# Without ldap3 this file must still load, so that the module can say that it is missing.
if TYPE_CHECKING or LDAP3.failure is None:
    from ldap3 import Tls as _Tls
else:
    _Tls = object


def directory_context(access: ConnectionSettings) -> ssl.SSLContext:
    """What the certificate of each server must satisfy, and what is shown to one that asks for a certificate.

    :raises InputError: when a file with certificates or the key cannot be used.
    """
    context = create_tls_context(access.ca_path, access.validate_certs)
    account = access.account
    if account.client_cert:
        load_client_certificate(context, account.client_cert, account.client_key or None)
    return context


class VerifiedTls(_Tls):
    """TLS settings for ldap3 that leave the handshake to a context of Python's own.

    :param receive_timeout: seconds that any answer over TLS may take.
    :ivar failure: why the last handshake failed; ldap3 itself hands on the text alone.
    """

    def __init__(self, context: ssl.SSLContext, receive_timeout: int) -> None:
        super().__init__(validate=context.verify_mode)
        self._context = context
        self._receive_timeout = receive_timeout
        self.failure: OSError | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Put TLS on a connection's socket, as ldap3 calls it for LDAPS and for StartTLS.

        The handshake as a whole has as much time as the TCP connection had before it.

        :param do_handshake: ldap3's parameter; the handshake is always done at once.
        :raises OSError: ssl.SSLError and its kind when the handshake or the verification fails.
        """
        try:
            connection.socket.settimeout(connection.server.connect_timeout)
            secured = self._context.wrap_socket(
                connection.socket, server_hostname=connection.server.host
            )
        except OSError as error:
            self.failure = error
            raise
        connection.socket = DeadlineSocket(secured, self._receive_timeout)
