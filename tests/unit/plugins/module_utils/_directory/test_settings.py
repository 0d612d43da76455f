# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Getting into a directory: what is checked without a server."""

from __future__ import annotations

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.domain import Domain
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    Address,
    ConnectionSettings,
    check_access,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError

ACCESS = ConnectionSettings(
    server_uris=["ldaps://dc1.x.no"],
    account=Account("simple", "svc@x.no", "s3cret"),
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
def test_where_a_server_listens(
    *, uri: str, start_tls: bool, host: str, port: int, use_ssl: bool
) -> None:
    access = ACCESS._replace(server_uris=[uri], start_tls=start_tls)
    assert check_access(access) == [Address(uri, host, port, use_ssl)]


def test_an_account_without_a_secret_may_go_in_clear() -> None:
    access = ACCESS._replace(server_uris=["ldap://dc1"], account=Account("anonymous"))
    assert check_access(access) == [Address("ldap://dc1", "dc1", 389, False)]


def test_servers_keep_their_order() -> None:
    uris = ["ldaps://b", "ldaps://a"]
    addresses = check_access(ACCESS._replace(server_uris=uris))
    assert [address.uri for address in addresses] == uris


def _malformed(uri: str) -> str:
    return (
        f"Cannot use the server_uri {uri!r}: it is not of the form ldaps://HOST or "
        "ldaps://HOST:PORT. Give the base in search_base and the account in bind_dn."
    )


def test_a_domain_s_servers_are_for_dns_to_name() -> None:
    assert check_access(ACCESS._replace(server_uris=[], domain=Domain("x.no"))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"server_uris": []},
            (
                "Cannot connect: server_uri and domain are both empty. Give at least one ldaps:// URI,"
                " or the domain whose servers DNS names."
            ),
        ),
        (
            {"domain": Domain("x.no")},
            "Cannot use server_uri and domain together. Give one of the two.",
        ),
        (
            {"domain": Domain(site="Oslo")},
            (
                "Cannot use site without domain: the servers in server_uri are not looked for. Leave"
                " out site, or give domain in the place of server_uri."
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
                    "Cannot use the server_uri that holds an account: it is not of the form "
                    "ldaps://HOST or ldaps://HOST:PORT. "
                    "Give the base in search_base and the account in bind_dn."
                ),
            )
            for uri in ("ldaps://svc@dc1", "ldaps://svc:s3cret@dc1", "ldaps://:s3cret@dc1")
        ),
        (
            {"server_uris": ["ldap://dc1"]},
            (
                "Cannot bind to ldap://dc1 with a password: it would cross the network in clear. "
                "Use ldaps://, or start_tls: true."
            ),
        ),
        (
            {"server_uris": ["ldap://dc2", "ldaps://dc1"], "start_tls": True},
            (
                "Cannot use start_tls with ldaps://dc1: LDAPS is encrypted already. "
                "Use one of the two."
            ),
        ),
    ],
)
def test_what_cannot_work_is_told(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_access(ACCESS._replace(**changes))  # type: ignore[arg-type]  # a table of several types
    assert str(caught.value) == message


def test_the_password_is_in_no_text() -> None:
    for text in (repr(ACCESS), str(ACCESS), str(ACCESS.account)):
        assert "svc@x.no" in text
        assert "s3cret" not in text
