# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS with a directory server: TLS 1.2 or newer, with certificates verified by OpenSSL instead of ldap3.

By default, ldap3 does not verify certificates. Even if verification is enabled, ldap3 matches host names with its own
code, which does not support all kinds of names in certificates.
"""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .._certificate import Certificate, parse_certificate
from .._tls import Verification, create_tls_context, load_client_certificate
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
    :raises InputError: if a file with certificates or the private key cannot be used.
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


def describe_verification(
    settings: ConnectionSettings, host: str, context: ssl.SSLContext, tls_socket: Any
) -> Verification:
    """Describe the circumstances in which the verification of a server's certificate failed.

    :param settings: the connection settings.
    :param host: host name or IP address for which the certificate was verified.
    :param context: TLS context that verified the certificate.
    :param tls_socket: TLS connection to the same server without verification; None if there is none.
    """
    trusted = (_parse(der) for der in context.get_ca_certs(binary_form=True))
    chain = _read_chain(tls_socket) if tls_socket is not None else []
    return Verification(
        host=host,
        ca_path=settings.ca_path,
        chain=[certificate for certificate in map(parse_certificate, chain) if certificate],
        trusted={certificate.subject for certificate in trusted if certificate},
        now=datetime.now(timezone.utc),
    )


def _parse(der: object) -> Certificate | None:
    return parse_certificate(der) if isinstance(der, bytes) else None


def _read_chain(tls_socket: Any) -> list[bytes]:
    """Return the DER-encoded certificates that the server sent, its own first.

    Python 3.13 and newer have a public method that returns all of them.
    """
    leaf = tls_socket.getpeercert(binary_form=True)
    if hasattr(tls_socket, "get_unverified_chain"):
        return list(tls_socket.get_unverified_chain())
    sent = getattr(getattr(tls_socket, "_sslobj", None), "get_unverified_chain", None)
    if sent is None:
        return [leaf]
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in sent()]
