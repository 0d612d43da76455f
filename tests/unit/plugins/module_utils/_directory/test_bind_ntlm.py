# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of binds with NTLM: the response to the challenge, and errors."""

from __future__ import annotations

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    open_session,
    settings_for,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    UNBIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ntlm import NTLM, NtlmDirectory
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import ServerTls


def test_the_response_to_the_challenge_does_not_contain_the_password(server_tls: ServerTls) -> None:
    directory = NtlmDirectory(result(BIND))
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", account=NTLM)
        with open_session(settings):
            pass
    assert directory.operations == [BIND, BIND, BIND, SEARCH, UNBIND]
    assert b"NTLMSSP\0\x01" in directory.requests[1]
    authenticate = directory.requests[2]
    assert b"NTLMSSP\0\x03" in authenticate
    assert "svc".encode("utf-16-le") in authenticate
    assert not [
        secret for secret in ("s3cret".encode("utf-16-le"), b"s3cret") if secret in authenticate
    ]
    # The channel binding is an AV_PAIR with an identifier, a length and 16 bytes of data (MS-NLMP, 2.2.2.1).
    assert (b"\x0a\0\x10\0" in authenticate) is hasattr(ldap3, "TLS_CHANNEL_BINDING")


@pytest.mark.parametrize(
    ("data", "cause", "remedy"),
    [
        ("52e", "the name or the password is wrong", "Correct bind_dn or bind_pw"),
        (
            *(
                "80090346",
                "the channel binding is missing, or does not match the server's TLS connection",
            ),
            (
                "Set server_uri to the server itself, not to a proxy that terminates TLS; with auth_protocol: ntlm,"
                " also use ldap3 2.10 or newer"
            ),
        ),
    ],
)
def test_the_error_contains_the_message_of_the_server(
    *, server_tls: ServerTls, data: str, cause: str, remedy: str
) -> None:
    message = f"8009030C: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1"
    directory = NtlmDirectory(result(BIND, 49, message))
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", account=NTLM)
        with pytest.raises(DirectoryError) as caught, open_session(settings):
            pass
    assert str(caught.value) == (
        f"Cannot bind to ldaps://localhost:{port} using NTLM as X\\svc: {cause} (result 49 "
        f"invalidCredentials, {message}). {remedy}."
    )


def test_a_server_without_ntlm_is_reported(server_tls: ServerTls) -> None:
    directory = Directory()
    directory.bind = result(BIND, 7)
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", account=NTLM)
        with pytest.raises(DirectoryError) as caught, open_session(settings):
            pass
    assert caught.value.cause.startswith("the server does not support this kind of bind (result 7 ")
