# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of sessions with servers on the loopback interface: successful sessions, and errors."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
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
    Message,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    ServerTls,
    free_port,
    silent_server,
    tls,
)


@pytest.mark.parametrize(
    ("capabilities", "is_active_directory"),
    [
        ([b"1.2.840.113556.1.4.800", b"1.2.840.113556.1.4.1670"], True),
        ([b"1.2.3"], False),
        ([], False),
    ],
)
def test_a_session_binds_and_unbinds(
    server_tls: ServerTls, capabilities: list[bytes], is_active_directory: bool
) -> None:
    directory = Directory(supportedCapabilities=capabilities)
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with open_session(settings_for(server_tls, uri)) as session:
            assert session.uri == uri
            assert session.is_active_directory is is_active_directory
    assert directory.operations == [BIND, SEARCH, UNBIND]
    assert b"svc@x.no" in directory.requests[0]
    assert b"s3cret" in directory.requests[0]


def test_an_anonymous_bind_contains_no_name_and_no_password(server_tls: ServerTls) -> None:
    directory = Directory()
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(
            server_tls, f"ldaps://localhost:{port}", account=Account("anonymous")
        )
        with open_session(settings):
            pass
    assert directory.operations == [BIND, SEARCH, UNBIND]
    # Version 3, an empty name, and simple authentication with an empty password (RFC 4513, 5.1.1).
    assert directory.requests[0] == bytes.fromhex("6007 0201 03 0400 8000")


@pytest.mark.parametrize(
    ("host", "start_tls", "is_unencrypted"),
    [("localhost", False, False), ("dc1.x.no", False, True), ("dc1.x.no", True, False)],
)
def test_unencrypted_sessions_across_a_network_are_detected(
    *,
    host: str,
    start_tls: bool,
    is_unencrypted: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    getaddrinfo = socket.getaddrinfo

    def resolve_to_loopback(_host: str, *arguments: Any, **options: Any) -> Any:
        return getaddrinfo("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_to_loopback)
    server_tls = tls(tmp_path, host)
    with ldap_server(Directory(), start_tls=server_tls.context) as port:
        settings = settings_for(
            server_tls,
            f"ldap://{host}:{port}",
            account=Account("anonymous"),
            start_tls=start_tls,
        )
        with open_session(settings) as session:
            assert session.is_unencrypted is is_unencrypted


def test_the_error_about_a_rejected_account_is_not_a_server_error(server_tls: ServerTls) -> None:
    directory = Directory()
    directory.bind = result(BIND, 49, "80090308: LdapErr: DSID-0C090439, data 775, v4563\0")
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with (
            pytest.raises(DirectoryError) as caught,
            open_session(settings_for(server_tls, uri)),
        ):
            pass
    assert not isinstance(caught.value, ServerError)
    assert str(caught.value) == (
        f"Cannot bind to {uri} as svc@x.no: the account is locked out (result 49 "
        "invalidCredentials, 80090308: LdapErr: DSID-0C090439, data 775, v4563). "
        "Unlock it, and find the program that uses a wrong password for it."
    )
    assert directory.operations == [BIND, UNBIND]


def test_the_error_names_each_address_of_a_host(
    server_tls: ServerTls, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()

    def two_addresses(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    with (
        pytest.raises(ServerError) as caught,
        open_session(settings_for(server_tls, f"ldaps://dc9.x.no:{port}")),
    ):
        pass
    refused = "socket connection error while opening: [Errno 111] Connection refused"
    assert caught.value.cause == (
        f"the connection was refused (127.0.0.1: {refused}; 127.0.0.2: {refused})"
    )


@pytest.mark.parametrize(
    ("certificate", "host", "problem"),
    [
        ("other", "localhost", "its certificate was issued by an unknown CA ("),
        ("x.no", "localhost", "its certificate was issued for another name ("),
        ("x.no", "127.0.0.1", "its certificate is not valid for this IP address ("),
    ],
)
def test_a_server_without_a_valid_certificate_does_not_receive_the_password(
    tmp_path: Path, certificate: str, host: str, problem: str
) -> None:
    (tmp_path / "other").mkdir()
    other = tls(tmp_path / "other", "localhost")
    server_tls = tls(tmp_path, "x.no")
    directory = Directory()
    with ldap_server(directory, (other if certificate == "other" else server_tls).context) as port:
        settings = settings_for(server_tls, f"ldaps://{host}:{port}")
        with pytest.raises(ServerError) as caught, open_session(settings):
            pass
        unverified = replace(settings, validate_certs=False, ca_path=None)
        # The certificate is inspected on another connection, on which the client sends at most an unbind request.
        assert set(directory.operations) <= {UNBIND}
        with open_session(unverified):
            pass
    assert caught.value.cause.startswith(problem)


def test_a_host_name_that_does_not_resolve_is_reported(
    server_tls: ServerTls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown_host(*_args: object, **_options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown_host)
    with (
        pytest.raises(ServerError) as caught,
        open_session(settings_for(server_tls, "ldaps://dc9.x.no")),
    ):
        pass
    assert str(caught.value) == (
        "Cannot connect to ldaps://dc9.x.no: its name does not resolve (Name or service not known). "
        "Correct the host name in server_uri, or check the DNS servers of this host."
    )


def test_a_handshake_without_a_response_times_out(server_tls: ServerTls) -> None:
    with silent_server() as port:
        settings = settings_for(
            server_tls, f"ldaps://localhost:{port}", connection_timeout=1, receive_timeout=1
        )
        with pytest.raises(ServerError) as caught, open_session(settings):
            pass
    assert caught.value.cause.startswith("it did not complete the TLS handshake in time (")


def test_a_connection_closed_during_the_bind_is_an_error(server_tls: ServerTls) -> None:
    with ldap_server(lambda _request, _content: None, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with pytest.raises(DirectoryError) as caught, open_session(settings_for(server_tls, uri)):
            pass
    assert caught.value.action == f"Cannot bind to {uri} as svc@x.no"
    assert caught.value.cause


def test_a_connection_closed_during_the_first_search_is_an_error(server_tls: ServerTls) -> None:
    def respond(request: int, _content: bytes) -> list[Message] | None:
        return [result(BIND)] if request == BIND else None

    with ldap_server(respond, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with pytest.raises(DirectoryError) as caught, open_session(settings_for(server_tls, uri)):
            pass
    assert caught.value.action == f"Cannot read the root DSE of {uri}"


def test_error_messages_do_not_contain_the_password(server_tls: ServerTls) -> None:
    directory = Directory()
    directory.bind = result(BIND, 49, "data 52e")
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}")
        with pytest.raises(DirectoryError) as caught, open_session(settings):
            pass
    assert "s3cret" not in str(caught.value)
