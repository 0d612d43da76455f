# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Binds with a ticket: what is said to the server, and what follows from its answers (RFC 4752, 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.account import Account
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.bind import bind
from ansible_collections.frontdesk.contacts.plugins.module_utils._directory.certificate import (
    tls_server_end_point,
)
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
NO_LAYER, SIGNED, ENCRYPTED = b"\x01", b"\x02", b"\x04"
LARGEST = b"\x01\x00\x00"


@pytest.fixture(name="gssapi")
def _gssapi(monkeypatch: pytest.MonkeyPatch) -> Gssapi:
    return Gssapi(monkeypatch)


def _token(token: bytes, code: int = 14) -> Message:
    """An answer to a bind that is not over, with what the server's Kerberos says."""
    parts = (ber(0x0A, bytes([code])), ber(0x04), ber(0x04), ber(0x87, token))
    return ber(0x61, *parts), b""


class _KerberosDirectory(Directory):
    """Takes the ticket, offers layers, and takes the choice; unless it is told to say something else."""

    def __init__(self, layers: bytes = NO_LAYER + bytes(3)) -> None:
        super().__init__()
        self.responses = [_token(b"the answer"), _token(b"signed:" + layers), result(BIND)]

    def __call__(self, request: int, content: bytes) -> Sequence[Message] | None:
        responses = super().__call__(request, content)
        return [self.responses.pop(0)] if request == BIND else responses


@contextmanager
def _connected(
    server_tls: ServerTls, directory: Directory, *, clear: bool
) -> Iterator[tuple[Any, str]]:
    """A connection to the server, with TLS or in clear, and its URI."""
    with ldap_server(directory, None if clear else server_tls.context) as port:
        uri = f"{'ldap' if clear else 'ldaps'}://localhost:{port}"
        settings = settings_for(server_tls, uri, account=KERBEROS)
        (address,) = check_settings(settings)
        connection = connect(settings, address, create_ssl_context(settings))
        try:
            yield connection, uri
        finally:
            connection.bound = False
            close(connection)


def _context_options(gssapi: Gssapi) -> dict[str, Any]:
    return next(options for what, options in gssapi.calls if what == "context")


def test_within_tls_a_ticket_is_tied_to_the_connection_and_encrypts_nothing(
    server_tls: ServerTls, gssapi: Gssapi
) -> None:
    directory = _KerberosDirectory()
    with _connected(server_tls, directory, clear=False) as (connection, uri):
        certificate = connection.socket.getpeercert(binary_form=True)
        assert bind(connection, uri, KERBEROS) is False
        assert connection.bound
        assert not isinstance(connection.socket, SaslSocket)
    options = _context_options(gssapi)
    assert options["name"] == ("ldap/localhost@", "principal")
    assert (options["usage"], options["mech"]) == ("initiate", "kerberos")
    assert options["flags"] == Gssapi.RequirementFlag.mutual_authentication
    assert options["channel_bindings"] == ("bindings", tls_server_end_point(certificate))
    assert gssapi.received_tokens == [None, b"the answer"]
    # The mechanism with the token, with an empty one, and with no layer and no buffer.
    said = (b"GSSAPI\x04\x09the token", b"GSSAPI\x04\x00", b"GSSAPI\x04\x0bsigned:\x01\0\0\0")
    assert [request.endswith(end) for request, end in zip(directory.requests, said)] == [True] * 3


def test_in_clear_a_ticket_encrypts_all_that_follows(server_tls: ServerTls, gssapi: Gssapi) -> None:
    directory = _KerberosDirectory(bytes([1 | 2 | 4]) + LARGEST)
    with _connected(server_tls, directory, clear=True) as (connection, uri):
        assert bind(connection, uri, KERBEROS) is True
        assert connection.bound
        sealed = connection.socket
        assert isinstance(sealed, SaslSocket)
        # The server's buffer holds what was said, and what encrypts it.
        assert sealed._max_message_size == 0x010000 - 60
    options = _context_options(gssapi)
    # It shows who the server is, and that nothing was read, altered or repeated on the way.
    assert options["flags"] == sum(Gssapi.RequirementFlag)
    assert options["channel_bindings"] is None
    assert directory.requests[2].endswith(b"signed:\x04\xff\xff\xff")


