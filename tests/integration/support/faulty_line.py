# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line to a directory that speaks LDAP itself, and spoils what the one says to the other."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.integration.support.faults import Fault, ResetError
from tests.integration.support.ldap_messages import (
    ENTRY,
    REFERENCE,
    UNBIND,
    read_message,
    tag_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.lab.authority import Certificate
    from tests.lab.directory import RunningDirectory

_NOT_THE_LAST = (ENTRY, REFERENCE)
_TICK_SECONDS = 0.05


class _Line:
    def __init__(self, target: socket.socket, tls: ssl.SSLContext | None, fault: Fault) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ended = threading.Event()
        self._target = target
        self._tls = tls
        self._fault = fault

    def serve(self) -> None:
        """Take one client, and pass on what it and the directory say, a question at a time."""
        # It ends when either side goes away.
        with suppress(OSError, EOFError):
            client, _address = self.listener.accept()
            with closing(client):
                if self._tls is not None:
                    client = self._tls.wrap_socket(client, server_side=True)
                with closing(client):
                    try:
                        self._pass(client)
                    except ResetError:
                        # To linger for no time is to reset (socket(7), SO_LINGER).
                        client.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                        )

    def _pass(self, client: socket.socket) -> None:
        while True:
            request = read_message(client)
            self._target.sendall(self._fault.ask(request))
            if tag_of(request) == UNBIND:
                return
            last = False
            while not last:
                answer = read_message(self._target)
                last = tag_of(answer) not in _NOT_THE_LAST
                self._say(client, self._fault.say(answer))

    def _say(self, client: socket.socket, pieces: Iterable[bytes] | None) -> None:
        if pieces is None:
            self.ended.wait()
            raise EOFError
        for number, piece in enumerate(pieces):
            if number and self.ended.wait(_TICK_SECONDS):
                raise EOFError
            client.sendall(piece)

    def close(self) -> None:
        """End the line; who waits at it is cut off."""
        self.ended.set()
        for each in (self.listener, self._target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def faulty_line(
    directory: RunningDirectory,
    *,
    fault: Fault | None = None,
    certificate: Certificate | None = None,
    tls_version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    over_tls: bool = False,
) -> Iterator[str]:
    """Open a line for one client, and give its URI, for ldaps:// or, without a certificate, for ldap://.

    :param certificate: what the line shows as the directory's.
    :param tls_version: the newest that the line speaks.
    :param over_tls: whether the line has TLS with the directory, of which the client knows nothing.
    """
    uri = urlsplit(directory.uri_ldaps if over_tls else directory.uri_ldap)
    target = socket.create_connection((uri.hostname or "", uri.port or 389))
    if over_tls:
        ours = ssl.create_default_context(cafile=directory.ca_file)
        target = ours.wrap_socket(target, server_hostname=uri.hostname)
    context = None if certificate is None else _context(certificate, tls_version)
    line = _Line(target, context, fault or Fault())
    thread = threading.Thread(target=line.serve, daemon=True)
    thread.start()
    try:
        scheme = "ldaps" if certificate else "ldap"
        yield f"{scheme}://localhost:{line.listener.getsockname()[1]}"
    finally:
        line.close()
        thread.join()


def _context(certificate: Certificate, newest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    if newest < ssl.TLSVersion.TLSv1_2 and newest > 0:
        # OpenSSL counts the signatures of old versions as too weak for any level but the lowest.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = newest
    context.maximum_version = newest
    return context


@contextmanager
def deaf_port() -> Iterator[int]:
    """Give a port of 127.0.0.1 that takes no connection and refuses none: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        try:
            while True:
                waiting.append(socket.create_connection(listener.getsockname(), timeout=0.2))
        except TimeoutError:
            yield listener.getsockname()[1]
        finally:
            for each in waiting:
                each.close()


@contextmanager
def mute_port() -> Iterator[int]:
    """Give a port of 127.0.0.1 that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
