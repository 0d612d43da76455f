# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account for reading a directory, and checks of its options before a connection is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._environment import how_to_set
from .._errors import InputError

SIMPLE, KERBEROS, NTLM, EXTERNAL, ANONYMOUS = "simple", "kerberos", "ntlm", "external", "anonymous"
PROTOCOLS = (SIMPLE, KERBEROS, NTLM, EXTERNAL, ANONYMOUS)
"""The choices of the option auth_protocol."""


@dataclass(frozen=True)
class Account:
    r"""The account for reading a directory.

    Options that are not set are empty strings.

    :ivar auth_protocol: one of `PROTOCOLS`.
    :ivar bind_dn: distinguished name, user principal name, DOMAIN\user, or Kerberos principal.
    :ivar bind_pw: password; it must never be printed.
    :ivar keytab: file with the account's Kerberos keys.
    :ivar ccache: Kerberos ticket cache, as a file or TYPE:NAME; empty for the system's default.
    :ivar client_cert: file with the TLS client certificate.
    :ivar client_key: file with the private key of `client_cert`; empty if that file contains the key.
    """

    auth_protocol: str
    bind_dn: str = ""
    bind_pw: str = ""
    keytab: str = ""
    ccache: str = ""
    client_cert: str = ""
    client_key: str = ""

    def __str__(self) -> str:
        """Describe the account in a phrase that can follow ``Cannot bind to ldaps://dc1`` in error messages."""
        method = {
            KERBEROS: "using Kerberos",
            NTLM: "using NTLM",
            EXTERNAL: f"with the certificate {self.client_cert}",
            ANONYMOUS: "anonymously",
        }
        return f"{method.get(self.auth_protocol, '')} {self.identity_phrase}".strip()

    @property
    def identity_phrase(self) -> str:
        """The part of the description that identifies the account; empty if bind_dn, keytab and ccache are empty."""
        if self.bind_dn:
            return f"as {self.bind_dn}"
        if self.keytab:
            return f"with the keytab {self.keytab}"
        return f"with the ticket cache {self.ccache}" if self.ccache else ""

    def __repr__(self) -> str:
        # Tracebacks and logs must not contain the password.
        return f"Account({self})"


