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
        action = {
            KERBEROS: "by Kerberos",
            NTLM: "by NTLM",
            EXTERNAL: f"with the certificate {self.client_cert}",
            ANONYMOUS: "anonymously",
        }
        return f"{action.get(self.auth_protocol, '')} {self.identity_phrase}".strip()

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
class _ProtocolRules:
    """What a protocol asks of the options.

    :ivar required: options without which it cannot be.
    :ivar unsupported: options that would contradict it.
    :ivar unsupported_reason: why those do.
    :ivar cleartext_error: what must not be done with it without TLS, and why not; None where nothing secret is sent.
    """

    required: tuple[str, ...]
    unsupported: tuple[str, ...]
    unsupported_reason: str
    cleartext_error: tuple[str, str] | None


_RULES = {
    SIMPLE: _ProtocolRules(
        required=("bind_dn", "bind_pw"),
        unsupported=("keytab", "ccache"),
        unsupported_reason="only Kerberos uses it",
        cleartext_error=("with a password", "it would cross the network in clear"),
    ),
    KERBEROS: _ProtocolRules(
        required=(),
        unsupported=(),
        unsupported_reason="",
        cleartext_error=None,
    ),
    NTLM: _ProtocolRules(
        required=("bind_dn", "bind_pw"),
        unsupported=("keytab", "ccache"),
        unsupported_reason="only Kerberos uses it",
        cleartext_error=(
            "by NTLM",
            "whoever is on the network could find out the password, or pass the bind on",
        ),
    ),
    EXTERNAL: _ProtocolRules(
        required=("client_cert",),
        unsupported=("bind_dn", "bind_pw", "keytab", "ccache"),
        unsupported_reason="the certificate says who it is",
        cleartext_error=("with a certificate", "without TLS there is nothing to show it in"),
    ),
    ANONYMOUS: _ProtocolRules(
        required=(),
        unsupported=("bind_dn", "bind_pw", "keytab", "ccache"),
        unsupported_reason="who reads anonymously has no account",
        cleartext_error=None,
    ),
}
_DOWN_LEVEL_NAME = re.compile(r"[^\s@\\=,]+\\[^@\\=,]+")
_PRINCIPAL = re.compile(r"[^\s@\\=,]+(@[^\s@\\=,]+)?")


def unsupported_options(account: Account) -> tuple[str, ...]:
    """The options that have no place in an account, whether they are given or not."""
    if account.keytab or account.ccache:
        return (*_RULES[account.auth_protocol].unsupported, "bind_pw")
    return _RULES[account.auth_protocol].unsupported


def check_account(account: Account) -> None:
    """Check that the options of one account belong together, and can be what they are to be.

    :raises InputError: for one that is missing, that contradicts another, or that cannot be used.
    """
    rules = _RULES[account.auth_protocol]
    for option in rules.required:
        if not getattr(account, option):
            # A name without a password is an anonymous bind that succeeds (RFC 4513, 5.1.2).
            environment_hint = f", or FRONTDESK_{option.upper()} in the environment"
            raise InputError(
                "Cannot bind",
                f"{option} is empty",
                f"Set {option}" + (environment_hint if option.startswith("bind") else ""),
            )
    for option in rules.unsupported:
        if getattr(account, option):
            raise InputError(
                f"Cannot use {option} with auth_protocol {account.auth_protocol}",
                rules.unsupported_reason,
                f"Leave out {option}, or choose another auth_protocol",
            )
    if account.client_key and not account.client_cert:
        raise InputError(
            "Cannot use client_key", "it is given without client_cert", "Set client_cert"
        )
    if account.auth_protocol == KERBEROS:
        _check_kerberos(account)
    if account.auth_protocol == NTLM and not _DOWN_LEVEL_NAME.fullmatch(account.bind_dn):
        raise InputError(
            f"Cannot use bind_dn {account.bind_dn} with auth_protocol ntlm",
            "it does not say which domain's account it is",
            "Write it as DOMAIN\\NAME",
        )


def _check_kerberos(account: Account) -> None:
    for first, second in itertools.combinations(("bind_pw", "keytab", "ccache"), 2):
        if getattr(account, first) and getattr(account, second):
            raise InputError(
                f"Cannot use {first} and {second} together",
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
            magic = file.read(2)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            action, str(reason), "Give a file that whoever runs the module can read"
        ) from error
    # Of the format's two versions Heimdal and MIT both write the second (MIT Kerberos, "Keytab file format").
    if magic not in (b"\x05\x02", b"\x05\x01"):
        raise InputError(action, "it is no keytab", "Make one with ktpass, ktutil or msktutil")


def check_cleartext_bind(account: Account, uri: str) -> None:
    """Check that nothing secret crosses a connection that has no TLS.

    :param uri: of a server that is spoken to without TLS.
    :raises InputError: when the protocol must not be used there.
    """
    cleartext_error = _RULES[account.auth_protocol].cleartext_error
    if not cleartext_error and account.client_cert:
        cleartext_error = _RULES[EXTERNAL].cleartext_error
    if cleartext_error:
        action, cause = cleartext_error
        raise InputError(
            f"Cannot bind to {uri} {action}", cause, "Use ldaps://, or start_tls: true"
        )
