# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of probing servers on the loopback interface."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    connection as connection_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    probe as probe_module,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.probe import (
    Probe,
    has_visible_entries,
    probe_server,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.query import Query
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
    check_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.tls import (
    create_ssl_context,
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
    entry,
    ldap_server,
    reference,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    ServerTls,
    free_port,
    tls,
)


def probe_one(
    settings: ConnectionSettings, *, authenticate: bool = True
) -> AbstractContextManager[Probe]:
    """Probe the only server in the settings."""
    (address,) = check_settings(settings)
    return probe_server(settings, address, create_ssl_context(settings), authenticate=authenticate)


@pytest.mark.parametrize("authenticate", [True, False])
def test_the_properties_of_a_server_are_determined(
    server_tls: ServerTls, authenticate: bool
) -> None:
    directory = Directory(vendorName=[b"Example"])
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        with probe_one(settings_for(server_tls, uri), authenticate=authenticate) as probe:
            assert (probe.uri, probe.address) == (uri, "127.0.0.1")
            assert "127.0.0.1" in probe.resolved
            assert probe.tls is not None
            assert probe.tls.version.startswith("TLSv1.")
            assert probe.tls.cipher
            assert probe.tls.certificate is not None
            assert probe.root_dse.product == "Example"
            assert (probe.session is not None) is authenticate
            assert probe.error is None
            assert not probe.is_account_refused
    assert (BIND in directory.operations) is authenticate
    assert directory.operations[-1] == UNBIND


def test_a_server_that_rejects_the_account_is_still_probed(server_tls: ServerTls) -> None:
    directory = Directory(vendorName=[b"Example"])
    directory.bind = result(BIND, 49, "data 533")
    with (
        ldap_server(directory, server_tls.context) as port,
        probe_one(settings_for(server_tls, f"ldaps://localhost:{port}")) as probe,
    ):
        assert probe.session is None
        assert probe.is_account_refused
        assert "the account is disabled" in str(probe.error)
        assert probe.root_dse.product == "Example"


def test_a_failure_to_read_the_root_dse_again_is_ignored(
    server_tls: ServerTls,
) -> None:
    responses = iter([[entry("", {}), result(SEARCH)], [result(SEARCH, 50)]])

    def respond(request: int, _content: bytes) -> Sequence[Message] | None:
        return next(responses) if request == SEARCH else [result(BIND)] if request == BIND else None

    with (
        ldap_server(respond, server_tls.context) as port,
        probe_one(settings_for(server_tls, f"ldaps://localhost:{port}")) as probe,
    ):
        assert probe.session is not None
        assert (probe.root_dse.product, probe.error) == ("", None)


def test_no_search_follows_if_the_connection_is_closed_during_the_bind(
    server_tls: ServerTls,
) -> None:
    requests: list[int] = []

    def respond(request: int, _content: bytes) -> None:
        requests.append(request)

    with (
        ldap_server(respond, server_tls.context) as port,
        probe_one(settings_for(server_tls, f"ldaps://localhost:{port}")) as probe,
    ):
        assert probe.error is not None
        assert (probe.session, probe.is_account_refused) == (None, False)
    assert BIND in requests
    assert SEARCH not in requests


def test_a_connection_without_tls_has_no_tls_parameters(server_tls: ServerTls) -> None:
    with ldap_server(Directory()) as port:
        settings = settings_for(
            server_tls, f"ldap://localhost:{port}", account=Account("anonymous")
        )
        with probe_one(settings) as probe:
            assert probe.session is not None
            assert (probe.address, probe.tls) == ("127.0.0.1", None)


def test_the_probe_contains_an_untrusted_certificate(server_tls: ServerTls, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tls(tmp_path / "other", "elsewhere.test")
    directory = Directory()
    with (
        ldap_server(directory, other.context) as port,
        probe_one(settings_for(server_tls, f"ldaps://localhost:{port}")) as probe,
    ):
        assert "by an unknown CA" in str(probe.error)
        assert probe.tls is not None
        assert probe.tls.certificate is not None
        assert (probe.session, probe.is_account_refused) == (None, False)
    assert BIND not in directory.operations


def test_a_server_that_is_not_running_is_reported(server_tls: ServerTls) -> None:
    with probe_one(settings_for(server_tls, f"ldaps://localhost:{free_port()}")) as probe:
        assert "the connection was refused" in str(probe.error)
        assert "127.0.0.1" in probe.resolved
        assert (probe.address, probe.tls, probe.session) == ("", None, None)


def test_a_connection_closed_before_the_inspection_has_no_address(
    monkeypatch: pytest.MonkeyPatch, server_tls: ServerTls
) -> None:
    def disconnected() -> None:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    def connect(*arguments: Any) -> Any:
        connection = connection_module.connect(*arguments)
        connection.socket.getpeername = disconnected
        return connection

    monkeypatch.setattr(probe_module, "connect", connect)
    with ldap_server(Directory(), server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}")
        with probe_one(settings) as probe:
            assert (probe.address, probe.error) == ("", None)
            assert probe.tls is not None


def test_a_host_name_that_does_not_resolve_has_no_addresses(server_tls: ServerTls) -> None:
    with probe_one(settings_for(server_tls, "ldaps://no-such-host.invalid")) as probe:
        assert "its name does not resolve" in str(probe.error)
        assert list(probe.resolved) == []


@pytest.mark.parametrize(
    ("responses", "is_visible"),
    [
        ([entry("cn=a,dc=x", {}), result(SEARCH)], True),
        ([entry("cn=a,dc=x", {}), result(SEARCH, 4)], True),
        ([reference("ldap://x"), result(SEARCH)], False),
        ([result(SEARCH)], False),
        ([result(SEARCH, 32)], False),
        (None, False),
    ],
)
@pytest.mark.parametrize(("scope", "code"), [("base", b"\0"), ("subtree", b"\1")])
def test_visible_entries_are_detected(
    server_tls: ServerTls,
    responses: Sequence[Message] | None,
    is_visible: bool,
    scope: str,
    code: bytes,
) -> None:
    directory = Directory()
    requests: list[bytes] = []

    def respond(request: int, content: bytes) -> Sequence[Message] | None:
        if request == SEARCH and b"dc=x" in content:
            requests.append(content)
            return responses
        return directory(request, content)

    with (
        ldap_server(respond, server_tls.context) as port,
        open_session(settings_for(server_tls, f"ldaps://localhost:{port}")) as session,
    ):
        assert has_visible_entries(session, Query("dc=x", scope, "(sn=*)")) is is_visible
    # In the request, the scope follows the search base (RFC 4511, 4.5.1). Unless the scope is base, only the entries
    # directly below the search base are searched (singleLevel).
    assert b"dc=x\x0a\x01" + code in requests[0]
