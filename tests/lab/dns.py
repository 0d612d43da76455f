# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A DNS server of the lab's own, on a free port of 127.0.0.1, that knows what stands in a table."""

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
    """A server that runs.

    :ivar records: what it knows, as in ``{"dc1.fjord.test A": ["127.0.0.1"]}``.
    :ivar refusal: what it answers instead of everything, such as SERVFAIL; None for what it knows.
    :ivar asked: what it was asked, in order, as the keys of `records` are written.
    """

    records: Mapping[str, Sequence[str]]
    refusal: dns.rcode.Rcode | None
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes:
        """Answer one question (RFC 1035, 4.1)."""
        query = dns.message.from_wire(request)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        wanted = f"{name} {dns.rdatatype.to_text(question.rdtype)}"
        self.asked.append(wanted)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        if self.refusal is not None:
            answer.set_rcode(self.refusal)
        elif wanted in self.records:
            answer.answer.append(
                dns.rrset.from_text(
                    question.name, _TTL_SECONDS, "IN", question.rdtype, *self.records[wanted]
                )
            )
        elif not any(known.startswith(f"{name} ") for known in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@contextlib.contextmanager
def name_server(
    records: Mapping[str, Sequence[str]], *, refusal: dns.rcode.Rcode | None = None
) -> Iterator[NameServer]:
    """Run a DNS server; `records` and `refusal` are those of `NameServer`."""
    running = NameServer(records, refusal)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request, listener = self.request
            listener.sendto(running.answer(request), self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as listener:
        running.address = f"127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield running
        finally:
            listener.shutdown()
            thread.join()
