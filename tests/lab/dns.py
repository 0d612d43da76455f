# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A DNS server on a free port of 127.0.0.1 that returns records from a table."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TTL_SECONDS = 60


@dataclass
class NameServer:
    """A running DNS server.

    :ivar records: resource records, such as ``{"dc1.fjord.test A": ["127.0.0.1"]}``.
    :ivar forced_rcode: response code of all responses, such as SERVFAIL; None to return `records`.
    :ivar address: address in the format HOST:PORT.
    :ivar queries: queries received so far, in the format of the keys of `records`.
    """

    records: Mapping[str, Sequence[str]]
    forced_rcode: dns.rcode.Rcode | None
    address: str = ""
    queries: list[str] = field(default_factory=list)

    def respond(self, request: bytes) -> bytes:
        """Record a query with one question (RFC 1035, section 4.1), and return the response."""
        query = dns.message.from_wire(request)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        key = f"{name} {dns.rdatatype.to_text(question.rdtype)}"
        self.queries.append(key)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if self.forced_rcode is not None:
            response.set_rcode(self.forced_rcode)
        elif key in self.records:
            response.answer.append(
                dns.rrset.from_text(
                    question.name, _TTL_SECONDS, "IN", question.rdtype, *self.records[key]
                )
            )
        elif not any(known.startswith(f"{name} ") for known in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


@contextlib.contextmanager
def name_server(
    records: Mapping[str, Sequence[str]], *, forced_rcode: dns.rcode.Rcode | None = None
) -> Iterator[NameServer]:
    """Run a DNS server.

    :param records: see `NameServer`.
    :param forced_rcode: see `NameServer`.
    """
    server = NameServer(records, forced_rcode)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request, listener = self.request
            listener.sendto(server.respond(request), self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as listener:
        server.address = f"127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
