# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory server with configurable responses, and sessions with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import (
    connection,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    ConnectionSettings,
    check_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.tls import (
    create_ssl_context,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    EXTENDED,
    SEARCH,
    Message,
    Responder,
    entry,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import ServerTls, tls


def settings_for(server_tls: ServerTls, *uris: str, **changes: Any) -> ConnectionSettings:
    """Return the settings for connecting to servers.

    :param server_tls: TLS configuration of the servers.
    :param uris: URIs of the servers, in order.
    :param changes: values that replace the defaults.
    """
    defaults = ConnectionSettings(
        server_uris=uris,
        account=Account("simple", bind_dn="svc@x.no", bind_pw="s3cret"),
        start_tls=False,
        validate_certs=True,
        ca_path=str(server_tls.ca_file),
        connection_timeout=5,
        receive_timeout=5,
    )
    return replace(defaults, **changes)


def open_session(settings: ConnectionSettings) -> AbstractContextManager[connection.LdapSession]:
    """Open a session with the only server in the settings."""
    (address,) = check_settings(settings)
    return connection.open_session(settings, address, create_ssl_context(settings))


@contextmanager
def session_with(tmp_path: Path, respond: Responder) -> Iterator[connection.LdapSession]:
    """Run a server with the given responses, open a session with it, and yield the session."""
    server_tls = tls(tmp_path, "localhost")
    with ldap_server(respond, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", receive_timeout=1)
        with open_session(settings) as session:
            yield session


class Directory:
    """A directory server that records the received requests.

    It can be used as a `Responder`.

    :ivar attributes: attributes of the single entry that each search returns.
    :ivar bind: response to bind requests.
    :ivar operations: tags of the requested operations.
    :ivar requests: encoded requests, each starting with its tag.
    """

    def __init__(self, **attributes: list[bytes]) -> None:
        self.attributes = attributes
        self.bind = result(BIND)
        self.operations: list[int] = []
        self.requests: list[bytes] = []

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        self.operations.append(request)
        self.requests.append(content)
        if request == BIND:
            return [self.bind]
        if request == SEARCH:
            return [entry("", self.attributes), result(SEARCH)]
        return [result(EXTENDED)] if request == EXTENDED else None
