# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the validation of the connection settings, which does not require a server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import Domain
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    Address,
    ConnectionSettings,
    check_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError

SETTINGS = ConnectionSettings(
    server_uris=["ldaps://dc1.x.no"],
    account=Account("simple", bind_dn="svc@x.no", bind_pw="s3cret"),
    start_tls=False,
    validate_certs=True,
    ca_path=None,
    connection_timeout=10,
    receive_timeout=120,
)


@pytest.mark.parametrize(
    ("uri", "start_tls", "host", "port", "use_ssl"),
    [
        ("ldaps://dc1.x.no", False, "dc1.x.no", 636, True),
        ("LDAPS://DC1.x.no:3269/", False, "dc1.x.no", 3269, True),
        ("ldap://dc1.x.no", True, "dc1.x.no", 389, False),
        ("ldap://dc1.x.no:1389", True, "dc1.x.no", 1389, False),
        ("ldaps://[2001:db8::1]:636", False, "2001:db8::1", 636, True),
    ],
)
def test_uris_are_parsed_into_addresses(
    *, uri: str, start_tls: bool, host: str, port: int, use_ssl: bool
) -> None:
    settings = replace(SETTINGS, server_uris=[uri], start_tls=start_tls)
    assert check_settings(settings) == [Address(uri=uri, host=host, port=port, use_ssl=use_ssl)]


def test_an_anonymous_account_does_not_require_tls() -> None:
    settings = replace(SETTINGS, server_uris=["ldap://dc1"], account=Account("anonymous"))
    assert check_settings(settings) == [
        Address(uri="ldap://dc1", host="dc1", port=389, use_ssl=False)
    ]


def test_addresses_keep_the_order_of_the_uris() -> None:
    uris = ["ldaps://b", "ldaps://a"]
    addresses = check_settings(replace(SETTINGS, server_uris=uris))
    assert [address.uri for address in addresses] == uris


def _malformed(uri: str) -> str:
    return (
        f"Cannot use the server_uri {uri!r}: it is not of the form ldaps://HOST or "
        "ldaps://HOST:PORT. Use one of these forms, and set the search base in search_base and the"
        " account in bind_dn."
    )


def test_no_address_is_returned_if_the_servers_are_looked_up_in_dns() -> None:
    assert check_settings(replace(SETTINGS, server_uris=[], domain=Domain("x.no"))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"server_uris": []},
            (
                "Cannot connect: server_uri and domain are both empty. Set server_uri, or set domain to"
                " look up its servers in DNS."
            ),
        ),
        (
            {"domain": Domain(site="Oslo")},
            (
                "Cannot use site without domain: the servers in server_uri are not looked up in DNS."
                " Remove site, or set domain instead of server_uri."
            ),
        ),
        *(
            (
                {option: seconds},
                f"Cannot use {option} {seconds}: it must be between 1 and 86400 seconds.",
            )
            for option in ("connection_timeout", "receive_timeout")
            for seconds in (0, -1)
        ),
        *(
            ({"server_uris": ["ldaps://good", uri]}, _malformed(uri))
            for uri in (
                *("", "dc1.x.no", "dc1.x.no:636", "https://dc1", "ldaps://", "ldaps://:636"),
                *("ldaps://dc1/DC=x", "ldaps://dc1?x", "ldaps://dc1#x", "ldaps://dc1:x"),
                *("ldaps://dc1:99999", "ldaps://[::1", "ldapi://socket"),
                *("ldaps://a..b", "ldaps://" + "a" * 64, "ldaps://a b"),
            )
        ),
        *(
            (
                {"server_uris": [uri]},
                (
                    "Cannot use a server_uri with an account: it is not of the form "
                    "ldaps://HOST or ldaps://HOST:PORT. "
                    "Use one of these forms, and set the search base in search_base and the account in bind_dn."
                ),
            )
            for uri in ("ldaps://svc@dc1", "ldaps://svc:s3cret@dc1", "ldaps://:s3cret@dc1")
        ),
        (
            {"server_uris": ["ldap://dc1"]},
            (
                "Cannot bind to ldap://dc1 with a password: it would be sent unencrypted. "
                "Use ldaps://, or start_tls: true."
            ),
        ),
        (
            {"server_uris": ["ldap://dc2", "ldaps://dc1"], "start_tls": True},
            (
                "Cannot use start_tls with ldaps://dc1: LDAPS is already encrypted. "
                "Use either ldaps:// or start_tls: true."
            ),
        ),
    ],
)
def test_invalid_settings_are_rejected(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_settings(replace(SETTINGS, **changes))  # type: ignore[arg-type]  # the values have different types
    assert str(caught.value) == message


def test_the_password_is_not_part_of_any_string_representation() -> None:
    for text in (repr(SETTINGS), str(SETTINGS), str(SETTINGS.account)):
        assert "svc@x.no" in text
        assert "s3cret" not in text
