# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the validation and the description of accounts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import (
    Account,
    check_account,
    check_cleartext_bind,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError

SIMPLE = Account("simple", bind_dn="svc@x.no", bind_pw="s3cret")
KERBEROS = Account("kerberos", bind_dn="svc@X.NO", bind_pw="s3cret")
TICKET = Account("kerberos", ccache="KCM:0")
NTLM = Account("ntlm", bind_dn=r"X\svc", bind_pw="s3cret")
EXTERNAL = Account("external", client_cert="/cert", client_key="/key")
ANONYMOUS = Account("anonymous")
UNENCRYPTED = "it would be sent unencrypted"


@pytest.mark.parametrize(
    "account",
    [
        SIMPLE,
        replace(SIMPLE, client_cert="/both"),
        KERBEROS,
        replace(KERBEROS, bind_dn="svc"),
        replace(KERBEROS, bind_dn="http/front.x.no@X.NO"),
        TICKET,
        replace(TICKET, bind_dn="svc@X.NO"),
        Account("kerberos"),
        NTLM,
        EXTERNAL,
        ANONYMOUS,
        replace(ANONYMOUS, client_cert="/both"),
    ],
)
def test_consistent_options_are_accepted(account: Account) -> None:
    check_account(account)


def _missing(option: str, variable: str = "") -> str:
    return f"Cannot bind: {option} is empty. Set {option}{variable}."


def _contradiction(option: str, protocol: str, cause: str) -> str:
    return (
        f"Cannot use {option} with auth_protocol {protocol}: {cause}. "
        f"Remove {option}, or choose another auth_protocol."
    )


def _conflict(first: str, second: str) -> str:
    return (
        f"Cannot use {first} and {second} together: they are alternative ways to obtain a ticket. "
        "Set only one of them."
    )


def _not_down_level(name: str, suggestion: str) -> str:
    return (
        f"Cannot use bind_dn {name} with auth_protocol ntlm: it does not contain the domain of the account in"
        rf" the form that NTLM requires. Write it as DOMAIN\{suggestion}."
    )


def _not_principal(name: str) -> str:
    return (
        f"Cannot use bind_dn {name} with auth_protocol kerberos: it is not a Kerberos principal. "
        "Write it as NAME@REALM, with the realm in uppercase."
    )


@pytest.mark.parametrize(
    ("account", "message"),
    [
        *(
            (
                replace(account, **{option: ""}),
                _missing(option, f", or the environment variable FRONTDESK_{option.upper()}"),
            )
            for account in (SIMPLE, NTLM)
            for option in ("bind_dn", "bind_pw")
        ),
        (replace(EXTERNAL, client_cert="", client_key=""), _missing("client_cert")),
        *(
            (
                replace(ANONYMOUS, **{option: "x"}),
                _contradiction(option, "anonymous", "an anonymous bind does not use an account"),
            )
            for option in ("bind_dn", "bind_pw", "keytab", "ccache")
        ),
        *(
            (
                replace(EXTERNAL, **{option: "x"}),
                _contradiction(option, "external", "the certificate identifies the account"),
            )
            for option in ("bind_dn", "bind_pw", "keytab", "ccache")
        ),
        *(
            (
                replace(account, **{option: "x"}),
                _contradiction(option, account.auth_protocol, "only Kerberos uses it"),
            )
            for account in (SIMPLE, NTLM)
            for option in ("keytab", "ccache")
        ),
        *(
            (replace(NTLM, bind_dn=name), _not_down_level(name, suggestion))
            for name, suggestion in (("svc", "svc"), ("svc@X.NO", "svc"), ("CN=svc", "NAME"))
        ),
        (replace(KERBEROS, keytab="/k"), _conflict("bind_pw", "keytab")),
        (replace(KERBEROS, ccache="/c"), _conflict("bind_pw", "ccache")),
        (
            replace(KERBEROS, bind_dn=""),
            (
                "Cannot get a Kerberos ticket: there is a password, but bind_dn is empty. Set bind_dn, or the"
                " environment variable FRONTDESK_BIND_DN."
            ),
        ),
        *(
            (
                replace(KERBEROS, bind_dn=name),
                _not_principal(name),
            )
            for name in ("CN=svc,DC=x,DC=no", r"X\svc", "svc@", "@X.NO", "a b@X.NO", "a@b@X.NO")
        ),
        *(
            (
                replace(account, client_cert="", client_key="/key"),
                "Cannot use client_key: client_cert is not set. Set client_cert.",
            )
            for account in (SIMPLE, KERBEROS, ANONYMOUS)
        ),
    ],
)
def test_incomplete_contradictory_and_malformed_options_are_rejected(
    account: Account, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_account(account)
    assert str(caught.value) == message


READABLE_FILE = "Set keytab to a file that the user running the module can read"
CREATE_KEYTAB = "Create one with ktpass, ktutil or msktutil"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, f"No such file or directory. {READABLE_FILE}"),
        (b"", f"it is not a keytab. {CREATE_KEYTAB}"),
        (b"\x05\x04", f"it is not a keytab. {CREATE_KEYTAB}"),
        (b"\x05\x01", ""),
        (b"\x05\x02", ""),
    ],
)
def test_keytabs_must_be_readable_and_valid(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    keytab = tmp_path / "keytab"
    if content is not None:
        keytab.write_bytes(content)
    account = Account("kerberos", keytab=str(keytab))
    if not problem:
        check_account(account)
        return
    with pytest.raises(InputError) as caught:
        check_account(account)
    assert str(caught.value) == f"Cannot use keytab {keytab}: {problem}."


@pytest.mark.parametrize(
    ("account", "action", "cause"),
    [
        (SIMPLE, "with a password", UNENCRYPTED),
        (
            *(NTLM, "using NTLM"),
            "an attacker on the network could recover the password or relay the bind",
        ),
        (EXTERNAL, "with a certificate", "client certificates require TLS"),
        *(
            (
                replace(account, client_cert="/cert"),
                "with a certificate",
                "client certificates require TLS",
            )
            for account in (KERBEROS, ANONYMOUS)
        ),
    ],
)
def test_passwords_ntlm_and_client_certificates_require_tls(
    account: Account, action: str, cause: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_cleartext_bind(account, "ldap://dc1")
    assert str(caught.value) == (
        f"Cannot bind to ldap://dc1 {action}: {cause}. Use ldaps://, or start_tls: true."
    )


@pytest.mark.parametrize("account", [KERBEROS, TICKET, ANONYMOUS])
def test_kerberos_and_anonymous_binds_do_not_require_tls(account: Account) -> None:
    check_cleartext_bind(account, "ldap://dc1")


@pytest.mark.parametrize(
    ("account", "phrase"),
    [
        (SIMPLE, "as svc@x.no"),
        (KERBEROS, "using Kerberos as svc@X.NO"),
        (Account("kerberos", keytab="/k"), "using Kerberos with the keytab /k"),
        (TICKET, "using Kerberos with the ticket cache KCM:0"),
        (Account("kerberos"), "using Kerberos"),
        (NTLM, r"using NTLM as X\svc"),
        (EXTERNAL, "with the certificate /cert"),
        (ANONYMOUS, "anonymously"),
    ],
)
def test_an_account_is_described_without_its_password(account: Any, phrase: str) -> None:
    assert str(account) == phrase
    assert repr(account) == f"Account({phrase})"
