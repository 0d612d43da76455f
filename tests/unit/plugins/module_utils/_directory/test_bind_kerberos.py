# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of binds with Kerberos: tokens, security layers and errors (RFC 4752, 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._certificate import (
    tls_server_end_point,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.bind import bind
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
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.sockets import (
    SaslSocket,
)
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.tls import (
    create_ssl_context,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.directories import (
    Directory,
    settings_for,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.ldap import (
    BIND,
    Message,
    ber,
    ldap_server,
    result,
)
from ansible_collections.frontdesk.contacts.tests.unit.support.servers import ServerTls
from ansible_collections.frontdesk.contacts.tests.unit.support.tickets import (
    KRB5,
    Gssapi,
    GSSError,
)

KERBEROS = Account("kerberos", bind_dn="svc@X.NO")
NO_LAYER, INTEGRITY, CONFIDENTIALITY = b"\x01", b"\x02", b"\x04"
LARGEST = b"\x01\x00\x00"


@pytest.fixture(name="gssapi")
def _gssapi(monkeypatch: pytest.MonkeyPatch) -> Gssapi:
    return Gssapi(monkeypatch)


def _token(token: bytes, code: int = 14) -> Message:
    """Return a bind response with a token from the server. By default, the bind is still in progress."""
    parts = (ber(0x0A, bytes([code])), ber(0x04), ber(0x04), ber(0x87, token))
    return ber(0x61, *parts), b""


class _KerberosDirectory(Directory):
    """A server that accepts the ticket, offers security layers, and accepts the selected layer.

    :param layers: the offered layers in one byte, and the server's maximum buffer size in three bytes.
    :ivar responses: responses to the next bind requests, which tests can replace.
    """

    def __init__(self, layers: bytes = NO_LAYER + bytes(3)) -> None:
        super().__init__()
        self.responses = [_token(b"the response"), _token(b"signed:" + layers), result(BIND)]

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        responses = super().__call__(request, content)
        return [self.responses.pop(0)] if request == BIND else responses


@contextmanager
def _open_connection(
    server_tls: ServerTls, directory: Directory, *, unencrypted: bool
) -> Iterator[tuple[Any, str]]:
    """Start the server, connect to it with or without TLS, and yield the connection and the URI of the server."""
    with ldap_server(directory, None if unencrypted else server_tls.context) as port:
        uri = f"{'ldap' if unencrypted else 'ldaps'}://localhost:{port}"
        settings = settings_for(server_tls, uri, account=KERBEROS)
        (address,) = check_settings(settings)
        connection = connect(settings, address, create_ssl_context(settings))
        try:
            yield connection, uri
        finally:
            connection.bound = False
            close(connection)


def _context_options(gssapi: Gssapi) -> dict[str, Any]:
    return next(options for function, options in gssapi.calls if function == "context")


def test_with_tls_kerberos_uses_channel_binding_and_no_security_layer(
    server_tls: ServerTls, gssapi: Gssapi
) -> None:
    directory = _KerberosDirectory()
    with _open_connection(server_tls, directory, unencrypted=False) as (connection, uri):
        certificate = connection.socket.getpeercert(binary_form=True)
        assert bind(connection, uri, KERBEROS) is False
        assert connection.bound
        assert not isinstance(connection.socket, SaslSocket)
    options = _context_options(gssapi)
    assert options["name"] == ("ldap/localhost@", "principal")
    assert (options["usage"], options["mech"]) == ("initiate", "kerberos")
    assert options["flags"] == Gssapi.RequirementFlag.mutual_authentication
    assert options["channel_bindings"] == ("bindings", tls_server_end_point(certificate))
    assert gssapi.received_tokens == [None, b"the response"]
    # The token, an empty token, and the selection of no layer with a buffer size of 0.
    endings = (b"GSSAPI\x04\x09the token", b"GSSAPI\x04\x00", b"GSSAPI\x04\x0bsigned:\x01\0\0\0")
    assert [request.endswith(ending) for request, ending in zip(directory.requests, endings)] == [
        True
    ] * 3


def test_without_tls_kerberos_encrypts_all_further_messages(
    server_tls: ServerTls, gssapi: Gssapi
) -> None:
    directory = _KerberosDirectory(bytes([1 | 2 | 4]) + LARGEST)
    with _open_connection(server_tls, directory, unencrypted=True) as (connection, uri):
        assert bind(connection, uri, KERBEROS) is True
        assert connection.bound
        sasl_socket = connection.socket
        assert isinstance(sasl_socket, SaslSocket)
        # The server's buffer must have room for the message and the overhead of the encryption.
        assert sasl_socket._max_message_size == 0x010000 - 60
    options = _context_options(gssapi)
    # All flags are set: the server must authenticate itself, and messages must be protected.
    assert options["flags"] == sum(Gssapi.RequirementFlag)
    assert options["channel_bindings"] is None
    assert directory.requests[2].endswith(b"signed:\x04\xff\xff\xff")


@pytest.mark.parametrize(
    ("unencrypted", "offers", "cause", "remedy"),
    [
        (
            *(True, (NO_LAYER + bytes(3), INTEGRITY + LARGEST, CONFIDENTIALITY + LARGEST[:2], b"")),
            "the server does not support Kerberos encryption, so personal data would be sent unencrypted",
            "Use ldaps://, or O(start_tls=true)",
        ),
        (
            *(
                False,
                (CONFIDENTIALITY + LARGEST, INTEGRITY + LARGEST, NO_LAYER, NO_LAYER + bytes(4)),
            ),
            "the server requires a Kerberos security layer even if the connection uses TLS",
            "Use ldap:// without O(start_tls): Kerberos then encrypts the connection",
        ),
    ],
)
def test_a_server_must_offer_the_required_security_layer(
    *,
    server_tls: ServerTls,
    gssapi: Gssapi,
    unencrypted: bool,
    offers: Sequence[bytes],
    cause: str,
    remedy: str,
) -> None:
    for offer in offers:
        gssapi.complete = False
        directory = _KerberosDirectory(offer)
        with _open_connection(server_tls, directory, unencrypted=unencrypted) as (connection, uri):
            with pytest.raises(ServerError) as caught:
                bind(connection, uri, KERBEROS)
            assert not connection.bound
        assert caught.value.action == f"Cannot bind to {uri} using Kerberos as svc@X.NO"
        assert (caught.value.cause, caught.value.remedy) == (cause, remedy)
        # The client did not send the bind request that selects a layer.
        assert directory.operations.count(BIND) == 2


@pytest.mark.parametrize("unencrypted", [False, True])
@pytest.mark.parametrize("accepted", [0, 1, 2])
def test_the_server_can_reject_the_bind_at_any_step(
    *, server_tls: ServerTls, gssapi: Gssapi, accepted: int, unencrypted: bool
) -> None:
    directory = _KerberosDirectory(bytes([1 | 4]) + LARGEST)
    directory.responses[accepted] = result(BIND, 49, "no, data 533")
    with _open_connection(server_tls, directory, unencrypted=unencrypted) as (connection, uri):
        with pytest.raises(DirectoryError) as caught:
            bind(connection, uri, KERBEROS)
        assert not isinstance(caught.value, ServerError)
        assert caught.value.cause.startswith("the account is disabled (result 49 ")
        assert not isinstance(connection.socket, SaslSocket)
    assert directory.operations.count(BIND) == accepted + 1


def test_the_server_must_authenticate_itself(server_tls: ServerTls, gssapi: Gssapi) -> None:
    directory = _KerberosDirectory()
    directory.responses[0] = result(BIND)
    with (
        _open_connection(server_tls, directory, unencrypted=False) as (connection, uri),
        pytest.raises(ServerError, match="the Kerberos operation failed"),
    ):
        bind(connection, uri, KERBEROS)
    assert gssapi.received_tokens == [None, b""]


@pytest.mark.parametrize("function", ["context", "step", "unwrap"])
def test_an_unknown_service_principal_is_a_server_error(
    server_tls: ServerTls, gssapi: Gssapi, function: str
) -> None:
    gssapi.failures = {function: GSSError(KRB5 + 7)}
    with (
        _open_connection(server_tls, _KerberosDirectory(), unencrypted=False) as (connection, uri),
        # The realm might have the service principal of another server, so the error must cause failover.
        pytest.raises(ServerError) as caught,
    ):
        bind(connection, uri, KERBEROS)
    assert caught.value.action == f"Cannot bind to {uri} using Kerberos as svc@X.NO"
    assert caught.value.cause == "the realm has no service with this name (message from Kerberos)"


def test_no_bind_request_is_sent_without_a_ticket(server_tls: ServerTls, gssapi: Gssapi) -> None:
    gssapi.failures = {"credentials": GSSError(KRB5 + 195)}
    directory = _KerberosDirectory()
    with (
        _open_connection(server_tls, directory, unencrypted=False) as (connection, uri),
        pytest.raises(DirectoryError, match="there is no ticket"),
    ):
        bind(connection, uri, KERBEROS)
    assert BIND not in directory.operations
