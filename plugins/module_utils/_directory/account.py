# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who reads a directory, and how that is proved: checked before anything is sent."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from .._errors import InputError

SIMPLE, KERBEROS, NTLM, EXTERNAL, ANONYMOUS = "simple", "kerberos", "ntlm", "external", "anonymous"
PROTOCOLS = (SIMPLE, KERBEROS, NTLM, EXTERNAL, ANONYMOUS)
"""What auth_protocol can be."""


@dataclass(frozen=True)
class Account:
    r"""Who reads a directory, and how that is proved.

    :ivar auth_protocol: one of `PROTOCOLS`.
    :ivar bind_dn: distinguished name, user principal name, DOMAIN\user, or Kerberos principal; empty for none.
    :ivar bind_pw: its password; never printed; empty for none.
    :ivar keytab: file with its Kerberos keys; empty for none.
    :ivar ccache: where its Kerberos tickets are, as a file or TYPE:NAME; empty for where the system has them.
    :ivar client_cert: file with a certificate to show when TLS asks for one; empty for none.
    :ivar client_key: file with its key; empty when that stands in `client_cert`.
    """

    auth_protocol: str
    bind_dn: str = ""
    bind_pw: str = ""
    keytab: str = ""
    ccache: str = ""
    client_cert: str = ""
    client_key: str = ""

    def __str__(self) -> str:
        """Who it is, as errors say it: what follows ``Cannot bind to ldaps://dc1``."""
        how = {
            KERBEROS: "by Kerberos",
            NTLM: "by NTLM",
            EXTERNAL: f"with the certificate {self.client_cert}",
            ANONYMOUS: "anonymously",
        }
        return f"{how.get(self.auth_protocol, '')} {self.identity_phrase}".strip()

    @property
    def identity_phrase(self) -> str:
        """Who is meant, as far as the options name somebody."""
        if self.bind_dn:
            return f"as {self.bind_dn}"
        if self.keytab:
            return f"with the keytab {self.keytab}"
        return f"with the ticket cache {self.ccache}" if self.ccache else ""

    def __repr__(self) -> str:
        # The password must not get out by way of a traceback or a log.
        return f"Account({self})"


@dataclass(frozen=True)
class _Protocol:
    """What a protocol asks of the options.

    :ivar needed: options without which it cannot be.
    :ivar unused: options that would contradict it.
    :ivar why_unused: why those do.
    :ivar in_clear: what must not be done with it without TLS, and why not; None where nothing secret is sent.
    """

    needed: tuple[str, ...]
    unused: tuple[str, ...]
    why_unused: str
    in_clear: tuple[str, str] | None


_PROTOCOLS = {
    SIMPLE: _Protocol(
        needed=("bind_dn", "bind_pw"),
        unused=("keytab", "ccache"),
        why_unused="only Kerberos uses it",
        in_clear=("with a password", "it would cross the network in clear"),
    ),
    KERBEROS: _Protocol(
        needed=(),
        unused=(),
        why_unused="",
        in_clear=None,
    ),
    NTLM: _Protocol(
        needed=("bind_dn", "bind_pw"),
        unused=("keytab", "ccache"),
        why_unused="only Kerberos uses it",
        in_clear=(
            "by NTLM",
            "whoever is on the network could find out the password, or pass the bind on",
        ),
    ),
    EXTERNAL: _Protocol(
        needed=("client_cert",),
        unused=("bind_dn", "bind_pw", "keytab", "ccache"),
        why_unused="the certificate says who it is",
        in_clear=("with a certificate", "without TLS there is nothing to show it in"),
    ),
    ANONYMOUS: _Protocol(
        needed=(),
        unused=("bind_dn", "bind_pw", "keytab", "ccache"),
        why_unused="who reads anonymously has no account",
        in_clear=None,
    ),
}
_DOWN_LEVEL = re.compile(r"[^\s@\\=,]+\\[^@\\=,]+")
_PRINCIPAL = re.compile(r"[^\s@\\=,]+(@[^\s@\\=,]+)?")


