# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions with servers on this host's loopback: found, refused, unreachable."""

from __future__ import annotations

import socket
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
    access_to,
    open_session,
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
    Tls,
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
def test_a_session_is_bound_and_ends(
    server_tls: Tls, capabilities: list[bytes], is_active_directory: bool
) -> None:
    directory = Directory(supportedCapabilities=capabilities)
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with open_session(access_to(server_tls, uri)) as session:
            assert session.uri == uri
            assert session.is_active_directory is is_active_directory
    assert directory.asked == [BIND, SEARCH, UNBIND]
    assert b"svc@x.no" in directory.requests[0]
    assert b"s3cret" in directory.requests[0]


def test_an_anonymous_session_names_nobody(server_tls: Tls) -> None:
    directory = Directory()
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}", account=Account("anonymous"))
        with open_session(access):
            pass
    assert directory.asked == [BIND, SEARCH, UNBIND]
    # Version 3, no name, and the password of no characters (RFC 4513, 5.1.1).
    assert directory.requests[0] == bytes.fromhex("6007 0201 03 0400 8000")


@pytest.mark.parametrize(
    ("host", "start_tls", "is_in_clear"),
    [("localhost", False, False), ("dc1.x.no", False, True), ("dc1.x.no", True, False)],
)
def test_a_session_knows_whether_it_crosses_a_network_in_clear(
    *,
    host: str,
    start_tls: bool,
    is_in_clear: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look_up = socket.getaddrinfo

    def here(_host: str, *more: Any, **options: Any) -> Any:
        return look_up("127.0.0.1", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    server_tls = tls(tmp_path, host)
    with ldap_server(Directory(), start_tls=server_tls.context) as port:
        access = access_to(
            server_tls,
            f"ldap://{host}:{port}",
            account=Account("anonymous"),
            start_tls=start_tls,
        )
        with open_session(access) as session:
            assert session.is_in_clear is is_in_clear


def test_an_account_that_is_refused_is_no_reason_to_leave_a_server(server_tls: Tls) -> None:
    directory = Directory()
    directory.bind = result(BIND, 49, "80090308: LdapErr: DSID-0C090439, data 775, v4563\0")
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with (
            pytest.raises(DirectoryError) as caught,
            open_session(access_to(server_tls, uri)),
        ):
            pass
    assert not isinstance(caught.value, ServerError)
    assert str(caught.value) == (
        f"Cannot bind to {uri} as svc@x.no: the account is locked out (result 49 "
        "invalidCredentials, 80090308: LdapErr: DSID-0C090439, data 775, v4563). "
        "Unlock it, and find out what uses a wrong password for it."
    )
    assert directory.asked == [BIND, UNBIND]


def test_a_host_with_several_addresses_tells_what_came_of_each(
    server_tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()

    def two(*_args: object, **_options: object) -> list[tuple[object, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with (
        pytest.raises(ServerError) as caught,
        open_session(access_to(server_tls, f"ldaps://dc9.x.no:{port}")),
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
        ("x.no", "127.0.0.1", "its certificate was issued for another address ("),
    ],
)
def test_a_server_that_cannot_prove_its_name_gets_no_password(
    tmp_path: Path, certificate: str, host: str, problem: str
) -> None:
    (tmp_path / "other").mkdir()
    other = tls(tmp_path / "other", "localhost")
    server_tls = tls(tmp_path, "x.no")
    directory = Directory()
    with ldap_server(directory, (other if certificate == "other" else server_tls).context) as port:
        access = access_to(server_tls, f"ldaps://{host}:{port}")
        with pytest.raises(ServerError) as caught, open_session(access):
            pass
        unverified = access._replace(validate_certs=False, ca_path=None)
        assert directory.asked == []
        with open_session(unverified):
            pass
    assert caught.value.cause.startswith(problem)


def test_a_name_that_does_not_resolve(server_tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        pytest.raises(ServerError) as caught,
        open_session(access_to(server_tls, "ldaps://dc9.x.no")),
    ):
        pass
    assert str(caught.value) == (
        "Cannot connect to ldaps://dc9.x.no: its name does not resolve (Name or service not known). "
        "Correct the host name in server_uri."
    )


def test_a_server_that_hangs_in_the_handshake(server_tls: Tls) -> None:
    with silent_server() as port:
        access = access_to(
            server_tls, f"ldaps://localhost:{port}", connection_timeout=1, receive_timeout=1
        )
        with pytest.raises(ServerError) as caught, open_session(access):
            pass
    assert caught.value.cause.startswith("it did not complete the TLS handshake in time (")


def test_a_server_that_hangs_up_at_the_bind(server_tls: Tls) -> None:
    with ldap_server(lambda _request, _content: None, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with pytest.raises(DirectoryError) as caught, open_session(access_to(server_tls, uri)):
            pass
    assert caught.value.action == f"Cannot bind to {uri} as svc@x.no"
    assert caught.value.cause


def test_a_server_that_hangs_up_at_the_first_search(server_tls: Tls) -> None:
    def say(request: int, _content: bytes) -> list[Message] | None:
        return [result(BIND)] if request == BIND else None

    with ldap_server(say, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with pytest.raises(DirectoryError) as caught, open_session(access_to(server_tls, uri)):
            pass
    assert caught.value.action == f"Cannot read the root DSE of {uri}"


def test_no_text_of_a_failure_holds_the_password(server_tls: Tls) -> None:
    directory = Directory()
    directory.bind = result(BIND, 49, "data 52e")
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}")
        with pytest.raises(DirectoryError) as caught, open_session(access):
            pass
    assert "s3cret" not in str(caught.value)
