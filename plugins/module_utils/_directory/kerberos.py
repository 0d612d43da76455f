# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos: credentials, and binds with the SASL mechanism GSSAPI (RFC 4752).

This file uses gssapi directly instead of ldap3's implementation, which requires another library for channel binding
and supports encryption only from release 2.10 on.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Any

from .account import Account
from .diagnosis import DirectoryError, ServerError, explain_ticket
from .library import GSSAPI, ldap3
from .sockets import MAX_BUFFER_SIZE

# Security layers (RFC 4752, 3.3), and a result code (RFC 4511, A.1).
_NO_LAYER, _CONFIDENTIALITY = 1, 4
_SASL_BIND_IN_PROGRESS = 14

_LAYER_ERRORS = {
    True: (
        "the server does not support Kerberos encryption, so personal data would be sent unencrypted",
        "Use ldaps://, or O(start_tls=true)",
    ),
    False: (
        "the server requires a Kerberos security layer even if the connection uses TLS",
        "Use ldap:// without O(start_tls): Kerberos then encrypts the connection",
    ),
}


@dataclass(frozen=True)
class SecurityContext:
    """The security context established by a bind.

    Implements `MessageCipher`.

    :ivar context: gssapi context.
    :ivar max_message_size: maximum size in bytes of a message to encrypt.
    :ivar error_class: exception class that gssapi raises.
    """

    context: Any
    max_message_size: int
    error_class: type[Exception]

    def encrypt(self, message: bytes) -> bytes:
        """Encrypt a message and protect its integrity.

        :raises ValueError: if the context can no longer encrypt.
        """
        try:
            return bytes(self.context.wrap(message, True).message)
        except self.error_class as error:
            raise ValueError(str(error)) from None

    def decrypt(self, message: bytes) -> bytes:
        """Decrypt a message from the peer and verify its integrity.

        :raises ValueError: if the message is not encrypted, or cannot be decrypted and verified.
        """
        try:
            unwrapped = self.context.unwrap(message)
        except self.error_class as error:
            raise ValueError(str(error)) from None
        if not unwrapped.encrypted:
            raise ValueError("it is not encrypted")
        return bytes(unwrapped.message)


def acquire_credentials(account: Account) -> Any:
    """Acquire Kerberos credentials from a password, keytab or ticket cache.

    Tickets that are obtained with the options bind_pw or keytab are kept in memory only. Environment variables are not
    changed.

    :param account: the account and its secrets.
    :returns: gssapi credentials.
    :raises LibraryError: if gssapi is missing or too old.
    :raises DirectoryError: if there is no valid ticket and none can be obtained.
    """
    gssapi = GSSAPI.load()
    action = f"Cannot get a Kerberos ticket {account.identity_phrase}".rstrip()
    name, store = None, _choose_credential_store(account)
    try:
        if account.bind_dn:
            name = gssapi.Name(account.bind_dn, gssapi.NameType.kerberos_principal)
        if account.bind_pw:
            return gssapi.raw.acquire_cred_with_password(
                name, account.bind_pw.encode(), usage="initiate", mechs=[gssapi.MechType.kerberos]
            ).creds
        credentials = gssapi.Credentials(
            name=name, usage="initiate", mechs=[gssapi.MechType.kerberos], store=store
        )
        # With a keytab, a ticket is requested only when the credentials are inspected.
        credentials.inquire(name=False, lifetime=True)
    except gssapi.exceptions.GSSError as error:
        diagnosis = explain_ticket(error, from_keytab=bool(store and "client_keytab" in store))
        raise DirectoryError(action, *diagnosis) from None
    return credentials


def _choose_credential_store(account: Account) -> dict[str, str] | None:
    """Return the credential store in the format of MIT Kerberos (gss_acquire_cred_from); None for the default."""
    if account.ccache:
        return {"ccache": account.ccache}
    keytab = account.keytab
    if not keytab and "KRB5CCNAME" not in os.environ:
        # By default, MIT Kerberos would store the tickets obtained with this keytab in /tmp.
        keytab = os.environ.get("KRB5_CLIENT_KTNAME", "")
    if keytab:
        return {"client_keytab": keytab, "ccache": f"MEMORY:frontdesk-contacts-{uuid.uuid4()}"}
    return None


