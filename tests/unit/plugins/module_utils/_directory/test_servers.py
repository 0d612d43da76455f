# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers in order: left for the next one, or not, and never two of them in one reading."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    LdapSession,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.servers import (
    read_from_first,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._errors import InputError
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    access_to,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    SEARCH,
    UNBIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import (
    Tls,
    free_port,
    tls,
)


@pytest.fixture(name="server_tls")
def _server_tls(tmp_path: Path) -> Tls:
    return tls(tmp_path, "localhost")


def _uri(session: LdapSession) -> str:
    return session.uri


def test_the_first_server_is_read_and_no_other(server_tls: Tls) -> None:
    first, second = Directory(), Directory()
    with (
        ldap_server(first, server_tls.context) as port,
        ldap_server(second, server_tls.context) as other,
    ):
        uri = f"ldaps://localhost:{port}"
        access = access_to(server_tls, uri, f"ldaps://localhost:{other}")
        assert read_from_first(access, _uri) == (uri, [])
    assert first.asked == [BIND, SEARCH, UNBIND]
    assert second.asked == []


def test_a_refused_account_is_not_tried_elsewhere(server_tls: Tls) -> None:
    first, second = Directory(), Directory()
    first.bind = result(BIND, 49, "data 52e")
    with (
        ldap_server(first, server_tls.context) as port,
        ldap_server(second, server_tls.context) as other,
    ):
        uri = f"ldaps://localhost:{port}"
        access = access_to(server_tls, uri, f"ldaps://localhost:{other}")
        with pytest.raises(DirectoryError) as caught:
            read_from_first(access, _uri)
    assert caught.value.action == f"Cannot bind to {uri} as svc@x.no"
    assert first.asked == [BIND, UNBIND]
    assert second.asked == []


def test_a_server_that_is_busy_is_left_with_its_account(server_tls: Tls) -> None:
    first, second = Directory(), Directory()
    first.bind = result(BIND, 51)
    with (
        ldap_server(first, server_tls.context) as port,
        ldap_server(second, server_tls.context) as other,
    ):
        uri = f"ldaps://localhost:{other}"
        access = access_to(server_tls, f"ldaps://localhost:{port}", uri)
        assert read_from_first(access, _uri)[0] == uri


def test_the_next_server_is_tried_when_one_cannot_be_reached(server_tls: Tls) -> None:
    with ldap_server(Directory(), server_tls.context) as port:
        gone, uri = f"ldaps://127.0.0.1:{free_port()}", f"ldaps://localhost:{port}"
        read, left = read_from_first(access_to(server_tls, gone, uri), _uri)
    assert read == uri
    (why,) = left
    assert re.fullmatch(
        rf"Left {gone} for the next server\. Cannot connect to {gone}: the connection was refused"
        r" \(.*\)\. Check the host and the port, and that the server is running\.",
        why,
    )


def test_when_none_can_be_reached_each_is_told(server_tls: Tls) -> None:
    uris = [f"ldaps://127.0.0.1:{free_port()}" for _server in range(2)]
    with pytest.raises(DirectoryError) as caught:
        read_from_first(access_to(server_tls, *uris), _uri)
    refused = r"the connection was refused \(.*\)"
    assert re.fullmatch(
        rf"None of 2 servers gave everything: Cannot connect to {uris[0]}: {refused}; Cannot connect to"
        rf" {uris[1]}: {refused}\. Check the host and the port, and that the server is running\.",
        str(caught.value),
    )


class _Reader:
    """Reads by one session after the other, and fails as often as it is told to.

    :ivar made: what it made, as long as anybody holds it.
    """

    def __init__(self, *failures: DirectoryError) -> None:
        self.failures = list(failures)
        self.made: list[weakref.ref[set[str]]] = []

    def __call__(self, session: LdapSession) -> str:
        everything = {session.uri}
        self.made.append(weakref.ref(everything))
        if self.failures:
            raise self.failures.pop(0)
        assert [made() for made in self.made[:-1]] == [None] * (len(self.made) - 1)
        return session.uri


@pytest.fixture(name="three")
def _three(server_tls: Tls) -> Iterator[ConnectionSettings]:
    """Three names of one server."""
    with ldap_server(Directory(), server_tls.context) as port:
        uris = [f"ldaps://localhost:{port}/" + "/" * number for number in range(3)]
        yield access_to(server_tls, *uris)


def test_a_server_that_fails_on_the_way_is_left_and_nothing_is_held_of_what_it_gave(
    three: ConnectionSettings,
) -> None:
    gc.disable()  # what is let go of must need no collector
    try:
        read = _Reader(ServerError("Cannot a", "b", "C"), ServerError("Cannot d", "e", "F"))
        last, left = read_from_first(three, read)
    finally:
        gc.enable()
    first, second, third = three.server_uris
    assert last == third
    assert left == [
        f"Left {first} for the next server. Cannot a: b. C.",
        f"Left {second} for the next server. Cannot d: e. F.",
    ]


def test_when_all_fail_each_is_told_and_each_remedy_once(three: ConnectionSettings) -> None:
    read = _Reader(
        ServerError("Cannot a", "b", "Do this"),
        ServerError("Cannot c", "d", "Do that"),
        ServerError("Cannot e", "f", "Do this"),
    )
    with pytest.raises(DirectoryError) as caught:
        read_from_first(three, read)
    assert str(caught.value) == (
        "None of 3 servers gave everything: Cannot a: b; Cannot c: d; Cannot e: f. Do this. Do that."
    )


def test_what_any_other_server_would_say_too_ends_the_reading(three: ConnectionSettings) -> None:
    read = _Reader(DirectoryError("Cannot search", "the base does not exist"))
    with pytest.raises(DirectoryError, match="the base does not exist"):
        read_from_first(three, read)
    assert len(read.made) == 1


def test_wrong_settings_are_told_before_any_server_is_tried(three: ConnectionSettings) -> None:
    with pytest.raises(InputError, match="bind_pw is empty"):
        read_from_first(three._replace(account=Account("simple", "svc")), _uri)
