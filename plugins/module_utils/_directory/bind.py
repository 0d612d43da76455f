# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Authentication of a connection by binding as an account (RFC 4513)."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from .._certificate import tls_server_end_point
from .._errors import Diagnosis
from .account import EXTERNAL, KERBEROS, NTLM, SIMPLE, Account
from .bind_name import explain_bind_name
from .diagnosis import (
    INVALID_DN_SYNTAX,
    DirectoryError,
    ServerError,
    bind_error,
    describe_result,
    explain_failure,
    is_name_rejected,
)
from .kerberos import bind_with_kerberos
from .library import CRYPTOGRAPHY, FAILURES, GSSAPI, PYCRYPTODOME, ldap3
from .root_dse import read_root_dse
from .sockets import SaslSocket

# ldap3's constant that requests channel binding for NTLM; None before release 2.10, which introduced it.
_NTLM_CHANNEL_BINDING: Any = getattr(ldap3, "TLS_CHANNEL_BINDING", None)


def require_libraries(auth_protocol: str) -> None:
    """Check that the libraries required by an authentication protocol are available.

    :raises LibraryError: if a library is missing or too old.
    """
    reason = f"for O(auth_protocol={auth_protocol})"
    if auth_protocol == KERBEROS:
        GSSAPI.load(reason)
    if auth_protocol == NTLM:
        if _NTLM_CHANNEL_BINDING:
            CRYPTOGRAPHY.load(reason)
        elif "md4" not in hashlib.algorithms_available:
            PYCRYPTODOME.load(reason, "Crypto")


def bind(connection: Any, uri: str, account: Account) -> bool:
    """Authenticate a connection.

    :param connection: ldap3 connection without credentials.
    :param uri: URI of the server, for error messages.
    :param account: the account to bind as.
    :returns: whether a SASL security layer encrypts all messages after the bind.
    :raises LibraryError: if a library required by the protocol is missing or too old.
    :raises ServerError: if the bind fails for a reason that might not affect other servers.
    :raises DirectoryError: if the bind fails for any other reason, such as a wrong password.
    """
    action = f"Cannot bind to {uri} {account}"
    has_sasl_layer = False
    try:
        if account.auth_protocol == KERBEROS:
            has_sasl_layer = _bind_kerberos(connection, uri, account)
        elif account.auth_protocol == EXTERNAL:
            _bind_external(connection, uri)
        elif account.auth_protocol == NTLM:
            _bind_ntlm(connection, account)
        else:
            if account.auth_protocol == SIMPLE:
                connection.authentication = ldap3.SIMPLE
                connection.user, connection.password = account.bind_dn, account.bind_pw
            # ldap3's auto_bind discards the server's message, which contains Active Directory's error code.
            connection.bind(read_server_info=False)
    except FAILURES as error:
        raise _build_no_response_error(action, explain_failure(error, None), account) from None
    except ServerError as error:
        raise _build_no_response_error(
            error.action, Diagnosis(error.cause, error.remedy), account
        ) from None
    if not connection.bound:
        raise _build_rejection_error(action, connection, uri, account)
    return has_sasl_layer


def _build_rejection_error(
    action: str, connection: Any, uri: str, account: Account
) -> DirectoryError:
    """Build the error for a bind that the server rejected, with a hint if the name seems to be the cause."""
    result = connection.result
    if account.auth_protocol == SIMPLE and is_name_rejected(result):
        # Most servers return the root DSE without a bind.
        with suppress(DirectoryError):
            diagnosis = explain_bind_name(
                account.bind_dn,
                read_root_dse(connection, uri),
                is_dn_required=result["result"] == INVALID_DN_SYNTAX,
            )
            if diagnosis:
                cause = f"{diagnosis.cause} ({describe_result(result)})"
                return DirectoryError(action, cause, diagnosis.remedy)
    return bind_error(action, result, account.auth_protocol)


def _build_no_response_error(action: str, diagnosis: Diagnosis, account: Account) -> ServerError:
    """Build the error for a bind that was not completed, with a hint if the account has a client certificate.

    In TLS 1.3, the client completes the handshake before the server verifies the client certificate. If the
    server rejects the certificate, it closes the connection later (RFC 8446, 4.4.2.4).
    """
    if not account.client_cert:
        return ServerError(action, *diagnosis)
    remedy = f"Check that the server accepts O(client_cert). {diagnosis.remedy}"
    return ServerError(action, diagnosis.cause, remedy)


def _bind_external(connection: Any, uri: str) -> None:
    """Authenticate with the client certificate of the TLS handshake (RFC 4513, 5.2.3)."""
    if connection.server.ssl and read_root_dse(connection, uri).is_active_directory:
        # With LDAPS, Active Directory has already authenticated the client, and an EXTERNAL bind would fail
        # (MS-ADTS 5.1.1.2).
        connection.bound = True
        return
    connection.authentication, connection.sasl_mechanism = ldap3.SASL, ldap3.EXTERNAL
    # Empty credentials must be sent: otherwise, the server would request an authorization identity
    # (RFC 4422, appendix A).
    connection.sasl_credentials = b""
    connection.bind(read_server_info=False)


def _bind_ntlm(connection: Any, account: Account) -> None:
    """Authenticate with NTLM (MS-NLMP).

    Over TLS, channel binding is used if ldap3 supports it, and if it is defined for the server's certificate.
    """
    connection.authentication = ldap3.NTLM
    connection.user, connection.password = account.bind_dn, account.bind_pw
    certificate = _get_server_certificate(connection)
    if certificate and _NTLM_CHANNEL_BINDING and tls_server_end_point(certificate):
        connection.channel_binding = _NTLM_CHANNEL_BINDING
        connection.server.tls.peer_certificate = certificate
    connection.bind(read_server_info=False)


def _bind_kerberos(connection: Any, uri: str, account: Account) -> bool:
    certificate = _get_server_certificate(connection)
    connection.sasl_mechanism = ldap3.GSSAPI
    # Messages are encrypted either by TLS or by Kerberos: domain controllers reject the combination
    # (MS-ADTS 5.1.1.1.2).
    security_context = bind_with_kerberos(
        connection,
        uri,
        account,
        certificate and tls_server_end_point(certificate),
        encrypt=certificate is None,
    )
    connection.bound = connection.result["result"] == 0
    if security_context is None or not connection.bound:
        return False
    connection.socket = SaslSocket(
        connection.socket, security_context, security_context.max_message_size
    )
    return True


def _get_server_certificate(connection: Any) -> bytes | None:
    """Return the server's DER-encoded certificate; None if the connection does not use TLS."""
    getpeercert = getattr(connection.socket, "getpeercert", None)
    return getpeercert(binary_form=True) if getpeercert else None
