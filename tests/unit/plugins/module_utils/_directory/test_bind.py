# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binds: what is said to the server, and what its answer means."""

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
    check_access,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.tls import (
    directory_context,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._library import LibraryError
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
    Message,
    ber,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ntlm import NTLM, NtlmDirectory
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import Tls

ACTIVE_DIRECTORY = [b"1.2.840.113556.1.4.800"]


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
        f"Cannot bind to ldaps://localhost:{port} with the certificate {external.client_cert}: the"
        " certificate is not mapped to an account (result 49 invalidCredentials). Map client_cert"
        " to an account with read access."
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
    assert caught.value.cause.startswith("it closed the connection (")
    assert caught.value.remedy.startswith("See that the server accepts client_cert. ")


@pytest.mark.parametrize("protocol", ["simple", "ntlm", "external", "anonymous"])
@pytest.mark.parametrize("asked", [BIND, SEARCH])
def test_no_protocol_follows_a_referral(
    *, server_tls: Tls, external: Account, protocol: str, asked: int
) -> None:
    accounts = {
        "simple": Account("simple", "svc@x.no", "s3cret"),
        "ntlm": NTLM,
        "external": external,
        "anonymous": Account("anonymous"),
    }
    elsewhere = Directory()
    with ldap_server(elsewhere) as other:
        directory = NtlmDirectory(result(BIND)) if protocol == "ntlm" else Directory()
        answer = _referral(asked, f"ldap://localhost:{other}/DC=x")

        def say(request: int, content: bytes) -> Sequence[Message] | None:
            return [answer] if request == asked else directory(request, content)

        with ldap_server(say, start_tls=server_tls.context) as port:
            access = access_to(
                server_tls,
                f"ldap://localhost:{port}",
                account=accounts[protocol],
                start_tls=True,
            )
            with pytest.raises(DirectoryError) as caught, open_session(access):
                pass
    # ldap3 stumbles over a referral in the answer to a bind: it is not told as one, and not followed either.
    referred = "the server refers to another server (result 10 referral"
    assert caught.value.cause.startswith(referred) is (asked == SEARCH)
    assert elsewhere.asked == []


def _referral(request: int, uri: str) -> Message:
    """A result that sends the client to another server (RFC 4511, 4.1.10)."""
    parts = (ber(0x0A, b"\x0a"), ber(0x04), ber(0x04), ber(0xA3, ber(0x04, uri.encode())))
    return ber({BIND: 0x61, SEARCH: 0x65}[request], *parts), b""


@pytest.mark.parametrize(
    ("auth_protocol", "binding", "algorithms", "library"),
    [
        ("kerberos", None, {"md4"}, "gssapi"),
        # Where ldap3 ties NTLM to TLS, it needs MD4 of nobody; else OpenSSL may still have it.
        ("ntlm", "tls", {"md4"}, "cryptography"),
        ("ntlm", "tls", set(), "cryptography"),
        ("ntlm", None, set(), "pycryptodome"),
        ("ntlm", None, {"md4"}, None),
        *((other, None, set(), None) for other in ("simple", "external", "anonymous")),
    ],
)
def test_a_library_that_a_protocol_needs_is_missed_before_anything_is_sent(
    *,
    monkeypatch: pytest.MonkeyPatch,
    auth_protocol: str,
    binding: str | None,
    algorithms: set[str],
    library: str | None,
) -> None:
    for module in ("gssapi", "cryptography", "Crypto"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(bind, "_NTLM_BINDING", binding)
    monkeypatch.setattr(hashlib, "algorithms_available", algorithms)
    if library is None:
        bind.require_libraries(auth_protocol)
        return
    with pytest.raises(LibraryError) as caught:
        bind.require_libraries(auth_protocol)
    assert caught.value.library.name == library
    assert caught.value.reason == f"by auth_protocol {auth_protocol}"


@pytest.mark.parametrize("auth_protocol", ["simple", "anonymous"])
def test_only_an_account_with_a_password_sends_one(server_tls: Tls, auth_protocol: str) -> None:
    account = Account(auth_protocol, "cn=svc", "s3cret")
    directory = Directory()
    with ldap_server(directory, server_tls.context) as port:
        uri = f"ldaps://localhost:{port}"
        access = access_to(server_tls, uri)
        (address,) = check_access(access)
        connection = connect(access, address, directory_context(access))
        assert bind.bind(connection, uri, account) is False
        close(connection)
    assert (b"s3cret" in directory.requests[0]) is (auth_protocol == "simple")
