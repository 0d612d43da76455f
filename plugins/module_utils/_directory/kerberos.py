# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos: tickets, and the bind that shows one, SASL's mechanism GSSAPI (RFC 4752).

By gssapi alone: ldap3's own exchange needs one more library for channel binding, and encrypts from its
release 2.10 on only.
"""

from __future__ import annotations

import os
import uuid
from typing import Any, NamedTuple

from .account import Account
from .diagnosis import DirectoryError, ServerError, explain_ticket
from .library import GSSAPI, ldap3
from .sockets import LARGEST

_NO_LAYER, _ENCRYPTED = 1, 4
_IN_PROGRESS = 14


class SecurityContext(NamedTuple):
    """What both sides know of each other when a bind is done.

    :ivar context: gssapi's.
    :ivar largest: bytes that may be encrypted at a time.
    :ivar failure: what gssapi raises.
    """

    context: Any
    largest: int
    failure: type[Exception]

    def encrypt(self, message: bytes) -> bytes:
        """Make of a message what only the other side can read, and nobody can alter.

        :raises ValueError: when that cannot be done any more.
        """
        try:
            return bytes(self.context.wrap(message, True).message)
        except self.failure as error:
            raise ValueError(str(error)) from None

    def decrypt(self, message: bytes) -> bytes:
        """Read what the other side has encrypted.

        :raises ValueError: when nobody has who knows the key.
        """
        try:
            opened = self.context.unwrap(message)
        except self.failure as error:
            raise ValueError(str(error)) from None
        if not opened.encrypted:
            raise ValueError("it is not encrypted")
        return bytes(opened.message)


def acquire_credentials(account: Account) -> Any:
    """Get what shows who an account is, from its password, its keytab or its ticket cache.

    Tickets that are got here are kept in memory alone; no file and no variable of the environment changes.

    :returns: gssapi's credentials.
    :raises DirectoryError: when there are no tickets, and none can be got.
    """
    gssapi = GSSAPI.load()
    action = f"Cannot get a Kerberos ticket {account.whose}".rstrip()
    name, store = None, _store(account)
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
        # Only now is the key that a keytab holds made use of.
        credentials.inquire(name=False, lifetime=True)
    except gssapi.exceptions.GSSError as error:
        diagnosis = explain_ticket(error, of_keytab=bool(store and "client_keytab" in store))
        raise DirectoryError(action, *diagnosis) from None
    return credentials


def _store(account: Account) -> dict[str, str] | None:
    """Where tickets are, or what they are got with, as MIT Kerberos names it (gss_acquire_cred_from)."""
    if account.ccache:
        return {"ccache": account.ccache}
    keytab = account.keytab
    if not keytab and "KRB5CCNAME" not in os.environ:
        # Of itself the library would leave tickets that are got with this key in /tmp.
        keytab = os.environ.get("KRB5_CLIENT_KTNAME", "")
    if keytab:
        return {"client_keytab": keytab, "ccache": f"MEMORY:frontdesk-contacts-{uuid.uuid4()}"}
    return None


def bind_with_kerberos(
    connection: Any, uri: str, account: Account, binding: bytes | None, *, encrypt: bool
) -> SecurityContext | None:
    """Show a server a ticket.

    :param connection: ldap3's; its result is then that of the bind.
    :param uri: the server, for errors.
    :param binding: what ties the bind to the TLS connection below it; None for nothing.
    :param encrypt: whether all that follows is to be encrypted, for there is no TLS.
    :returns: what encrypts it; None without that, or when the server refused the ticket.
    :raises ServerError: when there is no ticket for this server, or it does not encrypt.
    """
    gssapi = GSSAPI.load()
    action = f"Cannot bind to {uri} {account}"
    tickets = acquire_credentials(account)
    try:
        context = _context(gssapi, connection.server.host, tickets, binding, encrypt=encrypt)
        said: bytes | None = None
        while not context.complete:
            said = _ask(connection, context.step(said))
            if said is None:
                return None
        choice, largest = _choice(context.unwrap(said).message, encrypt=encrypt)
        if choice is None:
            raise ServerError(action, *_LAYERS[encrypt])
        _ask(connection, context.wrap(choice, False).message)
        if not encrypt:
            return None
        limit = context.get_wrap_size_limit(largest)
        return SecurityContext(context, limit, gssapi.exceptions.GSSError)
    except gssapi.exceptions.GSSError as error:
        raise ServerError(action, *explain_ticket(error)) from None


def _context(gssapi: Any, host: str, tickets: Any, binding: bytes | None, *, encrypt: bool) -> Any:
    flags = gssapi.RequirementFlag.mutual_authentication
    if encrypt:
        flags |= gssapi.RequirementFlag.integrity | gssapi.RequirementFlag.confidentiality
        flags |= gssapi.RequirementFlag.out_of_sequence_detection
    return gssapi.SecurityContext(
        # Not a host-based name, which the library would look up in DNS and replace by what that says.
        # No realm: the account's own is asked, which refers to others.
        name=gssapi.Name(f"ldap/{host}@", gssapi.NameType.kerberos_principal),
        creds=tickets,
        usage="initiate",
        mech=gssapi.MechType.kerberos,
        flags=flags,
        channel_bindings=binding and gssapi.raw.ChannelBindings(application_data=binding),
    )


_LAYERS = {
    True: (
        "the server does not encrypt by Kerberos, and people's data would cross the network in clear",
        "Use ldaps://, or start_tls: true",
    ),
    False: (
        "the server wants to encrypt by Kerberos within TLS",
        "Use ldap:// without start_tls, where Kerberos encrypts",
    ),
}


def _choice(layers: bytes, *, encrypt: bool) -> tuple[bytes | None, int]:
    """What to answer to the layers that a server offers (RFC 4752, 3.1), and the largest buffer it takes."""
    wanted = _ENCRYPTED if encrypt else _NO_LAYER
    if len(layers) != 4 or not layers[0] & wanted:
        return None, 0
    mine = LARGEST if encrypt else 0
    return bytes([wanted]) + mine.to_bytes(3, "big"), int.from_bytes(layers[1:], "big")


def _ask(connection: Any, token: bytes | None) -> bytes | None:
    """Send one token; gives the server's, and None when it refuses."""
    ask: Any = ldap3.protocol.sasl.sasl.send_sasl_negotiation
    result = ask(connection, None, token or b"")
    if result["result"] not in (0, _IN_PROGRESS):
        return None
    return bytes(result["saslCreds"] or b"")
