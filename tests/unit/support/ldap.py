# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory server in a thread, and the BER encoding of its responses (RFC 4511)."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Optional

BIND, UNBIND, SEARCH, EXTENDED = 0x60, 0x42, 0x63, 0x77
_RESPONSES = {BIND: 0x61, SEARCH: 0x65, EXTENDED: 0x78}
_PAGED_RESULTS = b"1.2.840.113556.1.4.319"

Message = tuple[bytes, bytes]
"""An encoded operation, and its encoded controls."""
HANG_UP: Message = (b"", b"")
"""A marker that makes the server close the connection instead of sending a message."""
Responder = Callable[[int, bytes], Optional[Sequence[Message]]]
"""A function that maps the tag and the encoding of a request to the responses, or to None to close the connection."""


def ber(tag: int, *contents: bytes) -> bytes:
    """Encode an element as Active Directory does: constructed elements always have a four-byte length."""
    content = b"".join(contents)
    if len(content) < 0x80 and not tag & 0x20:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def result(request: int, code: int = 0, message: str = "", dn: str = "") -> Message:
    """Return the final response to an operation."""
    parts = (ber(0x0A, bytes([code])), ber(0x04, dn.encode()), ber(0x04, message.encode()))
    return ber(_RESPONSES[request], *parts), b""


def entry(dn: str, attributes: Mapping[str, Sequence[bytes]]) -> Message:
    """Return an entry of a search result."""
    attribute_list = (
        ber(0x30, ber(0x04, name.encode()), ber(0x31, *(ber(0x04, value) for value in values)))
        for name, values in attributes.items()
    )
    return ber(0x64, ber(0x04, dn.encode()), ber(0x30, *attribute_list)), b""


def reference(uri: str) -> Message:
    """Return a continuation reference to another server."""
    return ber(0x73, ber(0x04, uri.encode())), b""


def numbered(number: int, message: Message) -> bytes:
    """Encode a message with its messageID."""
    return ber(0x30, b"\x02\x01" + bytes([number]), *message)


def page_end(cookie: bytes, code: int = 0) -> Message:
    """Return the final response of a page (RFC 2696); an empty cookie ends the search."""
    value = ber(0x30, ber(0x02, b"\0"), ber(0x04, cookie))
    control = ber(0x30, ber(0x04, _PAGED_RESULTS), ber(0x04, value))
    return result(SEARCH, code)[0], ber(0xA0, control)


def _read_message(connection: socket.socket) -> bytes:
    """Return the content of the next message; empty if the client has closed the connection."""
    with connection.makefile("rb", buffering=0) as stream:
        head = stream.read(2) or b""
        if len(head) < 2:
            return b""
        size = head[1]
        if size & 0x80:
            size = int.from_bytes(stream.read(size & 0x7F) or b"", "big")
        content = b""
        while len(content) < size:
            content += stream.read(size - len(content)) or b""
    return content


@contextlib.contextmanager
def ldap_server(
    respond: Responder,
    context: ssl.SSLContext | None = None,
    start_tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Run a directory server on the loopback interface, and yield its port.

    :param respond: function that returns the responses to each request.
    :param context: TLS context for LDAPS; None for LDAP.
    :param start_tls: TLS context for StartTLS; None if the server does not support StartTLS.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                if context is not None:
                    self.request = context.wrap_socket(self.request, server_side=True)
                while (content := _read_message(self.request)) and self.handle_request(content):
                    pass
                self.request.close()

        def handle_request(self, content: bytes) -> bool:
            """Respond to a request, and return whether to wait for another request."""
            number = content[: 2 + content[1]]
            request = content[len(number) :]
            messages = respond(request[0], request)
            for message in [HANG_UP] if messages is None else messages:
                if message == HANG_UP:
                    return False
                self.request.sendall(ber(0x30, number, *message))
            if request[0] == EXTENDED and start_tls is not None:
                self.request = start_tls.wrap_socket(self.request, server_side=True)
            return True

    class Listener(socketserver.ThreadingTCPServer):
        # When the server stops, it waits for its threads, so that a client's last request is also passed to `respond`.
        daemon_threads = False

        def handle_error(self, *_args: object) -> None:
            """Log nothing."""

    with Listener(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            listener.shutdown()
            thread.join()
