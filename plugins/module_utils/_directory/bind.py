# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binding: the account says who it is (RFC 4513)."""

from __future__ import annotations

import hashlib
from typing import Any

from .._errors import Diagnosis
from .account import EXTERNAL, KERBEROS, NTLM, SIMPLE, Account
from .certificate import tls_server_end_point
from .diagnosis import ServerError, bind_error, explain_failure
from .kerberos import bind_with_kerberos
from .library import CRYPTOGRAPHY, FAILURES, GSSAPI, PYCRYPTODOME, ldap3
from .root_dse import read_root_dse
from .sockets import SaslSocket

# What ldap3 calls the binding of NTLM to TLS; it has none before its release 2.10.
_NTLM_BINDING: Any = getattr(ldap3, "TLS_CHANNEL_BINDING", None)


def require_libraries(auth_protocol: str) -> None:
    """See that what few need is there, before anything is sent.

    :raises LibraryError: when a library is missing, or too old.
    """
    reason = f"by auth_protocol {auth_protocol}"
    if auth_protocol == KERBEROS:
        GSSAPI.load(reason)
    if auth_protocol == NTLM:
        if _NTLM_BINDING:
            CRYPTOGRAPHY.load(reason)
        elif "md4" not in hashlib.algorithms_available:
            PYCRYPTODOME.load(reason, "Crypto")


def bind(connection: Any, uri: str, account: Account) -> bool:
    """Authenticate on a connection.

    :param connection: ldap3's, which knows nothing of the account yet.
    :param uri: the server, for errors.
    :returns: whether all that follows is encrypted by what was agreed on here.
    :raises LibraryError: when a library that the protocol needs is missing.
    :raises ServerError: when there is no answer, or none that is about the account.
    :raises DirectoryError: when the server refuses the account.
    """
    action = f"Cannot bind to {uri} {account}"
    sealed = False
    try:
        if account.auth_protocol == KERBEROS:
            sealed = _bind_by_kerberos(connection, uri, account)
        elif account.auth_protocol == EXTERNAL:
            _bind_by_certificate(connection, uri)
        elif account.auth_protocol == NTLM:
            _bind_by_ntlm(connection, account)
        else:
            if account.auth_protocol == SIMPLE:
                connection.authentication = ldap3.SIMPLE
                connection.user, connection.password = account.bind_dn, account.bind_pw
            # auto_bind would lose the server's message, and with it Active Directory's reason.
            connection.bind(read_server_info=False)
    except FAILURES as error:
        raise _lost(action, explain_failure(error, None), account) from None
    except ServerError as error:
        raise _lost(error.action, Diagnosis(error.cause, error.remedy), account) from None
    if not connection.bound:
        raise bind_error(action, connection.result, account.auth_protocol)
    return sealed


def _lost(action: str, diagnosis: Diagnosis, account: Account) -> ServerError:
    """What to raise when there is no answer, which may be the server's way to refuse a certificate.

    In TLS 1.3 the client is done before the server has looked at it (RFC 8446, 4.4.2.4).
    """
    if not account.client_cert:
        return ServerError(action, *diagnosis)
    remedy = f"See that the server accepts client_cert. {diagnosis.remedy}"
    return ServerError(action, diagnosis.cause, remedy)


def _bind_by_certificate(connection: Any, uri: str) -> None:
    """Have the certificate count that TLS has shown (RFC 4513, 5.2.3)."""
    if connection.server.ssl and read_root_dse(connection, uri).is_active_directory:
        # There it counts already, and a bind is an error (MS-ADTS 5.1.1.2).
        connection.bound = True
        return
    connection.authentication, connection.sasl_mechanism = ldap3.SASL, ldap3.EXTERNAL
    # There and empty: without it the server would ask for the name to act as (RFC 4422, A).
    connection.sasl_credentials = b""
    connection.bind(read_server_info=False)


def _bind_by_ntlm(connection: Any, account: Account) -> None:
    """Answer the server's challenge (MS-NLMP), tied to the TLS connection where ldap3 can."""
    connection.authentication = ldap3.NTLM
    connection.user, connection.password = account.bind_dn, account.bind_pw
    certificate = _certificate(connection)
    if certificate and _NTLM_BINDING and tls_server_end_point(certificate):
        connection.channel_binding = _NTLM_BINDING
        connection.server.tls.peer_certificate = certificate
    connection.bind(read_server_info=False)


def _bind_by_kerberos(connection: Any, uri: str, account: Account) -> bool:
    certificate = _certificate(connection)
    connection.sasl_mechanism = ldap3.GSSAPI
    # What follows is encrypted once, by TLS or by Kerberos: domain controllers refuse both together (MS-ADTS
    # 5.1.1.1.2).
    agreed = bind_with_kerberos(
        connection,
        uri,
        account,
        certificate and tls_server_end_point(certificate),
        encrypt=certificate is None,
    )
    connection.bound = connection.result["result"] == 0
    if agreed is None or not connection.bound:
        return False
    connection.socket = SaslSocket(connection.socket, agreed, agreed.largest)
    return True


def _certificate(connection: Any) -> bytes | None:
    """What the server has shown, in DER; None without TLS."""
    show = getattr(connection.socket, "getpeercert", None)
    return show(binary_form=True) if show else None
