# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of TLS with a directory server: certificate verification, and the error of a failed handshake."""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.tls import (
    VerifiedTls,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._tls import (
    create_tls_context,
    describe_verification,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import settings_for
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    http_server,
    plain,
    tls,
)


@pytest.mark.parametrize(
    ("host", "names", "code"),
    [("localhost", ["localhost"], None), ("localhost", ["x.no"], 62), ("127.0.0.1", ["x.no"], 64)],
)
def test_a_handshake_error_is_recorded(
    tmp_path: Path, host: str, names: list[str], code: int | None
) -> None:
    server_tls = tls(tmp_path, *names)
    context = create_tls_context(str(server_tls.ca_file), validate_certs=True)
    verified = VerifiedTls(context, receive_timeout=7)
    with (
        http_server(lambda _request, write: write(plain("200 OK")), server_tls.context) as server,
        socket.create_connection(("127.0.0.1", server.port)) as tcp_socket,
    ):
        ldap3_server = SimpleNamespace(host=host, connect_timeout=5)
        connection = SimpleNamespace(socket=tcp_socket, server=ldap3_server)
        if code is None:
            verified.wrap_socket(connection)
            assert connection.socket.version() in ("TLSv1.2", "TLSv1.3")
            connection.socket.close()
            assert verified.failure is None
            return
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            verified.wrap_socket(connection)
    assert verified.failure is caught.value
    assert caught.value.verify_code == code


def test_the_certificates_that_the_server_sent_are_described(tmp_path: Path) -> None:
    intermediate = trustme.CA().create_child_ca()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    intermediate.issue_cert("localhost").configure_cert(context)
    server_tls = tls(tmp_path, "localhost")
    unverified = create_tls_context(None, validate_certs=False)
    with (
        http_server(lambda _request, write: write(plain("200 OK")), context) as server,
        socket.create_connection(("127.0.0.1", server.port)) as tcp_socket,
        unverified.wrap_socket(tcp_socket) as tls_socket,
    ):
        settings = settings_for(server_tls)
        trusted = create_tls_context(settings.ca_path, validate_certs=True)
        verification = describe_verification("dc1", "the CA", trusted, tls_socket)
    assert (verification.host, verification.trust_store) == ("dc1", "the CA")
    leaf, *others = verification.chain
    assert leaf.names == ["localhost"]
    # Python 3.9 provides only the certificate of the server, without the other certificates of the chain.
    expected = [leaf.issuer] if sys.version_info >= (3, 10) else []
    assert [certificate.subject for certificate in others] == expected
    assert len(verification.trusted) == 1
    assert describe_verification("dc1", "the CA", trusted, None).chain == []
