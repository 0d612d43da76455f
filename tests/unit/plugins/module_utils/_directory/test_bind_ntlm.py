# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binds by NTLM: a challenge, an answer to it, and what is said of that."""

from __future__ import annotations

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    access_to,
    open_session,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    UNBIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ntlm import NTLM, NtlmDirectory
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import Tls


def test_a_challenge_is_answered_without_the_password(server_tls: Tls) -> None:
    directory = NtlmDirectory(result(BIND))
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}", account=NTLM)
        with open_session(access):
            pass
    assert directory.asked == [BIND, BIND, BIND, SEARCH, UNBIND]
    assert b"NTLMSSP\0\x01" in directory.requests[1]
    answer = directory.requests[2]
    assert b"NTLMSSP\0\x03" in answer
    assert "svc".encode("utf-16-le") in answer
    assert not [secret for secret in ("s3cret".encode("utf-16-le"), b"s3cret") if secret in answer]
    # The binding to the TLS connection is 16 bytes after the number of its kind (MS-NLMP, 2.2.2.1).
    assert (b"\x0a\0\x10\0" in answer) is hasattr(ldap3, "TLS_CHANNEL_BINDING")


@pytest.mark.parametrize(
    ("data", "answer", "remedy"),
    [
        ("52e", "the name or the password is wrong", "Correct bind_dn or bind_pw"),
        (
            *(
                "80090346",
                "the server sees a different TLS connection than this host (channel binding)",
            ),
            "Set server_uri to the server itself, not to a proxy that terminates TLS",
        ),
    ],
)
def test_an_answer_to_a_challenge_that_is_refused(
    *, server_tls: Tls, data: str, answer: str, remedy: str
) -> None:
    said = f"8009030C: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1"
    directory = NtlmDirectory(result(BIND, 49, said))
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}", account=NTLM)
        with pytest.raises(DirectoryError) as caught, open_session(access):
            pass
    assert str(caught.value) == (
        f"Cannot bind to ldaps://localhost:{port} by NTLM as X\\svc: {answer} (result 49 "
        f"invalidCredentials, {said}). {remedy}."
    )


def test_a_server_without_ntlm(server_tls: Tls) -> None:
    directory = Directory()
    directory.bind = result(BIND, 7)
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}", account=NTLM)
        with pytest.raises(DirectoryError) as caught, open_session(access):
            pass
    assert caught.value.cause.startswith("the server does not support this kind of bind (result 7 ")
