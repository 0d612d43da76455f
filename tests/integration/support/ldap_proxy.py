# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy in front of a directory.

The proxy parses the LDAP messages that it relays, and can inject faults into these messages.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.integration.support.faults import Fault, InjectedResetError
from tests.integration.support.ldap_messages import (
    SEARCH_RESULT_ENTRY,
    SEARCH_RESULT_REFERENCE,
    UNBIND_REQUEST,
    parse_operation_tag,
    read_message,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.lab.authority import Certificate
    from tests.lab.directory import RunningDirectory

_NON_FINAL_RESPONSES = (SEARCH_RESULT_ENTRY, SEARCH_RESULT_REFERENCE)
_PAUSE_SECONDS = 0.05


class _LdapProxy:
    def __init__(
        self,
        target: socket.socket,
        tls: ssl.SSLContext | None,
        fault: Fault,
        address: tuple[str, int],
    ) -> None:
        self.listener = socket.create_server(address)
        self.stopped = threading.Event()
        self._target = target
        self._tls = tls
        self._fault = fault

    def serve(self) -> None:
        """Accept one client, and relay requests and responses, one request at a time."""
        # These exceptions mean that one side, or a fault, has closed the connection.
        with suppress(OSError, EOFError):
            client = self._accept()
            while client is None:
                client = self._accept()
            with closing(client):
                try:
                    self._relay(client)
                except InjectedResetError:
                    # Closing with a linger time of 0 resets the connection (socket(7), SO_LINGER).
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _accept(self) -> socket.socket | None:
        """Accept a client, or return None if the TLS handshake fails.

        A client that rejects the certificate connects again to read the details of the certificate.
        """
        client, _address = self.listener.accept()
        if self._tls is None:
            return client
        try:
            return self._tls.wrap_socket(client, server_side=True)
        except ssl.SSLError:
            client.close()
            return None

    def _relay(self, client: socket.socket) -> None:
        while True:
            request = read_message(client)
            self._target.sendall(self._fault.transform_request(request))
            if parse_operation_tag(request) == UNBIND_REQUEST:
                return
            is_final = False
            while not is_final:
                response = read_message(self._target)
                is_final = parse_operation_tag(response) not in _NON_FINAL_RESPONSES
                self._send(client, self._fault.transform_response(response))

    def _send(self, client: socket.socket, chunks: Iterable[bytes] | None) -> None:
        if chunks is None:
            self.stopped.wait()
            raise EOFError
        for number, chunk in enumerate(chunks):
            if number and self.stopped.wait(_PAUSE_SECONDS):
                raise EOFError
            client.sendall(chunk)

    def close(self) -> None:
        """Close all connections, even while a response is withheld."""
        self.stopped.set()
        for sock in (self.listener, self._target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@contextmanager
def ldap_proxy(
    directory: RunningDirectory,
    *,
    fault: Fault | None = None,
    certificate: Certificate | None = None,
    max_tls_version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    tls_to_directory: bool = False,
    address: tuple[str, int] = ("127.0.0.1", 0),
) -> Iterator[str]:
    """Run a proxy for one client, and yield the URI of the proxy.

    :param fault: fault to inject; None to relay all messages unchanged.
    :param certificate: server certificate of the proxy; None for ``ldap://`` without TLS.
    :param max_tls_version: newest TLS version that the proxy supports.
    :param tls_to_directory: whether the proxy uses TLS for its connection to the directory.
    :param address: IP address and port on which the proxy listens. With port 0, the proxy uses a free port, and the
        URI contains localhost.
    """
    uri = urlsplit(directory.uri_ldaps if tls_to_directory else directory.uri_ldap)
    target = socket.create_connection((uri.hostname or "", uri.port or 389))
    if tls_to_directory:
        client_context = ssl.create_default_context(cafile=directory.ca_file)
        target = client_context.wrap_socket(target, server_hostname=uri.hostname)
    context = None if certificate is None else _server_context(certificate, max_tls_version)
    proxy = _LdapProxy(target, context, fault or Fault(), address)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        scheme = "ldaps" if certificate else "ldap"
        host = address[0] if address[1] else "localhost"
        yield f"{scheme}://{host}:{proxy.listener.getsockname()[1]}"
    finally:
        proxy.close()
        thread.join()


def _server_context(certificate: Certificate, max_version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    if max_version < ssl.TLSVersion.TLSv1_2 and max_version > 0:
        # OpenSSL allows the signature algorithms of old TLS versions only at its lowest security level.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = max_version
    context.maximum_version = max_version
    return context
