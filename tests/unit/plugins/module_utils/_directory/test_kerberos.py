# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tickets: what they are got with, what it means when there are none, and what they encrypt."""

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


def test_a_password_gets_tickets_that_no_file_holds(gssapi: Gssapi) -> None:
    assert acquire_credentials(Account("kerberos", "svc@X.NO", "s3crét")) == "tickets"
    options = {"usage": "initiate", "mechs": ["kerberos"]}
    given = {"name": PRINCIPAL, "password": "s3crét".encode(), **options}
    assert gssapi.asked == [("password", given)]


KEYTAB = {"client_keytab": "/k", "ccache": "MEMORY:frontdesk-contacts-"}


@pytest.mark.parametrize(
    ("account", "environment", "name", "store"),
    [
        (Account("kerberos"), {}, None, None),
        (Account("kerberos", "svc@X.NO"), {}, PRINCIPAL, None),
        (Account("kerberos", ccache="/c"), {}, None, {"ccache": "/c"}),
        (Account("kerberos", "svc@X.NO", keytab="/k"), {}, PRINCIPAL, KEYTAB),
        (Account("kerberos", keytab="/k"), {"KRB5_CLIENT_KTNAME": "/else"}, None, KEYTAB),
        (Account("kerberos", keytab="/k"), {"KRB5CCNAME": "/c"}, None, KEYTAB),
        # The system's own keytab leaves no tickets in /tmp either, unless they have their place.
        (Account("kerberos"), {"KRB5_CLIENT_KTNAME": "/k"}, None, KEYTAB),
        (Account("kerberos"), {"KRB5_CLIENT_KTNAME": "/k", "KRB5CCNAME": "/c"}, None, None),
        (Account("kerberos", ccache="/c"), {"KRB5_CLIENT_KTNAME": "/k"}, None, {"ccache": "/c"}),
    ],
)
def test_where_tickets_are_and_what_they_are_got_with(
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
    (_credentials, asked), inquired = gssapi.asked
    held = asked.pop("store")
    assert asked == {"name": name, "usage": "initiate", "mechs": ["kerberos"]}
    # Until they are looked at, the key in a keytab is not made use of.
    assert inquired == ("inquire", {"name": False, "lifetime": True})
    if held and store and held["ccache"] != store["ccache"]:
        # After the text comes a number that no other cache of this process has.
        assert held["ccache"].startswith(store["ccache"])
        held = {**held, "ccache": store["ccache"]}
    assert held == store


def test_tickets_of_two_accounts_are_not_kept_together(gssapi: Gssapi) -> None:
    for _time in range(2):
        acquire_credentials(Account("kerberos", keytab="/k"))
    caches = {options["store"]["ccache"] for what, options in gssapi.asked if what != "inquire"}
    assert len(caches) == 2


@pytest.mark.parametrize(
    ("account", "fails", "error", "action", "diagnosis"),
    [
        (
            *(Account("kerberos", "svc@X.NO", "pw"), "password", GSSError(KRB5 + 24)),
            *(" as svc@X.NO", "the password, or the key in the keytab, is wrong (Kerb"),
        ),
        (
            *(Account("kerberos"), "credentials", GSSError(KRB5 + 195)),
            *("", "there is no ticket (Kerberos's words)"),
        ),
        (
            *(Account("kerberos", keytab="/k"), "inquire", GSSError(KRB5 + 195)),
            *(" with the keytab /k", "the keytab has no key for this account (Kerberos's words)"),
        ),
        (
            *(Account("kerberos", keytab="/k"), "inquire", GSSError(KRB5 + 37)),
            *(" with the keytab /k", "the clocks of this host and of the realm differ too much (K"),
        ),
        (
            *(Account("kerberos", ccache="/c"), "inquire", GSSError(KRB5 + 195)),
            *(" with the ticket cache /c", "there is no ticket (Kerberos's words)"),
        ),
        (
            *(Account("kerberos"), "inquire", GSSError(0, 11 << 16)),
            *("", "the ticket has expired (GSSAPI's words)"),
        ),
        (
            *(Account("kerberos"), "inquire", GSSError(7)),
            *("", "Kerberos failed (Kerberos's words)"),
        ),
    ],
)
def test_an_account_without_tickets(
    *, gssapi: Gssapi, account: Account, fails: str, error: GSSError, action: str, diagnosis: str
) -> None:
    gssapi.fails = {fails: error}
    with pytest.raises(DirectoryError) as caught:
        acquire_credentials(account)
    # Another server would have none either.
    assert not isinstance(caught.value, ServerError)
    assert caught.value.action == f"Cannot get a Kerberos ticket{action}"
    assert caught.value.cause.startswith(diagnosis)


def _context(gssapi: Any) -> SecurityContext:
    return SecurityContext(gssapi, 100, GSSError)


def test_what_is_said_is_encrypted_and_not_only_signed(gssapi: Gssapi) -> None:
    assert _context(gssapi).encrypt(b"people") == b"sealed:people"
    assert _context(gssapi).decrypt(b"sealed:people") == b"people"


def test_what_cannot_be_encrypted_any_more_is_an_error(gssapi: Gssapi) -> None:
    gssapi.fails = {"wrap": GSSError(7)}
    with pytest.raises(ValueError, match="7"):
        _context(gssapi).encrypt(b"people")


def test_what_is_heard_must_be_encrypted_by_who_knows_the_key(gssapi: Gssapi) -> None:
    gssapi.is_encrypted = False
    with pytest.raises(ValueError, match="it is not encrypted"):
        _context(gssapi).decrypt(b"signed:people")
    gssapi.is_encrypted = True
    gssapi.fails = {"unwrap": GSSError(7)}
    with pytest.raises(ValueError, match="7"):
        _context(gssapi).decrypt(b"sealed:people")
