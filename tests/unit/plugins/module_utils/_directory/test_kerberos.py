# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of Kerberos: sources of credentials, errors, and encryption with the security context."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.kerberos import (
    SecurityContext,
    acquire_credentials,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.tickets import (
    KRB5,
    Gssapi,
    GSSError,
)

PRINCIPAL = ("svc@X.NO", "principal")


@pytest.fixture(name="gssapi")
def _gssapi(monkeypatch: pytest.MonkeyPatch) -> Gssapi:
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    monkeypatch.delenv("KRB5_CLIENT_KTNAME", raising=False)
    return Gssapi(monkeypatch)


def test_tickets_are_obtained_with_a_password(gssapi: Gssapi) -> None:
    assert (
        acquire_credentials(Account("kerberos", bind_dn="svc@X.NO", bind_pw="s3crét")) == "tickets"
    )
    options = {"usage": "initiate", "mechs": ["kerberos"]}
    arguments = {"name": PRINCIPAL, "password": "s3crét".encode(), **options}
    assert gssapi.calls == [("password", arguments)]


KEYTAB = {"client_keytab": "/k", "ccache": "MEMORY:frontdesk-contacts-"}


@pytest.mark.parametrize(
    ("account", "environment", "name", "store"),
    [
        (Account("kerberos"), {}, None, None),
        (Account("kerberos", bind_dn="svc@X.NO"), {}, PRINCIPAL, None),
        (Account("kerberos", ccache="/c"), {}, None, {"ccache": "/c"}),
        (Account("kerberos", bind_dn="svc@X.NO", keytab="/k"), {}, PRINCIPAL, KEYTAB),
        (Account("kerberos", keytab="/k"), {"KRB5_CLIENT_KTNAME": "/else"}, None, KEYTAB),
        (Account("kerberos", keytab="/k"), {"KRB5CCNAME": "/c"}, None, KEYTAB),
        # Tickets obtained with the keytab in KRB5_CLIENT_KTNAME are also kept in memory, unless a ticket cache is
        # configured.
        (Account("kerberos"), {"KRB5_CLIENT_KTNAME": "/k"}, None, KEYTAB),
        (Account("kerberos"), {"KRB5_CLIENT_KTNAME": "/k", "KRB5CCNAME": "/c"}, None, None),
        (Account("kerberos", ccache="/c"), {"KRB5_CLIENT_KTNAME": "/k"}, None, {"ccache": "/c"}),
    ],
)
def test_credentials_come_from_the_configured_store(
    *,
    monkeypatch: pytest.MonkeyPatch,
    gssapi: Gssapi,
    account: Account,
    environment: dict[str, str],
    name: object,
    store: dict[str, str] | None,
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    acquire_credentials(account)
    (_credentials, options), inquired = gssapi.calls
    store_used = options.pop("store")
    assert options == {"name": name, "usage": "initiate", "mechs": ["kerberos"]}
    # With a keytab, a ticket is requested only when the credentials are inspected.
    assert inquired == ("inquire", {"name": False, "lifetime": True})
    if store_used and store and store_used["ccache"] != store["ccache"]:
        # The name of the memory cache ends with a unique identifier.
        assert store_used["ccache"].startswith(store["ccache"])
        store_used = {**store_used, "ccache": store["ccache"]}
    assert store_used == store


def test_each_acquisition_uses_its_own_memory_cache(gssapi: Gssapi) -> None:
    for _time in range(2):
        acquire_credentials(Account("kerberos", keytab="/k"))
    caches = {
        options["store"]["ccache"] for function, options in gssapi.calls if function != "inquire"
    }
    assert len(caches) == 2


@pytest.mark.parametrize(
    ("account", "function", "error", "identity", "cause"),
    [
        (
            *(
                Account("kerberos", bind_dn="svc@X.NO", bind_pw="pw"),
                "password",
                GSSError(KRB5 + 24),
            ),
            *(" as svc@X.NO", "the password, or the key in the keytab, is wrong (message"),
        ),
        (
            *(Account("kerberos"), "credentials", GSSError(KRB5 + 195)),
            *("", "there is no ticket (message from Kerberos)"),
        ),
        (
            *(Account("kerberos", keytab="/k"), "inquire", GSSError(KRB5 + 195)),
            *(
                " with the keytab /k",
                "the keytab has no key for this account (message from Kerberos)",
            ),
        ),
        (
            *(Account("kerberos", keytab="/k"), "inquire", GSSError(KRB5 + 37)),
            *(" with the keytab /k", "the clocks of this host and of the KDC differ too much (m"),
        ),
        (
            *(Account("kerberos", ccache="/c"), "inquire", GSSError(KRB5 + 195)),
            *(" with the ticket cache /c", "there is no ticket (message from Kerberos)"),
        ),
        (
            *(Account("kerberos"), "inquire", GSSError(0, 11 << 16)),
            *("", "the ticket has expired (message from GSSAPI)"),
        ),
        (
            *(Account("kerberos"), "inquire", GSSError(7)),
            *("", "the Kerberos operation failed (message from Kerberos)"),
        ),
    ],
)
def test_failures_to_obtain_credentials_are_not_server_errors(
    *, gssapi: Gssapi, account: Account, function: str, error: GSSError, identity: str, cause: str
) -> None:
    gssapi.failures = {function: error}
    with pytest.raises(DirectoryError) as caught:
        acquire_credentials(account)
    assert not isinstance(caught.value, ServerError)
    assert caught.value.action == f"Cannot get a Kerberos ticket{identity}"
    assert caught.value.cause.startswith(cause)


def _security_context(gssapi: Any) -> SecurityContext:
    return SecurityContext(context=gssapi, max_message_size=100, error_class=GSSError)


def test_messages_are_encrypted_and_not_only_signed(gssapi: Gssapi) -> None:
    assert _security_context(gssapi).encrypt(b"people") == b"sealed:people"
    assert _security_context(gssapi).decrypt(b"sealed:people") == b"people"


def test_a_failed_encryption_is_an_error(gssapi: Gssapi) -> None:
    gssapi.failures = {"wrap": GSSError(7)}
    with pytest.raises(ValueError, match="7"):
        _security_context(gssapi).encrypt(b"people")


def test_received_messages_must_be_encrypted_with_the_session_key(gssapi: Gssapi) -> None:
    gssapi.is_encrypted = False
    with pytest.raises(ValueError, match="it is not encrypted"):
        _security_context(gssapi).decrypt(b"signed:people")
    gssapi.is_encrypted = True
    gssapi.failures = {"unwrap": GSSError(7)}
    with pytest.raises(ValueError, match="7"):
        _security_context(gssapi).decrypt(b"sealed:people")
