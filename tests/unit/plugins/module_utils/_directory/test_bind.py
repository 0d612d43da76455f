# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binds: what is said to the server, and what its answer means."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
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
    EXTENDED,
    SEARCH,
    UNBIND,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import Tls, tls

ACTIVE_DIRECTORY = [b"1.2.840.113556.1.4.800"]


@pytest.fixture(name="server_tls")
def _server_tls(tmp_path: Path) -> Tls:
    return tls(tmp_path, "localhost")


@pytest.fixture(name="external")
def _external(tmp_path: Path) -> Account:
    """Whoever shows a certificate."""
    both = tmp_path / "client.pem"
    trustme.CA().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(both)
    return Account("external", client_cert=str(both))


@pytest.mark.parametrize(
    ("capabilities", "asked"),
    [
        # What it is has to be asked first; Active Directory has taken the certificate already.
        ([], [SEARCH, BIND, SEARCH, UNBIND]),
        (ACTIVE_DIRECTORY, [SEARCH, SEARCH, UNBIND]),
    ],
)
def test_a_certificate_over_ldaps(
    server_tls: Tls, external: Account, capabilities: list[bytes], asked: list[int]
) -> None:
    directory = Directory(supportedCapabilities=capabilities)
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}", account=external)
        with open_session(access):
            pass
    assert directory.asked == asked


@pytest.mark.parametrize("capabilities", [[], ACTIVE_DIRECTORY])
def test_a_certificate_after_start_tls(
    server_tls: Tls, external: Account, capabilities: list[bytes]
) -> None:
    directory = Directory(supportedCapabilities=capabilities)
    with ldap_server(directory, start_tls=server_tls.context) as port:
        uri = f"ldap://localhost:{port}"
        with open_session(access_to(server_tls, uri, account=external, start_tls=True)):
            pass
    assert directory.asked == [EXTENDED, BIND, SEARCH, UNBIND]
    # Version 3, no name, the mechanism, and credentials that are there and empty (RFC 4513, 5.2.3).
    assert directory.requests[1] == b"\x60\x13\x02\x01\x03\x04\x00\xa3\x0c\x04\x08EXTERNAL\x04\x00"


def test_a_certificate_that_the_server_does_not_know(server_tls: Tls, external: Account) -> None:
    directory = Directory()
    directory.bind = result(BIND, 49)
    with ldap_server(directory, server_tls.context) as port:
        access = access_to(server_tls, f"ldaps://localhost:{port}", account=external)
        with pytest.raises(DirectoryError) as caught, open_session(access):
            pass
    assert str(caught.value) == (
        f"Cannot bind to ldaps://localhost:{port} with the certificate {external.client_cert}: the server "
        "does not know whose certificate this is (result 49 invalidCredentials). Have client_cert mapped "
        "to an account that may read."
    )


@pytest.mark.parametrize("start_tls", [False, True])
def test_a_server_that_hangs_up_may_have_refused_the_certificate(
    *, server_tls: Tls, external: Account, start_tls: bool
) -> None:
    def say(request: int, _content: bytes) -> list[tuple[bytes, bytes]] | None:
        return [result(EXTENDED)] if request == EXTENDED else None

    contexts = {"start_tls" if start_tls else "context": server_tls.context}
    with ldap_server(say, **contexts) as port:
        uri = f"{'ldap' if start_tls else 'ldaps'}://localhost:{port}"
        access = access_to(server_tls, uri, account=external, start_tls=start_tls)
        with pytest.raises(ServerError) as caught, open_session(access):
            pass
    assert caught.value.answer.startswith("it closed the connection (")
    assert caught.value.remedy.startswith("See that the server accepts client_cert. ")
