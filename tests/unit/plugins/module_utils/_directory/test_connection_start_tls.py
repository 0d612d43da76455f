# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of StartTLS: the password is sent only after TLS has been started."""

from __future__ import annotations

from pathlib import Path

import ldap3
import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    ServerError,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    open_session,
    settings_for,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    EXTENDED,
    SEARCH,
    UNBIND,
    Message,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    ServerTls,
    tls,
)


def test_start_tls_precedes_the_bind(server_tls: ServerTls) -> None:
    directory = Directory()
    with ldap_server(directory, start_tls=server_tls.context) as port:
        uri = f"ldap://localhost:{port}"
        with open_session(settings_for(server_tls, uri, start_tls=True)) as session:
            assert session.connection.tls_started
    assert directory.operations == [EXTENDED, BIND, SEARCH, UNBIND]


def test_a_server_that_refuses_start_tls_does_not_receive_the_password(
    server_tls: ServerTls,
) -> None:
    operations = []

    def refuse(request: int, _content: bytes) -> list[Message]:
        operations.append(request)
        return [result(EXTENDED, 2, "unsupported extended operation")]

    with ldap_server(refuse) as port:
        uri = f"ldap://localhost:{port}"
        with (
            pytest.raises(ServerError) as caught,
            open_session(settings_for(server_tls, uri, start_tls=True)),
        ):
            pass
    assert str(caught.value) == (
        f"Cannot start TLS with {uri}: the server refused StartTLS (result 2 protocolError, "
        "unsupported extended operation). Use ldaps://, or install a certificate on the server."
    )
    assert BIND not in operations


def test_no_password_is_sent_if_ldap3_ignores_a_failure_of_start_tls(
    server_tls: ServerTls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ldap3.Connection, "start_tls", lambda *_args, **_options: False)
    directory = Directory()
    with ldap_server(directory) as port:
        settings = settings_for(server_tls, f"ldap://localhost:{port}", start_tls=True)
        with pytest.raises(ServerError, match="TLS was not started"), open_session(settings):
            pass
    assert BIND not in directory.operations


def test_a_connection_closed_during_start_tls_is_an_error(server_tls: ServerTls) -> None:
    with ldap_server(lambda _request, _content: None) as port:
        uri = f"ldap://localhost:{port}"
        with (
            pytest.raises(ServerError) as caught,
            open_session(settings_for(server_tls, uri, start_tls=True)),
        ):
            pass
    assert caught.value.action == f"Cannot start TLS with {uri}"
    assert caught.value.cause.startswith("it closed the connection (")
    assert caught.value.remedy.startswith("Use ldaps:// if the server expects TLS on this port")


def test_start_tls_without_a_response_times_out(server_tls: ServerTls) -> None:
    with ldap_server(lambda _request, _content: []) as port:
        uri = f"ldap://localhost:{port}"
        settings = settings_for(server_tls, uri, start_tls=True, receive_timeout=1)
        with pytest.raises(ServerError) as caught, open_session(settings):
            pass
    assert caught.value.action == f"Cannot start TLS with {uri}"
    assert "no complete response within 1 s" in caught.value.cause


def test_a_server_with_an_untrusted_certificate_does_not_receive_the_password(
    tmp_path: Path, server_tls: ServerTls
) -> None:
    (tmp_path / "other").mkdir()
    other = tls(tmp_path / "other", "localhost")
    directory = Directory()
    with ldap_server(directory, start_tls=other.context) as port:
        uri = f"ldap://localhost:{port}"
        with (
            pytest.raises(ServerError) as caught,
            open_session(settings_for(server_tls, uri, start_tls=True)),
        ):
            pass
    assert caught.value.action == f"Cannot start TLS with {uri}"
    assert caught.value.cause.startswith("its certificate was issued by an unknown CA (")
    assert BIND not in directory.operations