def bind_with_kerberos(
    connection: Any, uri: str, account: Account, channel_binding: bytes | None, *, encrypt: bool
) -> SecurityContext | None:
    """Bind with the SASL mechanism GSSAPI.

    :param connection: ldap3 connection; its result is set to that of the bind.
    :param uri: URI of the server for error messages.
    :param account: the account to bind as.
    :param channel_binding: channel binding to the TLS connection; None for a bind without channel binding.
    :param encrypt: whether to negotiate encryption; required if the connection does not use TLS.
    :returns: the security context for encryption; None without encryption, or if the server rejects the ticket.
    :raises ServerError: if no ticket for this server can be obtained, if the server's token is not valid, or if the
        server does not offer the required security layer.
    :raises LibraryError: as for `acquire_credentials`.
    :raises DirectoryError: as for `acquire_credentials`.
    :raises Exception: one of FAILURES if the connection fails.
    """
    gssapi = GSSAPI.load()
    action = f"Cannot bind to {uri} {account}"
    credentials = acquire_credentials(account)
    try:
        context = _create_context(
            gssapi, connection.server.host, credentials, channel_binding, encrypt=encrypt
        )
        token: bytes | None = None
        while not context.complete:
            token = _exchange_token(connection, context.step(token))
            if token is None:
                return None
        selection, max_buffer_size = _select_layer(context.unwrap(token).message, encrypt=encrypt)
        if selection is None:
            raise ServerError(action, *_LAYER_ERRORS[encrypt])
        _exchange_token(connection, context.wrap(selection, False).message)
        if not encrypt:
            return None
        return SecurityContext(
            context=context,
            max_message_size=context.get_wrap_size_limit(max_buffer_size),
            error_class=gssapi.exceptions.GSSError,
        )
    except gssapi.exceptions.GSSError as error:
        raise ServerError(action, *explain_ticket(error)) from None


def _create_context(
    gssapi: Any, host: str, credentials: Any, channel_binding: bytes | None, *, encrypt: bool
) -> Any:
    flags = gssapi.RequirementFlag.mutual_authentication
    if encrypt:
        flags |= gssapi.RequirementFlag.integrity | gssapi.RequirementFlag.confidentiality
        flags |= gssapi.RequirementFlag.out_of_sequence_detection
    return gssapi.SecurityContext(
        # A host-based service name is not used, because the library would canonicalize it through DNS.
        # The name has no realm, so the KDC of the account's realm refers the client to other realms if necessary.
        name=gssapi.Name(f"ldap/{host}@", gssapi.NameType.kerberos_principal),
        creds=credentials,
        usage="initiate",
        mech=gssapi.MechType.kerberos,
        flags=flags,
        channel_bindings=channel_binding
        and gssapi.raw.ChannelBindings(application_data=channel_binding),
    )


def _select_layer(offer: bytes, *, encrypt: bool) -> tuple[bytes | None, int]:
    """Select a security layer (RFC 4752, 3.1).

    :param offer: the layers that the server offers, and the size of the largest buffer that it accepts.
    :returns: the response (None if the required layer is not offered), and the server's maximum buffer size.
    """
    layer = _CONFIDENTIALITY if encrypt else _NO_LAYER
    if len(offer) != 4 or not offer[0] & layer:
        return None, 0
    buffer_size = MAX_BUFFER_SIZE if encrypt else 0
    return bytes([layer]) + buffer_size.to_bytes(3, "big"), int.from_bytes(offer[1:], "big")


def _exchange_token(connection: Any, token: bytes | None) -> bytes | None:
    """Send a token and return the server's token; None if the server rejects the bind."""
    send_token: Any = ldap3.protocol.sasl.sasl.send_sasl_negotiation
    result = send_token(connection, None, token or b"")
    if result["result"] not in (0, _SASL_BIND_IN_PROGRESS):
        return None
    return bytes(result["saslCreds"] or b"")
