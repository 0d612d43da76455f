# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of binds without Kerberos (requests, and errors that result from the responses), and of missing libraries."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory import bind
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.connection import (
    close,
    connect,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.diagnosis import (
    DirectoryError,
    ServerError,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.settings import (
    check_settings,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.tls import (
    create_ssl_context,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import LibraryError
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
    ber,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ntlm import NTLM, NtlmDirectory
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import ServerTls

ACTIVE_DIRECTORY = [b"1.2.840.113556.1.4.800"]


@pytest.fixture(name="external")
def _external(tmp_path: Path) -> Account:
    """Return an account whose client certificate and private key are in one file."""
    cert_file = tmp_path / "client.pem"
    trustme.CA().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(cert_file)
    return Account("external", client_cert=str(cert_file))


@pytest.mark.parametrize(
    ("capabilities", "operations"),
    [
        # The first search determines the server type. Active Directory authenticates the client without a bind.
        ([], [SEARCH, BIND, SEARCH, UNBIND]),
        (ACTIVE_DIRECTORY, [SEARCH, SEARCH, UNBIND]),
    ],
)
def test_external_binds_over_ldaps_unless_the_server_is_active_directory(
    server_tls: ServerTls, external: Account, capabilities: list[bytes], operations: list[int]
) -> None:
    directory = Directory(supportedCapabilities=capabilities)
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", account=external)
        with open_session(settings):
            pass
    assert directory.operations == operations


@pytest.mark.parametrize("capabilities", [[], ACTIVE_DIRECTORY])
def test_external_binds_after_start_tls(
    server_tls: ServerTls, external: Account, capabilities: list[bytes]
) -> None:
    directory = Directory(supportedCapabilities=capabilities)
    with ldap_server(directory, start_tls=server_tls.context) as port:
        uri = f"ldap://localhost:{port}"
        with open_session(settings_for(server_tls, uri, account=external, start_tls=True)):
            pass
    assert directory.operations == [EXTENDED, BIND, SEARCH, UNBIND]
    # Version 3, an empty name, the mechanism, and empty credentials (RFC 4513, 5.2.3).
    assert directory.requests[1] == b"\x60\x13\x02\x01\x03\x04\x00\xa3\x0c\x04\x08EXTERNAL\x04\x00"


def test_a_certificate_that_is_not_mapped_to_an_account_is_reported(
    server_tls: ServerTls, external: Account
) -> None:
    directory = Directory()
    directory.bind = result(BIND, 49)
    with ldap_server(directory, server_tls.context) as port:
        settings = settings_for(server_tls, f"ldaps://localhost:{port}", account=external)
        with pytest.raises(DirectoryError) as caught, open_session(settings):
            pass
    assert str(caught.value) == (
        f"Cannot bind to ldaps://localhost:{port} with the certificate {external.client_cert}: the"
        " certificate is not mapped to an account (result 49 invalidCredentials). Map client_cert"
        " to an account with read access."
    )


@pytest.mark.parametrize("start_tls", [False, True])
def test_the_remedy_for_a_closed_connection_mentions_the_client_certificate(
    *, server_tls: ServerTls, external: Account, start_tls: bool
) -> None:
    def respond(request: int, _content: bytes) -> list[tuple[bytes, bytes]] | None:
        return [result(EXTENDED)] if request == EXTENDED else None

    contexts = {"start_tls" if start_tls else "context": server_tls.context}
    with ldap_server(respond, **contexts) as port:
        uri = f"{'ldap' if start_tls else 'ldaps'}://localhost:{port}"
        settings = settings_for(server_tls, uri, account=external, start_tls=start_tls)
        with pytest.raises(ServerError) as caught, open_session(settings):
            pass
    assert caught.value.cause.startswith("it closed the connection (")
    assert caught.value.remedy.startswith("Check that the server accepts O(client_cert). ")


@pytest.mark.parametrize("protocol", ["simple", "ntlm", "external", "anonymous"])
@pytest.mark.parametrize("operation", [BIND, SEARCH])
def test_referrals_are_not_followed(
    *, server_tls: ServerTls, external: Account, protocol: str, operation: int
) -> None:
    accounts = {
        "simple": Account("simple", bind_dn="svc@x.no", bind_pw="s3cret"),
        "ntlm": NTLM,
        "external": external,
        "anonymous": Account("anonymous"),
    }
    elsewhere = Directory()
    with ldap_server(elsewhere) as other:
        directory = NtlmDirectory(result(BIND)) if protocol == "ntlm" else Directory()
        referral = _referral(operation, f"ldap://localhost:{other}/DC=x")

        def respond(request: int, content: bytes) -> Sequence[Message] | None:
            return [referral] if request == operation else directory(request, content)

        with ldap_server(respond, start_tls=server_tls.context) as port:
            settings = settings_for(
                server_tls,
                f"ldap://localhost:{port}",
                account=accounts[protocol],
                start_tls=True,
            )
            with pytest.raises(DirectoryError) as caught, open_session(settings):
                pass
    # ldap3 fails to decode a referral in a bind response, so the error does not mention it.
    referred = "the server returned a referral to another server (result 10 referral"
    assert caught.value.cause.startswith(referred) is (operation == SEARCH)
    assert elsewhere.operations == []


def _referral(request: int, uri: str) -> Message:
    """Return a final response with a referral to another server (RFC 4511, 4.1.10)."""
    parts = (ber(0x0A, b"\x0a"), ber(0x04), ber(0x04), ber(0xA3, ber(0x04, uri.encode())))
    return ber({BIND: 0x61, SEARCH: 0x65}[request], *parts), b""


@pytest.mark.parametrize(
    ("auth_protocol", "binding", "algorithms", "library"),
    [
        ("kerberos", None, {"md4"}, "gssapi"),
        # ldap3 with channel binding (2.10 and newer) depends on pycryptodomex for MD4. Older releases use the MD4 of
        # OpenSSL if it is available, and pycryptodome otherwise.
        ("ntlm", "tls", {"md4"}, "cryptography"),
        ("ntlm", "tls", set(), "cryptography"),
        ("ntlm", None, set(), "pycryptodome"),
        ("ntlm", None, {"md4"}, None),
        *((other, None, set(), None) for other in ("simple", "external", "anonymous")),
    ],
)
def test_missing_libraries_of_a_protocol_are_detected(
    *,
    monkeypatch: pytest.MonkeyPatch,
    auth_protocol: str,
    binding: str | None,
    algorithms: set[str],
    library: str | None,
) -> None:
    for module in ("gssapi", "cryptography", "Crypto"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(bind, "_NTLM_CHANNEL_BINDING", binding)
    monkeypatch.setattr(hashlib, "algorithms_available", algorithms)
    if library is None:
        bind.require_libraries(auth_protocol)
        return
    with pytest.raises(LibraryError) as caught:
        bind.require_libraries(auth_protocol)
    assert caught.value.library.name == library
    assert caught.value.reason == f"for O(auth_protocol={auth_protocol})"


@pytest.mark.parametrize("auth_protocol", ["simple", "anonymous"])
def test_a_simple_bind_sends_the_password_and_an_anonymous_bind_does_not(
    server_tls: ServerTls, auth_protocol: str
) -> None:
    account = Account(auth_protocol, bind_dn="cn=svc", bind_pw="s3cret")
    directory = Directory()
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        settings = settings_for(server_tls, uri)
        (address,) = check_settings(settings)
        connection = connect(settings, address, create_ssl_context(settings))
        assert bind.bind(connection, uri, account) is False
        close(connection)
    assert (b"s3cret" in directory.requests[0]) is (auth_protocol == "simple")
