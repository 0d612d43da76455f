# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of failover: errors that cause it, errors that do not, and results that come from a single server."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.failover import (
    read_with_failover,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    settings_for,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    UNBIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    ServerTls,
    free_port,
)


def _uri(session: LdapSession) -> str:
    return session.uri


def test_only_the_first_server_is_used_if_it_works(server_tls: ServerTls) -> None:
    first, second = Directory(), Directory()
    with (
        ldap_server(first, server_tls.context) as port,
        ldap_server(second, server_tls.context) as other,
    ):
        uri = f"ldaps://localhost:{port}"
        settings = settings_for(server_tls, uri, f"ldaps://localhost:{other}")
        assert read_with_failover(settings, _uri) == (uri, [])
    assert first.operations == [BIND, SEARCH, UNBIND]
    assert second.operations == []


def test_a_rejected_account_is_not_tried_on_other_servers(server_tls: ServerTls) -> None:
    first, second = Directory(), Directory()
    first.bind = result(BIND, 49, "data 52e")
    with (
        ldap_server(first, server_tls.context) as port,
        ldap_server(second, server_tls.context) as other,
    ):
        uri = f"ldaps://localhost:{port}"
        settings = settings_for(server_tls, uri, f"ldaps://localhost:{other}")
        with pytest.raises(DirectoryError) as caught:
            read_with_failover(settings, _uri)
    assert caught.value.action == f"Cannot bind to {uri} as svc@x.no"
    # The client reads the root DSE to determine whether the bind name has the wrong form.
    assert first.operations == [BIND, SEARCH, UNBIND]
    assert second.operations == []


def test_a_busy_server_causes_failover(server_tls: ServerTls) -> None:
    first, second = Directory(), Directory()
    first.bind = result(BIND, 51)
    with (
        ldap_server(first, server_tls.context) as port,
        ldap_server(second, server_tls.context) as other,
    ):
        uri = f"ldaps://localhost:{other}"
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", uri)
        assert read_with_failover(settings, _uri)[0] == uri


def test_an_unreachable_server_causes_failover(server_tls: ServerTls) -> None:
    with ldap_server(Directory(), server_tls.context) as port:
        closed, uri = f"ldaps://127.0.0.1:{free_port()}", f"ldaps://localhost:{port}"
        used, warnings = read_with_failover(settings_for(server_tls, closed, uri), _uri)
    assert used == uri
    (warning,) = warnings
    assert re.fullmatch(
        rf"Failed over from {closed} to the next server\. Cannot connect to {closed}: the connection was"
        r" refused \(.*\)\. Check the host and the port, and that the server is running\.",
        warning,
    )


def test_the_error_names_all_unreachable_servers(server_tls: ServerTls) -> None:
    uris = [f"ldaps://127.0.0.1:{free_port()}" for _server in range(2)]
    with pytest.raises(DirectoryError) as caught:
        read_with_failover(settings_for(server_tls, *uris), _uri)
    refused = r"the connection was refused \(.*\)"
    assert re.fullmatch(
        rf"Cannot read the directory from any of the 2 servers: Cannot connect to {uris[0]}: {refused}; Cannot"
        rf" connect to {uris[1]}: {refused}\. Check the host and the port, and that the server is"
        rf" running\.",
        str(caught.value),
    )


class _Reader:
    """A reader that raises the given errors, one in each session, and then returns the URI of the session.

    Before it returns, it checks that the data of the earlier sessions has been freed.

    :ivar data: weak references to the data read in each session.
    """

    def __init__(self, *failures: DirectoryError) -> None:
        self.failures = list(failures)
        self.data: list[weakref.ref[set[str]]] = []

    def __call__(self, session: LdapSession) -> str:
        read = {session.uri}
        self.data.append(weakref.ref(read))
        if self.failures:
            raise self.failures.pop(0)
        assert [earlier() for earlier in self.data[:-1]] == [None] * (len(self.data) - 1)
        return session.uri


@pytest.fixture(name="three_servers")
def _three_servers(server_tls: ServerTls) -> Iterator[ConnectionSettings]:
    """Start a server, and provide settings with three URIs of this server."""
    with ldap_server(Directory(), server_tls.context) as port:
        uris = [f"ldaps://localhost:{port}/" + "/" * number for number in range(3)]
        yield settings_for(server_tls, *uris)


def test_an_error_while_reading_causes_failover_and_frees_the_data(
    three_servers: ConnectionSettings,
) -> None:
    gc.disable()  # The data must be freed without the cyclic garbage collector.
    try:
        read = _Reader(ServerError("Cannot a", "b", "C"), ServerError("Cannot d", "e", "Set O(f)"))
        used, warnings = read_with_failover(three_servers, read)
    finally:
        gc.enable()
    first, second, third = three_servers.server_uris
    assert used == third
    assert warnings == [
        f"Failed over from {first} to the next server. Cannot a: b. C.",
        f"Failed over from {second} to the next server. Cannot d: e. Set O(f).",
    ]


def test_the_error_contains_all_causes_and_each_remedy_once(
    three_servers: ConnectionSettings,
) -> None:
    read = _Reader(
        ServerError("Cannot a", "b", "Do this"),
        ServerError("Cannot c", "d", "Do that"),
        ServerError("Cannot e", "O(f)", "Do this"),
    )
    with pytest.raises(DirectoryError) as caught:
        read_with_failover(three_servers, read)
    assert caught.value.message == (
        "Cannot read the directory from any of the 3 servers: Cannot a: b; Cannot c: d; Cannot e: O(f). Do this."
        " Do that."
    )


def test_an_error_that_does_not_depend_on_the_server_is_final(
    three_servers: ConnectionSettings,
) -> None:
    read = _Reader(DirectoryError("Cannot search", "the base does not exist"))
    with pytest.raises(DirectoryError, match="the base does not exist"):
        read_with_failover(three_servers, read)
    assert len(read.data) == 1


def test_invalid_settings_are_rejected(three_servers: ConnectionSettings) -> None:
    with pytest.raises(InputError, match="bind_pw is empty"):
        read_with_failover(replace(three_servers, account=Account("simple", bind_dn="svc")), _uri)