@pytest.mark.parametrize(
    ("clear", "layers", "answer", "remedy"),
    [
        (
            *(True, (NO_LAYER + bytes(3), SIGNED + LARGEST, ENCRYPTED + LARGEST[:2], b"")),
            "the server does not encrypt by Kerberos, and people's data would cross the network in clear",
            "Use ldaps://, or start_tls: true",
        ),
        (
            *(False, (ENCRYPTED + LARGEST, SIGNED + LARGEST, NO_LAYER, NO_LAYER + bytes(4))),
            "the server wants to encrypt by Kerberos within TLS",
            "Use ldap:// without start_tls, where Kerberos encrypts",
        ),
    ],
)
def test_a_server_that_does_not_offer_what_is_needed(
    *,
    server_tls: ServerTls,
    gssapi: Gssapi,
    clear: bool,
    layers: Sequence[bytes],
    answer: str,
    remedy: str,
) -> None:
    for offer in layers:
        gssapi.complete = False
        directory = _KerberosDirectory(offer)
        with _connected(server_tls, directory, clear=clear) as (connection, uri):
            with pytest.raises(ServerError) as caught:
                bind(connection, uri, KERBEROS)
            assert not connection.bound
        assert caught.value.action == f"Cannot bind to {uri} by Kerberos as svc@X.NO"
        assert (caught.value.cause, caught.value.remedy) == (answer, remedy)
        # Nothing was chosen.
        assert directory.operations.count(BIND) == 2


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_ticket_that_is_refused_at_any_step(
    *, server_tls: ServerTls, gssapi: Gssapi, taken: int, clear: bool
) -> None:
    directory = _KerberosDirectory(bytes([1 | 4]) + LARGEST)
    directory.responses[taken] = result(BIND, 49, "no, data 533")
    with _connected(server_tls, directory, clear=clear) as (connection, uri):
        with pytest.raises(DirectoryError) as caught:
            bind(connection, uri, KERBEROS)
        assert not isinstance(caught.value, ServerError)
        assert caught.value.cause.startswith("the account is disabled (result 49 ")
        assert not isinstance(connection.socket, SaslSocket)
    assert directory.operations.count(BIND) == taken + 1


def test_a_server_that_takes_a_ticket_must_show_who_it_is(
    server_tls: ServerTls, gssapi: Gssapi
) -> None:
    directory = _KerberosDirectory()
    directory.responses[0] = result(BIND)
    with (
        _connected(server_tls, directory, clear=False) as (connection, uri),
        pytest.raises(ServerError, match="Kerberos failed"),
    ):
        bind(connection, uri, KERBEROS)
    assert gssapi.received_tokens == [None, b""]


@pytest.mark.parametrize("fails", ["context", "step", "unwrap"])
def test_a_server_that_there_is_no_ticket_for(
    server_tls: ServerTls, gssapi: Gssapi, fails: str
) -> None:
    gssapi.failures = {fails: GSSError(KRB5 + 7)}
    with (
        _connected(server_tls, _KerberosDirectory(), clear=False) as (connection, uri),
        # Another server may have a name that is known.
        pytest.raises(ServerError) as caught,
    ):
        bind(connection, uri, KERBEROS)
    assert caught.value.action == f"Cannot bind to {uri} by Kerberos as svc@X.NO"
    assert caught.value.cause == "the realm has no service of this name (Kerberos's words)"


def test_an_account_without_tickets_says_nothing_to_the_server(
    server_tls: ServerTls, gssapi: Gssapi
) -> None:
    gssapi.failures = {"credentials": GSSError(KRB5 + 195)}
    directory = _KerberosDirectory()
    with (
        _connected(server_tls, directory, clear=False) as (connection, uri),
        pytest.raises(DirectoryError, match="there is no ticket"),
    ):
        bind(connection, uri, KERBEROS)
    assert BIND not in directory.operations
