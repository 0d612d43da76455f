# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line to a directory that speaks LDAP itself, and spoils what the one says to the other."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.lab.authority import Certificate
    from tests.lab.directory import RunningDirectory

# Tags of operations (RFC 4511, 4.2 to 4.12).
UNBIND, SEARCH = 0x42, 0x63
BIND_ANSWER, ENTRY, SEARCH_END, REFERENCE, EXTENDED_ANSWER = 0x61, 0x64, 0x65, 0x73, 0x78
_NOT_THE_LAST = (ENTRY, REFERENCE)
_TICK_SECONDS = 0.05


class Fault:
    """What a line does to what passes; this one does nothing."""

    def ask(self, request: bytes) -> bytes:
        """Return what the directory is asked when the client sends a request."""
        return request

    def say(self, answer: bytes) -> Iterable[bytes] | None:
        """Return what the client hears of an answer, at intervals; None for nothing any more."""
        return [answer]


class _At(Fault):
    """A fault of the answer with a tag, the first one or a later one."""

    def __init__(self, tag: int, number: int = 1) -> None:
        self._tag = tag
        self._left = number

    def say(self, answer: bytes) -> Iterable[bytes] | None:
        self._left -= _tag(answer) == self._tag
        return [answer] if self._left else self.spoil(answer)

    def spoil(self, answer: bytes) -> Iterable[bytes] | None:
        raise NotImplementedError


class Silence(_At):
    """The answer does not come, nor anything after it."""

    def spoil(self, answer: bytes) -> None:
        return None


class LastWord(_At):
    """The answer comes, and nothing after it, whatever the client says."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        return itertools.chain([answer], itertools.repeat(b""))


class Trickle(_At):
    """The answer comes byte by byte, and never to its end."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        # A message of sixteen megabytes, as its length says.
        return itertools.chain([b"\x30\x83\xff\xff\xf0"], itertools.repeat(b"\0"))


class Flood(_At):
    """The answer is said to be larger than any memory."""

    def spoil(self, answer: bytes) -> Iterable[bytes]:
        return [b"\x30\x84\xff\xff\xff\xff", answer]


class SamePage(Fault):
    """The directory is asked for the first page each time, and gives it with the same cookie."""

    def __init__(self) -> None:
        self._first: bytes | None = None

    def ask(self, request: bytes) -> bytes:
        # The search of the root DSE is not paged.
        if _tag(request) != SEARCH or b"1.2.840.113556.1.4.319" not in request:
            return request
        self._first = self._first or request
        return _message(_number(request), _content(self._first)[len(_number(self._first)) :])


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
                    self._pass(client)

    def _pass(self, client: socket.socket) -> None:
        while True:
            request = _read(client)
            self._target.sendall(self._fault.ask(request))
            if _tag(request) == UNBIND:
                return
            last = False
            while not last:
                answer = _read(self._target)
                last = _tag(answer) not in _NOT_THE_LAST
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


def _read(connection: socket.socket) -> bytes:
    """Read one element of BER (X.690, 8.1.3), its tag and its length included."""
    head = _read_exactly(connection, 2)
    if head[1] & 0x80:
        head += _read_exactly(connection, head[1] & 0x7F)
        return head + _read_exactly(connection, int.from_bytes(head[2:], "big"))
    return head + _read_exactly(connection, head[1])


def _read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _content(message: bytes) -> bytes:
    return message[2 + (message[1] & 0x7F if message[1] & 0x80 else 0) :]


def _number(message: bytes) -> bytes:
    """Return the message's number, as an element."""
    content = _content(message)
    return content[: 2 + content[1]]


def _tag(message: bytes) -> int:
    """Return the tag of the operation: what follows the message's number."""
    return _content(message)[len(_number(message))]


def _message(number: bytes, rest: bytes) -> bytes:
    content = number + rest
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content