@dataclass(frozen=True)
class _ProtocolRules:
    """The rules of an authentication protocol.

    :ivar required: options that must be set.
    :ivar unsupported: options that must not be set.
    :ivar unsupported_reason: cause of the error if an unsupported option is set.
    :ivar cleartext_error: end of the action, and the cause, in the error about a connection without TLS; None if the
        protocol does not require TLS.
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
        cleartext_error=("with a password", "it would be sent unencrypted"),
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
            "using NTLM",
            "an attacker on the network could recover the password or relay the bind",
        ),
    ),
    EXTERNAL: _ProtocolRules(
        required=("client_cert",),
        unsupported=("bind_dn", "bind_pw", "keytab", "ccache"),
        unsupported_reason="the certificate identifies the account",
        cleartext_error=("with a certificate", "client certificates require TLS"),
    ),
    ANONYMOUS: _ProtocolRules(
        required=(),
        unsupported=("bind_dn", "bind_pw", "keytab", "ccache"),
        unsupported_reason="an anonymous bind does not use an account",
        cleartext_error=None,
    ),
}
_DOWN_LEVEL_NAME = re.compile(r"[^\s@\\=,]+\\[^@\\=,]+")
_PRINCIPAL = re.compile(r"[^\s@\\=,]+(@[^\s@\\=,]+)?")


def unsupported_options(account: Account) -> tuple[str, ...]:
    """Return the names of the options that must not be set together with the other options of the account."""
    if account.keytab or account.ccache:
        return (*_RULES[account.auth_protocol].unsupported, "bind_pw")
    return _RULES[account.auth_protocol].unsupported


def check_account(account: Account) -> None:
    """Check that the options of an account are complete, consistent and well-formed.

    :raises InputError: if an option is missing, contradicts another one, or has an unusable value.
    """
    rules = _RULES[account.auth_protocol]
    for option in rules.required:
        if not getattr(account, option):
            # A server might accept a simple bind with a name and an empty password, but treat it as anonymous
            # (RFC 4513, 5.1.2).
            raise InputError("Cannot bind", f"O({option}) is empty", how_to_set(option))
    for option in rules.unsupported:
        if getattr(account, option):
            raise InputError(
                f"Cannot use O({option}) with O(auth_protocol) {account.auth_protocol}",
                rules.unsupported_reason,
                f"Remove O({option}), or choose another O(auth_protocol)",
            )
    if account.client_key and not account.client_cert:
        raise InputError(
            "Cannot use O(client_key)", "O(client_cert) is not set", "Set O(client_cert)"
        )
    if account.auth_protocol == KERBEROS:
        _check_kerberos(account)
    if account.auth_protocol == NTLM and not _DOWN_LEVEL_NAME.fullmatch(account.bind_dn):
        raise InputError(
            f"Cannot use O(bind_dn) {account.bind_dn} with O(auth_protocol) ntlm",
            "it does not contain the domain of the account in the form that NTLM requires",
            f"Write it as DOMAIN\\{_guess_account_name(account.bind_dn)}",
        )


def _guess_account_name(bind_dn: str) -> str:
    """Return the account name in bind_dn; NAME if there is none, for example because bind_dn is a DN."""
    name = bind_dn.partition("@")[0]
    return name if _PRINCIPAL.fullmatch(name) else "NAME"


def _check_kerberos(account: Account) -> None:
    # The argument spec declares that keytab and ccache are mutually exclusive.
    for option in ("keytab", "ccache"):
        if account.bind_pw and getattr(account, option):
            raise InputError(
                f"Cannot use O(bind_pw) and O({option}) together",
                "they are alternative ways to obtain a ticket",
                "Set only one of them",
            )
    if account.bind_pw and not account.bind_dn:
        raise InputError(
            "Cannot get a Kerberos ticket",
            "there is a password, but O(bind_dn) is empty",
            how_to_set("bind_dn"),
        )
    if account.bind_dn and not _PRINCIPAL.fullmatch(account.bind_dn):
        raise InputError(
            f"Cannot use O(bind_dn) {account.bind_dn} with O(auth_protocol) kerberos",
            "it is not a Kerberos principal",
            "Write it as NAME@REALM, with the realm in uppercase",
        )
    if account.keytab:
        _check_keytab(account.keytab)


def _check_keytab(path: str) -> None:
    """Check that a file is a readable keytab.

    With any other file, Kerberos would only report that there are no tickets.

    :raises InputError: if the file cannot be read, or is not a keytab.
    """
    action = f"Cannot use O(keytab) {path}"
    try:
        with open(path, "rb") as file:
            magic = file.read(2)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            action, str(reason), "Set O(keytab) to a file that the user running the module can read"
        ) from error
    # Heimdal and MIT Kerberos write version 2 of the format, and can also read version 1 (MIT Kerberos, "Keytab file
    # format").
    if magic not in (b"\x05\x02", b"\x05\x01"):
        raise InputError(action, "it is not a keytab", "Create one with ktpass, ktutil or msktutil")


def check_cleartext_bind(account: Account, uri: str) -> None:
    """Check that the account can be used on a connection without TLS.

    :param uri: URI of the server, for the error message.
    :raises InputError: if the account must not be used without TLS.
    """
    cleartext_error = _RULES[account.auth_protocol].cleartext_error
    if not cleartext_error and account.client_cert:
        cleartext_error = _RULES[EXTERNAL].cleartext_error
    if cleartext_error:
        action, cause = cleartext_error
        raise InputError(
            f"Cannot bind to {uri} {action}", cause, "Use ldaps://, or O(start_tls=true)"
        )