def unsupported_options(account: Account) -> tuple[str, ...]:
    """The options that have no place in an account, whether they are given or not."""
    if account.keytab or account.ccache:
        return (*_PROTOCOLS[account.auth_protocol].unused, "bind_pw")
    return _PROTOCOLS[account.auth_protocol].unused


def check_account(account: Account) -> None:
    """Check that the options of one account belong together, and can be what they are to be.

    :raises InputError: for one that is missing, that contradicts another, or that cannot be used.
    """
    protocol = _PROTOCOLS[account.auth_protocol]
    for option in protocol.needed:
        if not getattr(account, option):
            # A name without a password is an anonymous bind that succeeds (RFC 4513, 5.1.2).
            variable = f", or FRONTDESK_{option.upper()} in the environment"
            raise InputError(
                "Cannot bind",
                f"{option} is empty",
                f"Set {option}" + (variable if option.startswith("bind") else ""),
            )
    for option in protocol.unused:
        if getattr(account, option):
            raise InputError(
                f"Cannot use {option} with auth_protocol {account.auth_protocol}",
                protocol.why_unused,
                f"Leave out {option}, or choose another auth_protocol",
            )
    if account.client_key and not account.client_cert:
        raise InputError(
            "Cannot use client_key", "it is given without client_cert", "Set client_cert"
        )
    if account.auth_protocol == KERBEROS:
        _check_kerberos(account)
    if account.auth_protocol == NTLM and not _DOWN_LEVEL.fullmatch(account.bind_dn):
        raise InputError(
            f"Cannot use bind_dn {account.bind_dn} with auth_protocol ntlm",
            "it does not say which domain's account it is",
            "Write it as DOMAIN\\NAME",
        )


def _check_kerberos(account: Account) -> None:
    for one, other in itertools.combinations(("bind_pw", "keytab", "ccache"), 2):
        if getattr(account, one) and getattr(account, other):
            raise InputError(
                f"Cannot use {one} and {other} together",
                "each is a way of its own to a ticket",
                "Leave one out",
            )
    if account.bind_pw and not account.bind_dn:
        raise InputError(
            "Cannot get a Kerberos ticket", "bind_pw is given without bind_dn", "Set bind_dn"
        )
    if account.bind_dn and not _PRINCIPAL.fullmatch(account.bind_dn):
        raise InputError(
            f"Cannot use bind_dn {account.bind_dn} with auth_protocol kerberos",
            "it is no Kerberos principal",
            "Write it as NAME@REALM, the realm in capitals",
        )
    if account.keytab:
        _check_keytab(account.keytab)


def _check_keytab(path: str) -> None:
    """See that a keytab can be read: Kerberos would only say that it has no tickets."""
    action = f"Cannot use keytab {path}"
    try:
        with open(path, "rb") as file:
            version = file.read(2)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            action, str(reason), "Give a file that whoever runs the module can read"
        ) from error
    # Of the format's two versions Heimdal and MIT both write the second (MIT Kerberos, "Keytab file format").
    if version not in (b"\x05\x02", b"\x05\x01"):
        raise InputError(action, "it is no keytab", "Make one with ktpass, ktutil or msktutil")


def check_cleartext_bind(account: Account, uri: str) -> None:
    """Check that nothing secret crosses a connection that has no TLS.

    :param uri: of a server that is spoken to without TLS.
    :raises InputError: when the protocol must not be used there.
    """
    in_clear = _PROTOCOLS[account.auth_protocol].in_clear
    if not in_clear and account.client_cert:
        in_clear = _PROTOCOLS[EXTERNAL].in_clear
    if in_clear:
        how, why = in_clear
        raise InputError(f"Cannot bind to {uri} {how}", why, "Use ldaps://, or start_tls: true")
